"""How many tasks a second a guild ends with 1 to 16 executors, when tools wait and do not compute.

    python -m bench.scale [--executors N,N,...] [--wait MS,MS,...] [--json]

A guild of separate processes for each number of executors, one call at a time in each. A task is a fan-out of
eight calls of a published tool that waits; there are four tasks for each executor, all given at once. Linear is
so many times what one executor does, measured in the same run. Beside each rate stands what the guild's
processes, with the server and the sandboxes, used of the machine's cores: where that comes near to all of them,
a rate below linear is the machine's limit, not the pool's. The bar is for the longest wait.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import waiting_model
from bench.waiting import ended, give, waiting_guild

from toolguild.drill.guild import DrillGuild
from toolguild.drill.processes import descendants

BAR = 0.9  # of linear, at the largest number
CALLS, TASKS = 8, 4  # of a task; for each executor
WARM_UP = 2
WAITS = "300,1000"  # milliseconds


@dataclass(frozen=True)
class Rate:
    """What so many executors did, and what that took of the machine."""

    wait_ms: int
    executors: int
    tasks_per_second: float
    calls_per_second: float
    of_linear: float
    cpu_ms_per_call: float  # all that a call takes of all processes, the task around it included
    of_cores: float  # 1: every core of the machine was busy with the guild


async def measure(numbers: Sequence[int], wait: int) -> list[Rate]:
    """Measure each number of executors in turn. The smallest is what the others are compared with."""
    found: list[Rate] = []
    for executors in sorted(numbers):
        with tempfile.TemporaryDirectory(prefix="toolguild-bench-") as folder:
            rate, cpu = await _rate(Path(folder), executors, wait)
        alone = found[0].tasks_per_second / found[0].executors if found else rate / executors
        found.append(
            Rate(
                wait_ms=wait,
                executors=executors,
                tasks_per_second=round(rate, 3),
                calls_per_second=round(rate * CALLS, 1),
                of_linear=round(rate / executors / alone, 3),
                cpu_ms_per_call=round(cpu * 1000 / CALLS, 1),
                of_cores=round(cpu * rate / (os.cpu_count() or 1), 2),
            )
        )
    return found


async def _rate(directory: Path, executors: int, wait: int) -> tuple[float, float]:
    """Return tasks a second, and seconds of CPU time for each task."""
    async with waiting_guild(directory, executors=executors) as guild:
        warm = waiting_model.use(1, WARM_UP * executors)
        await ended(guild, [await give(guild, warm)])
        goal = waiting_model.use(wait, CALLS)
        used, began = _cpu_seconds(guild), time.perf_counter()
        tasks = [await give(guild, goal, f"user-{n}") for n in range(TASKS * executors)]
        await ended(guild, tasks)
        took = time.perf_counter() - began
        return len(tasks) / took, (_cpu_seconds(guild) - used) / len(tasks)


def _cpu_seconds(guild: DrillGuild) -> float:
    """Return what the guild's processes have used so far, those that have ended and were waited for included."""
    ticks = 0
    for pid in (guild.pid, *(one.pid for one in descendants(guild.pid))):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # a call's process: its parent has waited for it, and counts it
        ticks += sum(int(one) for one in stat.rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _table(rates: Iterable[Rate]) -> Iterable[str]:
    yield (
        f"{f'executors, {CALLS} calls a task':<28} {'tasks/s':>8} {'calls/s':>8} {'of linear':>10} "
        f"{'CPU ms a call':>14} {'of all cores':>13}"
    )
    for one in rates:
        yield (
            f"{f'{one.executors}, {one.wait_ms} ms':<28} {one.tasks_per_second:>8.2f} "
            f"{one.calls_per_second:>8.1f} {one.of_linear:>10.2f} "
            f"{one.cpu_ms_per_call:>14.1f} {one.of_cores:>13.2f}"
        )


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--executors", default="1,2,4,8,16", help="numbers, with commas")
    parser.add_argument(
        "--wait", default=WAITS, help="milliseconds that each call waits, with commas"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    numbers = [int(one) for one in options.executors.split(",")]
    waits = sorted(int(one) for one in options.wait.split(","))
    rates = [rate for wait in waits for rate in asyncio.run(measure(numbers, wait))]
    met = rates[-1].of_linear >= BAR
    if options.json:
        found = {"bench": "scale", "met": met, "bar": BAR, "cores": os.cpu_count()}
        print(json.dumps(found | {"rates": [asdict(one) for one in rates]}))
    else:
        print("\n".join(_table(rates)))
        verdict = "met" if met else "MISSED"
        last = rates[-1]
        print(
            f"bar: {BAR:g} of linear with {last.executors} executors and calls of {last.wait_ms} ms: {verdict} "
            f"({os.cpu_count()} cores)"
        )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
