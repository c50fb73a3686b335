"""What the chain has to say of each message: the message itself, and what did not come before it."""

from collections.abc import AsyncIterator, Mapping, Sequence

from toolguild.chain import entry
from toolguild.chain.entry import Item, Seen
from toolguild.chain.page import is_hex
from toolguild.errors import PermanentError
from toolguild.runtime import clock
from toolguild.runtime.bus import Bus
from toolguild.runtime.retry import retried
from toolguild.runtime.stream import next_from

GONE = "gone from the stream before it was recorded"
NO_COPY = "the log never got a copy of it"
LOST = f"{NO_COPY}, and it is no longer in its own stream"


class StreamCut(Exception):
    """A stream ends before what was recorded of it; it has to be read again from its beginning."""


class Account:
    """How far each stream is accounted for, kept up with each entry that is taken from here.

    `copied` are the streams of which the log holds copies, with the subjects that they hold.
    """

    def __init__(
        self, bus: Bus, read: dict[str, int], copied: Mapping[str, str], *, keep: bool, largest: int
    ) -> None:
        self.read = read
        self._bus = bus
        self._copied = copied
        self._keep = keep
        self._largest = largest

    async def entries(self, seen: Seen) -> AsyncIterator[Item]:
        """Yield the entry of a message, behind entries for those that should have come before it."""
        known = self.read.get(seen.stream, 0)
        if seen.sequence <= known:
            return  # a delivery of what is recorded already
        if seen.sequence > known + 1:
            self.read[seen.stream] = seen.sequence - 1
            yield entry.gap(seen.stream, known + 1, seen.sequence - 1, at=clock.now(), why=GONE)
        origin = await self._origin(seen)
        if origin is not None:
            stream, number = origin
            async for item in self.missing(stream, number - 1):
                yield item
            self.read[stream] = max(self.read.get(stream, 0), number)
        self.read[seen.stream] = seen.sequence
        yield await self._message(seen)

    async def missing(self, stream: str, last: int) -> AsyncIterator[Item]:
        """Yield entries for what a copied stream has got up to a sequence, and of which no copy came."""
        while (first := self.read.get(stream, 0) + 1) <= last:
            found = await next_from(self._bus, stream, self._copied[stream], first)
            until = last if found is None else min(found.sequence - 1, last)
            if until >= first:
                self.read[stream] = until
                yield entry.gap(stream, first, until, at=clock.now(), why=LOST)
            if found is not None and found.sequence <= last:
                self.read[stream] = found.sequence
                yield await self._message(found, why=NO_COPY)

    async def emptied(self, stream: str, last: int) -> Item | None:
        """Return an entry for the end of a stream if nothing is left there of what was never recorded."""
        first = self.read.get(stream, 0) + 1
        if await next_from(self._bus, stream, ">", first) is not None:
            return None  # it is on its way here
        self.read[stream] = last
        return entry.gap(stream, first, last, at=clock.now(), why=GONE)

    async def cut(self, streams: Sequence[str]) -> list[Item]:
        """Return entries for streams that end before what was recorded of them."""
        found: list[Item] = []
        for stream in streams:
            known, last = self.read.get(stream, 0), await self._last(stream)
            if last < known:
                found.append(entry.reset(stream, known, last, at=clock.now()))
                self.read[stream] = 0
        return found

    async def _origin(self, seen: Seen) -> tuple[str, int] | None:
        """Return where a copy comes from, if it passes over others: only the server may say so."""
        origin = seen.origin if seen.subject.startswith("toolguild.seen.") else None
        if origin is None or origin[0] not in self._copied:
            return None
        stream, number = origin
        if number > self.read.get(stream, 0) + 1 and number > await self._last(stream):
            return None  # there is no such message: somebody made the header up
        return origin

    async def _last(self, stream: str) -> int:
        info = await retried(lambda: self._bus.js.stream_info(stream), f"look at {stream}")
        return int(info.state.last_seq)

    async def _message(self, seen: Seen, why: str = "") -> Item:
        claim = entry.claim_of(seen.data)
        stored = await self._stored(claim[0]) if claim else None
        return entry.message(seen, keep=self._keep, stored=stored, why=why, largest=self._largest)

    async def _stored(self, sha256: str) -> bool:
        """Whether the object store has content of this digest; all of it is read."""
        if not is_hex(sha256, 64):
            return False
        try:
            async for _ in self._bus.objects.chunks(sha256):
                pass
        except PermanentError:
            return False
        return True
