"""How long a task takes from the goal to the released result, with a scripted model.

    python -m bench.flow [--count N] [--stages] [--json]

Three kinds of task: one that makes a tool (draft, review, exam, mutants, publication, run), one whose plan
names a published tool, and one that tries a published tool on the goal's example before it uses it. Each in a
warm guild within this process, and in one of separate processes as `toolguild up` starts them, which also
shows how long it takes to be ready and how much memory an idle service holds. Times are those of the log,
where every write is synced to disk; beside them what a client waits that follows the task.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import flow_model

from toolguild.client import task as client
from toolguild.client.task import Noted, Order
from toolguild.goal import Example, Goal
from toolguild.messages import Result, events
from toolguild.policy import Policy
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.main import run_services
from toolguild.runtime.server import nats_server, running
from toolguild.runtime.services import installed, load_service
from toolguild.settings import Settings

MODEL = "scripted:bench.flow_model:answer"
MAKE, NAMED, TRIED = "makes a tool", "reuses a tool named in the plan", "reuses a tool tried"
BARS_MS = {MAKE: 250.0, NAMED: 50.0, TRIED: 50.0}
UP_BAR_S, RSS_BAR_MB = 3.0, 80.0
WARM_UP = 3
WITHIN = 60.0  # seconds for one task


@dataclass(frozen=True)
class Figures:
    """What one kind of task took in one kind of guild, in milliseconds."""

    guild: str
    task: str
    count: int
    p50_ms: float
    p95_ms: float
    client_p50_ms: float
    bar_ms: float
    met: bool
    stages: dict[str, float]


@dataclass(frozen=True)
class Memory:
    """What one idle process holds."""

    service: str
    rss_mb: float
    models: bool


@dataclass(frozen=True)
class Report:
    """All that is measured."""

    tasks: list[Figures]
    up_seconds: float
    memory: list[Memory]

    @property
    def met(self) -> bool:
        """Whether every bar is met."""
        idle = all(one.models or one.rss_mb < RSS_BAR_MB for one in self.memory)
        return idle and self.up_seconds < UP_BAR_S and all(one.met for one in self.tasks)


class Customer:
    """Gives tasks to a guild and takes the time."""

    def __init__(self, bus: Bus, directory: Path) -> None:
        self._bus = bus
        self._artifacts = StoredArtifacts(bus.objects, directory / "client-cache")
        self._policy = Policy.default()

    async def measure(self, guild: str, count: int) -> list[Figures]:
        """Do each kind of task in turn, again and again; every round makes a new tool and uses that one."""
        found: dict[str, list[tuple[list[Noted], float]]] = {kind: [] for kind in BARS_MS}
        for number in range(WARM_UP + count):
            for kind in found:
                one = await self._run(kind, number)
                if number >= WARM_UP:
                    found[kind].append(one)
        return [_figures(guild, kind, ran) for kind, ran in found.items()]

    async def _run(self, kind: str, number: int) -> tuple[list[Noted], float]:
        order = Order(goal=_goal(kind, number))
        started = time.perf_counter()
        seen: list[Noted] = []
        async with asyncio.timeout(WITHIN):
            task = await client.submit(self._bus, self._artifacts, order, self._policy)
            async for noted in client.follow(self._bus, task):
                seen.append(noted)
        took = (time.perf_counter() - started) * 1000
        released = seen[-1].envelope.body
        assert isinstance(released, events.ResultReleased)
        _expect(kind, number, released.result, seen)
        return seen, took


def _goal(kind: str, number: int) -> Goal:
    words = flow_model.goal("use" if kind == NAMED else "make", number)
    if kind != TRIED:
        return Goal.of_text(words)
    text, slug = flow_model.TEXTS[0]
    example = Example(arguments={"text": text}, expected=flow_model.ended(slug, number))
    return Goal(primary=words, examples=(example,))


def _expect(kind: str, number: int, result: Result, seen: Sequence[Noted]) -> None:
    """Make sure that what was measured is what it is called."""
    kinds = {noted.envelope.body.kind for noted in seen}
    right = flow_model.ended(flow_model.SLUG, number)
    assert (result.status, result.answer) == ("succeeded", right), result
    assert bool(result.made) == (kind == MAKE), result
    assert ("draft-tool" in kinds) == (kind == MAKE), kinds
    assert ("tool-tried" in kinds) == (kind == TRIED), kinds


def _figures(guild: str, kind: str, ran: Sequence[tuple[list[Noted], float]]) -> Figures:
    times = [_between(seen[0], seen[-1]) for seen, _ in ran]
    p50 = statistics.median(times)
    return Figures(
        guild=guild,
        task=kind,
        count=len(ran),
        p50_ms=round(p50, 1),
        p95_ms=round(statistics.quantiles(times, n=20)[18], 1),
        client_p50_ms=round(statistics.median(took for _, took in ran), 1),
        bar_ms=BARS_MS[kind],
        met=p50 < BARS_MS[kind],
        stages=_stages([seen for seen, _ in ran]),
    )


def _stages(tasks: Iterable[Sequence[Noted]]) -> dict[str, float]:
    """Return how long after the message before it each kind of message came, on average, in order."""
    times: dict[str, list[float]] = {}
    for seen in tasks:
        for before, noted in pairwise(seen):
            times.setdefault(noted.envelope.body.kind, []).append(_between(before, noted))
    return {kind: round(statistics.mean(took), 1) for kind, took in times.items()}


def _between(first: Noted, last: Noted) -> float:
    took = datetime.fromisoformat(last.at) - datetime.fromisoformat(first.at)
    return took.total_seconds() * 1000


@asynccontextmanager
async def _embedded(directory: Path) -> AsyncIterator[Bus]:
    """Run the guild in this process, as `toolguild run` does."""
    async with nats_server(directory / "nats") as server:
        settings = Settings(data_dir=directory, nats_url=server.url, model=MODEL)
        stop, ready = asyncio.Event(), asyncio.Event()
        services = [load_service(name) for name in installed()]
        async with asyncio.TaskGroup() as group:
            group.create_task(run_services(services, settings, stop, ready=ready.set))
            await ready.wait()
            try:
                async with connect(server.url, name="bench") as bus:
                    yield bus
            finally:
                stop.set()


@asynccontextmanager
async def _processes(directory: Path) -> AsyncIterator[tuple[Bus, float, list[Memory]]]:
    """Run the guild as `toolguild up` does; tell how long that took and what it holds before any work."""
    try:
        began = time.perf_counter()
        up = await _toolguild(directory, "up")
        took = time.perf_counter() - began
        url = running(directory / "nats")
        assert url is not None
        async with connect(url, name="bench") as bus:
            yield bus, took, [_memory(one["service"], one["pid"]) for one in up["members"]]
    finally:
        await _toolguild(directory, "down")


def _memory(service: str, pid: int) -> Memory:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (rss,) = (int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return Memory(service, round(rss / 1024, 1), "model" in load_service(service).needs)


async def _toolguild(directory: Path, *arguments: str) -> Any:
    root = str(Path(__file__).parents[1])
    own = {
        "TOOLGUILD_DATA_DIR": str(directory),
        "TOOLGUILD_MODEL": MODEL,
        "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH")))),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "toolguild.cli", *arguments, "--json"),
        env={name: value for name, value in os.environ.items() if "TOOLGUILD" not in name} | own,
        stdout=asyncio.subprocess.PIPE,
    )
    ending = asyncio.create_task(process.communicate())
    try:
        out, _ = await asyncio.shield(ending)
    finally:
        await ending  # cancelled or not: a guild that has been started half can not be ended
    return json.loads(out)


async def measure(count: int) -> Report:
    """Measure everything; takes some seconds for each ten rounds. SIGTERM ends it, and its guilds, in order."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    with tempfile.TemporaryDirectory() as folder:
        inside, outside = Path(folder) / "one", Path(folder) / "many"
        async with _embedded(inside) as bus:
            found = await Customer(bus, inside).measure("one process", count)
        async with _processes(outside) as (bus, took, memory):
            found += await Customer(bus, outside).measure("a process each", count)
    return Report(found, round(took, 2), memory)


