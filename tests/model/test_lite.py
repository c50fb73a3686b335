"""LiteLLM against a small OpenAI-compatible server that misbehaves in every way we know."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import stamina
from pydantic import BaseModel
from tests.model.openai_server import OpenAIServer, Reply, fails, openai_server, says, sends

from toolguild.canonical import Digest
from toolguild.errors import Misconfigured, PermanentError, TemporaryError
from toolguild.messages import Brief
from toolguild.model.failure import redact
from toolguild.model.library import PromptLibrary
from toolguild.model.lite import LiteLLMModel
from toolguild.model.memory import memory_models
from toolguild.model.place import is_local
from toolguild.model.request import Call, ChatMessage, Request
from toolguild.model.settings import Target
from toolguild.model.strict import is_strict

KEY = "sk-very-secret-1234567890"
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def three_tries_without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with openai_server(says("hello")) as server:
        yield server


@pytest.fixture
async def model(server: OpenAIServer) -> AsyncIterator[LiteLLMModel]:
    model = LiteLLMModel(Target("openai/small", server.url))
    yield model
    await model.aclose()


def call(schema: dict[str, Any] | None = None, *, sample: int = 0, timeout: float = 60.0) -> Call:
    request = Request(
        role="planner",
        prompt="plan",
        prompt_digest=Digest("0" * 64),
        messages=(
            ChatMessage(role="system", content="You plan."),
            ChatMessage(role="user", content="Plan!"),
        ),
        answer_schema=schema,
        sample=sample,
    )
    return Call(request, timeout=timeout, max_output_tokens=99, temperature=0.3)


async def test_an_answer_comes_with_its_label_and_tokens(
    model: LiteLLMModel, server: OpenAIServer
) -> None:
    made = await model.complete(call())

    assert (made.text, made.model, made.source) == ("hello", "openai/small", "local")
    assert (made.input_tokens, made.output_tokens, made.usd) == (11, 7, 0.0)
    assert not made.cut
    asked = server.asked[0]
    assert asked["messages"][1] == {"role": "user", "content": "Plan!"}
    assert (asked["max_tokens"], asked["temperature"]) == (99, 0.3)
    assert "response_format" not in asked


async def test_a_schema_goes_along(model: LiteLLMModel, server: OpenAIServer) -> None:
    await model.complete(call(SCHEMA))

    sent = server.asked[0]["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"] == SCHEMA
    assert sent["json_schema"]["strict"] is True


async def test_an_open_schema_is_a_hint_only(model: LiteLLMModel, server: OpenAIServer) -> None:
    await model.complete(call(SCHEMA | {"additionalProperties": True}))

    assert server.asked[0]["response_format"]["json_schema"]["strict"] is False


async def test_a_model_server_of_another_kind_gets_the_schema_too(server: OpenAIServer) -> None:
    model = LiteLLMModel(Target("hosted_vllm/small", server.url))

    await model.complete(call(SCHEMA))
    await model.aclose()

    assert server.asked[0]["response_format"]["json_schema"]["schema"] == SCHEMA


async def test_a_server_that_knows_no_schemas_is_told_in_words(
    model: LiteLLMModel, server: OpenAIServer
) -> None:
    server.replies = [fails(400, "response_format is not supported"), says('{"n": 1}')]

    assert (await model.complete(call(SCHEMA))).text == '{"n": 1}'
    await model.complete(call(SCHEMA))

    assert ["response_format" in asked for asked in server.asked] == [True, False, False]
    assert '"required":["n"]' in server.asked[1]["messages"][-1]["content"]


async def test_another_sample_has_another_seed(model: LiteLLMModel, server: OpenAIServer) -> None:
    for sample in (0, 0, 1):
        await model.complete(call(sample=sample))

    first, same, other = (asked["seed"] for asked in server.asked)
    assert first == same != other


async def test_a_cut_answer_says_so_and_missing_counts_are_estimated(
    model: LiteLLMModel, server: OpenAIServer
) -> None:
    server.replies = [says("x" * 30, finish="length", usage=False)]

    made = await model.complete(call())

    assert made.cut
    assert made.output_tokens > 0
    assert made.input_tokens > 0


@pytest.mark.parametrize("failure", [fails(429), fails(500), fails(503), fails(502)])
async def test_a_passing_failure_is_tried_again(
    model: LiteLLMModel, server: OpenAIServer, failure: Reply
) -> None:
    server.replies = [failure, failure, says("hello")]

    assert (await model.complete(call())).text == "hello"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("failure", "message"),
    [(fails(429, "slow down"), "rate limit"), (fails(500), "failed"), (fails(503), "failed")],
)
async def test_a_lasting_failure_is_left_to_redelivery(
    model: LiteLLMModel, server: OpenAIServer, failure: Reply, message: str
) -> None:
    server.replies = [failure]

    with pytest.raises(TemporaryError, match=message):
        await model.complete(call())
    assert len(server.asked) == 3


async def test_a_provider_that_asks_for_a_long_pause_gets_one(
    model: LiteLLMModel, server: OpenAIServer
) -> None:
    server.replies = [fails(429, retry_after="45")]

    with pytest.raises(TemporaryError) as caught:
        await model.complete(call())

    assert caught.value.after == 45
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        (
            fails(401, f"Incorrect API key provided: {KEY}"),
            Misconfigured,
            "set a valid OPENAI_API_KEY",
        ),
        (fails(403, f"key {KEY} may not"), Misconfigured, "set a valid OPENAI_API_KEY"),
        (fails(404, "model small not found"), Misconfigured, "check the name"),
        (fails(429, "quota", "insufficient_quota"), Misconfigured, "no credit"),
        (fails(400, f"bad temperature {KEY}"), PermanentError, "refused the request: .*bad temper"),
        (
            fails(400, "maximum context length is 10 tokens", "context_length_exceeded"),
            PermanentError,
            "too long for openai/small",
        ),
    ],
)
async def test_what_will_not_pass_says_what_to_do_and_is_tried_once(
    model: LiteLLMModel, server: OpenAIServer, failure: Reply, error: type[Exception], message: str
) -> None:
    server.replies = [failure]

    with pytest.raises(error, match=message) as caught:
        await model.complete(call())

    assert len(server.asked) == 1
    assert KEY not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "key plainwordkey1 is wrong",
        "got sk-abc*******9x",
        "Authorization: Bearer abc.def",
        "gsk_12345678",
    ],
)
def test_no_message_quotes_what_is_or_looks_like_a_key(text: str) -> None:
    shown = redact(text, {"SOME_API_KEY": "plainwordkey1", "HOME": "key", "EMPTY_TOKEN": ""})

    assert "[key]" in shown
    for part in ("plainword", "sk-", "abc.def", "gsk_"):
        assert part not in shown


def test_messages_are_one_short_line() -> None:
    assert redact("a\n\tb" + "x" * 1000, {}) == "a b" + "x" * 397 + "..."


async def test_a_slow_server_is_given_up_in_time(model: LiteLLMModel, server: OpenAIServer) -> None:
    server.held.clear()

    with pytest.raises(TemporaryError, match=r"took too long .*TOOLGUILD_MODEL_TIMEOUT"):
        await model.complete(call(timeout=0.3))


async def test_a_server_that_answers_in_drops_is_given_up_in_time(
    model: LiteLLMModel, server: OpenAIServer
) -> None:
    server.trickling = True

    with pytest.raises(TemporaryError, match="took too long"):
        await asyncio.wait_for(model.complete(call(timeout=0.3)), 60)


@pytest.mark.parametrize(
    "reply",
    [sends("{"), sends("<html>hi</html>", "text/html"), sends("{}"), sends('{"choices": []}')],
)
async def test_a_server_that_sends_garbage_is_a_temporary_failure(
    model: LiteLLMModel, server: OpenAIServer, reply: Reply
) -> None:
    server.replies = [reply]

    with pytest.raises(TemporaryError, match="openai/small"):
        await model.complete(call())


async def test_a_server_that_is_down_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        model = LiteLLMModel(Target("openai/small", url))
        with pytest.raises(TemporaryError) as caught:
            await model.complete(call())
        await model.aclose()

    assert f"no model server answers at {url}: is it running" in str(caught.value)
    assert "TOOLGUILD_API_BASE" in str(caught.value)


async def test_a_local_server_needs_no_key(
    model: LiteLLMModel, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")

    await model.complete(call())

    assert server.keys == ["Bearer none"]


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("anthropic/claude-sonnet-4-20250514", "ANTHROPIC_API_KEY"),
        ("openai/gpt-4o", "OPENAI_API_KEY"),
    ],
)
async def test_a_missing_key_is_named_before_anything_is_sent(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")

    with pytest.raises(Misconfigured, match=f"{variable}.*toolguild demo"):
        await LiteLLMModel(Target(name)).complete(call())


async def test_a_name_without_provider_shows_how_names_look(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Misconfigured, match="PROVIDER/NAME"):
        await LiteLLMModel(Target("foo-bar")).complete(call())

    assert capfd.readouterr().out == "", "stdout belongs to --json"


async def test_prices_are_known_for_providers_and_zero_at_home(model: LiteLLMModel) -> None:
    dear = await LiteLLMModel(Target("openai/gpt-4o")).price()

    assert 0 < dear.input < dear.output < 0.001
    assert (await model.price()).output == 0
    assert (await LiteLLMModel(Target("openai/unheard-of")).price()).output == 0


@pytest.mark.parametrize(
    ("target", "local"),
    [
        (Target("openai/x", "http://127.0.0.1:1/v1"), True),
        (Target("openai/x", "http://localhost:1/v1"), True),
        (Target("openai/x", "http://[::1]:1/v1"), True),
        (Target("ollama_chat/x"), True),
        (Target("hosted_vllm/x", "http://gpu.example/v1"), True),
        (Target("openai/x"), False),
        (Target("openai/x", "https://gateway.example/v1"), False),
        (Target("openai/x", "https://127.0.0.1.example/v1"), False),
    ],
)
def test_local_is_what_runs_at_home(target: Target, local: bool) -> None:
    assert is_local(target) is local


class Number(BaseModel):
    n: int


async def test_through_the_door_a_wrong_answer_is_mended(
    model: LiteLLMModel, server: OpenAIServer, prompts: PromptLibrary, brief: Brief
) -> None:
    server.replies = [says("What a fine task!"), says('```json\n{"n": 3,}\n```')]

    answer = await memory_models(model, prompts).ask(
        "planner", "plan", {"goal": "g"}, Number, brief=brief, key="k"
    )

    assert answer.value == Number(n=3)
    assert (answer.source, answer.usage.calls, answer.usage.input_tokens) == ("local", 2, 22)
    assert "What a fine task!" in server.asked[1]["messages"][2]["content"]


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (SCHEMA, True),
        (SCHEMA | {"additionalProperties": True}, False),
        (SCHEMA | {"required": []}, False),
        ({**SCHEMA, "properties": {"n": {"type": "object", "properties": {"a": {}}}}}, False),
        ({**SCHEMA, "properties": {"n": {"type": "integer", "default": 1}}}, False),
        ({**SCHEMA, "properties": {"n": {"type": "array", "items": SCHEMA}}}, True),
    ],
)
def test_strict_mode_is_for_closed_schemas(schema: dict[str, Any], strict: bool) -> None:
    assert is_strict(schema) is strict
