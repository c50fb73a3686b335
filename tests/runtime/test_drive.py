"""Durability: crash at any step, deliver again, and the world looks as if nothing had happened."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.agent import Process, Worker
from toolguild.errors import Conflict, TemporaryError
from toolguild.messages import Brief, Envelope, Event, Message
from toolguild.messages.events import WorkFailed
from toolguild.runtime.drive import RACES, drive
from toolguild.runtime.remembered import RememberedStore
from toolguild.runtime.serve import serve
from toolguild.runtime.store import MemoryStore, RecordStore

from .guildhall import TASK, Add, Added, Sums, SumWanted, adder, advance, book, envelope

Work = Callable[[Add], Awaitable[Added]]
NOW = "2026-01-01T12:00:00+00:00"


class Crash(Exception):
    """The process died here."""


class World:
    """A store and a stream that die once, before or after any one write."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.step, self.dies_at, self.crashes = 0, dies_at, 0
        self.store = MemoryStore()
        self.sent: dict[UUID, Envelope] = {}  # a stream keeps one message an id

    def tick(self) -> None:
        self.step += 1
        if self.step == self.dies_at:
            raise Crash

    async def load(self, key: str) -> tuple[bytes | None, int]:
        return await self.store.load(key)

    async def save(self, key: str, record: bytes, revision: int) -> int:
        self.tick()
        new = await self.store.save(key, record, revision)
        self.tick()
        return new

    async def keys(self) -> list[str]:
        return await self.store.keys()

    async def send(self, envelope: Envelope) -> None:
        self.tick()
        self.sent.setdefault(envelope.id, envelope)
        self.tick()

    async def record(self) -> Sums:
        raw, _ = await self.store.load(TASK)
        record = book.record.model_validate_json(raw or b"")
        assert record.outbox == ()
        assert isinstance(record.state, Sums)
        return record.state


def wish(*numbers: int) -> Envelope:
    return envelope(SumWanted(numbers=numbers), uuid5(UUID(int=0), str(numbers)))


async def driven(
    world: World, *causes: Envelope, remembers: bool = False
) -> tuple[Sums, dict[UUID, Envelope]]:
    """Deliver events, each until it is handled; one whose handling crashed comes back last.

    A process that `remembers` has forgotten all when it comes back from a crash.
    """
    inbox = deque(causes)
    store: RecordStore = RememberedStore(world) if remembers else world
    while inbox:
        try:
            await drive(
                book, inbox[0], store=store, send=world.send, source="hall/book", now=lambda: NOW
            )
            inbox.popleft()
        except Crash:
            world.crashes += 1
            inbox.rotate(-1)
            store = RememberedStore(world) if remembers else world
    state = await world.record()
    return state.model_copy(update={"note": ""}), world.sent


@pytest.mark.parametrize("remembers", [False, True])
@pytest.mark.parametrize("step", range(1, 13))
async def test_a_process_that_crashes_at_any_step_ends_as_if_it_had_not(
    step: int, remembers: bool
) -> None:
    crashed = World(dies_at=step)
    found = await driven(crashed, wish(1), wish(2), remembers=remembers)
    assert found == await driven(World(), wish(1), wish(2))
    assert crashed.crashes == 1


async def test_those_were_all_the_steps_of_a_process() -> None:
    world = World()
    await driven(world, wish(1), wish(2))
    assert world.step == 12


opening = replace(book, begins=(SumWanted,))  # a record nearly always begins with a wish


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.booleans())
async def test_a_record_that_is_not_looked_for_before_it_begins_counts_each_event_once_all_the_same(
    deliveries: Sequence[int], remembers: bool
) -> None:
    world = World()
    store: RecordStore = RememberedStore(world) if remembers else world
    for number in deliveries:
        await handled(world, store, wish(number), opening)
    assert (await world.record()).wanted == len(world.sent) == len(set(deliveries))


async def test_the_first_event_of_a_record_asks_the_store_for_nothing() -> None:
    class Asked(World):
        loads = 0

        async def load(self, key: str) -> tuple[bytes | None, int]:
            self.loads += 1
            return await super().load(key)

    world = Asked()
    await handled(world, world, wish(1), opening)
    assert world.loads == 0
    await handled(world, world, wish(1), opening)  # it comes again: now there is one
    assert world.loads > 0
    assert (await world.record()).wanted == len(world.sent) == 1


async def test_an_opening_event_that_changes_nothing_is_held_against_the_record_that_is_there() -> (
    None
):
    def deaf(state: Sums, event: Event) -> tuple[Sums, Sequence[Message]]:
        return (state, []) if state == Sums() else advance(state, event)

    world = World()
    await handled(world, world, wish(1))
    await handled(world, world, wish(2), replace(opening, advance=deaf))
    assert (await world.record()).wanted == 2


@pytest.mark.parametrize("step", range(1, 3))
async def test_a_worker_that_crashes_at_any_step_answers_once(step: int) -> None:
    world, command = World(dies_at=step), envelope(Add(numbers=(1, 2)))
    with pytest.raises(Crash):
        await served(world, command)
    await served(world, command)
    assert [one.body for one in world.sent.values()] == [Added(sum=3)]


async def served(world: World, command: Envelope) -> None:
    await serve(adder(), command, send=world.send, source="hall/add", now=lambda: NOW)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.booleans())
