"""Reading a whole stream in order, from a sequence on."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from toolguild.chain.entry import Seen
from toolguild.runtime.bus import Bus
from toolguild.runtime.retry import retried

BATCH = 256
WAIT = 1.0  # seconds; a fetch that is blocked while the server restarts ends only then
FORGOTTEN = 30.0  # seconds without a fetch after which the server drops the reader
SILENT = 3  # fetches in a row that bring nothing although something is left
AHEAD = 1 << 20  # messages that may wait in this process


class Lost(Exception):
    """The server has forgotten the reader, as when it was restarted; another goes on behind the last message."""


class StreamReader:
    """One pass over a stream."""

    def __init__(self, stream: str, inbox: JetStreamContext.PullSubscription) -> None:
        self._stream, self._inbox = stream, inbox

    async def batch(self) -> Sequence[Seen]:
        """Return what comes next; nothing when there was nothing new for a second. Raises Lost."""
        try:
            found = await self._inbox.fetch(BATCH, timeout=WAIT)
            if not found:
                await self._inbox.consumer_info()
        except TimeoutError:
            await self.left()  # raises Lost when the server forgot the reader
            return ()
        except (NotFoundError, APIError, nats.errors.Error) as error:
            raise Lost(str(error)) from error
        return [_seen(self._stream, one) for one in found]

    async def left(self) -> int:
        """Return how many messages are still to come. Raises Lost."""
        try:
            return (await self._inbox.consumer_info()).num_pending or 0
        except (TimeoutError, NotFoundError, APIError, nats.errors.Error) as error:
            raise Lost(str(error)) from error


@asynccontextmanager
async def stream_reader(bus: Bus, stream: str, first: int) -> AsyncIterator[StreamReader]:
    """Read a stream from a sequence on. Raises TemporaryError when NATS stays away."""
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=max(first, 1),
        ack_policy=AckPolicy.NONE,
        inactive_threshold=FORGOTTEN,
        mem_storage=True,
    )
    made = await retried(lambda: bus.js.add_consumer(stream, config), f"read {stream}")
    inbox = await bus.js.pull_subscribe_bind(
        consumer=made.name, stream=stream, pending_msgs_limit=AHEAD
    )
    try:
        yield StreamReader(stream, inbox)
    finally:
        with suppress(nats.errors.Error, TimeoutError, OSError):
            await inbox.unsubscribe()


async def held_by(bus: Bus, stream: str, first: int = 1) -> AsyncGenerator[Seen, None]:
    """Yield what a stream holds from a sequence on to today's end. Raises TemporaryError when NATS stays away.

    What the store cannot give back, because its files are damaged, is left out.
    """
    position, silent = first, 0
    while silent < SILENT:
        with suppress(Lost):
            async with stream_reader(bus, stream, position) as reader:
                while silent < SILENT and await reader.left():
                    batch = await reader.batch()
                    silent = 0 if batch else silent + 1
                    for seen in batch:
                        position = seen.sequence + 1
                        yield seen
                return


async def next_from(bus: Bus, stream: str, subject: str, first: int) -> Seen | None:
    """Return the first message on a subject from a sequence on, or None. Raises TemporaryError."""
    try:
        raw = await retried(
            lambda: bus.js.get_msg(stream, seq=first, subject=subject, next=True),
            f"read {stream}",
        )
    except NotFoundError:
        return None
    return _raw(stream, raw)


async def message_at(bus: Bus, stream: str, sequence: int) -> Seen | None:
    """Return the message at a sequence, or None if there is none. Raises TemporaryError."""
    try:
        raw = await retried(lambda: bus.js.get_msg(stream, seq=sequence), f"read {stream}")
    except NotFoundError:
        return None
    return _raw(stream, raw)


def _seen(stream: str, message: Msg) -> Seen:
    about = message.metadata
    headers = {str(name): str(value) for name, value in (message.headers or {}).items()}
    at = _stamp(about.timestamp)
    return Seen(stream, about.sequence.stream, message.subject, at, headers, message.data)


def _raw(stream: str, raw: RawStreamMsg) -> Seen:
    headers = {str(name): str(value) for name, value in (raw.headers or {}).items()}
    at = _stamp(raw.time) if raw.time else ""
    return Seen(stream, raw.seq or 0, raw.subject or "", at, headers, raw.data or b"")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
