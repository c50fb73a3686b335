"""Write the audit chain: read everything on the bus in order, and publish it page by page.

Where to go on is in the chain's newest page and nowhere else. A page is published only if the audit stream
still ends where this scribe thinks it does, so a chain never forks, and nothing is recorded twice or passed
over whatever dies when.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import nats.errors
from nats.js.api import StreamInfo
from nats.js.errors import APIError

from toolguild.agent import Scribe
from toolguild.chain import entry
from toolguild.chain.entry import Item, Seen
from toolguild.chain.page import Page, Position, written
from toolguild.errors import TemporaryError
from toolguild.runtime import clock
from toolguild.runtime.accounting import Account, StreamCut
from toolguild.runtime.bus import Bus
from toolguild.runtime.chainend import ChainEnd, chain_end
from toolguild.runtime.ending import ended
from toolguild.runtime.retry import retried
from toolguild.runtime.stream import Lost, stream_reader
from toolguild.runtime.topology import AUDIT, DEAD, GOALS, LOG, WORK

log = logging.getLogger(__name__)
SUBJECT = "toolguild.audit.page"
READ = (LOG, DEAD)  # whole; of the others there are copies in the log
COPIED = {WORK: "toolguild.do.>", GOALS: "toolguild.goal.*.*"}
LOOK = 2.0  # seconds between looks whether a stream has what nobody brought here
PAUSE = 0.2  # seconds between attempts while NATS is away
STANDS = 3.0  # seconds for which another scribe's chain may stand still while there is something to write
DRAIN = 1.5  # seconds for what is still to come when this scribe is told to stop
WAITING = 2048  # messages that have been read and are in no page yet
ENTRY = 1024  # bytes of a page for an entry besides its own: number, digest; or all of one without a message
SHARE = 0.85  # of the largest message that NATS takes: the most that a page's entries fill
_WRONG_LAST = 10071  # error code: the stream does not end where the publisher thinks it does


class Overtaken(Exception):
    """The audit stream does not end where this scribe thinks: it reads again what is there."""


async def write_chain(bus: Bus, service: str, scribe: Scribe, *, stop: asyncio.Event) -> None:
    """Write until `stop` is set. NATS may go away and come back; other replicas may write meanwhile."""
    name, ours = f"{service}/{scribe.name}", frozenset[str]()
    while not stop.is_set():
        try:
            end = await chain_end(bus, scribe.own)
            if end.page is not None and ours and end.page.digest not in ours:
                log.info("%s stands by: another one writes the chain", name)
                await _stand_by(bus, scribe, end, stop)
                ours = frozenset()
                continue
            async with _Writing(bus, scribe, end, stop).running() as writing:
                try:
                    await writing.write()
                finally:
                    ours = frozenset((writing.position.digest, writing.tried))
        except Overtaken:
            continue
        except StreamCut:
            log.warning("%s: a stream ends before what was recorded of it", name)
        except nats.errors.ConnectionClosedError:
            if not stop.is_set():
                raise
        except (TemporaryError, TimeoutError, Lost, nats.errors.Error, OSError) as error:
            log.info("%s waits: %s", name, error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE)
        ours = frozenset()


async def _stand_by(bus: Bus, scribe: Scribe, end: ChainEnd, stop: asyncio.Event) -> None:
    """Return when the other scribe's chain has stood still for a while although there is something to write."""
    since = time.monotonic()
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK)
        read = end.page.read.get(LOG, 0) if end.page else 0
        if await _last(bus, AUDIT) != end.sequence:
            end, since = await chain_end(bus, scribe.own), time.monotonic()
        elif await _last(bus, LOG) <= read:
            since = time.monotonic()
        elif time.monotonic() - since > STANDS:
            return


async def _last(bus: Bus, stream: str) -> int:
    return int((await _info(bus, stream)).state.last_seq)


async def _info(bus: Bus, stream: str) -> StreamInfo:
    return await retried(lambda: bus.js.stream_info(stream), f"look at {stream}")


