"""Kill switches in a whole guild: what runs is gone at once, waits, and is done rightly afterwards."""

import asyncio
from pathlib import Path

import slow_script
from hall import Hall, open_hall

from toolguild.client import log
from toolguild.client import task as client
from toolguild.client.halt import Answered, agents, give, order, orders
from toolguild.client.intervene import intervene, intervention
from toolguild.client.task import Order
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import Message, Result, TaskId, events

WITHIN = 60.0
MODEL = "scripted:slow_script:answer"
LONG = 25  # seconds of a call that nobody stops


async def begun(hall: Hall, folder: Path, seconds: float) -> TaskId:
    """Give the goal of a tool that takes so many seconds, and answers 2 * (seconds + 40) + 1."""
    file = folder / "numbers.txt"
    file.write_text(f"{seconds}\n40\n")
    goal = Goal(primary=slow_script.GOAL)
    return await client.submit(
        hall.bus, hall.artifacts, Order(goal=goal, files=(file,)), hall.policy
    )


async def seen(hall: Hall, subject: str, count: int = 1) -> Message:
    async with asyncio.timeout(WITHIN):
        async for entry in log.entries(hall.bus, [subject], live=True):
            noted = await log.envelope(hall.bus, entry)
            count -= 1
            if noted is not None and count == 0:
                return noted.body
    raise AssertionError("the log ended")


async def say(hall: Hall, target: str, *, on: bool = True, by: str = "ana") -> Answered:
    keys = KeyDirectory(hall.settings.keys)
    known = await orders(hall.bus, keys, hall.policy)
    signer = keys.person(by)
    said = order(known, target, on=on, by=by, signer=signer, reason="looking into it")
    return await give(hall.bus, said)


async def cancel(hall: Hall, task: TaskId) -> Result:
    signer = KeyDirectory(hall.settings.keys).person("ana")
    await intervene(hall.bus, intervention(task, "cancel", by="ana", signer=signer), within=WITHIN)
    result = await client.result_of(hall.bus, task, within=WITHIN)
    assert result is not None
    return result


async def test_halts_of_every_scope_end_what_runs_and_hold_through_a_restart_of_everything(
    tmp_path: Path,
) -> None:
    async with open_hall(tmp_path / "data", model=MODEL) as hall:
        task = await begun(hall, tmp_path, LONG)
        await seen(hall, f"toolguild.seen.run-tool.{task}")
        assert {"executor", "planner-planner", "synthesizer-draft"} <= await agents(hall.bus)

        for target in (f"run-{task}", "pool", "all"):
            taken = await say(hall, target)
            assert (taken.left, taken.missing, taken.refused) == (0, (), "")
        later = await begun(hall, tmp_path, 0)  # accepted, and it waits

    async with open_hall(tmp_path / "data", model=MODEL) as hall:
        taken = await say(hall, "agent-planner")  # answered by a process that has read the others
        assert taken.stopped == 0
        assert await log.newest(hall.bus, f"toolguild.fact.goal-given.{later}") is None
        assert await log.newest(hall.bus, f"toolguild.fact.tool-ran.{task}") is None
        for target in ("all", "agent-planner", "pool"):
            assert (await say(hall, target, on=False)).missing == ()
        await seen(hall, f"toolguild.fact.goal-given.{later}")

        await say(hall, f"run-{task}", on=False)
        await say(hall, f"run-{later}")
        called = await seen(hall, f"toolguild.seen.run-tool.{task}")
        taken = await say(hall, "toolname-add_slowly")
        failed = await seen(hall, f"toolguild.fact.work-failed.{task}")
        assert isinstance(failed, events.WorkFailed)
        assert (failed.of, failed.code) == (called.kind, "refused")
        assert "tool add_slowly is halted by ana: looking into it" in failed.reason
        assert await log.newest(hall.bus, "toolguild.fact.incident-seen.*") is None
        assert (await cancel(hall, task)).status in ("cancelled", "failed", "refused")
        assert (await cancel(hall, later)).status == "cancelled"
