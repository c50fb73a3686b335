"""How long one agent takes from a delivery to its acknowledgement, durable on disk.

    python bench/hop.py [--count N] [--bare] [--json]

A process decodes, loads its record, saves it with its outbox (compare-and-swap), publishes a command, clears
the outbox (compare-and-swap) and acknowledges. A worker decodes, publishes its answer and acknowledges.
Beside them, in the same run: one durable publish and one compare-and-swap. A NATS server of our own, every
write synced to disk before it is acknowledged. The agents come with a key that allows them just what they declare,
and every message is signed and checked; with `--bare` they may do everything, and nothing is signed.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal
from uuid import uuid4

from toolguild.agent import Duty, Process, Reader, Record, Service, Worker
from toolguild.identity import KeyDirectory
from toolguild.messages import Command, Envelope, Event, Message, TaskId
from toolguild.runtime.access.credentials import Credentials, read_seed
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.rights import Rights
from toolguild.runtime.access.roster import roster
from toolguild.runtime.access.seal import Seals
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.main import handler
from toolguild.runtime.server import nats_server
from toolguild.runtime.settle import Post, settle
from toolguild.runtime.store import bucket
from toolguild.runtime.topology import consumer_name, ensure_consumer, ensure_guild, stream_of
from toolguild.tool import Value

BAR_MS = 4.0  # for the median of a process, the longer of the two
WARM_UP = 20


class Asked(Event):
    """Something is wanted."""

    kind: Literal["bench-asked"] = "bench-asked"
    task: TaskId
    text: str


class Do(Command):
    """Do it."""

    kind: Literal["bench-do"] = "bench-do"
    task: TaskId
    text: str


class Done(Event):
    """It is done."""

    kind: Literal["bench-done"] = "bench-done"
    task: TaskId
    text: str


class State(Value):
    """What the process remembers."""

    asked: int = 0
    text: str = ""


def advance(state: State, event: Event) -> tuple[State, Sequence[Message]]:
    """Order what is asked for."""
    assert isinstance(event, Asked)
    return State(asked=state.asked + 1, text=event.text), [Do(task=event.task, text=event.text)]


async def work(command: Do) -> Event:
    """Do nothing, at once."""
    return Done(task=command.task, text=command.text)


PROCESS = Process("task", "tasks", (Asked,), Record[State], State(), advance)
WORKER = Worker("do", Do, work)
SERVICE = Service(
    name="bench",
    description="Does nothing, at once.",
    open=lambda guild: nullcontext((PROCESS, WORKER)),
    needs=frozenset({"model"}),  # for a bucket to compare and swap in
    duties=(Duty("task", (Asked,), bucket="tasks"), Duty("do", (Do,))),
    sends=(Asked, Do, Done),
)
TEXT = "some text as it stands in a goal or a plan. " * 15  # about 700 bytes


@asynccontextmanager
async def _bus(directory: Path, bare: bool) -> AsyncIterator[Bus]:
    """Connect the agents to a server of their own."""
    credentials, rights = Credentials(directory / "credentials"), roster([SERVICE])
    credentials.make(rights)
    keys = KeyDirectory(directory / "keys")
    seals = Seals(keys, [SERVICE.name], [SERVICE], datetime.min.replace(tzinfo=UTC))

    def access() -> dict[str, tuple[tuple[str, ...], Rights]]:
        return {user: (credentials.public(user), rights[user]) for user in rights}

    async with AsyncExitStack() as stack:
        place = directory / "nats"
        server = await stack.enter_async_context(nats_server(place, access=access))
        master = await stack.enter_async_context(connect(server.url))
        await ensure_guild(master.js, [SERVICE])
        if bare:
            yield master
            return
        login = Login(read_seed(credentials.place(SERVICE.name)), binds=True)
        bus = await stack.enter_async_context(connect(server.address, login=login))
        yield replace(bus, seals=seals)


async def measure(count: int, directory: Path, *, bare: bool = False) -> dict[str, list[float]]:
    """Return milliseconds by what was measured. Each round does each of them once, in turn."""
    async with _bus(directory, bare) as bus:
        hops = {"process hop": await _hop(bus, PROCESS), "worker hop": await _hop(bus, WORKER)}
        kv = bucket(bus.js, "budgets")
        revision = await kv.put("plain", b"0")
        times: dict[str, list[float]] = {}
        for number in range(WARM_UP + count):
            asked = Asked(task=TaskId(f"t-{number}"), text=TEXT)
            envelope = Envelope(id=uuid4(), body=asked, source="bench/task")
            took = {"publish": await _timed(partial(bus.publish, envelope))}
            for name, hop in hops.items():
                took[name] = await hop()
            started = time.perf_counter()
            revision = await kv.update("plain", TEXT.encode(), last=revision)
            took["compare-and-swap"] = (time.perf_counter() - started) * 1000
            if number >= WARM_UP:
                for name, one in took.items():
                    times.setdefault(name, []).append(one)
        return times


async def _hop(bus: Bus, agent: Reader) -> Callable[[], Awaitable[float]]:
    """Return what takes the next message of an agent and tells how long it took to settle."""
    await ensure_consumer(bus.js, "bench", agent, binds=bus.binds)
    name = consumer_name("bench", agent)
    inbox = await bus.js.pull_subscribe_bind(consumer=name, stream=stream_of(agent))
    post, handle = Post(bus, name, f"bench/{agent.name}"), handler(bus, "bench", agent)

    async def hop() -> float:
        (msg,) = await inbox.fetch(1, timeout=5)
        return await _timed(partial(settle, post, msg, handle))

    return hop


async def _timed(call: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await call()
    return (time.perf_counter() - started) * 1000


def summary(times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Return median and 95th percentile in milliseconds."""
    return {
        name: {
            "p50_ms": round(statistics.median(took), 3),
            "p95_ms": round(statistics.quantiles(took, n=20)[18], 3),
        }
        for name, took in times.items()
    }


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=300, help="rounds to measure")
    parser.add_argument("--bare", action="store_true", help="with every right, nothing signed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        found = summary(asyncio.run(measure(options.count, Path(directory), bare=options.bare)))
    met = found["process hop"]["p50_ms"] < BAR_MS
    if options.json:
        report = {"bench": "hop", "count": options.count, "bar_p50_ms": BAR_MS, "met": met, **found}
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        sys.stdout.write(f"{'ms, durable on disk':<20} {'p50':>8} {'p95':>8}\n")
        for name, one in found.items():
            sys.stdout.write(f"{name:<20} {one['p50_ms']:>8.2f} {one['p95_ms']:>8.2f}\n")
        verdict = "met" if met else "missed"
        sys.stdout.write(f"bar: p50 of a process hop under {BAR_MS:g} ms: {verdict}\n")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
