"""Publication and revocation over a real server: `python -m bench.registry [TOOLS]` prints JSON, times in ms."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from toolguild.canonical import Digest
from toolguild.registry import JetStreamRegistry, open_registry
from toolguild.runtime.bus import connect
from toolguild.runtime.server import NatsServer
from toolguild.runtime.topology import ensure_streams
from toolguild.testing import samples

WATCHERS = 4


async def measure(tools: int = 50) -> dict[str, float]:
    """Return how long it takes until all of four other readers run a new tool, and refuse a revoked one."""
    usable: list[float] = []
    refused: list[float] = []
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = NatsServer(Path(folder))
        await server.start()
        stack.push_async_callback(server.stop)
        registries = []
        for _ in range(1 + WATCHERS):
            bus = await stack.enter_async_context(connect(server.url))
            await ensure_streams(bus.js)
            registries.append(await stack.enter_async_context(open_registry(bus.js)))
        writer, readers = registries[0], registries[1:]
        for n in range(tools):
            entry = samples.named(f"tool_{n}")
            publish = partial(writer.publish, entry.tool, entry.publication)
            usable.append(await _until_all(readers, partial(_finds, entry.tool.name), publish))
            revoke = partial(writer.set_status, entry.tool.digest, "revoked", "bench")
            refused.append(await _until_all(readers, partial(_refuses, entry.tool.digest), revoke))
    return {
        "watchers": WATCHERS,
        "tools": tools,
        **_figures("usable", usable),
        **_figures("refused", refused),
    }


def _finds(name: str, reader: JetStreamRegistry) -> bool:
    return reader.find(name) is not None


def _refuses(tool: Digest, reader: JetStreamRegistry) -> bool:
    return not reader.runnable(tool)


async def _until_all(
    readers: list[JetStreamRegistry],
    true: Callable[[JetStreamRegistry], bool],
    act: Callable[[], Awaitable[object]],
) -> float:
    """Return the milliseconds from the start of an act until every reader has seen it."""
    start = time.perf_counter()
    await asyncio.gather(act(), *(_until(reader, true) for reader in readers))
    return 1000 * (time.perf_counter() - start)


async def _until(reader: JetStreamRegistry, true: Callable[[JetStreamRegistry], bool]) -> None:
    async with asyncio.timeout(30):
        while not true(reader):
            await reader.changed(reader.changes)


def _figures(name: str, times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=20)
    return {
        f"{name}_p50_ms": round(cuts[9], 2),
        f"{name}_p95_ms": round(cuts[18], 2),
        f"{name}_max_ms": round(max(times), 2),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(measure(*map(int, sys.argv[1:2])))) + "\n")
