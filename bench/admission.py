"""What a flood of goals by one user costs, and what another user notices of it.

    python -m bench.admission [--goals N] [--json]

A guild of processes as `toolguild up` starts them. Before and behind N goals of one user, given as fast as they
are taken: how long a small goal of another user takes, from giving it to its result, and how much memory planner
and server hold. Then how long `toolguild tasks list` takes to collect the list.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import waiting_model
from bench.waiting import WITHIN, give, waiting_guild

from toolguild.client import task as client
from toolguild.client.overview import tasks
from toolguild.drill.guild import DrillGuild
from toolguild.runtime.goals import waiting

EXECUTORS = 2
TOGETHER = 50  # goals given at the same moment
ROUNDS = 10
GOAL_MS = 20  # that the one call of a goal takes
BAR_RATIO = 5.0  # of the other user's median behind the flood to the one before it
BAR_KB = 10.0  # of the planner's memory for each goal that waits


@dataclass(frozen=True)
class Report:
    """Milliseconds, megabytes, goals."""

    goals: int
    accepted_per_second: float
    waiting: int  # of them when the other user's goals were measured
    idle_p50_ms: float
    behind_p50_ms: float
    behind_max_ms: float
    planner_mb: tuple[float, float]  # before and behind the flood
    server_mb: tuple[float, float]
    list_seconds: float

    @property
    def met(self) -> bool:
        """Whether the other user is served at once, and what waits takes no memory of the planner."""
        grown = (self.planner_mb[1] - self.planner_mb[0]) * 1024 / max(1, self.waiting)
        return self.behind_p50_ms < BAR_RATIO * self.idle_p50_ms and grown < BAR_KB


async def measure(goals: int) -> Report:
    """Measure everything."""
    with tempfile.TemporaryDirectory(prefix="toolguild-bench-") as folder:
        async with waiting_guild(Path(folder), executors=EXECUTORS) as guild:
            idle = [await _one(guild) for _ in range(ROUNDS)]
            before = _memory(guild)
            began = time.perf_counter()
            for _ in range(goals // TOGETHER):
                given = (give(guild, waiting_model.use(GOAL_MS), "many") for _ in range(TOGETHER))
                await asyncio.gather(*given)
            took = time.perf_counter() - began
            still = await waiting(guild.bus, "many")
            behind = [await _one(guild) for _ in range(ROUNDS)]
            after = _memory(guild)
            began = time.perf_counter()
            await tasks(guild.bus)
            listed = time.perf_counter() - began
    return Report(
        goals=goals,
        accepted_per_second=round(goals / took, 1),
        waiting=still,
        idle_p50_ms=round(statistics.median(idle), 1),
        behind_p50_ms=round(statistics.median(behind), 1),
        behind_max_ms=round(max(behind), 1),
        planner_mb=(before[0], after[0]),
        server_mb=(before[1], after[1]),
        list_seconds=round(listed, 2),
    )


async def _one(guild: DrillGuild) -> float:
    began = time.perf_counter()
    task = await give(guild, waiting_model.use(GOAL_MS), "other")
    result = await client.result_of(guild.bus, task, within=WITHIN)
    assert result is not None, "a task has not ended in time"
    assert result.status == "succeeded", result.reason
    return (time.perf_counter() - began) * 1000


def _memory(guild: DrillGuild) -> tuple[float, float]:
    """Return what planner and server hold, in MB."""
    server = guild.server()
    assert server is not None
    return _rss(guild.members()["planner"][1]), _rss(server.pid)


def _rss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (held,) = (int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return round(held / 1024, 1)


def _table(found: Report) -> Iterable[str]:
    yield f"goals of one user, accepted a second    {found.accepted_per_second:>10.1f}"
    yield f"of {found.goals} still waiting {found.waiting:>28}"
    yield f"goal of another user, idle guild, p50   {found.idle_p50_ms:>10.1f} ms"
    yield f"the same behind the flood, p50          {found.behind_p50_ms:>10.1f} ms"
    yield f"the same behind the flood, worst        {found.behind_max_ms:>10.1f} ms"
    yield f"planner, before and behind              {found.planner_mb[0]:.1f}, {found.planner_mb[1]:.1f} MB"
    yield f"server, before and behind               {found.server_mb[0]:.1f}, {found.server_mb[1]:.1f} MB"
    yield f"the list of all tasks                   {found.list_seconds:>10.2f} s"
    yield (
        f"bar: at most {BAR_RATIO:g} times as long, under {BAR_KB:g} kB of the planner for each that waits: "
        f"{'met' if found.met else 'MISSED'}"
    )


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--goals", type=int, default=10_000, help="goals that one user gives")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    found = asyncio.run(measure(options.goals))
    if options.json:
        print(json.dumps({"bench": "admission", "met": found.met, **asdict(found)}))
    else:
        print("\n".join(_table(found)))
    return 0 if found.met else 1


if __name__ == "__main__":
    sys.exit(main())
