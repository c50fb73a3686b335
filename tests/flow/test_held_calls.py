"""A person steps into tasks of a guild of separate processes, and the sandboxes follow at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import holding_script as script
import pytest
from standing import Standing, standing_guild

from toolguild.client import task as client
from toolguild.client.intervene import Action, intervene, intervention
from toolguild.client.task import Order
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import Message, Result, TaskId, events
from toolguild.messages.override import Bounds

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
WITHIN = 90.0
KILLED = 1.0  # seconds for a cancelled task's processes to be gone, most times
CALLS = len(script.STEPS)


def holders() -> dict[int, str]:
    """The processes that hold the file of a call open, with their state as the kernel has it."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            names = {str(fd.readlink()) for fd in (process / "fd").iterdir()}
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue  # it ended just now
        if "/data/held.txt" in names and state != "Z":
            found[int(process.name)] = state
    return found


async def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < deadline, f"not in {WITHIN:g} s: {what}"
        await asyncio.sleep(0.01)


class Watched:
    """A task with all that was said of it so far."""

    def __init__(self, guild: Standing, task: TaskId) -> None:
        self._guild = guild
        self.task = task
        self.seen: list[Message] = []

    async def follow(self) -> None:
        async for noted in client.follow(self._guild.hall.bus, self.task):
            self.seen.append(noted.envelope.body)

    def of(self, kind: type[Message]) -> list[Message]:
        return [body for body in self.seen if isinstance(body, kind)]

    async def step_in(self, action: str, *arguments: str) -> str:
        """Say something as a person does, and return what became of it."""
        said = await self._guild.command(action, self.task, "--user", "ana", *arguments)
        return f"{said['outcome']}: {said['detail']}"

    async def say(self, action: Action, **what: Any) -> str:
        """Say something without the time that a command of its own takes to start."""
        hall = self._guild.hall
        signer = KeyDirectory(hall.settings.keys).person("ana")
        said = intervention(self.task, action, by="ana", signer=signer, **what)
        taken = await intervene(hall.bus, said, within=WITHIN)
        assert taken is not None
        return f"{taken.outcome}: {taken.detail}"

    async def ended(self) -> Result:
        await until(lambda: bool(self.of(events.ResultReleased)), "its result is there")
        (released,) = self.of(events.ResultReleased)
        assert isinstance(released, events.ResultReleased)
        return released.result


@asynccontextmanager
async def given(guild: Standing, folder: Path, goal: str, seconds: float) -> AsyncIterator[Watched]:
    """Give a goal with its file, and watch the task for as long as the block lasts."""
    file = folder / "held.txt"
    file.write_text(f"{seconds}\n")
    hall = guild.hall
    order = Order(goal=Goal.of_text(goal), files=(file,))
    task = await client.submit(hall.bus, hall.artifacts, order, hall.policy)
    watched = Watched(guild, task)
    following = asyncio.create_task(watched.follow())
    try:
        yield watched
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def guild_of(folder: Path, sandboxes: int) -> AbstractAsyncContextManager[Standing]:
    settings = {"model": "scripted:holding_script:answer", "sandboxes": sandboxes}
    return standing_guild(folder / "data", **settings)


async def gone(watched: Watched) -> float:
    """Cancel, and return the seconds from the moment it was said until no process of it lives."""
    before = set(holders())
    cancelling = asyncio.create_task(watched.step_in("cancel", "--reason", "enough"))
    await until(lambda: bool(watched.of(events.Intervened)), "the intervention is in the log")
    began = time.monotonic()
    await until(lambda: not before & set(holders()), "its processes are gone")
    took = time.monotonic() - began
    assert (await cancelling).startswith("applied")
    result = await watched.ended()
    assert result.status == "cancelled"
    assert "cancelled by ana: enough" in result.reason
    assert holders() == {}
    return took


async def test_cancelling_reaches_every_process_of_a_run_and_of_an_exam(tmp_path: Path) -> None:
    took = []
    async with guild_of(tmp_path, CALLS) as guild:
        for _ in range(3):
            async with given(guild, tmp_path, script.GOAL, script.FOREVER) as watched:
                await until(lambda: len(holders()) == CALLS, "all calls run")
                took.append(await gone(watched))
                assert watched.of(events.ToolRan) == []  # a killed call is nobody's fault
        async with given(guild, tmp_path, script.EXAMINED, 0) as watched:
            await until(lambda: len(holders()) == 1, "the long case of the exam runs")
            took.append(await gone(watched))
            assert watched.of(events.DraftTested) == []
    assert median(took) < KILLED, took
    assert max(took) < 5 * KILLED, took  # a busy machine may make one wait


async def test_a_frozen_run_stands_still_and_a_narrowed_one_is_killed(tmp_path: Path) -> None:
    async with guild_of(tmp_path, CALLS - 1) as guild:  # one call waits for a place
        async with given(guild, tmp_path, script.GOAL, 5) as watched:
            await until(lambda: len(holders()) == CALLS - 1, "all calls run that can")
            assert (await watched.say("pause", freeze=True)).startswith("applied")
            await until(lambda: set(holders().values()) == {"T"}, "all calls stand still")
            await asyncio.sleep(0.5)
            assert set(holders().values()) == {"T"}
            assert len(holders()) == CALLS - 1  # the places that they gave back are for others
            assert (await watched.say("resume")).startswith("applied")
            await until(lambda: "T" not in holders().values(), "all calls go on")
            result = await watched.ended()
            assert (result.status, result.answer) == ("succeeded", 5)
            assert [line.split()[0] for line in result.human] == ["ana", "ana"]

        async with given(guild, tmp_path, script.GOAL, script.FOREVER) as watched:
            await until(lambda: len(holders()) == CALLS - 1, "all calls run that can")
            limits = guild.hall.policy.capabilities.limits
            bounds = Bounds(limits=limits.model_copy(update={"wall_seconds": 0.5}))
            said = await watched.say("constrain", bounds=bounds)
            assert said.startswith("applied")
            await until(lambda: bool(watched.of(events.ToolRan)), "the calls are killed")
            ran = watched.of(events.ToolRan)[0]
            assert isinstance(ran, events.ToolRan)
            assert (ran.outcome, ran.spec) == ("timeout", None)  # nothing is wrong with the tool
            assert ran.fault is not None
            assert ran.fault.message == "stopped after 0.5 seconds of wall clock"
