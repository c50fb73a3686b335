"""Reading the guild's log: every event and every command, in one order."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import nats.errors
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from toolguild.errors import PermanentError
from toolguild.messages import Envelope
from toolguild.runtime.bus import Bus, Unreadable
from toolguild.runtime.reading import newest_on
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import LOG

BATCH = 256
WAIT = 1.0  # seconds; a fetch that is blocked while the server restarts ends only then
FORGOTTEN = 60.0  # seconds without a fetch after which the server drops the reader
AHEAD = 1 << 20  # messages that may wait in this process


@dataclass(frozen=True)
class Entry:
    """One message of the log. `at` is when the server took it, ISO 8601, UTC."""

    sequence: int
    subject: str
    at: str
    data: bytes
    trace_id: str = ""  # 32 hexadecimal digits, or "" when it is part of no trace

    @property
    def key(self) -> str:
        """The id of the task or build that it is about: the last token of its subject."""
        return self.subject.rpartition(".")[2]


async def entries(
    bus: Bus, subjects: Sequence[str], *, first: int = 1, live: bool
) -> AsyncGenerator[Entry, None]:
    """Yield the log's messages on these subjects from a sequence on: for ever if `live`, else to today's end.

    Survives a restart of the server: reading goes on behind the last message. Raises TemporaryError when
    NATS stays away.
    """
    position = first
    while True:
        reader = await _reader(bus, subjects, position)
        try:
            async for entry, pending in _read(reader, live=live):
                if entry is not None:
                    position = entry.sequence + 1
                    yield entry
                if pending == 0 and not live:
                    return
        except (NotFoundError, APIError, nats.errors.Error):
            await asyncio.sleep(0.2)  # the server dropped the reader; make another
        finally:
            with suppress(nats.errors.Error, TimeoutError):
                await reader.unsubscribe()


async def envelope(bus: Bus, entry: Entry) -> Envelope | None:
    """Return the message itself; None when it is of a kind that this program does not know."""
    try:
        return await bus.read(entry.data)
    except (Unreadable, PermanentError):
        return None


async def newest(bus: Bus, subject: str) -> Entry | None:
    """Return the newest message on one subject, or None if there is none."""
    raw = await newest_on(bus, LOG, subject)
    if raw is None:
        return None
    return Entry(raw.seq or 0, raw.subject or subject, str(raw.time or ""), raw.data or b"")


async def _reader(
    bus: Bus, subjects: Sequence[str], first: int
) -> JetStreamContext.PullSubscription:
    config = ConsumerConfig(
        filter_subjects=list(subjects),
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=max(first, 1),
        ack_policy=AckPolicy.NONE,
        inactive_threshold=FORGOTTEN,
        mem_storage=True,
    )
    made = await retried(lambda: bus.js.add_consumer(LOG, config), "read the log")
    return await bus.js.pull_subscribe_bind(
        consumer=made.name, stream=LOG, pending_msgs_limit=AHEAD
    )


async def _read(
    reader: JetStreamContext.PullSubscription, *, live: bool
) -> AsyncIterator[tuple[Entry | None, int]]:
    """Yield messages with how many are still to come; None when there is nothing new for now."""
    while True:
        if not live and (await reader.consumer_info()).num_pending == 0:
            yield None, 0
        try:
            batch = await reader.fetch(BATCH, timeout=WAIT)
        except TimeoutError:
            await reader.consumer_info()  # raises NotFoundError when the server forgot the reader
            continue
        for message in batch:
            yield _entry(message), message.metadata.num_pending


def _entry(message: Msg) -> Entry:
    about = message.metadata
    at = about.timestamp.isoformat(timespec="milliseconds")
    trace = _trace_id((message.headers or {}).get("traceparent", ""))
    return Entry(about.sequence.stream, message.subject, at, message.data, trace)


def _trace_id(parent: str) -> str:
    """Return the trace's id in a W3C traceparent header."""
    parts = parent.split("-")
    return parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else ""
