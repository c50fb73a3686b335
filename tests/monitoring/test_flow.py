"""Monitoring in a whole guild: a real run is learned; a tool that turns bad is out of use everywhere at once."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import slow_script
from bench.monitoring import ran
from hall import open_hall
from tests.runtime.guildhall import until

from toolguild.client import log
from toolguild.client.baseline import baseline
from toolguild.client.trust import standing
from toolguild.goal import Goal
from toolguild.messages import Message, events
from toolguild.registry import open_registry
from toolguild.runtime.bus import Bus
from toolguild.sandbox.interface import Request

WITHIN = 60.0
EVIL = Request("evil.example", 443, "CONNECT", "denied", 9, 0, 0.1)


async def seen(
    bus: Bus, subject: str, wanted: Callable[[Message], bool] = lambda _: True
) -> Message:
    async with asyncio.timeout(WITHIN):
        async for entry in log.entries(bus, [subject], live=True):
            noted = await log.envelope(bus, entry)
            if noted is not None and wanted(noted.body):
                return noted.body
    raise AssertionError("the log ended")


async def test_a_run_is_learned_and_a_tool_that_asks_a_refused_host_is_quarantined_everywhere(
    tmp_path: Path,
) -> None:
    file = tmp_path / "numbers.txt"
    file.write_text("0\n40\n")
    async with open_hall(tmp_path / "data", model="scripted:slow_script:answer") as hall:
        result, messages = await hall.run(Goal(primary=slow_script.GOAL), file)
        assert result.status == "succeeded", result.reason
        (run,) = (
            one.envelope.body for one in messages if isinstance(one.envelope.body, events.ToolRan)
        )
        assert (run.given_bytes or 0) > file.stat().st_size
        assert run.title.startswith("add_slowly@")

        async def learned() -> bool:
            return (await baseline(hall.bus, run.tool)).runs == 1

        await until(learned, within=WITHIN)
        known = await baseline(hall.bus, run.tool)
        assert (known.runs, known.alerts) == (1, 0)
        assert known.baseline["biggest"] == run.given_bytes

        async with open_registry(hall.bus.js) as elsewhere:
            assert elsewhere.runnable(run.tool)
            bad = ran(9, 0.1, 10, 50, tool=run.tool, title=run.title, requests=(EVIL,))
            began = time.monotonic()
            await hall.says("executor", bad)
            async with asyncio.timeout(WITHIN):
                changes = 0
                while elsewhere.runnable(run.tool):
                    changes = await elsewhere.changed(changes)
            assert time.monotonic() - began < 20  # 0.3 s with both cores busy

        alerted = await seen(hall.bus, f"toolguild.fact.alerted.{run.tool}")
        assert isinstance(alerted, events.Alerted)
        assert (alerted.rule, alerted.action) == ("hosts", "quarantined")
        done = await seen(hall.bus, f"toolguild.fact.tool-status-set.{run.tool}")
        assert isinstance(done, events.ToolStatusSet)
        assert (done.status, done.by, done.title) == ("quarantined", "monitoring", run.title)
        asked = await seen(
            hall.bus,
            "toolguild.fact.decision-asked.*",
            # the task itself may be among those that a person looks at afterwards
            lambda one: isinstance(one, events.DecisionAsked) and one.ask.tasks != (result.task,),
        )
        assert isinstance(asked, events.DecisionAsked)
        assert (asked.ask.rule, asked.ask.risk) == ("monitoring.on_attack", "high")
        await seen(hall.bus, f"toolguild.fact.trust-changed.{run.tool}")
        assert (await standing(hall.bus, hall.policy, run.tool)).incidents == 1
