"""Agents over a real JetStream: what runs ends at once, keeps its message, and is done after the halt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.halt.people import KEYS, order
from tests.runtime.guildhall import (
    TASK,
    Add,
    Added,
    SumWanted,
    adder,
    advance,
    book,
    envelope,
    sums_of,
    until,
)

from toolguild.agent import Process, Reader
from toolguild.messages import Brief, Envelope, Event, TaskId
from toolguild.messages.safety import Halted
from toolguild.policy.model import MonitoringRules
from toolguild.runtime.bus import Bus
from toolguild.runtime.consume import consume
from toolguild.runtime.halting import LogHalts
from toolguild.runtime.halts import Held
from toolguild.runtime.main import handler
from toolguild.runtime.server import NatsServer
from toolguild.runtime.topology import LOG, WORK

OTHER = TaskId("t-2")


@asynccontextmanager
async def halls(bus: Bus, *agents: Reader, process: str = "hall@here/1") -> AsyncIterator[LogHalts]:
    """Run agents of the service "hall" that follow halts, as a process of the guild does."""
    halts, stop = LogHalts(KEYS, MonitoringRules(), process), asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        following = group.create_task(halts.follow(bus, stop))
        await halts.caught_up()
        for agent in agents:
            handle = handler(bus, "hall", agent, None, halts)
            group.create_task(consume(bus, "hall", agent, handle, stop=stop, halts=halts))
        yield halts
        stop.set()
        following.cancel()


async def say(bus: Bus, said: Halted) -> Envelope:
    wrapped = Envelope(id=uuid4(), body=said, source="test", at=said.at)
    await bus.publish(wrapped)
    return wrapped


async def answers(bus: Bus, kind: str, count: int = 1) -> list[Event]:
    """Return the messages of a kind once there are so many."""
    found: list[Event] = []

    async def enough() -> bool:
        info = await bus.js.stream_info(LOG, subjects_filter=f"toolguild.fact.{kind}.>")
        return sum((info.state.subjects or {}).values()) >= count

    await until(enough)
    last = (await bus.js.stream_info(LOG)).state.last_seq
    for number in range(1, last + 1):
        raw = await bus.js.get_msg(LOG, seq=number)
        body = (await bus.read(raw.data or b"")).body
        if body.kind == kind:
            assert isinstance(body, Event)
            found.append(body)
    return found


class Slow:
    """A worker's work that lasts until it is cancelled, the first time; then it adds."""

    def __init__(self, *tasks: TaskId) -> None:
        self.slow = set(tasks or (TASK,))
        self.begun, self.ended, self.done = asyncio.Event(), asyncio.Event(), list[TaskId]()

    async def __call__(self, command: Add) -> Event:
        if command.task in self.slow:
            self.slow.discard(command.task)
            self.begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.ended.set()
        self.done.append(command.task)
        return Added(task=command.task, sum=sum(command.numbers), note=command.note)


def of(task: TaskId, *numbers: int) -> Envelope:
    return envelope(Add(task=task, brief=Brief(task=task), numbers=numbers))


async def deliveries(bus: Bus, consumer: str) -> int:
    return int((await bus.js.consumer_info(WORK, consumer)).delivered.consumer_seq)


async def test_work_under_way_is_cancelled_told_and_done_after_the_halt_with_no_delivery_counted(
    bus: Bus,
) -> None:
    work = Slow()
    async with halls(bus, book, adder(work)) as halts:
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await work.begun.wait()
        await say(bus, order("all", 0))
        (taken,) = await answers(bus, "halt-taken")
        assert work.ended.is_set()
        assert taken.model_dump(include={"stopped", "left", "process", "on"}) == {
            "stopped": 1,
            "left": 0,
            "process": "hall@here/1",
            "on": True,
        }
        await bus.publish(envelope(SumWanted(numbers=(5, 5))))
        assert halts.holding(frozenset({"all"})) is not None
        await say(bus, order("all", 1, on=False))
        state = await sums_of(bus, 2)
        assert sorted(state.sums) == [3, 10]
        assert state.failed == ()
        assert await deliveries(bus, "hall-add") == 2


async def test_a_process_that_starts_during_a_halt_begins_nothing(bus: Bus) -> None:
    async with halls(bus, book):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))

        async def ordered() -> bool:
            return (await bus.js.stream_info(WORK)).state.messages == 1

        await until(ordered)
        await say(bus, order("agent-hall", 0))
        await answers(bus, "halt-taken")
    work = Slow(OTHER)
    async with halls(bus, book, adder(work), process="hall@here/2"):
        await answers(bus, "halt-taken", 2)
        await say(bus, order("pool", 1))  # read after the halt, so it has been followed by then
        await answers(bus, "halt-taken", 3)
        assert work.done == []
        assert (await bus.js.consumer_info(WORK, "hall-add")).num_ack_pending == 0
        await say(bus, order("agent-hall", 2, on=False))
        assert (await sums_of(bus, 1)).sums == (3,)