async def test_events_delivered_in_any_order_any_number_of_times_count_once(
    deliveries: Sequence[int], remembers: bool
) -> None:
    wishes = (wish(number) for number in deliveries)
    state, sent = await driven(World(), *wishes, remembers=remembers)
    assert state.wanted == len(sent) == len(set(deliveries))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
async def test_replicas_that_remember_and_take_turns_in_any_order_count_each_event_once(
    deliveries: Sequence[tuple[int, bool]],
) -> None:
    world = World()
    replicas = {one: RememberedStore(world) for one in (False, True)}
    for number, which in deliveries:
        await handled(world, replicas[which], wish(number))
    assert (await world.record()).wanted == len(world.sent) == len({one for one, _ in deliveries})


async def handled(
    world: World, store: RecordStore, cause: Envelope, process: Process[Sums] = book
) -> None:
    await drive(process, cause, store=store, send=world.send, source="hall/book", now=lambda: NOW)


async def test_what_is_sent_again_for_a_repeat_is_what_the_store_holds_and_not_what_is_remembered() -> (
    None
):
    world = World()
    ours, theirs = RememberedStore(world), RememberedStore(world)
    # We die between our save and our send, as far as anybody can see, and the message goes to another replica.
    world.dies_at = 3
    with pytest.raises(Crash):
        await handled(world, ours, wish(1))
    await handled(world, theirs, wish(1))
    world.sent.clear()  # long ago: the stream would take it again
    await handled(world, ours, wish(1))
    assert world.sent == {}


class Races(World):
    """A store in which somebody else is faster, a number of times."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self.lost = lost

    async def save(self, key: str, record: bytes, revision: int) -> int:
        if self.lost:
            self.lost -= 1
            other = Races(0)
            other.store, other.sent = self.store, self.sent
            await driven(other, wish(100 + self.lost))
        return await super().save(key, record, revision)


async def test_a_lost_race_is_run_again_on_what_the_winner_saved() -> None:
    world = Races(lost=3)
    state, sent = await driven(world, wish(1))
    assert state.wanted == len(sent) == 4


async def test_a_race_that_is_always_lost_goes_back_to_the_stream() -> None:
    with pytest.raises(Conflict):
        await driven(Races(lost=RACES), wish(1))


async def test_a_record_saved_by_another_after_ours_keeps_both_outboxes() -> None:
    class Overtaken(World):
        async def send(self, envelope: Envelope) -> None:
            await super().send(envelope)
            if len(self.sent) == 1:  # between our save and our clearing of the outbox
                other = World()
                other.store, other.sent = self.store, self.sent
                await driven(other, wish(2))

    state, sent = await driven(Overtaken(), wish(1))
    assert state.wanted == len(sent) == 2


@pytest.mark.parametrize("deadline", ["2026-01-01T11:59:59+00:00", "2026-01-01T11:59:59"])
async def test_no_work_starts_after_the_deadline(deadline: str) -> None:
    world = World()
    brief = Brief(task=TASK, deadline=deadline)
    await served(world, envelope(Add(numbers=(1,), brief=brief)))
    (answer,) = (one.body for one in world.sent.values())
    assert isinstance(answer, WorkFailed)
    assert (answer.about_key, answer.of, answer.code) == (TASK, "test-add", "out_of_budget")
    assert deadline in answer.reason


async def test_work_starts_before_the_deadline() -> None:
    world = World()
    brief = Brief(task=TASK, deadline="2026-01-01T12:00:01Z")
    await served(world, envelope(Add(numbers=(1,), brief=brief)))
    assert [one.body for one in world.sent.values()] == [Added(sum=1)]


async def out_of_time(work: Work, *, deadline: str = "2026-01-01T12:00:01Z") -> WorkFailed:
    """Serve a command within a bound, with a clock that stands still, and return the one answer."""
    world = World()
    cause = envelope(Add(numbers=(1,), brief=Brief(task=TASK, deadline=deadline)))
    worker = Worker(name="add", reads=Add, work=work)
    await serve(worker, cause, send=world.send, source="hall/add", now=lambda: NOW)
    (answer,) = (one.body for one in world.sent.values())
    assert isinstance(answer, WorkFailed)
    assert answer.code == "out_of_budget"
    return answer


async def test_work_that_does_not_end_is_cut_off_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolguild.runtime.serve.LAST_WORD", 0.01)

    async def never(_: Add) -> Added:
        await asyncio.Event().wait()
        raise AssertionError

    answer = await out_of_time(never, deadline="2026-01-01T12:00:00.010Z")
    assert "before test-add was done" in answer.reason


async def test_what_could_only_be_tried_again_after_the_deadline_is_given_up_with_its_reason() -> (
    None
):
    async def busy(_: Add) -> Added:
        raise TemporaryError("the model is busy", after=10.0)

    assert "the model is busy" in (await out_of_time(busy)).reason
    with pytest.raises(TemporaryError, match="the model is busy"):
        await out_of_time(busy, deadline="2026-01-01T12:01:00Z")


async def test_a_time_out_of_the_work_itself_is_no_end_of_the_task() -> None:
    async def slow(_: Add) -> Added:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        await out_of_time(slow)
