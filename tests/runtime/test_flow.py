"""Messages over a real JetStream, through a process and a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from toolguild.agent import Agent
from toolguild.runtime.bus import Bus
from toolguild.runtime.consume import consume
from toolguild.runtime.main import handler
from toolguild.runtime.store import BucketStore, bucket

from .guildhall import TASK, Sums, SumWanted, adder, book, envelope


@asynccontextmanager
async def at_work(bus: Bus, *agents: Agent) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for agent in agents:
            group.create_task(consume(bus, "hall", agent, handler(bus, "hall", agent), stop=stop))
        yield
        stop.set()


async def sums_of(bus: Bus, count: int) -> Sums:
    store = BucketStore(bucket(bus.js, "tasks"), bus.objects)
    async with asyncio.timeout(20):
        while True:
            raw, _ = await store.load(TASK)
            state = book.record.model_validate_json(raw).state if raw else Sums()
            if len(state.sums) + len(state.failed) >= count:
                return state
            await asyncio.sleep(0.01)


async def test_a_command_is_answered_and_the_answer_remembered(bus: Bus) -> None:
    async with at_work(bus, book, adder()):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        assert (await sums_of(bus, 1)).sums == (3,)
