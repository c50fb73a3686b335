"""Kill switches in a whole guild: what runs is gone at once, waits, and is done rightly afterwards."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import slow_script
from hall import Hall, open_hall

from toolguild.client import log
from toolguild.client import task as client
from toolguild.client.halt import Answered, give, order, orders
from toolguild.client.task import Order
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import Message, Result, TaskId
from toolguild.sandbox import tree

WITHIN = 40.0
MODEL = "scripted:slow_script:answer"
LONG = 25  # seconds of a call that nobody stops


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(tmp_path / "data", model=MODEL) as hall:
        yield hall


async def begun(hall: Hall, folder: Path, seconds: float) -> TaskId:
    """Give the goal of a tool that takes so many seconds, and answers 2 * (seconds + 40) + 1."""
    file = folder / "numbers.txt"
    file.write_text(f"{seconds}\n40\n")
    goal = Goal(primary=slow_script.GOAL)
    return await client.submit(
        hall.bus, hall.artifacts, Order(goal=goal, files=(file,)), hall.policy
    )


async def seen(hall: Hall, subject: str) -> Message:
    async with asyncio.timeout(WITHIN):
        async for entry in log.entries(hall.bus, [subject], live=True):
            noted = await log.envelope(hall.bus, entry)
            if noted is not None:
                return noted.body
    raise AssertionError("the log ended")


async def calling(hall: Hall, task: TaskId) -> set[int]:
    """Wait for the task's call to run, and return the processes that the guild has then."""
    await seen(hall, f"toolguild.seen.run-tool.{task}")
    before = set(tree.descendants(os.getpid()))
    async with asyncio.timeout(WITHIN):
        while not _waits(before):
            await asyncio.sleep(0.05)
            before = set(tree.descendants(os.getpid()))
    return before


def _waits(pids: set[int]) -> bool:
    """Whether a process of ours is in `time.sleep` of the slow tool: it has its file open no more."""
    return len(pids) > 3


async def say(hall: Hall, target: str, *, on: bool = True, by: str = "ana") -> Answered:
    keys = KeyDirectory(hall.settings.keys)
    known = await orders(hall.bus, keys, hall.policy)
    signer = keys.person(by)
    said = order(known, target, on=on, by=by, signer=signer, reason="looking into it")
    return await give(hall.bus, said)


async def ends(hall: Hall, task: TaskId) -> Result:
    result = await client.result_of(hall.bus, task, within=WITHIN)
    assert result is not None
    return result


async def test_halting_all_kills_what_runs_and_holds_through_a_restart_of_everything(
    tmp_path: Path,
) -> None:
    async with open_hall(tmp_path / "data", model=MODEL) as hall:
        task = await begun(hall, tmp_path, LONG)
        await calling(hall, task)
        taken = await say(hall, "all")
        assert taken.stopped >= 1
        assert (taken.left, taken.missing, taken.seconds < 5) == (0, (), True)
    async with open_hall(tmp_path / "data", model=MODEL) as hall:
        await seen(hall, "toolguild.fact.halt-taken.all")
        later = await begun(hall, tmp_path, 0)
        await asyncio.sleep(0)
        assert await log.newest(hall.bus, f"toolguild.fact.goal-given.{later}") is None
        assert await log.newest(hall.bus, f"toolguild.fact.tool-ran.{task}") is None
        assert (await say(hall, "all", on=False)).missing == ()
        assert (await ends(hall, later)).answer == 81
        cancelled = await client.result_of(hall.bus, task, within=0.1)
        assert cancelled is None  # it goes on where it was: the call runs anew
