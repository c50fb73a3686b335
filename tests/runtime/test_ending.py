"""What is told to stop ends and keeps nothing to itself, though waiting may swallow a cancellation."""

import asyncio
from typing import Any

import pytest
from gatehouse import STARTED, Toils, at_gate, gatehouse, give
from gatehouse import until as until_seen
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from toolguild.runtime.bus import Bus
from toolguild.runtime.ending import ended

from .guildhall import Add, adder, at_work, book, envelope, sums_of, until

Inbox = JetStreamContext.PullSubscription


async def test_a_task_that_misses_its_cancellation_is_ended_all_the_same() -> None:
    missed = 0

    async def deaf() -> str:
        nonlocal missed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                missed += 1
                if missed == 3:
                    raise

    async def broken() -> None:
        raise ValueError

    async def well() -> int:
        return 1

    tasks = [asyncio.create_task(one()) for one in (deaf, broken, well)]
    await asyncio.wait(tasks[1:])
    async with asyncio.timeout(30):
        first, second, third = await ended(tasks, again=0.01)
    assert missed == 3
    assert isinstance(first, asyncio.CancelledError)
    assert isinstance(second, ValueError)
    assert third == 1


async def test_a_gate_stops_though_its_wait_for_a_goal_swallows_the_cancellation(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, swallowed = Inbox.fetch, asyncio.Event()

    async def fetch(self: Inbox, *args: Any, **more: Any) -> list[Msg]:
        try:
            return await real(self, *args, **more)
        except asyncio.CancelledError:
            swallowed.set()
            raise TimeoutError from None

    toils = Toils()
    async with gatehouse(bus, lambda user: 1, toils.work, gates=0):
        await give(bus, "ana", "long")
        async with asyncio.timeout(30):
            with monkeypatch.context() as patched:
                patched.setattr(Inbox, "fetch", fetch)
                async with at_gate(bus, lambda user: 1):
                    await until_seen(1, bus, STARTED)
        toils.go_on.set()
    assert swallowed.is_set()


async def test_a_message_that_comes_as_its_reader_is_told_to_stop_is_handed_to_others(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, waiting, kept, begun = Inbox.fetch, asyncio.Event(), 0, 0

    async def fetch(self: Inbox, *args: Any, **more: Any) -> list[Msg]:
        """Give what comes only when the wait for it is cancelled, as if both had come at once."""
        nonlocal kept
        found = await real(self, *args, **more)
        try:
            waiting.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            kept += 1
        return found

    async def never(command: Add) -> Any:
        nonlocal begun
        begun += 1

    with monkeypatch.context() as patched:
        patched.setattr(Inbox, "fetch", fetch)
        async with at_work(bus, adder(never, at_once=1), ack_wait=600.0):
            await bus.publish(envelope(Add(numbers=(1, 2))))
            await waiting.wait()
    assert (kept, begun) == (1, 0)
    async with at_work(bus, book, adder(), ack_wait=600.0):
        assert (await sums_of(bus, 1)).sums == (3,)
        await until(lambda: _settled(bus))


async def _settled(bus: Bus) -> bool:
    return (await bus.js.stream_info("TOOLGUILD_WORK")).state.messages == 0
