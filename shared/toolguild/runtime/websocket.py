"""NATS over WebSockets, where a URL asks for it: nats-py imports aiohttp for nothing else.

That takes a seventh of the time to start a service and nine megabytes in each, so the client is imported
without it, and gets it before the first connection to a `ws://` or `wss://` URL. Importing this package does so.
"""

import importlib
import sys
from urllib.parse import urlsplit

_NEEDED = ("aiohttp", "multidict")


def import_client() -> None:
    """Import nats-py without aiohttp. Does nothing where either of them has been imported already."""
    if "nats" in sys.modules or _NEEDED[0] in sys.modules:
        return
    sys.modules[_NEEDED[0]] = None  # type: ignore[assignment]  # how Python is told to find none
    try:
        importlib.import_module("nats.aio.transport")
    finally:
        del sys.modules[_NEEDED[0]]


def prepare(url: str) -> None:
    """Give the client what it needs for a URL: for WebSockets, aiohttp."""
    if urlsplit(url).scheme in ("ws", "wss"):
        transport = importlib.import_module("nats.aio.transport")
        for name in _NEEDED:
            setattr(transport, name, importlib.import_module(name))
