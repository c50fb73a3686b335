"""Reading what a stream holds on a subject, message by message, through restarts of the server."""

from collections.abc import AsyncIterator

from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from toolguild.runtime.bus import Bus
from toolguild.runtime.retry import retried


async def messages_on(bus: Bus, stream: str, subject: str) -> AsyncIterator[RawStreamMsg]:
    """Yield the messages that a stream holds on a subject now, oldest first.

    For a few: each is a request of its own. Raises TemporaryError when NATS stays away.
    """
    info = await retried(lambda: bus.js.stream_info(stream), f"look at {stream}")
    number = info.state.first_seq

    async def read() -> RawStreamMsg:
        return await bus.js.get_msg(stream, seq=number, subject=subject, direct=True, next=True)

    while number <= info.state.last_seq:
        try:
            raw = await retried(read, f"read {stream}")
        except NotFoundError:
            return
        yield raw
        number = (raw.seq or number) + 1


async def newest_on(bus: Bus, stream: str, subject: str) -> RawStreamMsg | None:
    """Return the newest message of a stream on a subject, or None. Raises TemporaryError when NATS stays away."""
    try:
        return await retried(
            lambda: bus.js.get_last_msg(stream, subject, direct=True), f"look up {subject}"
        )
    except NotFoundError:
        return None
