"""How long `toolguild up` takes until every service is ready, what that costs, and what idle processes hold.

    python -m bench.start [--count N] [--executors N] [--json]

Each round starts a guild over an empty data directory and ends it. CPU time says more than wall time on a
machine that does other things too: it is that of the command, of the guild's own process with nats-server, and
of each service, from its start until the command has said that all are ready. RSS counts pages that several
processes share in each of them; PSS shares them out. Python compiles what has no compiled file beside it at every
start: where PYTHONDONTWRITEBYTECODE is set, compile first (`python -m compileall -q shared services`).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolguild.runtime.services import known_services

ROOT = Path(__file__).parents[1]
MODEL = "scripted:bench.flow_model:answer"
UP_BAR_S, RSS_BAR_MB = 3.0, 80.0
WITHIN = 120.0  # seconds for one command
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Idle:
    """What one process holds and has used when all are ready, in megabytes and seconds."""

    process: str
    rss_mb: float
    pss_mb: float
    cpu_s: float
    models: bool


@dataclass(frozen=True)
class Round:
    """One start, in seconds."""

    wall_s: float
    command_cpu_s: float
    guild_cpu_s: float  # of its own process and of nats-server
    idle: tuple[Idle, ...]

    @property
    def cpu_s(self) -> float:
        """CPU time of all processes together."""
        return self.command_cpu_s + self.guild_cpu_s + sum(one.cpu_s for one in self.idle)


@dataclass(frozen=True)
class Report:
    """All rounds. The bars are for the median of the times, and the most of the memory."""

    rounds: tuple[Round, ...]

    @property
    def wall_s(self) -> float:
        """The median of the times until ready."""
        return statistics.median(one.wall_s for one in self.rounds)

    @property
    def cpu_s(self) -> float:
        """The median of the CPU times of all processes together."""
        return statistics.median(one.cpu_s for one in self.rounds)

    @property
    def held(self) -> tuple[Idle, ...]:
        """For each process, what it held in the round in which it held most."""
        most: dict[str, Idle] = {}
        for one in (idle for taken in self.rounds for idle in taken.idle):
            if one.process not in most or one.rss_mb > most[one.process].rss_mb:
                most[one.process] = one
        return tuple(most.values())

    @property
    def met(self) -> bool:
        """Whether every bar is met."""
        idle = all(one.models or one.rss_mb < RSS_BAR_MB for one in self.held)
        return idle and self.wall_s < UP_BAR_S


def measure(count: int, executors: int) -> Report:
    """Start and end so many guilds, one after another."""
    models = {one.name for one in known_services() if "model" in one.needs}
    return Report(tuple(_round(executors, models) for _ in range(count)))


def _round(executors: int, models: set[str]) -> Round:
    with tempfile.TemporaryDirectory() as folder:
        environment = _environment(folder)
        try:
            began, used = time.perf_counter(), _children()
            up = _toolguild(environment, "up", "--executors", str(executors))
            wall, command = time.perf_counter() - began, _children() - used
            idle = [
                _idle(one["name"], one["pid"], one["service"] in models) for one in up["members"]
            ]
            guild = json.loads((Path(folder) / "guild.json").read_text())["pid"]
            server = json.loads((Path(folder) / "nats" / "server.json").read_text())["pid"]
            return Round(wall, command, _used(guild) + _used(server), tuple(idle))
        finally:
            _toolguild(environment, "down")


def _environment(folder: str) -> dict[str, str]:
    own = {
        "TOOLGUILD_DATA_DIR": folder,
        "TOOLGUILD_MODEL": MODEL,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
    return {name: value for name, value in os.environ.items() if "TOOLGUILD" not in name} | own


def _toolguild(environment: dict[str, str], *arguments: str) -> Any:
    ended = subprocess.run(
        [sys.executable, "-m", "toolguild.cli", *arguments, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        timeout=WITHIN,
        check=True,
    )
    return json.loads(ended.stdout)


def _children() -> float:
    """Return the CPU time of the commands that have ended; a guild that stays is none of them."""
    told = os.times()
    return told.children_user + told.children_system


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _idle(name: str, pid: int, models: bool) -> Idle:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    rss, pss = (round(kilobytes[kind] / 1024, 1) for kind in ("Rss", "Pss"))
    return Idle(name, rss, pss, _used(pid), models)


def _table(report: Report) -> Iterable[str]:
    walls = ", ".join(f"{one.wall_s:.2f}" for one in report.rounds)
    yield f"`toolguild up` to ready: {report.wall_s:.2f} s (bar: {UP_BAR_S:g} s; {walls})"
    yield f"CPU time of all processes: {report.cpu_s:.2f} s"
    for what, times in (
        ("the command", [one.command_cpu_s for one in report.rounds]),
        ("guild and nats-server", [one.guild_cpu_s for one in report.rounds]),
        ("a service", [idle.cpu_s for one in report.rounds for idle in one.idle]),
    ):
        yield f"  {what}: {statistics.median(times):.2f} s"
    yield f"{'idle':<16} {'RSS MB':>7} {'PSS MB':>7}"
    for held in report.held:
        bar = "" if held.models else f"  (bar: {RSS_BAR_MB:g} MB RSS)"
        yield f"{held.process:<16} {held.rss_mb:>7.1f} {held.pss_mb:>7.1f}{bar}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=3, help="guilds to start, one after another")
    parser.add_argument("--executors", type=int, default=1, help="executor processes of each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    report = measure(options.count, options.executors)
    if options.json:
        told = {"wall_s": report.wall_s, "cpu_s": report.cpu_s} | asdict(report)
        print(json.dumps({"bench": "start", "met": report.met, **told}))
    else:
        print("\n".join(_table(report)))
    return 0 if report.met else 1


if __name__ == "__main__":
    raise SystemExit(main())