def _table(report: Report, *, stages: bool) -> Iterable[str]:
    yield f"{'ms, scripted model':<34} {'guild':<15} {'p50':>7} {'p95':>7} {'client':>7} {'bar':>5}"
    for one in report.tasks:
        verdict = "met" if one.met else "MISSED"
        yield (
            f"{one.task:<34} {one.guild:<15} {one.p50_ms:>7.1f} {one.p95_ms:>7.1f} "
            f"{one.client_p50_ms:>7.1f} {one.bar_ms:>5.0f} {verdict}"
        )
        if stages:
            yield "    " + ", ".join(f"{kind} {took:g}" for kind, took in one.stages.items())
    yield f"`toolguild up` to ready: {report.up_seconds:.2f} s (bar: {UP_BAR_S:g} s)"
    for held in report.memory:
        bar = "" if held.models else f" (bar: {RSS_BAR_MB:g} MB)"
        yield f"idle {held.service}: {held.rss_mb:.1f} MB{bar}"


def main() -> int:
    """Measure, print, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=20, help="rounds to measure in each guild")
    parser.add_argument("--stages", action="store_true", help="show what the time goes to")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    report = asyncio.run(measure(options.count))
    if options.json:
        print(json.dumps({"bench": "flow", "met": report.met, **asdict(report)}))
    else:
        print("\n".join(_table(report, stages=options.stages)))
    return 0 if report.met else 1


if __name__ == "__main__":
    raise SystemExit(main())
