"""Asking NATS again: every request of ours is idempotent, so a lost answer is no reason to fail."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import nats.errors
import stamina
from nats.js.errors import (
    KeyWrongLastSequenceError,
    NoKeysError,
    NoStreamResponseError,
    NotFoundError,
    ServerError,
    ServiceUnavailableError,
)

from toolguild.errors import TemporaryError

T = TypeVar("T")
PATIENCE = 20.0  # seconds for which a request is repeated; a restarted server is back long before

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


async def retried(call: Callable[[], Awaitable[T]], what: str) -> T:
    """Return what `call` returns, calling it again while NATS is away.

    Raises TemporaryError when NATS stays away or refuses. The errors that are answers
    pass through, and so do errors of ours.
    """
    try:
        async for attempt in stamina.retry_context(
            on=AWAY,
            attempts=None,
            timeout=PATIENCE,
            wait_initial=0.05,
            wait_jitter=0.1,
            wait_max=1.0,
        ):
            with attempt:
                return await call()
    except ANSWERS:
        raise
    except (TimeoutError, nats.errors.Error) as error:
        raise TemporaryError(_told(what, error)) from error
    raise AssertionError("a retry context ends with a result or an error")


def _told(what: str, error: Exception) -> str:
    said = str(error) or type(error).__name__
    if "no space left" in said.lower():
        return (
            f"the disk of the NATS server is full ({what}); make room where it keeps its data, "
            "or set TOOLGUILD_DATA_DIR to a directory on a larger disk"
        )
    return f"NATS: {what}: {said}"
