"""Every installed process over events of a real flow: crashes, repeats, disorder and rivals change nothing."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

import pytest
from hall import OURS, open_hall
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolguild.agent import Process, Record
from toolguild.client import log
from toolguild.client import task as client
from toolguild.client.task import ALL, Order
from toolguild.errors import Conflict
from toolguild.goal import Criterion, Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import Command, Envelope, Message, events
from toolguild.runtime.drive import drive
from toolguild.runtime.resources import Resources
from toolguild.runtime.services import load_service

from .test_drive import Crash, World

W = TypeVar("W", bound=World)
NOW = "2026-01-01T12:00:00+00:00"
EXPENSES = "date,category,amount\n2026-01-01,food,2.5\n2026-01-02,rent,700\n2026-01-04,food,\n"
BUSY = {"planner/planner", "synthesizer/builder", "auditor/ledger"}
LAST = (events.TaskEnded, events.ResultReleased)  # what a task has one of


@dataclass(frozen=True)
class Tape:
    """The processes of a guild, and what it said while it worked on some goals, in the order of its log."""

    processes: dict[str, Process[Any]]  # by source
    heard: tuple[Envelope, ...]

    def events_for(self, source: str) -> dict[str, list[Envelope]]:
        """Return what a process reads, by record."""
        process = self.processes[source]
        found: dict[str, list[Envelope]] = {}
        for one in self.heard:
            if isinstance(one.body, process.reads):
                found.setdefault(process.key(one.body), []).append(one)
        return found

    def said_by(self, source: str) -> dict[UUID, Envelope]:
        return {one.id: one for one in self.heard if one.source == source}


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    return asyncio.run(recorded(tmp_path_factory.mktemp("tape")))


async def recorded(folder: Path) -> Tape:
    """Run goals that are mended, repeated over a list, refused once and cancelled; keep all that was said."""
    data = folder / "expenses.csv"
    data.write_text(EXPENSES)
    async with open_hall(folder / "data") as hall, AsyncExitStack() as stack:
        criterion = Criterion(text="the answer has the keys food, rent")
        amounts = "Total amount per category in expenses.csv"
        goals = (
            (Goal(primary=amounts, success_criteria=(criterion,)), (data,)),
            (Goal.of_text("Slugs of all titles"), ()),
            (Goal.of_text("Strip vowels"), ()),
            (Goal.of_text("Slug of the title"), ()),
        )
        for goal, files in goals:
            result, _ = await hall.run(goal, *files)
            assert result.status == "succeeded", result.reason
        order = Order(goal=Goal.of_text("Slug in JavaScript"))
        task = await client.submit(hall.bus, hall.artifacts, order, hall.policy)
        signer = KeyDirectory(hall.settings.keys).person("eva")
        await client.cancel(hall.bus, task, by="eva", signer=signer)
        assert await client.result_of(hall.bus, task, within=100)

        resources = await stack.enter_async_context(Resources(hall.bus, hall.settings, hall.policy))
        processes = {}
        for name in OURS:
            service = load_service(name)
            agents = await stack.enter_async_context(service.open(await resources.guild(service)))
            for agent in agents:
                if isinstance(agent, Process):
                    processes[f"{name}/{agent.name}"] = agent
        heard = [
            envelope
            async for entry in log.entries(hall.bus, ALL, live=False)
            if (envelope := await log.envelope(hall.bus, entry)) is not None
        ]
    return Tape(processes, tuple(heard))


class Mortal(World):
    """Dies at a load and at an acknowledgement too."""

    def as_it_is(self, dies_at: int | None = None) -> "Mortal":
        """Return another world that goes on from here."""
        other = Mortal(dies_at)
        other.step, other.store, other.sent = self.step, deepcopy(self.store), dict(self.sent)
        return other

    def same(self, other: World) -> bool:
        """Whether the same records are kept, and the same messages were sent."""
        return vars(self.store) == vars(other.store) and self.sent == other.sent

    async def load(self, key: str) -> tuple[bytes | None, int]:
        self.tick()
        return await super().load(key)


async def deliver(tape: Tape, source: str, causes: Sequence[Envelope], world: W) -> W:
    """Deliver events one after another; one whose handling crashed comes again at once."""
    for cause in causes:
        while True:
            try:
                await handle(tape, source, cause, world)
                world.tick()  # here it would be acknowledged
                break
            except Crash:
                world.crashes += 1
    return world


async def handle(tape: Tape, source: str, cause: Envelope, world: World) -> None:
    process = tape.processes[source]
    await drive(process, cause, store=world, send=world.send, source=source, now=lambda: NOW)


async def end_of(tape: Tape, source: str, world: World) -> dict[str, Record[Any]]:
    ends = {}
    for key in await world.store.keys():
        raw, _ = await world.store.load(key)
        ends[key] = tape.processes[source].record.model_validate_json(raw or b"")
        assert ends[key].outbox == ()
    return ends


def test_the_processes_are_all_there_and_had_much_to_do(tape: Tape) -> None:
    assert set(tape.processes) >= BUSY
    busy = {source: sum(map(len, tape.events_for(source).values())) for source in tape.processes}
    for source in BUSY:
        assert busy[source] >= 5, busy


async def test_what_was_heard_again_leads_to_what_was_said(tape: Tape) -> None:
    """The recording is a fair one: the same events give the same messages, with the same ids."""
    for source in tape.processes:
        world = World()
        for causes in tape.events_for(source).values():
            await deliver(tape, source, causes, world)
        said = {id_: timeless(one.body) for id_, one in tape.said_by(source).items()}
        again = {id_: timeless(one.body) for id_, one in world.sent.items() if id_ in said}
        assert again == said, source
        assert said or source not in BUSY


def timeless(body: Message) -> Message:
    """A question says when it is asked; the clock is another one now."""
    return body.model_copy(update={"asked_at": ""}) if hasattr(body, "asked_at") else body


async def test_a_crash_at_any_step_of_any_process_leaves_the_same_end(tape: Tape) -> None:
    steps = 0
    for source in tape.processes:
        for causes in longest(tape, source):
            worlds = [Mortal()]  # before the first event, and after each
            for cause in causes:
                worlds.append(await deliver(tape, source, [cause], worlds[-1].as_it_is()))
            whole = worlds[-1]
            end = await end_of(tape, source, whole)
            for place, cause in enumerate(causes):
                before, after = worlds[place], worlds[place + 1]
                for step in range(before.step + 1, after.step + 1):
                    crashed = await deliver(tape, source, [cause], before.as_it_is(dies_at=step))
                    assert crashed.crashes == 1, (source, step)
                    if crashed.same(after):
                        continue  # what follows comes to the same end: drive knows nothing but these
                    await deliver(tape, source, causes[place + 1 :], crashed)
                    assert crashed.sent == whole.sent, (source, step)
                    assert await end_of(tape, source, crashed) == end, (source, step)
            steps += whole.step
    assert steps > 100


def longest(tape: Tape, source: str) -> list[list[Envelope]]:
    """Return the two records of a process with the most events."""
    return sorted(tape.events_for(source).values(), key=len, reverse=True)[:2]


class Shared(World):
    """One store and one stream for several replicas, which lose the processor at each access."""

    def __init__(self, common: World) -> None:
        super().__init__()
        self.store, self.sent, self.lost = common.store, common.sent, 0

    async def load(self, key: str) -> tuple[bytes | None, int]:
        await asyncio.sleep(0)
        return await super().load(key)

    async def save(self, key: str, record: bytes, revision: int) -> int:
        await asyncio.sleep(0)
        try:
            return await super().save(key, record, revision)
        except Conflict:
            self.lost += 1
            raise

    async def send(self, envelope: Envelope) -> None:
        await asyncio.sleep(0)
        await super().send(envelope)


async def test_two_replicas_that_are_both_told_everything_do_it_once(tape: Tape) -> None:
    lost = 0
    for source in tape.processes:
        for causes in tape.events_for(source).values():
            alone = await deliver(tape, source, causes, World())
            common = World()
            replicas = [Shared(common) for _ in range(2)]
            for cause in causes:  # the stream gives both the same message: one was thought dead
                await asyncio.gather(*(handle(tape, source, cause, one) for one in replicas))
            lost += sum(one.lost for one in replicas)
            assert common.sent == alone.sent, source
            ends = await end_of(tape, source, common)
            assert ends == await end_of(tape, source, alone), source
    assert lost > 0


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_events_in_any_order_any_number_of_times_crash_nothing_and_end_nothing_twice(
    tape: Tape, data: st.DataObject
) -> None:
    source = data.draw(st.sampled_from(sorted(tape.processes)))
    records = tape.events_for(source)
    if not records:
        return
    causes = records[data.draw(st.sampled_from(sorted(records)))]
    mixed = data.draw(st.permutations(causes))
    again = data.draw(st.lists(st.sampled_from(causes), max_size=8))
    anew = data.draw(st.lists(st.sampled_from(causes), max_size=4))
    late = [one.model_copy(update={"id": uuid5(one.id, str(n))}) for n, one in enumerate(anew)]
    delivered = [*mixed, *again, *late]
    world = asyncio.run(deliver(tape, source, delivered, World()))
    ended = Counter(
        (one.body.kind, one.key) for one in world.sent.values() if isinstance(one.body, LAST)
    )
    assert set(ended.values()) <= {1}, (source, [one.body.kind for one in delivered])


async def test_what_comes_after_the_end_changes_no_record_and_orders_nothing(tape: Tape) -> None:
    source = "planner/planner"
    for causes in tape.events_for(source).values():
        world = await deliver(tape, source, causes, World())
        said = set(world.sent)
        late = [one.model_copy(update={"id": uuid5(one.id, "late")}) for one in causes]
        await deliver(tape, source, late, world)
        new = [one.body for id_, one in world.sent.items() if id_ not in said]
        assert not [body for body in new if isinstance(body, Command | events.TaskEnded)], new
