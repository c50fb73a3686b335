"""A task is built anew from the log, and what parts from it is found."""

from pathlib import Path

import pytest
from hall import Hall, open_hall

from toolguild.canonical import Digest
from toolguild.client import task as client
from toolguild.client.overview import tasks
from toolguild.client.task import Order
from toolguild.errors import UsageError
from toolguild.goal import Goal
from toolguild.messages import ItemId, TaskId, events
from toolguild.replay.difference import differing
from toolguild.replay.fork import fork
from toolguild.replay.history import History, history_of
from toolguild.replay.replay import Account, replay
from toolguild.runtime.services import installed, load_service

GOAL = "Total amount per category in expenses.csv"


async def again(hall: Hall, task: str, *, run: bool = True) -> Account:
    services = [load_service(name) for name in installed()]
    return await replay(hall.bus, services, hall.settings, hall.policy, TaskId(task), run=run)


@pytest.fixture
def expenses(tmp_path: Path) -> Path:
    place = tmp_path / "expenses.csv"
    place.write_text("date,category,amount\n2026-01-01,food,2.5\n2026-01-02,rent,700\n")
    return place


async def test_a_task_that_made_a_tool_comes_to_the_same_end_without_asking_any_model(
    tmp_path: Path, expenses: Path
) -> None:
    async with open_hall(tmp_path / "guild") as hall:
        result, _ = await hall.run(GOAL, expenses)
        await hall.run("Slug of the title")  # what comes later does not change what was
        account = await again(hall, result.task)

    assert account.differences == ()
    assert account.status == "succeeded"
    assert account.events > 8
    assert account.commands >= 6


async def test_without_its_answers_in_the_journal_the_replay_says_where_it_parts(
    tmp_path: Path, expenses: Path
) -> None:
    async with open_hall(tmp_path / "guild") as hall:
        result, _ = await hall.run(GOAL, expenses)
        await hall.bus.js.purge_stream("KV_journal")  # as its age takes entries away
        account = await again(hall, result.task, run=False)

    assert not account.same
    assert any("the journal has no answer" in one.what for one in account.differences)
    assert {kind for _, kind, _ in account.skipped} >= {"test-draft", "run-tool"}


async def test_another_policy_parts_where_it_matters(tmp_path: Path, expenses: Path) -> None:
    async with open_hall(tmp_path / "guild") as hall:
        result, _ = await hall.run(GOAL, expenses)
        stricter = hall.policy.model_copy(
            update={"exam": hall.policy.exam.model_copy(update={"min_cases": 50})}
        )
        hall.policy = stricter
        account = await again(hall, result.task)

    assert not account.same
    assert any("judge-test" in one.what for one in account.differences)


async def test_a_task_that_never_was_cannot_be_replayed(tmp_path: Path) -> None:
    async with open_hall(tmp_path / "guild") as hall:
        with pytest.raises(UsageError, match="there is no task"):
            await history_of(hall.bus, TaskId("t-nobody"))


def test_measured_times_do_not_count_and_everything_else_does() -> None:
    same = events.Escalated(
        task=TaskId("t-1"), rule="time", why="slow", holds=False, item=ItemId("i-1")
    )
    other = same.model_copy(update={"why": "slower"})

    assert differing(same, same) is None
    assert differing(same, other) == ("/why", '"slow"', '"slower"')


def test_a_tool_that_came_later_was_not_known_before() -> None:
    early, late = Digest("a" * 64), Digest("b" * 64)
    history = History(TaskId("t-1"), frozenset({"t-1"}), (), ((5, early), (9, late)))

    assert history.unknown_at(6) == {late}


async def test_a_task_goes_on_differently_from_a_step_as_a_task_of_its_own(
    tmp_path: Path,
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("one\ntwo\nthree\n")
    async with open_hall(tmp_path / "guild") as hall:
        first, _ = await hall.run("Count lines and slug", notes)
        assert first.plan is not None
        *before, last = first.plan.steps
        order = Order(goal=Goal.of_text("as before"), user="ben")
        new = await fork(hall.bus, hall.policy, TaskId(first.task), last.id, order)
        second = await client.result_of(hall.bus, new, within=60)
        listed = {line.task: line for line in await tasks(hall.bus)}

    assert second is not None
    assert (second.status, second.answer) == (first.status, first.answer)
    assert second.user == "ben"
    assert listed[new].goal == first.goal
    ends = {step.step: step for step in second.steps}
    assert all(ends[step.id].state == "done" for step in before)
    assert any(first.task in line for line in (*second.events, *second.human)), second.events


async def test_a_step_that_there_is_not_is_no_place_to_go_on_from(
    tmp_path: Path, expenses: Path
) -> None:
    async with open_hall(tmp_path / "guild") as hall:
        first, _ = await hall.run(GOAL, expenses)
        order = Order(goal=Goal.of_text("as before"))
        with pytest.raises(UsageError, match="has no such step"):
            await fork(hall.bus, hall.policy, TaskId(first.task), "nowhere", order)
