"""Asking NATS again: every request of ours is idempotent, so a lost answer is no reason to fail."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import nats.errors
import stamina
from nats.js.errors import (
    APIError,
    KeyWrongLastSequenceError,
    NoKeysError,
    NoStreamResponseError,
    NotFoundError,
    ServerError,
    ServiceUnavailableError,
)

from toolguild.errors import PermanentError, TemporaryError, Unavailable

T = TypeVar("T")
PATIENCE = 20.0  # seconds for which a request is repeated; a restarted server is back long before
AGAIN = 0.05  # seconds to the second attempt

# A time-out, a server that restarts or changes its leader, a connection that is being made again.
AWAY = (
    TimeoutError,
    NoStreamResponseError,
    ServiceUnavailableError,
    ServerError,
    nats.errors.NoRespondersError,
    nats.errors.OutboundBufferLimitError,
    nats.errors.ConnectionReconnectingError,
    nats.errors.StaleConnectionError,
)

# Not failures but answers: there is no such thing, or somebody else was faster.
ANSWERS = (NotFoundError, NoKeysError, KeyWrongLastSequenceError)

# Error codes of JetStream for "no room": for the whole server (10023, 10028, 10047), for one stream (10077),
# for what one account may have (10122). Asking again at once would not help.
NO_ROOM = frozenset({10023, 10028, 10047, 10077, 10122})


class _Full(Exception):
    """JetStream has no room."""


async def retried(call: Callable[[], Awaitable[T]], what: str) -> T:
    """Return what `call` returns, calling it again while NATS is away.

    Raises Unavailable when NATS stays away, or at once when it has no room; TemporaryError when it
    refuses for another reason, PermanentError when the message is too large for it. The errors that
    are answers pass through, and so do errors of ours.
    """
    began = time.monotonic()
    try:
        try:
            return await _asked(call)  # nearly always: what asks again costs more than the request
        except AWAY:
            await asyncio.sleep(AGAIN)
        async for attempt in stamina.retry_context(
            on=AWAY,
            attempts=None,
            timeout=max(PATIENCE - (time.monotonic() - began), AGAIN),
            wait_initial=2 * AGAIN,
            wait_jitter=0.1,
            wait_max=1.0,
        ):
            with attempt:
                return await _asked(call)
    except ANSWERS:
        raise
    except _Full as error:
        raise Unavailable(_full(what, str(error))) from error
    except AWAY as error:
        raise Unavailable(_away(what, error)) from error
    except nats.errors.MaxPayloadError as error:
        raise PermanentError(f"{what}: too large for the NATS server (its max_payload)") from error
    except nats.errors.Error as error:
        raise TemporaryError(f"NATS: {what}: {str(error) or type(error).__name__}") from error
    raise AssertionError("a retry context ends with a result or an error")


async def _asked(call: Callable[[], Awaitable[T]]) -> T:
    try:
        return await call()
    except APIError as error:
        if _no_room(error):
            raise _Full(str(error.description or error)) from error
        raise


def _no_room(error: APIError) -> bool:
    return getattr(error, "err_code", None) in NO_ROOM or "no space left" in str(error).lower()


def _full(what: str, said: str) -> str:
    if "no space left" in said.lower():
        return (
            f"the disk of the NATS server is full ({what}); make room where it keeps its data, "
            "or set TOOLGUILD_DATA_DIR to a directory on a larger disk"
        )
    return (
        f"the NATS server has no room left ({what}: {said}); make room on its disk, or raise the limit "
        "that was set for it: TOOLGUILD_NATS_STORE_MB, or max_bytes of the stream"
    )


def _away(what: str, error: Exception) -> str:
    said = str(error).removeprefix("nats: ") or type(error).__name__
    return (
        f"the NATS server gave no answer in {PATIENCE:g} s ({what}: {said}); is it running, and its disk "
        "neither full nor read-only? `toolguild status` and server.log beside its data say more"
    )
