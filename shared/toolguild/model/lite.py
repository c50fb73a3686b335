"""Asking a provider or a local model server through LiteLLM, which is imported when the first model is asked."""

import asyncio
import json
import os
from typing import Any

import stamina

from toolguild.budget.ledger import Price
from toolguild.errors import Misconfigured, TemporaryError
from toolguild.model.failure import RequestRefused, asked_pause, classify
from toolguild.model.place import KEYED_PROVIDERS, LOCAL_PROVIDERS, is_local, key_name, require_key
from toolguild.model.request import Call, Completion
from toolguild.model.settings import Target
from toolguild.model.strict import is_strict
from toolguild.tool.draft import ModelSource

_LONGEST_WAIT = (
    20.0  # seconds between two tries; a provider that asks for more gets the message later
)


class LiteLLMModel:
    """One model. Each call is tried again on rate limits, time-outs and server errors, a bounded number of times.

    Works with small local models: the JSON Schema goes along wherever the server may be able to hold the
    model to it, and into the prompt where it cannot.
    """

    def __init__(self, target: Target, *, retries: int = 3) -> None:
        self._target = target
        self._retries = retries
        self._schema_refused = False
        self.model = target.name
        self.source: ModelSource = "local" if is_local(target) else "live"

    async def price(self) -> Price:
        """Return LiteLLM's price; zero for local models and where it knows none."""
        if self.source == "local":
            return Price()
        known = (await _litellm()).model_cost
        name = self.model if self.model in known else self.model.partition("/")[2]
        cost = known.get(name, {})
        return Price(
            input=cost.get("input_cost_per_token") or 0.0,
            output=cost.get("output_cost_per_token") or 0.0,
        )

    async def complete(self, call: Call) -> Completion:
        litellm = await _litellm()
        _open.add(id(self))
        require_key(self._target, os.environ)
        retries = stamina.retry_context(
            on=_wait,
            attempts=self._retries + 1,
            timeout=call.timeout,
            wait_initial=0.5,
            wait_max=_LONGEST_WAIT,
        )
        async for attempt in retries:
            with attempt:
                return await self._try(litellm, call)
        raise AssertionError("the last attempt returns or raises")

    async def aclose(self) -> None:
        """Close the connections that LiteLLM keeps for the whole process, once nobody else uses them."""
        _open.discard(id(self))
        if _loaded is not None and not _open:
            await _loaded.close_litellm_async_clients()
            _loaded.in_memory_llm_clients_cache.flush_cache()

    async def _try(self, litellm: Any, call: Call) -> Completion:
        arguments = self._arguments(litellm, call)
        try:
            async with asyncio.timeout(call.timeout):
                response = await litellm.acompletion(**arguments)
        except Exception as error:  # LiteLLM lets errors of many libraries through
            failure = classify(error, self._target)
            if self._may_be_the_schema(call, failure):
                return await self._without_schema(litellm, call)
            raise failure from error
        return await self._completion(call, response)

    async def _without_schema(self, litellm: Any, call: Call) -> Completion:
        """Ask in words, and go on so if the schema was what the server refused."""
        self._schema_refused = True
        try:
            return await self._try(litellm, call)
        except RequestRefused:
            self._schema_refused = False
            raise

    def _may_be_the_schema(self, call: Call, failure: Exception) -> bool:
        """Say whether the same without a schema may pass."""
        constrained = call.request.answer_schema is not None and not self._schema_refused
        return constrained and isinstance(failure, RequestRefused)

    def _arguments(self, litellm: Any, call: Call) -> dict[str, Any]:
        messages = [message.model_dump() for message in call.request.messages]
        arguments = {
            "model": self._target.name,
            "messages": messages,
            "temperature": call.temperature,
            "max_tokens": call.max_output_tokens,
            "seed": int(call.request.digest[:7], 16),  # the same request, the same answer
            "timeout": call.timeout,
            "drop_params": True,
            "num_retries": 0,
        }
        if self._target.api_base:
            arguments["api_base"] = self._target.api_base
        if key := self._stand_in_key():
            arguments["api_key"] = key
        if (schema := call.request.answer_schema) is not None:
            if self._can_constrain(litellm):
                arguments["response_format"] = {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "answer",
                        "schema": schema,
                        "strict": is_strict(schema),
                    },
                }
            else:
                messages[-1]["content"] += _in_words(schema)
        return arguments

    def _can_constrain(self, litellm: Any) -> bool:
        if self._schema_refused:
            return False
        custom = self._target.api_base is not None and self._target.provider == "openai"
        return (
            custom
            or self.source == "local"
            or bool(litellm.supports_response_schema(model=self._target.name))
        )

    def _stand_in_key(self) -> str | None:
        """Local servers ask for no key, but the client insists on one."""
        if self.source == "local" and not os.environ.get(key_name(self._target)):
            return "none"
        return None

    async def _completion(self, call: Call, response: Any) -> Completion:
        choices = getattr(response, "choices", None)
        if not choices:
            raise TemporaryError(f"{self.model} sent a response without an answer", after=10.0)
        text = choices[0].message.content or ""
        usage = getattr(response, "usage", None)
        read = getattr(usage, "prompt_tokens", None) or call.request.size
        written = getattr(usage, "completion_tokens", None) or max(1, len(text) // 3)
        return Completion(
            text=text,
            model=self.model,
            source=self.source,
            input_tokens=read,
            output_tokens=written,
            usd=(await self.price()).of(read, written).usd,
            cut=choices[0].finish_reason == "length",
        )


def require_name(target: Target) -> None:
    """Return if LiteLLM knows a provider for this name. Raises Misconfigured, showing how names look.

    LiteLLM is imported only for names whose provider we do not know ourselves.
    """
    if "/" in target.name and target.provider in KEYED_PROVIDERS | LOCAL_PROVIDERS:
        return
    try:
        _import().get_llm_provider(target.name, api_base=target.api_base)
    except Misconfigured:
        raise
    except Exception as error:  # LiteLLM's own, which is not imported here
        raise classify(error, target) from error


_loaded: Any = None
_open: set[int] = set()  # the models that share LiteLLM's connections


async def _litellm() -> Any:
    """Import LiteLLM once, beside the event loop: it takes two seconds, and heartbeats must go on."""
    global _loaded
    if _loaded is None:
        _loaded = await asyncio.to_thread(_import)
    return _loaded


def _import() -> Any:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or the import asks the internet
    os.environ.setdefault("LITELLM_LOG", "ERROR")
    try:
        import litellm
    except ImportError as error:
        raise Misconfigured(
            "asking a model needs LiteLLM, which is not installed: pip install 'toolguild[models]'"
        ) from error
    litellm.suppress_debug_info = True  # or it prints on stdout
    litellm.turn_off_message_logging = True
    litellm.telemetry = False
    return litellm


def _wait(error: Exception) -> bool | float:
    """Say whether and when to try again: when the provider says so, else with growing pauses."""
    if not isinstance(error, TemporaryError):
        return False
    pause = asked_pause(error)
    if pause is None:
        return True
    return pause if pause <= _LONGEST_WAIT else False


def _in_words(schema: dict[str, Any]) -> str:
    compact = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"\n\nAnswer with nothing but one JSON value that fits this JSON Schema:\n{compact}"