async def test_a_halted_run_takes_no_place_from_others(bus: Bus) -> None:
    work = Slow(TASK)
    async with halls(bus, adder(work, at_once=1)):
        await bus.publish(of(TASK, 1))
        await work.begun.wait()
        await bus.publish(of(OTHER, 2))
        await say(bus, order(f"run-{TASK}", 0))
        await answers(bus, "test-added")
        assert work.done == [OTHER]
        await say(bus, order(f"run-{TASK}", 1, on=False))
        await answers(bus, "test-added", 2)
        assert work.done == [OTHER, TASK]


async def test_what_a_halt_holds_is_handed_back_when_the_process_ends(bus: Bus) -> None:
    work = Slow(TASK)
    async with halls(bus, adder(work)):
        await bus.publish(of(TASK, 1))
        await work.begun.wait()
        await say(bus, order(f"run-{TASK}", 0))
        await answers(bus, "halt-taken")
    async with halls(bus, adder(work)):
        await say(bus, order(f"run-{TASK}", 1, on=False))
        await answers(bus, "test-added")
    assert work.done == [TASK]


async def test_an_unsigned_order_is_not_followed_and_refused_once_by_all_together(bus: Bus) -> None:
    async with halls(bus, adder()), halls(bus, process="hall@here/2") as halts:
        await say(bus, order("all", 0).model_copy(update={"signature": None}))
        await say(bus, order("pool", 1))
        await answers(bus, "halt-taken", 2)
        (refused,) = await answers(bus, "halt-refused")
        assert refused.model_dump()["why"] == "the order is not signed"
        assert halts.holding(frozenset({"all"})) is None
    async with halls(bus, process="hall@here/3"):
        await answers(bus, "halt-taken", 3)
        assert len(await answers(bus, "halt-refused")) == 1


async def test_an_order_that_nobody_was_there_to_refuse_is_refused_by_the_next_process(
    bus: Bus,
) -> None:
    await say(bus, order("all", 0).model_copy(update={"signature": None}))
    async with halls(bus):
        await answers(bus, "halt-refused")


async def test_an_event_that_came_as_its_process_was_halted_is_held(bus: Bus) -> None:
    async with halls(bus) as halts:
        await say(bus, order("all", 0))
        await answers(bus, "halt-taken")
        with pytest.raises(Held, match="the guild is halted by ana: why"):
            await handler(bus, "hall", book, None, halts)(envelope(SumWanted(numbers=(1,))))


async def test_a_forged_order_that_came_later_does_not_hide_the_one_that_holds(bus: Bus) -> None:
    await say(bus, order("all", 0))
    await say(bus, order("all", 1, on=False).model_copy(update={"signature": None}))
    async with halls(bus) as halts:
        assert halts.holding(frozenset({"all"})) is not None


async def test_what_goes_on_through_halts_stops_by_its_own_name_only(bus: Bus) -> None:
    through = Process(
        book.name, book.bucket, book.reads, book.record, book.start, advance, through_halts=True
    )

    async def ordered(count: int) -> None:
        async def there() -> bool:
            return (await bus.js.stream_info(WORK)).state.messages == count

        await until(there)

    async with halls(bus, through) as halts:
        await say(bus, order("all", 0))
        await answers(bus, "halt-taken")
        await bus.publish(envelope(SumWanted(numbers=(1,))))
        await ordered(1)
        await say(bus, order("agent-hall-book", 1))
        await answers(bus, "halt-taken", 2)
        assert halts.holding(frozenset({"agent-hall-book"})) is not None
        await bus.publish(envelope(SumWanted(numbers=(2,))))
        await say(bus, order("agent-hall-book", 2, on=False))
        await ordered(2)


async def test_halts_hold_through_a_restart_of_the_server_and_later_ones_are_heard(
    bus: Bus, nats: NatsServer
) -> None:
    work = Slow(OTHER)
    async with halls(bus, adder(work)) as halts:
        await say(bus, order("all", 0))
        await answers(bus, "halt-taken")
        await nats.stop()
        assert halts.holding(frozenset({"all"})) is not None
        await nats.start()
        await bus.publish(of(TASK, 1))
        await say(bus, order("all", 1, on=False))
        await answers(bus, "test-added")
    assert work.done == [TASK]


async def test_the_deadline_moves_by_the_time_that_a_command_was_halted(bus: Bus) -> None:
    """About real time, there is no other clock to turn: on a machine that is too slow for it, it takes longer."""
    rounds = (1.0, 5.0, 25.0)
    async with halls(bus, book, adder()):
        for tried, allowed in enumerate(rounds):
            begun = datetime.now(UTC)
            brief = Brief(
                task=TASK,
                started=begun.isoformat(),
                deadline=(begun + timedelta(seconds=allowed)).isoformat(),
            )
            await say(bus, order("all", 2 * tried))
            await answers(bus, "halt-taken", 2 * tried + 1)
            await bus.publish(envelope(Add(brief=brief, numbers=(1, 2))))
            await asyncio.sleep(1.2 * allowed)  # the deadline has to pass
            await say(bus, order("all", 2 * tried + 1, on=False))
            ends = await sums_of(bus, tried + 1)
            if ends.sums:
                assert ends.sums == (3,)
                return
    raise AssertionError(f"its time was over in each of {rounds}")
