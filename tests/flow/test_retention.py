"""Ended tasks go by the rules of retention; what others need, and every tool, stays."""

import asyncio
from pathlib import Path

import pytest
from hall import Hall, open_hall

from toolguild.client import retention
from toolguild.client import task as client
from toolguild.errors import UsageError
from toolguild.messages import Result, TaskId, events
from toolguild.runtime.topology import LOG

GOAL = "Total amount per category in expenses.csv"
ROWS = "date,category,amount\n2026-01-01,food,2.5\n2026-01-02,rent,700\n"


@pytest.fixture
def expenses(tmp_path: Path) -> Path:
    place = tmp_path / "expenses.csv"
    place.write_text(ROWS)
    return place


async def gone(hall: Hall, task: str) -> events.TaskPruned:
    async with asyncio.timeout(90):
        while True:
            found = await retention.pruned(hall.bus, TaskId(task))
            if found is not None:
                return found
            await asyncio.sleep(0.05)


async def left(hall: Hall, task: str) -> set[str]:
    info = await hall.bus.js.stream_info(LOG, subjects_filter=f"toolguild.*.*.{task}")
    return {one.split(".")[2] for one in info.state.subjects or {}}


async def files(hall: Hall) -> int:
    return len(await hall.bus.objects.holders.held_by("*"))


async def run(hall: Hall, file: Path) -> Result:
    result, _ = await hall.run(GOAL, file)
    assert result.status == "succeeded", result.reason
    return result


async def test_a_pruned_task_says_so_and_its_tool_serves_on(tmp_path: Path, expenses: Path) -> None:
    async with open_hall(tmp_path / "guild") as hall:
        first = await run(hall, expenses)
        await retention.prune(hall.bus, TaskId(first.task), by="ana")
        told = await gone(hall, first.task)

        assert (told.status, told.goal, told.rule) == ("succeeded", GOAL, "ana")
        assert told.removed > 10
        assert told.bytes == len(ROWS)
        assert told.ended_at
        assert await left(hall, first.task) == {"task-pruned"}
        with pytest.raises(UsageError, match="was removed"):
            await client.result_of(hall.bus, TaskId(first.task), within=60)

        again = await run(hall, expenses)
        assert [use.name for use in again.reused] == [use.name for use in first.made]


async def test_a_file_that_another_task_needs_stays(tmp_path: Path, expenses: Path) -> None:
    async with open_hall(tmp_path / "guild") as hall:
        first, second = await run(hall, expenses), await run(hall, expenses)
        await retention.prune(hall.bus, TaskId(first.task), by="ana")
        assert (await gone(hall, first.task)).bytes == 0
        assert await hall.bus.objects.get(
            next(iter(await hall.bus.objects.holders.held_by(second.task)))
        )

        await retention.prune(hall.bus, TaskId(second.task), by="ana")
        assert (await gone(hall, second.task)).bytes == len(ROWS)
        assert await files(hall) == 0


async def test_age_and_size_are_policy(tmp_path: Path, expenses: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("retention: {days: 0.00002}\n")
    async with open_hall(tmp_path / "guild", policy=policy) as hall:
        old = await run(hall, expenses)
        assert (await gone(hall, old.task)).rule == "retention.days"

    policy.write_text("retention: {max_mb: 1}\n")
    big = tmp_path / "big" / "expenses.csv"
    big.parent.mkdir()
    big.write_text(ROWS + "2026-01-03,food,0\n" * 70_000)
    async with open_hall(tmp_path / "other", policy=policy) as hall:
        first = await run(hall, big)
        second = await run(hall, expenses)
        assert (await gone(hall, first.task)).rule == "retention.max_mb"
        assert "result-released" in await left(hall, second.task)
