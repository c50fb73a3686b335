"""Feed one agent from JetStream until told to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import nats.errors
from nats.aio.msg import Msg
from nats.js.errors import APIError, NotFoundError

from toolguild.agent import Agent, Worker
from toolguild.messages import Envelope
from toolguild.runtime.bus import Bus
from toolguild.runtime.settle import Post, settle
from toolguild.runtime.topology import consumer_name, ensure_consumer, stream_of

log = logging.getLogger(__name__)
FETCH = 1.0  # seconds: a request that a restarted server has forgotten costs no more than this
EVENTS_AT_ONCE = 16  # for a process, which waits for NATS only
PAUSE = 0.2  # seconds between attempts while NATS or the consumer is away

Handle = Callable[[Envelope], Awaitable[None]]


async def consume(
    bus: Bus, service: str, agent: Agent, handle: Handle, *, stop: asyncio.Event
) -> None:
    """Return once `stop` is set and all that is under way is settled.

    Each slot asks for one message when it is free, so that none waits inside a busy client. NATS may
    go away and come back, and the consumer may be deleted: the slots carry on.
    """
    await ensure_consumer(bus.js, service, agent)
    slots = agent.at_once if isinstance(agent, Worker) else EVENTS_AT_ONCE
    post = Post(bus, consumer_name(service, agent), f"{service}/{agent.name}")
    async with asyncio.TaskGroup() as group:
        for number in range(slots):
            slot = _slot(bus, service, agent, post, handle, stop)
            group.create_task(slot, name=f"{post.agent}#{number}")


async def _slot(
    bus: Bus, service: str, agent: Agent, post: Post, handle: Handle, stop: asyncio.Event
) -> None:
    inbox = await bus.js.pull_subscribe_bind(consumer=post.agent, stream=stream_of(agent))
    try:
        while not stop.is_set():
            try:
                msg = await _unless(stop, _next(inbox.fetch))
            except TimeoutError:  # nats-py raises its own subclass or the bare one, as it happens
                continue
            except nats.errors.ConnectionClosedError:
                raise
            except (APIError, nats.errors.Error) as error:
                log.info("%s: no messages for now: %s", post.agent, error)
                await _mend(bus, service, agent, stop)
                continue
            if msg is not None:
                await settle(post, msg, handle)
    finally:
        with suppress(nats.errors.Error):
            await inbox.unsubscribe()


async def _next(fetch: Callable[..., Awaitable[list[Msg]]]) -> Msg:
    return (await fetch(1, timeout=FETCH))[0]


async def _mend(bus: Bus, service: str, agent: Agent, stop: asyncio.Event) -> None:
    """Wait a moment, then make the consumer again if it is gone."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), PAUSE)
    try:
        await bus.js.consumer_info(stream_of(agent), consumer_name(service, agent))
    except NotFoundError:
        log.warning("%s: its consumer is gone; making it again", consumer_name(service, agent))
        with suppress(TimeoutError, nats.errors.Error):
            await ensure_consumer(bus.js, service, agent)
    except (TimeoutError, nats.errors.Error):
        pass


async def _unless(stop: asyncio.Event, waiting: Awaitable[Msg]) -> Msg | None:
    """Return what is waited for, or None as soon as `stop` is set."""
    fetching = asyncio.ensure_future(waiting)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((fetching, stopping), return_when=asyncio.FIRST_COMPLETED)
        if fetching.done():
            return fetching.result()
        return None
    finally:
        for task in (fetching, stopping):
            task.cancel()
        await asyncio.gather(fetching, stopping, return_exceptions=True)
