"""What the audit chain costs: entries a second, its growth beside the log, how far it is behind, its share of CPU.

    python bench/audit.py [--count N] [--tasks N] [--json]

First a backlog: messages as they stand in the log of a guild, written down as fast as it goes. Then tasks of a
whole guild in this process (a scripted model, real sandboxes): the time from when the log got a message until the
page that holds it was signed and durable, the bytes of log and chain for each task, and the CPU time of this
process for each task with the chain and without it. A NATS server of our own, every write synced to disk before
it is acknowledged.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from toolguild.agent import Scribe
from toolguild.chain.page import parsed
from toolguild.identity import KeyDirectory
from toolguild.messages import Envelope, events
from toolguild.policy import Policy
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.scribe import write_chain
from toolguild.runtime.server import nats_server
from toolguild.runtime.stream import held_by
from toolguild.runtime.topology import AUDIT, LOG, ensure_streams

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
TEXT = "what was said, as in a message of a task. " * 50  # about 2 kB, as messages of tasks have
LAG_BAR_S = 1.0  # for the 95th percentile of being behind


async def backlog(count: int, directory: Path) -> dict[str, float]:
    """Return how fast a backlog is written, and with how many bytes."""
    async with nats_server(directory / "nats") as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        for number in range(count):
            body = events.WorkFailed(about_key=f"t-{number}", of="x", code="failed", reason=TEXT)
            envelope = Envelope(id=uuid4(), body=body, source="bench/bench")
            headers = {"Nats-Msg-Id": str(envelope.id), "ce-source": "/toolguild/bench/bench"}
            data = envelope.model_dump_json().encode()
            await bus.js.publish_async(envelope.subject, data, headers=headers)
        await bus.js.publish_async_completed()
        signer = KeyDirectory(directory / "keys").signer("auditor")
        scribe = Scribe(
            name="scribe",
            rules=Policy.default().audit,
            sign=lambda over: signer.sign("checkpoint", over),
            own=lambda one: True,
        )
        stop, started, cpu = asyncio.Event(), time.perf_counter(), time.process_time()
        task = asyncio.create_task(write_chain(bus, "auditor", scribe, stop=stop))
        await _written(bus, count)
        took, used = time.perf_counter() - started, time.process_time() - cpu
        stop.set()
        await task
        log, chain = await _bytes(bus, LOG), await _bytes(bus, AUDIT)
    return {
        "backlog_entries_per_s": round(count / took),
        "backlog_cpu_us_per_entry": round(used / count * 1e6, 1),
        "backlog_bytes_of_log_per_entry": round(log / count),
        "backlog_bytes_of_chain_per_entry": round(chain / count),
    }


async def guild(tasks: int, directory: Path, *, audit: bool) -> dict[str, float]:
    """Return the CPU time of a task in a guild in this process; and with the chain, what that is like."""
    from hall import open_hall

    expenses, policy = directory / "expenses.csv", directory / "policy.yaml"
    await asyncio.to_thread(_write, expenses, policy, audit)
    async with open_hall(directory, policy=policy) as hall:
        goal = "Total amount per category in expenses.csv"
        for _ in range(2):  # the first one makes the tool
            await hall.run(goal, expenses)
        before = {name: await _bytes(hall.bus, name) for name in (LOG, AUDIT)}
        first = (await hall.bus.js.stream_info(LOG)).state.last_seq
        cpu = time.process_time()
        for _ in range(tasks):
            await hall.run(goal, expenses)
        if not audit:
            return {"cpu_ms_per_task": (time.process_time() - cpu) / tasks * 1000}
        last = (await hall.bus.js.stream_info(LOG)).state.last_seq
        await _written(hall.bus, last)
        used = (time.process_time() - cpu) / tasks * 1000
        grown = {name: await _bytes(hall.bus, name) - was for name, was in before.items()}
        lags = await _lags(hall.bus, first)
    return {
        "cpu_ms_per_task": used,
        "lag_p50_s": round(statistics.median(lags), 3),
        "lag_p95_s": round(statistics.quantiles(lags, n=20)[18], 3),
        "entries_per_task": round((last - first) / tasks, 1),
        "bytes_of_log_per_task": round(grown[LOG] / tasks),
        "bytes_of_chain_per_task": round(grown[AUDIT] / tasks),
    }


def _write(expenses: Path, policy: Path, audit: bool) -> None:
    expenses.write_text("date,category,amount\n2026-01-01,food,2.50\n2026-01-02,rent,700\n")
    policy.write_text(f"layers: {{ audit: {'true' if audit else 'false'} }}\n")


async def beside(tasks: int, directory: Path) -> dict[str, float]:
    """Return what the chain costs a guild at work, against one without it."""
    for name in ("with", "without"):
        await asyncio.to_thread((directory / name).mkdir)
    on = await guild(tasks, directory / "with", audit=True)
    off = await guild(tasks, directory / "without", audit=False)
    used, plain = on.pop("cpu_ms_per_task"), off["cpu_ms_per_task"]
    shares = {"cpu_ms_per_task": round(used, 1), "cpu_ms_per_task_without_chain": round(plain, 1)}
    return {**on, **shares, "cpu_share_of_chain": round((used - plain) / used, 3)}


async def _written(bus: Bus, last: int) -> None:
    while True:
        state = (await bus.js.stream_info(AUDIT)).state
        with suppress(Exception):
            raw = await bus.js.get_msg(AUDIT, seq=state.last_seq)
            if parsed(raw.data or b"").read.get(LOG, 0) >= last:
                return
        await asyncio.sleep(0.02)


async def _bytes(bus: Bus, stream: str) -> int:
    return int((await bus.js.stream_info(stream)).state.bytes)


async def _lags(bus: Bus, first: int) -> list[float]:
    """Return for each entry the seconds between its message and its page, by the server's clock."""
    found = []
    async for seen in held_by(bus, AUDIT):
        durable = datetime.fromisoformat(seen.at)
        for item in parsed(seen.data).items:
            if item.entry.get("stream") == LOG and item.entry.get("seq", 0) > first:
                found.append((durable - datetime.fromisoformat(item.entry["at"])).total_seconds())
    return found


def main() -> int:
    """Measure, print, and return 1 if the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=5000, help="messages of the backlog")
    parser.add_argument("--tasks", type=int, default=20, help="tasks of the guild")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        found = asyncio.run(backlog(options.count, place / "backlog"))
        found |= asyncio.run(beside(options.tasks, place))
    met = found["lag_p95_s"] < LAG_BAR_S
    if options.json:
        print(json.dumps({"bench": "audit", "bar_lag_p95_s": LAG_BAR_S, "met": met, **found}))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):<36} {value:>12}")
        print(f"bar: p95 of being behind under {LAG_BAR_S:g} s: {'met' if met else 'missed'}")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
