"""Feed one agent from JetStream until told to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from toolguild.agent import Reader, Worker
from toolguild.errors import TemporaryError
from toolguild.messages import Envelope
from toolguild.runtime.bus import Bus
from toolguild.runtime.halting import LogHalts
from toolguild.runtime.halts import Held, of_agent
from toolguild.runtime.settle import Post, settle
from toolguild.runtime.topology import ACK_WAIT, consumer_name, ensure_consumer, stream_of

log = logging.getLogger(__name__)
FETCH = 1.0  # seconds: a request that a restarted server has forgotten costs no more than this
EVENTS_AT_ONCE = 16  # for a process, which waits for NATS only
ASKING = 2  # requests of one agent that wait at the server; the next goes out when one is answered
PAUSE = 0.2  # seconds between attempts while NATS or the consumer is away

Handle = Callable[[Envelope], Awaitable[None]]
T = TypeVar("T")


@dataclass(frozen=True)
class _Inlet:
    """What all that ask for one agent share."""

    bus: Bus
    service: str
    agent: Reader
    post: Post
    handle: Handle
    stop: asyncio.Event
    halts: LogHalts | None
    group: asyncio.TaskGroup
    over: asyncio.Event  # nobody asks any more: what is handed back now does not come here again
    slots: asyncio.Semaphore  # a message has one from before it is asked for until it is settled
    room: (
        asyncio.Semaphore
    )  # what is set aside for a halt leaves its place to others until it goes on

    @property
    def stream(self) -> str:
        return stream_of(self.agent)

    async def ensure(self) -> None:
        wait, binds = self.post.ack_wait, self.bus.binds
        await ensure_consumer(self.bus.js, self.service, self.agent, ack_wait=wait, binds=binds)

    async def free(self) -> None:
        """Return when this agent may take messages, or has to end."""
        through = self.agent.through_halts
        targets = of_agent(self.service, self.agent.name, through=through)
        if self.halts is not None and self.halts.holding(targets) is not None:
            await _unless(self.stop, self.halts.lifted(targets))

    def take(self, msg: Msg) -> None:
        """Begin to settle a message. Its slot is free again when that is done, or when it is set aside."""
        leave = _Once(self.slots.release)

        async def handle(envelope: Envelope) -> None:
            async with self.room:
                await self.handle(envelope)

        async def aside(held: Held) -> None:
            leave()
            await _unless(self.over, held.lifted())
            if self.over.is_set():
                raise asyncio.CancelledError  # the stream gives it to somebody else

        settling = self.group.create_task(settle(self.post, msg, handle, aside=aside))
        settling.add_done_callback(lambda _: leave())


class _Once:
    """Calls something the first time only."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def __call__(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call()


async def consume(
    bus: Bus,
    service: str,
    agent: Reader,
    handle: Handle,
    *,
    stop: asyncio.Event,
    ack_wait: float = ACK_WAIT,
    halts: LogHalts | None = None,
) -> None:
    """Return once `stop` is set and all that is under way is settled.

    A message is asked for when a slot is free to take it, so that none waits inside a busy client, and few
    free slots ask at a time: requests that wait at the server have to be repeated, each of them. NATS may
    go away and come back, and the consumer may be deleted: it carries on. `ack_wait` is how many
    seconds of silence it takes for a message to be given to another replica. While the agent is halted it
    asks for none; a message whose handling raises Held takes up no slot until it goes on.
    """
    post = Post(bus, consumer_name(service, agent), f"{service}/{agent.name}", ack_wait)
    slots = agent.at_once if isinstance(agent, Worker) else EVENTS_AT_ONCE
    async with asyncio.TaskGroup() as group:
        free, room = asyncio.Semaphore(slots), asyncio.Semaphore(slots)
        over = asyncio.Event()
        inlet = _Inlet(bus, service, agent, post, handle, stop, halts, group, over, free, room)
        await inlet.ensure()
        async with asyncio.TaskGroup() as asking:
            for number in range(min(slots, ASKING)):
                asking.create_task(_ask(inlet), name=f"{post.agent}#{number}")
        over.set()


async def _ask(inlet: _Inlet) -> None:
    """Ask for messages, one after another, and take them. All that comes to this inbox is taken here."""
    inbox = await inlet.bus.js.pull_subscribe_bind(consumer=inlet.post.agent, stream=inlet.stream)
    try:
        while not inlet.stop.is_set():
            await inlet.slots.acquire()  # told to stop, it waits for one message to be settled
            msg = await _asked(inlet, inbox)
            if msg is None:
                inlet.slots.release()
            else:
                inlet.take(msg)
    finally:
        with suppress(TimeoutError, nats.errors.Error, OSError):
            while inbox.pending_msgs:  # it came when nobody waited for it any more
                await (await _next(inbox)).nak()
            await inbox.unsubscribe()


async def _asked(inlet: _Inlet, inbox: JetStreamContext.PullSubscription) -> Msg | None:
    """Return the next message, or None when the agent has to end."""
    while not inlet.stop.is_set():
        await inlet.free()
        try:
            msg = await _unless(inlet.stop, _next(inbox))
        except TimeoutError:  # nats-py raises its own subclass or the bare one, as it happens
            continue
        except nats.errors.ConnectionClosedError:
            raise
        except nats.errors.Error as error:
            log.info("%s: no messages for now: %s", inlet.post.agent, error)
            await _mend(inlet)
            continue
        if msg is not None and inlet.stop.is_set():  # they came together: it is for others
            inlet.group.create_task(_handed_back(inlet, msg))
        elif msg is not None:
            return msg
    return None


async def _handed_back(inlet: _Inlet, msg: Msg) -> None:
    """Give a message to others once nobody asks here any more: else it would come here again."""
    await inlet.over.wait()
    with suppress(nats.errors.Error, OSError):
        await msg.nak()


async def _next(inbox: JetStreamContext.PullSubscription) -> Msg:
    return (await inbox.fetch(1, timeout=FETCH))[0]


async def _mend(inlet: _Inlet) -> None:
    """Wait a moment, then make the consumer again if it is gone."""
    with suppress(TimeoutError):
        await asyncio.wait_for(inlet.stop.wait(), PAUSE)
    try:
        await inlet.bus.js.consumer_info(inlet.stream, inlet.post.agent)
    except NotFoundError:
        log.warning("%s: its consumer is gone; making it again", inlet.post.agent)
        with suppress(TemporaryError, NotFoundError):
            await inlet.ensure()
    except (TimeoutError, nats.errors.Error):
        pass  # NATS is away; the next fetch will tell


async def _unless(stop: asyncio.Event, waiting: Awaitable[T]) -> T | None:
    """Return what is waited for, or None as soon as `stop` is set.

    What comes in the moment of its cancellation is returned too: asyncio.wait_for, by which nats-py waits, then
    gives its result and forgets that it was cancelled (Python 3.11), and nobody else would have the message.
    """
    fetching = asyncio.ensure_future(waiting)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((fetching, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (fetching, stopping):
            task.cancel()
        await asyncio.gather(fetching, stopping, return_exceptions=True)
    return None if fetching.cancelled() else fetching.result()
