"""A person's reins, the task's brief and its CPU budget hold for every call of an executor."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.executor.support import BRIEF, guild, ok, order

from toolguild.budget.memory import MemoryLedgers
from toolguild.capability import Limits
from toolguild.errors import OutOfBudget
from toolguild.guild import Guild
from toolguild.messages import Brief, TaskId
from toolguild.messages.commands import RunTool
from toolguild.messages.events import RunHeld, ToolRan
from toolguild.policy import Level, Policy
from toolguild.registry import MemoryRegistry
from toolguild.sandbox.interface import Call, Fault, Ran, Reins, SandboxBroken, Usage
from toolguild.sandbox.reins import HeldReins
from toolguild.testing import samples
from toolguild.testing.trusting import Trusting
from toolguild.tool import Tool
from toolguild_executor.purse import Purse
from toolguild_executor.running import run_tool
from toolguild_executor.testing import test_draft as sit

TASK = TaskId("t-1")
SLOW = Fault("timeout", "Timeout", "stopped after 1 seconds of wall clock")
BUSY = Fault("timeout", "CpuTimeout", "stopped after 1 seconds of processor time")


class Box:
    """A sandbox that remembers how it was called."""

    name, isolation = "box", "none"

    def __init__(self, end: Callable[[Call], Ran] = lambda call: ok(2)) -> None:
        self.end = end
        self.calls: list[tuple[Call, Reins | None]] = []

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        self.calls.append((call, reins))
        await asyncio.sleep(0)
        return self.end(call)

    async def close(self) -> None: ...


class Held:
    """Steering by one person."""

    def __init__(self, **bounds: Any) -> None:
        self.reined = HeldReins()
        self.bounds = bounds

    def reins(self, key: str) -> Reins:
        return self.reined

    def narrowed(self, brief: Brief, key: str) -> Brief:
        return brief.model_copy(update=self.bounds)


async def here(folder: Path, box: Box, tool: Tool | None = None, **changes: Any) -> Guild:
    registry = MemoryRegistry()
    tool = tool or samples.tool()
    await registry.publish(tool, samples.published(tool).publication)
    made = guild("executor", folder, sandbox=box, registry=registry)
    return replace(made, **changes)


def run(tool: Tool | None = None, **changes: Any) -> RunTool:
    base: dict[str, Any] = {
        "task": TASK,
        "brief": BRIEF,
        "step": "s1",
        "tool": (tool or samples.tool()).digest,
        "arguments": {"rows": samples.ROWS, "column": "tax"},
    }
    return RunTool(**(base | changes))


def used(cpu: float, outcome: Any = "ok", fault: Fault | None = None) -> Callable[[Call], Ran]:
    value = 2 if outcome == "ok" else None
    return lambda call: Ran(outcome, value, (), "", Usage(cpu, cpu, 10.0), fault)


async def test_a_call_has_the_reins_of_its_task_and_the_limits_of_its_brief(tmp_path: Path) -> None:
    box = Box()
    steering = Held(limits=Limits(wall_seconds=3, memory_mb=99))
    ran = await run_tool(await here(tmp_path, box, steering=steering), run())
    ((call, reins),) = box.calls
    assert isinstance(ran, ToolRan)
    assert reins is steering.reined
    assert (call.limits.wall_seconds, call.limits.memory_mb) == (3, 99)


async def test_every_call_of_an_exam_has_them_too(tmp_path: Path) -> None:
    box = Box()
    steering = Held(limits=Limits(memory_mb=99))
    await sit(await here(tmp_path, box, steering=steering), order(samples.draft(), samples.exam()))
    assert box.calls
    assert {reins for _, reins in box.calls} == {steering.reined}
    assert {call.limits.memory_mb for call, _ in box.calls} == {99}


async def test_what_calls_used_stands_in_the_ledger_of_the_task(tmp_path: Path) -> None:
    box, ledgers = Box(used(0.5)), MemoryLedgers()
    made = await here(tmp_path, box, ledgers=ledgers)
    await run_tool(made, run())
    await sit(made, order(samples.draft(), samples.exam()))
    ledger = ledgers.ledgers[TASK]
    assert ledger.spent.cpu_seconds == pytest.approx(0.5 * len(box.calls))
    assert ledger.reserved == {}


async def test_a_call_gets_no_more_than_is_left_and_none_when_nothing_is(tmp_path: Path) -> None:
    box, ledgers = Box(used(3.0)), MemoryLedgers()
    made = await here(tmp_path, box, ledgers=ledgers)
    brief = BRIEF.model_copy(update={"max_cpu_seconds": 5.0})
    for step in ("s1", "s2"):
        await run_tool(made, run(brief=brief, step=step))
    assert [call.limits.cpu_seconds for call, _ in box.calls] == [5.0, 2.0]
    with pytest.raises(OutOfBudget):
        await run_tool(made, run(brief=brief, step="s3"))
    assert len(box.calls) == 2


async def test_a_call_that_uses_up_what_was_left_is_out_of_budget_and_no_fault_of_the_tool(
    tmp_path: Path,
) -> None:
    made = await here(tmp_path, Box(used(1.0, "timeout", BUSY)))
    brief = BRIEF.model_copy(update={"max_cpu_seconds": 1.0})
    with pytest.raises(OutOfBudget, match=r"1\.0 seconds of CPU that were left of the task's 1"):
        await run_tool(made, run(brief=brief))


async def test_calls_at_once_cannot_use_more_than_the_task_has_together() -> None:
    ledgers, limits = MemoryLedgers(), Policy.default().budget.default
    purse = Purse(ledgers, TASK, "exam", at_once=4)
    running = most = 0.0

    async def call() -> None:
        nonlocal running, most
        async with purse.grant(2.0, limits.model_copy(update={"cpu_seconds": 5.0})) as grant:
            running += grant.seconds
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= grant.seconds
            grant.used = 1.0

    ended = await asyncio.gather(*(call() for _ in range(8)), return_exceptions=True)
    await purse.close()
    assert most <= 5.0
    assert [type(one) for one in ended if one is not None] == [OutOfBudget] * 3
    assert ledgers.ledgers[TASK].spent.cpu_seconds == 5.0


async def test_a_call_that_was_cancelled_counts_with_the_time_that_it_ran(tmp_path: Path) -> None:
    began = asyncio.Event()

    class Endless(Box):
        async def run(self, call: Call, reins: Reins | None = None) -> Ran:
            began.set()
            await asyncio.Event().wait()
            raise AssertionError("it waits for ever")

    ledgers = MemoryLedgers()
    running = asyncio.create_task(run_tool(await here(tmp_path, Endless(), ledgers=ledgers), run()))
    await began.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ledgers.ledgers[TASK].reserved == {}
    assert ledgers.ledgers[TASK].spent.cpu_seconds < 5.0


async def test_a_call_that_was_ended_from_outside_is_not_the_tools_fault(tmp_path: Path) -> None:
    made = await here(tmp_path, Box(used(0.1, "killed", Fault("killed", "Killed", "closed"))))
    with pytest.raises(SandboxBroken):
        await run_tool(made, run())


@pytest.mark.parametrize(("limit", "blamed"), [(1.0, False), (30.0, True)])
async def test_a_tool_that_a_person_gave_too_little_time_is_not_repaired(
    tmp_path: Path, limit: float, blamed: bool
) -> None:
    steering = Held(limits=Limits(wall_seconds=limit))
    made = await here(tmp_path, Box(used(0.1, "timeout", SLOW)), steering=steering)
    ran = await run_tool(made, run())
    assert isinstance(ran, ToolRan)
    assert (ran.outcome, ran.spec is not None) == ("timeout", blamed)


@pytest.mark.parametrize(
    ("trusted", "asked", "held"),
    [("C", "C", False), ("C", "A", True), ("A", "D", True), ("D", "B", False)],
)
async def test_at_level_a_a_person_says_yes_before_a_tool_runs(
    tmp_path: Path, trusted: Level, asked: str, held: bool
) -> None:
    box = Box()
    made = await here(tmp_path, box, trust=Trusting(trusted))
    command = run(brief=BRIEF.model_copy(update={"autonomy": asked}), attempt=2, item=3)
    ended = await run_tool(made, command)
    assert (isinstance(ended, RunHeld), len(box.calls)) == (held, 0 if held else 1)
    if isinstance(ended, RunHeld):
        assert (ended.attempt, ended.item, ended.risk) == (2, 3, "medium")
        approved = await run_tool(made, command.model_copy(update={"approved_by": "ana"}))
        assert isinstance(approved, ToolRan)


async def test_a_tool_that_a_person_approved_runs_at_level_a_until_an_incident(
    tmp_path: Path,
) -> None:
    tool = samples.tool(approved_by="ana")
    command = run(tool, brief=BRIEF.model_copy(update={"autonomy": "A"}))
    ran = await run_tool(await here(tmp_path, Box(), tool, trust=Trusting("C")), command)
    assert isinstance(ran, ToolRan)
    fallen = await run_tool(await here(tmp_path, Box(), tool, trust=Trusting("A")), command)
    assert isinstance(fallen, RunHeld)
    assert "lost its trust" in fallen.why


async def test_a_run_tells_what_the_tool_used_in_its_tests(tmp_path: Path) -> None:
    ran = await run_tool(await here(tmp_path, Box()), run())
    assert isinstance(ran, ToolRan)
    assert ran.measured == samples.tool().measured.peak
