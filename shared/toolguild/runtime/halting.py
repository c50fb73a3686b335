"""Follows people's orders to halt and to go on, as the log gets them, and answers each."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from uuid import uuid4, uuid5

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from toolguild.errors import PermanentError, Refused, TemporaryError, Unavailable
from toolguild.guild import Keyring
from toolguild.messages import Envelope, Event
from toolguild.messages.safety import Halted, HaltRefused, HaltTaken
from toolguild.policy.model import MonitoringRules
from toolguild.runtime import clock
from toolguild.runtime.bus import Bus, Unreadable
from toolguild.runtime.halts import Held, Orders, Targets, first, of_tools, told
from toolguild.runtime.reading import newest_on
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import LOG
from toolguild.tool import Published

log = logging.getLogger(__name__)
SUBJECT = f"toolguild.fact.{Halted.kind_name()}.*"
WAIT = 1.0  # seconds; a fetch that a restarted server has forgotten costs no more than this
PAUSE = 0.2  # seconds between attempts while NATS is away
FORGOTTEN = 30.0  # seconds without a fetch after which the server drops the reader
GONE_WITHIN = 10.0  # seconds for what is halted to be gone; then it is told that it is not


def this_process(services: Sequence[str]) -> str:
    """Name this process as HaltTaken does: its services, its machine, its id."""
    return f"{'+'.join(services) or 'nobody'}@{socket.gethostname()}/{os.getpid()}"


class _Work:
    """Something under way that a halt ends."""

    def __init__(self, targets: Targets) -> None:
        self.targets = targets
        self.gone = asyncio.Event()


class LogHalts:
    """Implements `toolguild.guild.Halts`, and holds the agents of this process.

    Every order is read from the first on, and in their order: a forged one that came later cannot hide the one
    that holds. What NATS cannot deliver is not heard; what was heard holds while NATS is away.
    """

    def __init__(self, keyring: Keyring, rules: MonitoringRules, process: str = "") -> None:
        self._keyring, self._rules = keyring, rules
        self.process = process
        self._orders = Orders(keyring, rules)
        self._position = 0  # of the last order that was read
        self._changed = asyncio.Event()
        self._known = asyncio.Event()
        self._under_way: set[_Work] = set()
        self._answers: set[asyncio.Task[None]] = set()

    @property
    def _source(self) -> str:
        """The service that answers for this process."""
        return f"{self.process.partition('@')[0].partition('+')[0]}/halts"

    # For agents, and for the calls of tools.

    def holding(self, targets: Targets) -> Halted | None:
        """Return the halt that stops one of these targets now, or None."""
        return first(self._orders.holding(targets))

    def check(self, targets: Targets) -> None:
        """Raise Held when one of these targets is halted."""
        order = self.holding(targets)
        if order is not None:
            raise Held(order, lambda: self.lifted(targets))

    async def changed(self) -> None:
        """Return at the next order that counts."""
        await self._changed.wait()

    async def lifted(self, targets: Targets) -> None:
        """Return when none of these targets is halted."""
        while self.holding(targets) is not None:
            await self.changed()

    @contextmanager
    def under_way(self, targets: Targets) -> Iterator[None]:
        """Count what the block does as work that a halt of one of these targets has to end."""
        work = _Work(targets)
        self._under_way.add(work)
        try:
            yield
        finally:
            self._under_way.discard(work)
            work.gone.set()

    def stood(self, targets: Targets, since: str) -> float:
        """Return for how many seconds since a time (ISO 8601) one of these targets was halted."""
        return self._orders.stood(targets, since, clock.now()).total_seconds()

    def refusal(self, tools: Sequence[Published]) -> str | None:
        """As the protocol says."""
        order = self.holding(of_tools(tools))
        return None if order is None else told(order)

    def calling(self, tools: Sequence[Published]) -> AbstractContextManager[None]:
        """As the protocol says."""
        return self.under_way(of_tools(tools))

    # The reader.

    async def caught_up(self) -> None:
        """Return when all orders that were in the log at the start have been read."""
        await self._known.wait()

    async def follow(self, bus: Bus, stop: asyncio.Event) -> None:
        """Read until told to stop. NATS may go away and come back; nothing but `stop` ends this."""
        try:
            while not stop.is_set():
                try:
                    await self._read_on(bus, stop)
                except nats.errors.ConnectionClosedError:
                    return
                except (
                    NotFoundError,
                    APIError,
                    TemporaryError,
                    TimeoutError,
                    nats.errors.Error,
                ) as error:
                    log.debug("halts are not heard for now: %s", error)
                except Exception:  # whatever it is: a guild that hears no halt must go on trying
                    log.exception("halts are not heard for now")
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), PAUSE)
        finally:
            for answer in self._answers:
                answer.cancel()
            await asyncio.gather(*self._answers, return_exceptions=True)

    async def _read_on(self, bus: Bus, stop: asyncio.Event) -> None:
        info = await retried(lambda: bus.js.stream_info(LOG), "look for halts")
        if info.state.last_seq < self._position:  # another log: one restored, or made anew
            self._orders, self._position = Orders(self._keyring, self._rules), 0
        reader, pending = await _reader(bus, self._position + 1)
        backlog: list[tuple[Envelope, int, str]] = []  # order, its place, why it is refused
        try:
            while not stop.is_set():
                if pending == 0:
                    await self._answer_backlog(bus, backlog)
                    backlog.clear()
                    self._known.set()
                    pending = -1
                try:
                    batch = await reader.fetch(64, timeout=WAIT)
                except TimeoutError:
                    await reader.consumer_info()  # NotFoundError: the server forgot this reader
                    continue
                for message in batch:
                    read = await self._read(bus, message)
                    late = pending > 0 and not self._known.is_set()
                    pending = message.metadata.num_pending if pending > 0 else pending
                    if read is not None and late:
                        backlog.append(read)
                    elif read is not None:
                        self._answer_soon(bus, *read)
        finally:
            with suppress(nats.errors.Error, TimeoutError):
                await reader.unsubscribe()

    async def _read(self, bus: Bus, message: Msg) -> tuple[Envelope, int, str] | None:
        """Take in one message; return what is to be answered: the order, its place, and why it is refused."""
        place = message.metadata.sequence.stream
        while True:
            try:
                envelope = await bus.read(message.data)
                break
            except (Unreadable, PermanentError) as error:
                log.error("an unreadable order to halt on %s: %s", message.subject, error)
                self._position = place
                return None
            except Unavailable:
                await asyncio.sleep(PAUSE)
        self._position = place
        if not isinstance(envelope.body, Halted):
            return None
        try:
            taken = self._take(envelope.body, message.metadata.timestamp)
        except Refused as error:
            log.warning("an order to halt %s is refused: %s", envelope.body.target[:80], error)
            return envelope, place, str(error)
        return (envelope, place, "") if taken else None

    def _take(self, order: Halted, when: datetime) -> bool:
        """Follow an order; return whether it is a new one. Raises Refused."""
        if self._orders.take(order, when) == "known":
            return False
        log.warning("%s", told(order) if order.on else f"{order.target} goes on, by {order.by}")
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return True

    # Answers: by the time an order is read, what has to end is told so; these wait until it is gone.

    async def _answer_backlog(self, bus: Bus, read: Sequence[tuple[Envelope, int, str]]) -> None:
        """Answer what holds, and what was refused while nobody was there to say so."""
        newest = {one[0].key: one for one in read}
        for envelope, place, why in read:
            order = envelope.body
            assert isinstance(order, Halted)
            if not why and self._orders.newest(order.target) == order and order.on:
                self._answer_soon(bus, envelope, place, "")
            elif why and newest[envelope.key][1] == place:
                answered = f"toolguild.fact.{HaltRefused.kind_name()}.{envelope.key}"
                known = await newest_on(bus, LOG, answered)
                if known is None or (known.seq or 0) < place:
                    self._answer_soon(bus, envelope, place, why)

    def _answer_soon(self, bus: Bus, envelope: Envelope, place: int, why: str) -> None:
        order = envelope.body
        assert isinstance(order, Halted)
        ending = [work for work in self._under_way if order.on and order.target in work.targets]
        answer = asyncio.create_task(self._answer(bus, envelope, order, ending, why))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)

    async def _answer(
        self, bus: Bus, cause: Envelope, order: Halted, ending: Sequence[_Work], why: str
    ) -> None:
        """Say what became of an order, once what it ends is gone."""
        if why:
            # All processes say the same under one id, so that the log keeps it once.
            refused = HaltRefused(target=order.target, by=order.by, why=why)
            await _say(bus, cause, refused, "halt-refused", self._source)
            return
        began = time.monotonic()
        gone = asyncio.gather(*(work.gone.wait() for work in ending))
        with suppress(TimeoutError):
            await asyncio.wait_for(gone, GONE_WITHIN)
        left = sum(not work.gone.is_set() for work in ending)
        if left:
            log.error("%s: %d are still there after %g s", told(order), left, GONE_WITHIN)
        taken = HaltTaken(
            target=order.target,
            on=order.on,
            process=self.process,
            stopped=len(ending),
            left=left,
            seconds=round(time.monotonic() - began, 4),
        )
        await _say(bus, cause, taken, f"halt-taken:{self.process}", self._source)


async def _say(bus: Bus, cause: Envelope, body: Event, name: str, source: str) -> None:
    said = Envelope(
        id=uuid5(cause.id, name), body=body, cause=cause.id, source=source, at=clock.now()
    )
    while True:
        try:
            await bus.publish(said)
            return
        except Unavailable as error:
            await asyncio.sleep(error.after)
        except (TemporaryError, PermanentError, nats.errors.Error) as error:
            log.error("nobody hears what became of an order to halt: %s", error)
            return


async def _reader(bus: Bus, start: int) -> tuple[JetStreamContext.PullSubscription, int]:
    """Return a reader of all orders from a place on, and how many there are now."""
    config = ConsumerConfig(
        name=f"halting-{uuid4().hex}",
        filter_subject=SUBJECT,  # named in the request's subject too: who follows this may follow no more
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=start,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=FORGOTTEN,
        mem_storage=True,
    )
    made = await retried(lambda: bus.js.add_consumer(LOG, config), "follow the halts")
    reader = await bus.js.pull_subscribe_bind(consumer=made.name, stream=LOG)
    return reader, made.num_pending or 0