class _Writing:
    """One stretch of writing, from a known end of the chain until another one writes, or something breaks."""

    def __init__(self, bus: Bus, scribe: Scribe, end: ChainEnd, stop: asyncio.Event) -> None:
        self._bus, self._scribe, self._stop = bus, scribe, stop
        self._rules = scribe.rules
        self._audit_last = end.sequence
        self._foreign = end.foreign
        self.position = Position.after(end.page) if end.page else Position.start(uuid4().hex)
        keep = self._rules.content == "full"
        largest = min(entry.LARGEST_BODY, int(bus.client.max_payload * 0.6))
        self._account = Account(bus, dict(self.position.read), COPIED, keep=keep, largest=largest)
        self._most = int(bus.client.max_payload * SHARE)
        self._inbox: asyncio.Queue[Seen | None] = asyncio.Queue(WAITING)
        self._page: list[Item] = []
        self._size = 0
        self._read: dict[str, int] = {}  # as far as the entries gathered so far account for
        self._behind: dict[
            str, int
        ] = {}  # streams that were ahead of the chain at the last look, and where it was
        self.tried = ""  # digest of the page that was published last, whether or not it got there

    @asynccontextmanager
    async def running(self) -> AsyncIterator["_Writing"]:
        """Read the streams for as long as the block lasts."""
        self._pumps = [asyncio.create_task(self._pump(one), name=f"audit/{one}") for one in READ]
        tasks = [*self._pumps, asyncio.create_task(self._wake())]
        try:
            yield self
        finally:
            await ended(tasks, again=PAUSE)

    async def write(self) -> None:
        """Write pages until told to stop and all that has come is written. Raises Overtaken, StreamCut."""
        await self._first()
        until = float("inf")
        while time.monotonic() < until:
            if self._stop.is_set() and until == float("inf"):
                until = time.monotonic() + DRAIN
            await self._fill(until)
            await self._put()
            if self._stop.is_set() and await self._at_end():
                return

    async def _first(self) -> None:
        if self.position.page == 0:
            held = {}
            for stream in (*READ, *COPIED):
                state = (await _info(self._bus, stream)).state
                held[stream] = (int(state.first_seq), int(state.last_seq))
            await self._add(entry.began(held, at=clock.now()))
        for sequence, data, why in self._foreign:
            await self._add(entry.foreign(sequence, data, at=clock.now(), why=why))
        await self._whole()

    # Reading

    async def _wake(self) -> None:
        await self._stop.wait()
        await self._inbox.put(None)

    async def _pump(self, stream: str) -> None:
        """Bring a stream's messages here, through restarts of the server."""
        position = self.position.read.get(stream, 0) + 1
        while True:
            try:
                async with stream_reader(self._bus, stream, position) as reader:
                    while True:
                        for seen in await reader.batch():
                            await self._inbox.put(seen)
                            position = seen.sequence + 1
            except (TemporaryError, Lost, nats.errors.Error, OSError) as error:
                log.debug("audit: no messages of %s for now: %s", stream, error)
                await asyncio.sleep(PAUSE)

    async def _fill(self, until: float) -> None:
        """Gather entries until a page is full, or its time is over."""
        closes = until
        while len(self._page) < self._rules.page:
            seen = await self._next(closes)
            if seen is not None:
                async for item in self._account.entries(seen):
                    await self._add(item)
            elif self._stop.is_set() or time.monotonic() >= closes:
                return
            elif fallen := [pump for pump in self._pumps if pump.done()]:
                fallen[0].result()  # a bug of ours: better no auditor than one that sees nothing
            elif not self._page:
                await self._look()
            if self._page and closes == until:
                closes = min(until, time.monotonic() + self._rules.page_seconds)

    async def _next(self, until: float) -> Seen | None:
        """Return the next message, or None when none came for a while, in time, or before the end."""
        if not self._inbox.empty():
            return self._inbox.get_nowait()
        wait = min(PAUSE if self._stop.is_set() else LOOK, until - time.monotonic())
        if wait <= 0:
            return None
        with suppress(TimeoutError):
            return await asyncio.wait_for(self._inbox.get(), wait)
        return None

    async def _look(self) -> None:
        """With nothing new: was a stream cut or emptied at its end, or is there a command without a copy?"""
        await self._whole()
        for stream in (*READ, *COPIED):
            last, known = await _last(self._bus, stream), self._account.read.get(stream, 0)
            if last <= known:
                self._behind.pop(stream, None)
            elif self._behind.get(stream) != known:
                self._behind[stream] = known  # what is missing may be on its way
            elif stream in READ:
                item = await self._account.emptied(stream, last)
                if item is not None:
                    await self._add(item)
            else:
                async for item in self._account.missing(stream, last):
                    await self._add(item)

    async def _whole(self) -> None:
        """Record a stream that ends before what was recorded of it. Raises StreamCut when it is read here."""
        cut = await self._account.cut((*READ, *COPIED))
        for item in cut:
            await self._add(item)
        if any(item.entry["stream"] in READ for item in cut):
            await self._put()
            raise StreamCut

    async def _at_end(self) -> bool:
        """Whether everything that the log holds now is in the chain."""
        if not self._inbox.empty():
            return False
        read = self.position.read
        return all([await _last(self._bus, one) <= read.get(one, 0) for one in READ])

    # Writing

    async def _add(self, item: Item) -> None:
        """Take an entry into the page; publish the page first when there is no room in it."""
        size = ENTRY + item.size
        if self._page and (len(self._page) >= self._rules.page or self._size + size > self._most):
            await self._put()
        self._page.append(item)
        self._size += size
        self._read = dict(self._account.read)

    async def _put(self) -> None:
        """Publish what was gathered as a page. Raises Overtaken when the stream ends elsewhere by now."""
        if not self._page:
            return
        page = written(
            self.position,
            self._page,
            self._read,
            sequence=self._audit_last + 1,
            at=clock.now(),
            sign=self._scribe.sign,
        )
        self.tried = page.digest
        await self._publish(page)
        self.position = Position.after(page)
        self._page, self._size = [], 0

    async def _publish(self, page: Page) -> None:
        headers = {
            "Nats-Msg-Id": str(page.digest),
            "Nats-Expected-Last-Sequence": str(self._audit_last),
        }
        body = page.encoded()

        async def publish() -> int:
            try:
                return (await self._bus.js.publish(SUBJECT, body, headers=headers)).seq
            except APIError as error:
                if error.err_code == _WRONG_LAST:
                    raise Overtaken from error
                raise

        self._audit_last = await retried(publish, "write the audit chain")
