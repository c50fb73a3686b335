"""The shell over a real stream dies at every step, once: afterwards all is as if it had not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from nats.aio.msg import Msg

from toolguild.agent import Process, Worker
from toolguild.messages import Envelope, Event
from toolguild.runtime import clock
from toolguild.runtime.bus import Bus
from toolguild.runtime.consume import Handle, consume
from toolguild.runtime.dead import dead_letters
from toolguild.runtime.drive import drive
from toolguild.runtime.serve import serve
from toolguild.runtime.store import BucketStore, bucket
from toolguild.runtime.topology import LOG, WORK

from .guildhall import Add, Added, SumWanted, adder, at_work, book, envelope, sums_of, until

ACK_WAIT = 0.4
STEPS = ("load", "save", "send", "clear", "acknowledge")


class Death(BaseException):
    """The process is gone: nothing of it runs after this."""


class Fate:
    """Says at which step to die, before it or after it, the first time that it comes to it."""

    def __init__(self, step: str, after: bool) -> None:
        self._step, self._after, self.died = step, after, False

    async def at(self, step: str, do: Callable[[], Awaitable[Any]]) -> Any:
        here = step == self._step and not self.died
        if here and not self._after:
            self._die()
        done = await do()
        if here and self._after:
            self._die()
        return done

    def _die(self) -> None:
        self.died = True
        raise Death


class MortalStore:
    """The records, each access of which is a step."""

    def __init__(self, bus: Bus, fate: Fate) -> None:
        self._store, self._fate = BucketStore(bucket(bus.js, "tasks"), bus.objects), fate

    async def load(self, key: str) -> tuple[bytes | None, int]:
        found: tuple[bytes | None, int] = await self._fate.at("load", lambda: self._store.load(key))
        return found

    async def save(self, key: str, record: bytes, revision: int) -> int:
        state = book.record.model_validate_json(record)
        step = "save" if state.outbox else "clear"
        return int(await self._fate.at(step, lambda: self._store.save(key, record, revision)))

    async def keys(self) -> list[str]:
        return await self._store.keys()


def mortal(bus: Bus, agent: Process[Any] | Worker[Any], fate: Fate) -> Handle:
    async def send(envelope: Envelope) -> None:
        await fate.at("send", lambda: bus.publish(envelope))

    store, source = MortalStore(bus, fate), f"hall/{agent.name}"

    async def handle(envelope: Envelope) -> None:
        if isinstance(agent, Process):
            await drive(agent, envelope, store=store, send=send, source=source, now=clock.now)
        elif isinstance(agent, Worker):
            await serve(agent, envelope, send=send, source=source, now=clock.now)

    return handle


@asynccontextmanager
async def acknowledging(fate: Fate, patch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Make acknowledgement a step too."""
    real = Msg.ack_sync

    async def ack_sync(msg: Msg, timeout: float = 1.0) -> Msg:
        acked: Msg = await fate.at("acknowledge", lambda: real(msg, timeout))
        return acked

    with patch.context() as patched:
        patched.setattr(Msg, "ack_sync", ack_sync)
        yield


async def until_it_dies(bus: Bus, agent: Process[Any] | Worker[Any], fate: Fate) -> None:
    handle, stop = mortal(bus, agent, fate), asyncio.Event()
    with pytest.raises(BaseExceptionGroup) as caught:
        await asyncio.wait_for(
            consume(bus, "hall", agent, handle, stop=stop, ack_wait=ACK_WAIT), 30
        )
    assert caught.group_contains(Death)
    assert fate.died


async def subjects(bus: Bus) -> dict[str, int]:
    info = await bus.js.stream_info(LOG, subjects_filter=">")
    return dict(info.state.subjects or {})


async def settled(bus: Bus) -> bool:
    work = await bus.js.stream_info(WORK)
    facts = await bus.js.consumer_info(LOG, "hall-book")
    return work.state.messages == 0 and not (facts.num_pending or facts.num_ack_pending)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_process_that_dies_at_a_step_leaves_the_end_unchanged(
    bus: Bus, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    fate = Fate(step, after)
    await bus.publish(envelope(SumWanted(numbers=(1, 2))))
    async with acknowledging(fate, monkeypatch):
        await until_it_dies(bus, book, fate)
    await the_end(bus)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["work", "send", "acknowledge"])
async def test_a_worker_that_dies_at_a_step_leaves_the_end_unchanged(
    bus: Bus, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    fate = Fate(step, after)

    async def work(command: Add) -> Event:
        async def add() -> Event:
            return Added(task=command.task, sum=sum(command.numbers))

        done: Event = await fate.at("work", add)
        return done

    async with at_work(bus, book, ack_wait=ACK_WAIT):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))

        async def ordered() -> bool:
            return (await bus.js.stream_info(WORK)).state.messages == 1

        await until(ordered)
    async with acknowledging(fate, monkeypatch):
        await until_it_dies(bus, adder(work), fate)
    await the_end(bus)


async def the_end(bus: Bus) -> None:
    """Let living ones finish, and compare with what is there when nobody dies."""
    async with at_work(bus, book, adder(), ack_wait=ACK_WAIT):
        state = await sums_of(bus, 1)
        await until(lambda: settled(bus))

    async def copied() -> bool:  # by the server, a moment after the command was taken
        return "toolguild.seen.test-add.t-1" in await subjects(bus)

    await until(copied)
    assert (state.wanted, state.sums, state.failed) == (1, (3,), ())
    assert await subjects(bus) == {
        "toolguild.fact.test-sum-wanted.t-1": 1,
        "toolguild.seen.test-add.t-1": 1,
        "toolguild.fact.test-added.t-1": 1,
    }
    raw, _ = await BucketStore(bucket(bus.js, "tasks"), bus.objects).load("t-1")
    assert book.record.model_validate_json(raw or b"").outbox == ()
    assert await dead_letters(bus) == []
