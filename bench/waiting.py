"""A guild of processes with one published tool that waits, for `scale`, `takeover` and `kill`."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bench import waiting_model

from toolguild.client import task as client
from toolguild.client.task import Order
from toolguild.drill.guild import DrillGuild, Make, drill_guild
from toolguild.goal import Goal
from toolguild.messages import TaskId
from toolguild.policy import Policy

MODEL = "scripted:bench.waiting_model:answer"
ROOT = Path(__file__).parents[1]
WITHIN = 120.0  # seconds for one task


@asynccontextmanager
async def waiting_guild(directory: Path, *, executors: int) -> AsyncIterator[DrillGuild]:
    """Run a guild, one call at a time in each executor, that has made the tool."""
    make = Make(executors=executors, sandboxes=1, model=MODEL)
    with _importable():
        async with drill_guild(directory, make) as guild:
            made = await client.result_of(
                guild.bus, await give(guild, waiting_model.MAKE), within=WITHIN
            )
            assert made is not None, "the tool was not made in time"
            assert made.status == "succeeded", made.reason
            yield guild


async def give(guild: DrillGuild, goal: str, user: str = "bench") -> TaskId:
    """Give a goal and return its task."""
    order = Order(goal=Goal.of_text(goal), user=user)
    return await client.submit(guild.bus, guild.artifacts, order, Policy.default())


async def ended(guild: DrillGuild, tasks: list[TaskId]) -> None:
    """Return when all tasks have succeeded."""
    async with asyncio.TaskGroup() as group:
        waits = [
            group.create_task(client.result_of(guild.bus, task, within=WITHIN)) for task in tasks
        ]
    for one in waits:
        result = one.result()
        assert result is not None, "a task has not ended in time"
        assert result.status == "succeeded", result.reason


@contextmanager
def _importable() -> Iterator[None]:
    """Let the guild's processes find the model."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), before)))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
