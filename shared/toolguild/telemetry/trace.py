"""One trace per task across all services: the W3C context travels in message headers.

Names follow the OpenTelemetry conventions for messaging and generative AI. These are still marked as in
development and their Python constants are deprecated, so the names are kept here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode

SYSTEM = "messaging.system"
OPERATION = "messaging.operation.type"
DESTINATION = "messaging.destination.name"
MESSAGE_ID = "messaging.message.id"
CONVERSATION_ID = "messaging.message.conversation_id"
GEN_AI_OPERATION = "gen_ai.operation.name"
GEN_AI_PROVIDER = "gen_ai.provider.name"
GEN_AI_AGENT = "gen_ai.agent.name"
GEN_AI_TOOL = "gen_ai.tool.name"
GEN_AI_MODEL = "gen_ai.request.model"
GEN_AI_INPUT_TOKENS = "gen_ai.usage.input_tokens"
GEN_AI_OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
ERROR_TYPE = "error.type"

_tracer = trace.get_tracer("toolguild")


def configure_traces(
    service: str, *, endpoint: str | None = None, processor: SpanProcessor | None = None
) -> None:
    """Make spans real. They are exported by OTLP over HTTP to `endpoint`, or to `processor`, or nowhere.

    Without an exporter there are still trace ids, in results and logs. The first call in a process counts.
    """
    current = trace.get_tracer_provider()
    if not isinstance(current, TracerProvider):
        current = TracerProvider(resource=Resource.create({"service.name": service}))
        trace.set_tracer_provider(current)
        if endpoint:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            url = endpoint.rstrip("/")
            url = url if url.endswith("/v1/traces") else f"{url}/v1/traces"
            current.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    if processor is not None:
        current.add_span_processor(processor)


def flush_traces() -> None:
    """Export what is still waiting. Called once, at the end of a process."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.force_flush(5_000)


def trace_id() -> str:
    """Return the id of the current trace, 32 hexadecimal digits, or "" outside of any."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else ""


@contextmanager
def publishing(subject: str, message_id: str, key: str) -> Iterator[dict[str, str]]:
    """Span of a message on its way out. Yields the headers that carry the trace."""
    attributes = _message("send", subject, message_id, key)
    with _span(f"send {_kind(subject)}", SpanKind.PRODUCER, attributes):
        headers: dict[str, str] = {}
        inject(headers)
        yield headers


@contextmanager
def consuming(
    agent: str, subject: str, headers: Mapping[str, str], message_id: str, key: str
) -> Iterator[Span]:
    """Span of a message being handled: child of, and linked to, the span that sent it."""
    context = extract({name.lower(): value for name, value in headers.items()})
    sent = trace.get_current_span(context).get_span_context()
    attributes = _message("process", subject, message_id, key) | {
        GEN_AI_OPERATION: "invoke_agent",
        GEN_AI_AGENT: agent,
    }
    links = [Link(sent)] if sent.is_valid else []
    with _tracer.start_as_current_span(
        f"invoke_agent {agent}",
        context,
        SpanKind.CONSUMER,
        attributes,
        links,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


@contextmanager
def workflow(goal_id: str) -> Iterator[Span]:
    """Root span of a task, where a goal enters the guild."""
    attributes = {GEN_AI_OPERATION: "invoke_workflow", CONVERSATION_ID: goal_id}
    with _span("invoke_workflow toolguild", SpanKind.INTERNAL, attributes) as span:
        yield span


@contextmanager
def chat(model: str, *, provider: str, agent: str) -> Iterator[Span]:
    """Span of one model call. Give it the token counts with `count_tokens`."""
    attributes = {
        GEN_AI_OPERATION: "chat",
        GEN_AI_MODEL: model,
        GEN_AI_PROVIDER: provider,
        GEN_AI_AGENT: agent,
    }
    with _span(f"chat {model}", SpanKind.CLIENT, attributes) as span:
        yield span


def count_tokens(span: Span, *, input_tokens: int, output_tokens: int) -> None:
    """Note on a `chat` span what the call read and wrote."""
    span.set_attribute(GEN_AI_INPUT_TOKENS, input_tokens)
    span.set_attribute(GEN_AI_OUTPUT_TOKENS, output_tokens)


@contextmanager
def execute_tool(tool: str) -> Iterator[Span]:
    """Span of one run of a tool, named name@version or, for a draft, by its name."""
    attributes = {GEN_AI_OPERATION: "execute_tool", GEN_AI_TOOL: tool}
    with _span(f"execute_tool {tool}", SpanKind.INTERNAL, attributes) as span:
        yield span


def tool_ended(span: Span, outcome: str) -> None:
    """Note on an `execute_tool` span how the run ended, when it did not end well."""
    if outcome != "ok":
        span.set_attribute(ERROR_TYPE, outcome)
        span.set_status(Status(StatusCode.ERROR))


def failed(span: Span, error: BaseException, description: str = "") -> None:
    """Mark a span as failed with the error's class. The text may hold data of a task: it is left out."""
    span.set_attribute(ERROR_TYPE, type(error).__name__)
    span.set_status(Status(StatusCode.ERROR, description))


@contextmanager
def _span(name: str, kind: SpanKind, attributes: Mapping[str, Any]) -> Iterator[Span]:
    with _tracer.start_as_current_span(
        name, None, kind, attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            failed(span, error)
            raise


def _message(operation: str, subject: str, message_id: str, key: str) -> dict[str, str]:
    return {
        SYSTEM: "nats",
        OPERATION: operation,
        DESTINATION: subject.rpartition(".")[0],
        MESSAGE_ID: message_id,
        CONVERSATION_ID: key,
    }


def _kind(subject: str) -> str:
    return subject.split(".")[2]
