"""How long it takes from an order to halt until the last process that it concerns is gone, for each scope.

    python -m bench.halt [--count N] [--json]

A guild of processes with four executors, and a task with a call under way in each. The time is from the moment
when the client publishes the signed order until the kernel has none of those four processes any more, as this
machine's process table tells. Then the scope goes on, and the task has to end as it would have: with its calls
done anew, or without the halted tool. A call that nobody reaches ends by itself after ten seconds.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import waiting_model
from bench.kill import EXECUTORS, WAIT, WITHIN, call_is_there, under_way
from bench.waiting import give, waiting_guild

from toolguild.client import task as client
from toolguild.client.halt import Answered, order, orders
from toolguild.client.halt import give as publish
from toolguild.drill.guild import DrillGuild
from toolguild.drill.report import Seconds
from toolguild.identity import KeyDirectory
from toolguild.policy import Policy

BAR = 1.0  # seconds, p95
LOOK = 0.002
PERSON = "bench"
SCOPES = ("all", "pool", "agent-executor", f"toolname-{waiting_model.NAME}", "run")


@dataclass(frozen=True)
class Report:
    """What was measured for one scope, in seconds."""

    scope: str
    count: int
    p50: float
    p95: float
    max: float


async def measure(count: int) -> list[Report]:
    """Halt each scope so many times, each time with a task under way, and let it go on."""
    with tempfile.TemporaryDirectory(prefix="toolguild-bench-") as folder:
        async with waiting_guild(Path(folder), executors=EXECUTORS) as guild:
            found = []
            for scope in SCOPES:
                times = [await _halt(guild, scope) for _ in range(count)]
                told = Seconds.of(times)
                found.append(Report(scope, count, told.p50, told.p95, told.max))
    return found


async def _halt(guild: DrillGuild, scope: str) -> float:
    task = await give(guild, waiting_model.use(WAIT, EXECUTORS))
    calls = await under_way(guild)
    target = f"run-{task}" if scope == "run" else scope
    began = time.perf_counter()
    halting = asyncio.create_task(_say(guild, target, on=True))
    while left := [one for one in calls if call_is_there(one)]:
        calls = left
        await asyncio.sleep(LOOK)
    took = time.perf_counter() - began
    answered = await halting
    assert not answered.refused, answered.refused
    assert not answered.missing, answered.missing
    assert answered.stopped == EXECUTORS, answered
    again = await _say(guild, target, on=False)
    assert not again.refused, again.refused
    result = await client.result_of(guild.bus, task, within=3 * WITHIN)
    assert result is not None, "the task did not end"
    if scope != f"toolname-{waiting_model.NAME}":
        assert result.status == "succeeded", result.reason
    return took


async def _say(guild: DrillGuild, target: str, *, on: bool) -> Answered:
    keys = KeyDirectory(guild.directory / "keys")
    known = await orders(guild.bus, keys, Policy.default())
    said = order(known, target, on=on, by=PERSON, signer=keys.person(PERSON), reason="measured")
    return await publish(guild.bus, said)


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=10, help="halts of each scope")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    reports = asyncio.run(measure(options.count))
    met = all(one.p95 < BAR for one in reports)
    if options.json:
        scopes = [asdict(one) for one in reports]
        print(json.dumps({"bench": "halt", "met": met, "bar": BAR, "scopes": scopes}))
    else:
        for one in reports:
            print(
                f"halt {one.scope}: {one.count} times {EXECUTORS} calls, to the last process gone: "
                f"p50 {one.p50:.2f} s, p95 {one.p95:.2f} s, max {one.max:.2f} s"
            )
        print(f"bar: p95 under {BAR:g} s: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
