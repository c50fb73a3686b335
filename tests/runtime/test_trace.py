"""One trace from goal to answer, whichever agents the messages pass through."""

import asyncio
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from spans import collected

from toolguild import telemetry
from toolguild.errors import PermanentError
from toolguild.messages import Event
from toolguild.runtime.bus import Bus
from toolguild.telemetry.trace import count_tokens

from .guildhall import Add, SumWanted, adder, at_work, book, envelope, sums_of


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    with collected() as spans:
        yield spans


async def finished(spans: InMemorySpanExporter, count: int) -> dict[str, ReadableSpan]:
    async with asyncio.timeout(10):
        while True:
            done = {span.name: span for span in spans.get_finished_spans()}
            if len(done) >= count:
                return done
            await asyncio.sleep(0.01)


async def test_one_trace_runs_through_two_agents_and_back(
    bus: Bus, spans: InMemorySpanExporter
) -> None:
    async with at_work(bus, book, adder()):
        with telemetry.workflow("t-1"):
            trace_id = telemetry.trace_id()
            await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await sums_of(bus, 1)
        found = await finished(spans, 6)
    assert set(found) == {
        "invoke_workflow toolguild",
        "send test-sum-wanted",
        "invoke_agent hall-book",
        "send test-add",
        "invoke_agent hall-add",
        "send test-added",
    }
    contexts = [span.context for span in spans.get_finished_spans() if span.context]
    assert {format(context.trace_id, "032x") for context in contexts} == {trace_id}
    add, sent = found["invoke_agent hall-add"], found["send test-add"]
    assert (sent.kind, add.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    assert add.parent is not None
    assert sent.context is not None
    assert add.parent.span_id == sent.context.span_id
    assert [link.context.span_id for link in add.links] == [sent.context.span_id]
    attributes = dict(add.attributes or {})
    assert attributes.pop("messaging.message.id")
    assert attributes == {
        "messaging.system": "nats",
        "messaging.operation.type": "process",
        "messaging.destination.name": "toolguild.do.test-add",
        "messaging.message.conversation_id": "t-1",
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "hall-add",
    }


async def test_a_failure_marks_its_span_without_the_text(
    bus: Bus, spans: InMemorySpanExporter
) -> None:
    async def fail(command: Add) -> Event:
        raise PermanentError("the secret of the customer")

    async with at_work(bus, book, adder(fail)):
        await bus.publish(envelope(SumWanted(numbers=(1,))))
        await sums_of(bus, 1)
        span = (await finished(spans, 4))["invoke_agent hall-add"]
    assert span.status.status_code == StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "PermanentError"
    assert "secret" not in span.to_json()


async def test_model_calls_and_tool_runs_have_spans(spans: InMemorySpanExporter) -> None:
    with telemetry.chat("m", provider="openai", agent="planner") as span:
        count_tokens(span, input_tokens=3, output_tokens=4)
    with pytest.raises(ZeroDivisionError), telemetry.execute_tool("sum_column@1.0"):
        _ = 1 / 0
    chat, tool = spans.get_finished_spans()
    assert (chat.name, chat.kind) == ("chat m", SpanKind.CLIENT)
    assert dict(chat.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.provider.name": "openai",
        "gen_ai.agent.name": "planner",
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 4,
    }
    assert (tool.name, (tool.attributes or {})["error.type"]) == (
        "execute_tool sum_column@1.0",
        "ZeroDivisionError",
    )


async def test_a_header_in_any_case_carries_the_trace(spans: InMemorySpanExporter) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with telemetry.consuming("a", "toolguild.do.x.y", {"Traceparent": parent}, "id", "y"):
        assert telemetry.trace_id() == "0af7651916cd43dd8448eb211c80319c"
    assert telemetry.trace_id() == ""
