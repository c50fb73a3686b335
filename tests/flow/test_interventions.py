"""A person steps into a running guild: every word is signed, counts once, and shows in the result."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import slow_script
from hall import Hall, open_hall

from toolguild.capability import Limits
from toolguild.client import log
from toolguild.client import task as client
from toolguild.client.intervene import enveloped, intervene, intervention
from toolguild.client.task import Order
from toolguild.goal import Criterion, Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import Message, Result, TaskId, events
from toolguild.messages.override import Bounds, OverrideResult

WITHIN = 90.0
MODEL = "scripted:slow_script:answer"
Kind = type[Message]


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Hall]:
    """A guild that at its end does not wait for a tool that takes 25 seconds."""
    async with open_hall(tmp_path / "data", model=MODEL, grace_seconds=1) as hall:
        yield hall


async def add_up(hall: Hall, folder: Path, seconds: float, *criteria: str) -> TaskId:
    """Give the goal of a tool that takes so many seconds, and answers 2 * (seconds + 40) + 1."""
    file = folder / "numbers.txt"
    file.write_text(f"{seconds}\n40\n")
    wanted = tuple(Criterion(text=one) for one in criteria)
    goal = Goal(primary=slow_script.GOAL, success_criteria=wanted)
    return await client.submit(
        hall.bus, hall.artifacts, Order(goal=goal, files=(file,)), hall.policy
    )


async def until(hall: Hall, task: TaskId, kind: str, count: int = 1) -> Message:
    """Wait for the message of that kind about the task: the first, or a later one."""
    async with asyncio.timeout(WITHIN):
        async for entry in log.entries(hall.bus, [f"toolguild.*.{kind}.{task}"], live=True):
            noted = await log.envelope(hall.bus, entry)
            count -= 1
            if noted is not None and count == 0:
                return noted.body
    raise AssertionError(f"the log ended before {kind}")


async def said(
    hall: Hall, task: TaskId, action: Any, *, by: str = "ana", **more: Any
) -> events.InterventionTaken:
    """Step in as a person, and return what became of it."""
    signer = KeyDirectory(hall.settings.keys).person(by)
    word = intervention(task, action, by=by, signer=signer, **more)
    taken = await intervene(hall.bus, word, within=WITHIN)
    assert taken is not None
    return taken


async def ends(hall: Hall, task: TaskId) -> Result:
    result = await client.result_of(hall.bus, task, within=WITHIN)
    assert result is not None
    return result


async def test_a_pause_outlives_a_restart_of_everything_and_a_resume_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    async with open_hall(tmp_path / "data", model=MODEL) as hall:
        task = await add_up(hall, tmp_path, 3)
        await until(hall, task, "run-tool")
        assert (await said(hall, task, "pause")).outcome == "applied"
        await until(hall, task, "tool-ran")  # what runs may finish, and nothing follows from it
    async with open_hall(tmp_path / "data", model=MODEL) as hall:
        assert (await said(hall, task, "pause")).detail == "it is paused already, by ana"
        assert await log.newest(hall.bus, f"toolguild.fact.task-ended.{task}") is None
        taken = await said(hall, task, "resume", by="eva")
        result = await ends(hall, task)

    assert taken.outcome == "applied"
    assert (result.status, result.answer) == ("succeeded", 87)
    assert result.human == ("ana paused the task", "eva let the task go on")


async def test_what_is_ordered_while_paused_is_put_back_and_done_after_the_resume(
    slow: Hall, tmp_path: Path
) -> None:
    task = await add_up(slow, tmp_path, 0)
    await until(slow, task, "goal-given")
    assert (await said(slow, task, "pause")).outcome == "applied"
    assert await log.newest(slow.bus, f"toolguild.fact.task-ended.{task}") is None
    assert (await said(slow, task, "resume")).outcome == "applied"

    assert (await ends(slow, task)).answer == 81


async def test_cancel_stops_the_tool_that_runs_and_the_result_still_reaches_the_person(
    slow: Hall, tmp_path: Path
) -> None:
    task = await add_up(slow, tmp_path, 25)
    await until(slow, task, "run-tool")
    began = asyncio.get_running_loop().time()
    taken = await said(slow, task, "cancel", reason="too slow")
    failed = await until(slow, task, "work-failed")
    result = await ends(slow, task)

    assert asyncio.get_running_loop().time() - began < 22  # the tool alone would take 25 s
    assert isinstance(failed, events.WorkFailed)
    assert (failed.of, failed.code) == ("run-tool", "cancelled")
    assert (result.status, result.reason) == ("cancelled", "cancelled by ana: too slow")
    assert "stays published" in taken.detail
    assert (await said(slow, task, "cancel")).detail == "the task has ended: cancelled"


async def test_a_result_of_a_person_ends_the_waiting_for_a_tool_that_runs(
    slow: Hall, tmp_path: Path
) -> None:
    task = await add_up(slow, tmp_path, 25)
    await until(slow, task, "run-tool")
    taken = await said(slow, task, "override", override=OverrideResult(step="s1", value=7))
    result = await ends(slow, task)

    assert "1 calls under way" in taken.detail
    assert (result.status, result.answer) == ("succeeded", 7)
    assert result.steps[0].how == "human"
    assert result.human == ("ana: the result of step s1 was given",)


async def test_bounds_hold_for_what_is_running_and_wider_ones_are_refused(
    slow: Hall, tmp_path: Path
) -> None:
    task = await add_up(slow, tmp_path, 25)
    await until(slow, task, "run-tool")
    wider = await said(slow, task, "constrain", bounds=Bounds(usd=1000.0))
    assert (wider.outcome, "usd is" in wider.detail) == ("refused", True)
    limits = Limits(wall_seconds=1)
    assert (await said(slow, task, "constrain", bounds=Bounds(limits=limits))).outcome == "applied"
    ran = await until(slow, task, "tool-ran")
    await said(slow, task, "cancel")

    assert isinstance(ran, events.ToolRan)
    assert (ran.outcome, ran.used.wall_seconds < 22) == ("timeout", True)


async def test_a_hint_reaches_the_next_model_and_its_receipt_comes_back(
    slow: Hall, tmp_path: Path
) -> None:
    task = await add_up(slow, tmp_path, 3, "it reads well")
    await until(slow, task, "run-tool")
    assert (await said(slow, task, "guide", hint="numbers may be odd")).outcome == "applied"
    receipt = await until(slow, task, "guidance-taken")
    result = await ends(slow, task)

    assert isinstance(receipt, events.GuidanceTaken)
    assert receipt.of == "judge-criteria"
    assert "ana advised: numbers may be odd" in result.human


async def test_a_word_that_is_not_signed_by_the_person_is_refused(
    slow: Hall, tmp_path: Path
) -> None:
    task = await add_up(slow, tmp_path, 3)
    await until(slow, task, "run-tool")
    keys = KeyDirectory(slow.settings.keys)
    keys.person("ana")
    forged = intervention(task, "cancel", by="ana", signer=keys.person("eve"))
    unsigned = forged.model_copy(update={"id": "other", "signature": None})
    for word in (forged, unsigned):
        await slow.bus.publish(enveloped(word))
    first = await until(slow, task, "intervention-taken")
    second = await until(slow, task, "intervention-taken", 2)

    assert isinstance(first, events.InterventionTaken)
    assert isinstance(second, events.InterventionTaken)
    assert (first.outcome, "person:eve" in first.detail) == ("refused", True)
    assert (second.outcome, "not signed" in second.detail) == ("refused", True)
    assert (await ends(slow, task)).status == "succeeded"
