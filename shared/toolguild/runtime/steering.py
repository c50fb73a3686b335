"""How the work for each task and build has to behave now, read from the log as it is said."""

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from uuid import uuid4

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from toolguild.errors import PermanentError, TemporaryError
from toolguild.messages import Brief
from toolguild.messages.events import Steered
from toolguild.messages.narrow import narrowed
from toolguild.runtime.bus import Bus, Unreadable
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import LOG
from toolguild.sandbox.reins import HeldReins

log = logging.getLogger(__name__)
SUBJECT = f"toolguild.fact.{Steered.kind_name()}.*"
WAIT = 1.0  # seconds; a fetch that a restarted server has forgotten costs no more than this
PAUSE = 0.2  # seconds between attempts while NATS is away
FORGOTTEN = 30.0  # seconds without a fetch after which the server drops the reader
REMEMBERED = 20_000  # tasks and builds; the oldest are forgotten, and their work has ended long ago


class LogSteering:
    """Implements `toolguild.guild.Steering`. Follows the newest `Steered` of every task and build."""

    def __init__(self) -> None:
        self._newest: OrderedDict[str, Steered] = OrderedDict()
        self._reins: dict[str, HeldReins] = {}
        self._changed: dict[str, asyncio.Event] = {}

    def newest(self, key: str) -> Steered | None:
        """Return how work for this task or build has to behave; None: as it was asked for."""
        return self._newest.get(key)

    def take(self, steered: Steered) -> None:
        """Follow one message, unless a newer one is known."""
        known = self._newest.get(steered.about_key)
        if known is not None and known.order >= steered.order:
            return
        self._newest[steered.about_key] = steered
        self._newest.move_to_end(steered.about_key)
        while len(self._newest) > REMEMBERED:
            forgotten, _ = self._newest.popitem(last=False)
            self._reins.pop(forgotten, None)
        if steered.about_key in self._reins:
            _steer(self._reins[steered.about_key], steered)
        waiting = self._changed.pop(steered.about_key, None)
        if waiting is not None:
            waiting.set()

    async def changed(self, key: str) -> None:
        """Return when the next message about this task or build is there."""
        await self._changed.setdefault(key, asyncio.Event()).wait()

    def reins(self, key: str) -> HeldReins:
        """As the protocol says."""
        if key not in self._reins:
            self._reins[key] = HeldReins()
            known = self._newest.get(key)
            if known is not None:
                _steer(self._reins[key], known)
        return self._reins[key]

    def narrowed(self, brief: Brief, key: str) -> Brief:
        """As the protocol says."""
        for about in dict.fromkeys((brief.task, key)):
            steered = self._newest.get(about)
            if steered is not None and steered.bounds is not None:
                brief = narrowed(brief, steered.bounds)
        return brief

    async def follow(self, bus: Bus, stop: asyncio.Event) -> None:
        """Read until told to stop. NATS may go away and come back: then everything is read again."""
        while not stop.is_set():
            try:
                reader = await _reader(bus)
                await self._read(bus, reader, stop)
            except nats.errors.ConnectionClosedError:
                return
            except (NotFoundError, APIError, TemporaryError, TimeoutError, nats.errors.Error):
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), PAUSE)

    async def _read(
        self, bus: Bus, reader: JetStreamContext.PullSubscription, stop: asyncio.Event
    ) -> None:
        try:
            while not stop.is_set():
                try:
                    batch = await reader.fetch(64, timeout=WAIT)
                except TimeoutError:
                    await reader.consumer_info()  # NotFoundError: the server forgot this reader
                    continue
                for message in batch:
                    await self._understand(bus, message)
        finally:
            with suppress(nats.errors.Error, TimeoutError):
                await reader.unsubscribe()

    async def _understand(self, bus: Bus, message: Msg) -> None:
        try:
            body = (await bus.taken(message)).body
        except (Unreadable, PermanentError) as error:
            log.error("unreadable steering on %s: %s", message.subject, error)
            return
        if isinstance(body, Steered):
            self.take(body)


def _steer(reins: HeldReins, steered: Steered) -> None:
    frozen = steered.state == "paused" and steered.freeze
    limits = steered.bounds.limits if steered.bounds else None
    hosts = steered.bounds.hosts if steered.bounds else None
    reins.steer(frozen=frozen, limits=limits, hosts=hosts)


async def _reader(bus: Bus) -> JetStreamContext.PullSubscription:
    config = ConsumerConfig(
        name=f"steering-{uuid4().hex}",
        filter_subject=SUBJECT,  # named in the request's subject too: who follows this may follow no more
        deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=FORGOTTEN,
        mem_storage=True,
    )
    made = await retried(lambda: bus.js.add_consumer(LOG, config), "follow the steering")
    return await bus.js.pull_subscribe_bind(consumer=made.name, stream=LOG)
