"""How long it takes until another executor has the message of one that was killed in the middle of a run.

    python -m bench.takeover [--count N] [--json]

A guild of processes with two executors; while calls are under way, one of the two gets SIGKILL, again and again.
Measured on the bus, from the kill to the next delivery of each message that the dead one held. Beside it: the
whole way, from the kill to the end of the task.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from bench import waiting_model
from bench.waiting import ended, give, waiting_guild

from toolguild.drill.report import Seconds
from toolguild.drill.striker import RUNS, Striker
from toolguild.drill.takeover import takeovers
from toolguild.drill.tap import tapped
from toolguild.runtime.server import running

BAR = 8.0  # seconds, the longest
WAIT, CALLS = 1500, 4  # milliseconds of a call; calls at once, so that both executors have some
SERVICES = frozenset({"executor"})
MOST = 4  # kills for each take-over that is wanted, before it is given up


@dataclass(frozen=True)
class Report:
    """What was measured, in seconds."""

    takeovers: int
    p50: float
    p95: float
    max: float
    to_the_end_p50: float

    @property
    def met(self) -> bool:
        """Whether there was something to measure, and all of it is under the bar."""
        return self.takeovers > 0 and self.max < BAR


async def measure(count: int) -> Report:
    """Kill executors until so many messages were taken over."""
    with tempfile.TemporaryDirectory(prefix="toolguild-bench-") as folder:
        directory = Path(folder)
        async with waiting_guild(directory, executors=2) as guild:
            url = running(directory / "nats")
            assert url is not None, "the guild was ready just now"
            async with tapped(url, SERVICES) as tap:
                striker = Striker(guild, tap, Random(0))
                ends: list[float] = []
                for _ in range(MOST * count):
                    task = await give(guild, waiting_model.use(WAIT, CALLS))
                    await asyncio.wait_for(tap.busy(RUNS), 30)
                    await asyncio.sleep(0.3)
                    if striker.kill("executor") is None:
                        await ended(guild, [task])
                        continue
                    began = time.perf_counter()
                    await ended(guild, [task])
                    ends.append(time.perf_counter() - began)
                    taken = [one.seconds for one in takeovers(tap.signs, striker.strikes)]
                    if len(taken) >= count:
                        break
    found = Seconds.of(taken)
    return Report(len(taken), found.p50, found.p95, found.max, round(statistics.median(ends), 2))


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=10, help="take-overs to measure")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    report = asyncio.run(measure(options.count))
    if options.json:
        print(json.dumps({"bench": "takeover", "met": report.met, "bar": BAR, **asdict(report)}))
    else:
        print(
            f"taken over after the kill of an executor, {report.takeovers} messages: "
            f"p50 {report.p50:.2f} s, p95 {report.p95:.2f} s, max {report.max:.2f} s "
            f"(bar: {BAR:g} s): {'met' if report.met else 'MISSED'}\n"
            f"from the kill to the end of the task, p50: {report.to_the_end_p50:.2f} s"
        )
    return 0 if report.met else 1


if __name__ == "__main__":
    sys.exit(main())
