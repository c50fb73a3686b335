"""Where a model runs and which key it needs, as far as its name and address tell. Pure."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from toolguild.errors import Misconfigured
from toolguild.model.settings import Target

LOCAL_PROVIDERS = frozenset(
    {"ollama", "ollama_chat", "llamafile", "lm_studio", "hosted_vllm", "vllm"}
)
KEYED_PROVIDERS = frozenset(
    {
        "anthropic",
        "cohere",
        "deepseek",
        "gemini",
        "groq",
        "mistral",
        "openai",
        "openrouter",
        "perplexity",
        "xai",
    }
)


def is_local(target: Target) -> bool:
    """Say whether the model runs on this machine or is of a kind that people run themselves."""
    if target.api_base is None:
        return target.provider in LOCAL_PROVIDERS
    host = urlsplit(target.api_base).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return target.provider in LOCAL_PROVIDERS


def key_name(target: Target) -> str:
    """Return the environment variable that usually holds the key for this model."""
    return f"{target.provider.upper()}_API_KEY" if "/" in target.name else "API key of its provider"


def require_key(target: Target, environment: Mapping[str, str]) -> None:
    """Return if the key is there, or none is known to be needed. Raises Misconfigured naming it."""
    known = "/" in target.name and target.provider in KEYED_PROVIDERS
    if known and not is_local(target) and not environment.get(key_name(target)):
        raise Misconfigured(
            f"{target.name} needs a key: set {key_name(target)} in the environment of the process "
            "that asks the model, or choose a local model server (TOOLGUILD_API_BASE) or "
            "`toolguild demo`"
        )
