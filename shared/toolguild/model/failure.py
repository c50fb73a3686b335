"""What a failed call of LiteLLM means for the message, in words that say what to do. No key is ever quoted."""

import os
import re
from collections.abc import Mapping

from toolguild.errors import Misconfigured, PermanentError, TemporaryError
from toolguild.model.settings import Target

_MAX_AFTER = 60.0  # seconds; a provider that asks for longer is asked again then
_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)$")
_SECRET = re.compile(r"\b(?:sk|pk|key|gsk|xai|hf|AIza)[-_][\w*.-]{4,}|\bBearer\s+\S+", re.I)
_ONE_LINE = re.compile(r"\s+")


def classify(error: Exception, target: Target) -> TemporaryError | PermanentError:
    """Return the error of ours for one of LiteLLM's, by the names of its classes: none is imported here."""
    kinds = {cls.__name__ for cls in type(error).__mro__}
    text = redact(str(error), os.environ)
    where = f" at {target.api_base}" if target.api_base else ""
    model = f"{target.name}{where}"
    if "insufficient_quota" in text or "PaymentRequiredError" in kinds:
        return Misconfigured(
            f"{model}: the account has no credit left; add some or choose another model"
        )
    if kinds & {"AuthenticationError", "PermissionDeniedError"}:
        return Misconfigured(
            f"{model} refused the key: set a valid {key_name(target)} for the process that asks the model, "
            "or choose another model (TOOLGUILD_MODEL, --model)"
        )
    if "NotFoundError" in kinds:
        return Misconfigured(
            f"{model} does not exist there: check the name (TOOLGUILD_MODEL, --model) and the address "
            f"(TOOLGUILD_API_BASE). It said: {text}"
        )
    if "Timeout" in kinds or isinstance(error, TimeoutError):
        return TemporaryError(
            f"{model} took too long to answer: it may be busy, or too slow for TOOLGUILD_MODEL_TIMEOUT",
            after=10.0,
        )
    if "RateLimitError" in kinds:
        return TemporaryError(
            f"{model} is asked too often (rate limit): {text}", after=_after(error)
        )
    if "ContextWindowExceededError" in kinds:
        return PermanentError(
            f"the prompt is too long for {model}: choose a model (or start the server) with more context. "
            f"It said: {text}"
        )
    if "ContentPolicyViolationError" in kinds:
        return PermanentError(f"{model} refused the request by its content policy: {text}")
    if "provider not provided" in text.lower():
        return Misconfigured(
            f"{target.name!r} is no model name that LiteLLM knows: write PROVIDER/NAME, for instance "
            "openai/gpt-4o, anthropic/claude-sonnet-4-20250514, ollama_chat/llama3.1"
        )
    if kinds & {"BadRequestError", "UnprocessableEntityError", "UnsupportedParamsError"}:
        return PermanentError(f"{model} refused the request: {text}")
    if _no_connection(error):
        return TemporaryError(
            f"no model server answers{where or ' for ' + target.name}: is it running, and is "
            f"TOOLGUILD_API_BASE right? It said: {text}",
            after=10.0,
        )
    return TemporaryError(f"{model} failed: {text}", after=10.0)


def key_name(target: Target) -> str:
    """Return the environment variable that usually holds the key for this model."""
    return f"{target.provider.upper()}_API_KEY" if "/" in target.name else "API key of its provider"


def redact(text: str, environment: Mapping[str, str]) -> str:
    """Return the text in one short line, without anything that is or looks like a key."""
    for name, value in environment.items():
        if len(value) >= 6 and _SECRET_NAME.search(name):
            text = text.replace(value, "[key]")
    line = _ONE_LINE.sub(" ", _SECRET.sub("[key]", text)).strip()
    return line if len(line) <= 400 else line[:400] + "..."


def _after(error: Exception) -> float:
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or {}
    try:
        return min(max(float(headers.get("retry-after", 10.0)), 0.0), _MAX_AFTER)
    except ValueError:
        return 10.0


def _no_connection(error: BaseException | None) -> bool:
    """Say whether the connection itself failed, looking through the causes."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, ConnectionError) or "Connect" in type(error).__name__:
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False
