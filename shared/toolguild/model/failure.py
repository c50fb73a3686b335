"""What a failed call of LiteLLM means for the message, in words that say what to do. No key is ever quoted."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from toolguild.errors import Misconfigured, PermanentError, TemporaryError
from toolguild.model.place import key_name
from toolguild.model.settings import Target

_MAX_PAUSE = 60.0  # seconds; a provider that asks for longer is asked again then
_USUAL_PAUSE = 10.0
_REFUSALS = frozenset({"BadRequestError", "UnprocessableEntityError", "UnsupportedParamsError"})
_TOO_LONG = re.compile(r"context (?:length|size|window)", re.I)
_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$")
_SECRET = re.compile(r"\b(?:sk|pk|key|gsk|xai|hf|AIza)[-_][\w*.-]{4,}|\bBearer\s+\S+", re.I)
_ONE_LINE = re.compile(r"\s+")


class RequestRefused(PermanentError):
    """The model's server calls the request itself wrong; one made otherwise may pass."""


def classify(error: Exception, target: Target) -> TemporaryError | PermanentError:
    """Return the error of ours for one of LiteLLM's, by the names of its classes: none is imported here."""
    kinds = {cls.__name__ for cls in type(error).__mro__}
    text = redact(str(error), os.environ)
    model = target.name + (f" at {target.api_base}" if target.api_base else "")
    return (
        _operator_s(kinds, _codes(error), text, model, target)
        or _prompt_s(kinds, _codes(error), text, model)
        or _passing(error, kinds, text, model, target)
    )


def _operator_s(
    kinds: set[str], codes: set[str], text: str, model: str, target: Target
) -> Misconfigured | None:
    """What the operator has to change: account, key, name."""
    lower = text.lower()
    if codes & {"insufficient_quota", "402"} or "exceeded your current quota" in lower:
        return Misconfigured(
            f"{model}: the account has no credit left; add some or choose another model"
        )
    if codes & {"401", "403"} or kinds & {"AuthenticationError", "PermissionDeniedError"}:
        return Misconfigured(
            f"{model} refused the key: set a valid {key_name(target)} for the process that asks the "
            "model, or choose another model (TOOLGUILD_MODEL, --model)"
        )
    if "provider not provided" in lower:
        return Misconfigured(
            f"{target.name!r} is no model name that LiteLLM knows: write PROVIDER/NAME, for instance "
            "openai/gpt-4o, anthropic/claude-sonnet-4-20250514, ollama_chat/llama3.1"
        )
    if "NotFoundError" in kinds:
        return Misconfigured(
            f"{model} does not exist there: check the name (TOOLGUILD_MODEL, --model) and the "
            f"address (TOOLGUILD_API_BASE). It said: {text}"
        )
    return None


def _prompt_s(kinds: set[str], codes: set[str], text: str, model: str) -> PermanentError | None:
    """What is wrong with this request for this model."""
    if "ContentPolicyViolationError" in kinds:
        return PermanentError(f"{model} refused the request by its content policy: {text}")
    if not kinds & _REFUSALS:
        return None
    if codes & {"context_length_exceeded"} or _TOO_LONG.search(text):
        return PermanentError(
            f"the prompt is too long for {model}: choose a model, or start the server, with more "
            f"context. It said: {text}"
        )
    return RequestRefused(f"{model} refused the request: {text}")


def _passing(
    error: Exception, kinds: set[str], text: str, model: str, target: Target
) -> TemporaryError:
    """What may be over the next time."""
    if "Timeout" in kinds or isinstance(error, TimeoutError):
        return TemporaryError(
            f"{model} took too long to answer: it may be busy, or too slow for "
            "TOOLGUILD_MODEL_TIMEOUT",
            after=10.0,
        )
    if "RateLimitError" in kinds:
        pause = asked_pause(error)
        return TemporaryError(
            f"{model} is asked too often (rate limit): {text}",
            after=_USUAL_PAUSE if pause is None else pause,
        )
    if any(isinstance(e, ConnectionError) or "Connect" in type(e).__name__ for e in _chain(error)):
        where = f"at {target.api_base}" if target.api_base else f"for {target.name}"
        return TemporaryError(
            f"no model server answers {where}: is it running, and is TOOLGUILD_API_BASE right? "
            f"It said: {text}",
            after=_USUAL_PAUSE,
        )
    return TemporaryError(f"{model} failed: {text}", after=_USUAL_PAUSE)


def asked_pause(error: Exception | None) -> float | None:
    """Return the seconds that the provider asks to wait, at most a minute, if it does."""
    for one in _chain(error):
        headers = getattr(getattr(one, "response", None), "headers", None) or {}
        with suppress(KeyError, ValueError):  # it may be a date
            return min(max(float(headers["retry-after"]), 0.0), _MAX_PAUSE)
    return None


def redact(text: str, environment: Mapping[str, str]) -> str:
    """Return the text in one short line, without anything that is or looks like a key."""
    for name, value in environment.items():
        if len(value) >= 6 and _SECRET_NAME.search(name):
            text = text.replace(value, "[key]")
    line = _ONE_LINE.sub(" ", _SECRET.sub("[key]", text)).strip()
    return line if len(line) <= 400 else line[:400] + "..."


def _codes(error: Exception) -> set[str]:
    """Return the HTTP status and the codes of the bodies, along the causes."""
    codes = set()
    for one in _chain(error):
        body = getattr(one, "body", None)
        codes.add(str(getattr(one, "status_code", "")))
        codes.add(str(body.get("code", "")) if isinstance(body, dict) else "")
    return codes


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error and what caused it, as far as that is worth reading."""
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
