"""Whether the model servers of a person's own listen at all: asked once, before a task waits for them."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from toolguild.errors import Misconfigured
from toolguild.model.place import is_local
from toolguild.model.settings import ROLES, ModelSettings, Target

WITHIN = 3.0  # seconds to accept a connection; a server on one's own machine needs none
_OLLAMA = "http://localhost:11434"
_PORTS = {"http": 80, "https": 443}


async def check_reach(settings: ModelSettings, override: str | None = None) -> None:
    """Raise Misconfigured, naming the address, when all models of a role are local and none listens.

    Nothing is sent, and providers elsewhere are not tried: a proxy may stand between.
    """
    tried: dict[str, str] = {}
    for role in ROLES:
        addresses = [address(one, os.environ) for one in settings.targets(role, override)]
        own = [one for one in addresses if one is not None]
        for one in own:
            if one not in tried:
                tried[one] = await _problem(one)
        if own and len(own) == len(addresses) and all(tried[one] for one in own):
            told = "; ".join(f"{one} ({tried[one]})" for one in dict.fromkeys(own))
            raise Misconfigured(
                f"no model server answers at {told}: start it, correct TOOLGUILD_API_BASE, or choose "
                "another model (TOOLGUILD_MODEL, --model); `toolguild doctor` asks each model"
            )


def address(target: Target, environment: Mapping[str, str]) -> str | None:
    """Return where a local model's server listens, or None where that is not known or not local. Pure."""
    if target.name.startswith(("recorded:", "scripted:")) or not is_local(target):
        return None
    if target.api_base is not None:
        return target.api_base
    if target.provider in ("ollama", "ollama_chat"):
        return environment.get("OLLAMA_API_BASE") or _OLLAMA
    return None


async def _problem(url: str) -> str:
    """Return why nobody can connect there, or "" if somebody listens."""
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS[parts.scheme]
        async with asyncio.timeout(WITHIN):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except TimeoutError:
        return f"nothing heard in {WITHIN:g} s"
    except (ValueError, KeyError):
        return "no address of the shape http://HOST:PORT/v1"
    except OSError as error:
        return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return ""
