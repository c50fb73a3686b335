"""How long it takes from the cancellation of a running task until its last process in every sandbox is gone.

    python -m bench.kill [--count N] [--json]

A guild of processes with four executors, and a task with a call under way in each. The time is from the moment
when the client asks until the kernel has none of those four processes any more, as this machine's process
table tells. A call that nobody reaches ends by itself after ten seconds, and counts with that.
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
from bench.waiting import give, waiting_guild

from toolguild.client import task as client
from toolguild.drill.guild import DrillGuild
from toolguild.drill.processes import Living, descendants
from toolguild.drill.report import Seconds
from toolguild.identity import Ed25519Signer, KeyDirectory

BAR = 1.0  # seconds, p95
EXECUTORS, WAIT = 4, 10_000  # processes; milliseconds of a call
WITHIN = 30.0  # seconds until all calls are under way
LOOK = 0.002
PERSON = "bench"


@dataclass(frozen=True)
class Report:
    """What was measured, in seconds."""

    count: int
    p50: float
    p95: float
    max: float

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.p95 < BAR


async def measure(count: int) -> Report:
    """Cancel so many tasks, one after another."""
    with tempfile.TemporaryDirectory(prefix="toolguild-bench-") as folder:
        async with waiting_guild(Path(folder), executors=EXECUTORS) as guild:
            times = [await _kill(guild) for _ in range(count)]
    found = Seconds.of(times)
    return Report(count, found.p50, found.p95, found.max)


async def _kill(guild: DrillGuild) -> float:
    task = await give(guild, waiting_model.use(WAIT, EXECUTORS))
    calls = await under_way(guild)
    began = time.perf_counter()
    await client.cancel(guild.bus, task, by=PERSON, signer=_signer(guild))
    while left := [one for one in calls if call_is_there(one)]:
        calls = left
        await asyncio.sleep(LOOK)
    took = time.perf_counter() - began
    result = await client.result_of(guild.bus, task, within=WITHIN)
    assert result is not None, "the task did not end"
    assert result.status == "cancelled", result
    return took


def _signer(guild: DrillGuild) -> Ed25519Signer:
    return KeyDirectory(guild.directory / "keys").person(PERSON)


async def under_way(guild: DrillGuild) -> list[Living]:
    """Wait until each executor has a call under way, and return the processes of the calls."""
    deadline = time.monotonic() + WITHIN
    while True:
        calls = [one for one in descendants(guild.pid) if _threads(one) > waiting_model.THREADS]
        calls = [one for one in calls if _is_a_call(one, guild)]
        if len(calls) == EXECUTORS:
            return calls
        assert time.monotonic() < deadline, f"{len(calls)} calls are under way"
        await asyncio.sleep(0.02)


def _is_a_call(one: Living, guild: DrillGuild) -> bool:
    """Whether a process is in a sandbox: no service, and not the server, which have threads of their own."""
    return one.parent != guild.pid


def call_is_there(one: Living) -> bool:
    """Whether the kernel still has this process."""
    found = _stat(one.pid)
    return found is not None and found[0] not in "ZX" and int(found[19]) == one.started


def _threads(one: Living) -> int:
    found = _stat(one.pid)
    return int(found[17]) if found else 0


def _stat(pid: int) -> list[str] | None:
    """Return what the kernel says of a process, from its state on; None when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=20, help="tasks to cancel")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    report = asyncio.run(measure(options.count))
    if options.json:
        print(json.dumps({"bench": "kill", "met": report.met, "bar": BAR, **asdict(report)}))
    else:
        print(
            f"cancelled to the last process gone, {report.count} tasks of {EXECUTORS} calls: "
            f"p50 {report.p50:.2f} s, p95 {report.p95:.2f} s, max {report.max:.2f} s "
            f"(bar: p95 under {BAR:g} s): {'met' if report.met else 'MISSED'}"
        )
    return 0 if report.met else 1


if __name__ == "__main__":
    sys.exit(main())
