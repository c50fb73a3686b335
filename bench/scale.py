"""How many tasks a second a guild ends with 1 to 16 executors, when tools wait and do not compute.

    python -m bench.scale [--executors N,N,...] [--wait MS] [--json]

A guild of separate processes for each number of executors, one call at a time in each. A task is a fan-out of
eight calls of a published tool that waits; there are four tasks for each executor, all given at once. Linear is
so many times what one executor does, measured in the same run.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import waiting_model
from bench.waiting import ended, give, waiting_guild

BAR = 0.9  # of linear, at the largest number
CALLS, TASKS = 8, 4  # of a task; for each executor
WARM_UP = 2


@dataclass(frozen=True)
class Rate:
    """What so many executors did."""

    executors: int
    tasks_per_second: float
    calls_per_second: float
    of_linear: float


async def measure(numbers: Sequence[int], wait: int) -> list[Rate]:
    """Measure each number of executors in turn. The smallest is what the others are compared with."""
    found: list[Rate] = []
    for executors in sorted(numbers):
        with tempfile.TemporaryDirectory(prefix="toolguild-bench-") as folder:
            rate = await _rate(Path(folder), executors, wait)
        alone = found[0].tasks_per_second / found[0].executors if found else rate / executors
        found.append(
            Rate(
                executors=executors,
                tasks_per_second=round(rate, 3),
                calls_per_second=round(rate * CALLS, 1),
                of_linear=round(rate / executors / alone, 3),
            )
        )
    return found


async def _rate(directory: Path, executors: int, wait: int) -> float:
    async with waiting_guild(directory, executors=executors) as guild:
        warm = waiting_model.use(1, WARM_UP * executors)
        await ended(guild, [await give(guild, warm)])
        goal = waiting_model.use(wait, CALLS)
        began = time.perf_counter()
        tasks = [await give(guild, goal, f"user-{n}") for n in range(TASKS * executors)]
        await ended(guild, tasks)
        return len(tasks) / (time.perf_counter() - began)


def _table(rates: Iterable[Rate], wait: int) -> Iterable[str]:
    yield f"{f'executors, {CALLS} calls of {wait} ms a task':<38} {'tasks/s':>8} {'calls/s':>8} {'of linear':>10}"
    for one in rates:
        yield (
            f"{one.executors:<38} {one.tasks_per_second:>8.2f} {one.calls_per_second:>8.1f} "
            f"{one.of_linear:>10.2f}"
        )


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--executors", default="1,2,4,8,16", help="numbers, with commas")
    parser.add_argument("--wait", type=int, default=300, help="milliseconds that each call waits")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    numbers = [int(one) for one in options.executors.split(",")]
    rates = asyncio.run(measure(numbers, options.wait))
    met = rates[-1].of_linear >= BAR
    if options.json:
        found = {"bench": "scale", "met": met, "bar": BAR, "rates": [asdict(one) for one in rates]}
        print(json.dumps(found))
    else:
        print("\n".join(_table(rates, options.wait)))
        verdict = "met" if met else "MISSED"
        print(f"bar: {BAR:g} of linear with {rates[-1].executors} executors: {verdict}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
