"""How long one sandboxed call of a small tool takes, beside what else could have run it.

    python bench/sandbox.py [--calls N] [--json]

Every row runs the same function on the same machine, in blocks that take turns, so that the ratios hold
even where the single times do not. Rows whose engine or interpreter is missing are left out by name.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

from toolguild.sandbox.interface import Call, Code, Sandbox, SandboxUnavailable
from toolguild.sandbox.opening import open_sandbox

_PYTHON = "def run(a):\n    return {'y': a + 1}\n"
_JAVASCRIPT = "function run({ a }) { return { y: a + 1 }; }\n"
_PANDAS = (
    "import pandas as pd\n"
    "def run(a):\n    return {'y': float(pd.DataFrame({'x': range(100)}).x.mean()) - 8.5 + a - 40}\n"
)
_COLD = f"import json, sys\n{_PYTHON}print(json.dumps(run(**json.loads(sys.argv[1]))))"
_ARGUMENTS = {"a": 41}
_BLOCKS = 5

_FORK_SERVER = f"""
import json, os, sys
for line in sys.stdin:
    if os.fork() == 0:
        space = {{}}
        exec({_PYTHON!r}, space)
        os.write(1, json.dumps(space["run"](**json.loads(line))).encode() + b"\\n")
        os._exit(0)
    os.wait()
"""


@dataclass(frozen=True)
class Row:
    """One way to run the function."""

    name: str
    share: float  # of the calls asked for: slow ways run fewer
    pause: float  # seconds before each call, in which a spare gets ready
    call: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Measured:
    """What was measured of a row, in milliseconds."""

    name: str
    calls: int
    p50_ms: float
    p95_ms: float
    times_the_first: float


async def main() -> None:
    """Measure every way that works here and print what came out."""
    options = _options()
    async with AsyncExitStack() as stack:
        rows, missing = await _rows(stack)
        times = await _measure(rows, options.calls)
    first = statistics.median(times[rows[0].name])
    measured = [_summary(row.name, times[row.name], first) for row in rows]
    if options.json:
        print(json.dumps({"rows": [asdict(row) for row in measured], "missing": missing}, indent=1))
    else:
        _table(measured, missing)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=100, help="calls of each fast row")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object instead of a table"
    )
    return parser.parse_args()


async def _rows(stack: AsyncExitStack) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    missing: list[str] = []
    for backend in ("bubblewrap", "docker"):
        try:
            sandbox = await open_sandbox(backend, size=1)
        except SandboxUnavailable as error:
            missing.append(f"{backend}: {error}")
            continue
        stack.push_async_callback(sandbox.close)
        rows += _sandboxed(backend, sandbox)
        if backend == "docker":
            rows.append(Row("docker run, hardened, cold", 0.1, 0, _docker_run()))
    rows.append(Row("subprocess, no isolation", 0.3, 0, _subprocess))
    rows.append(Row("bare fork server, no isolation", 1, 0, _fork_server(stack)))
    return rows, missing


def _sandboxed(backend: str, sandbox: Sandbox) -> list[Row]:
    def call(
        language: str, source: str, imports: tuple[str, ...] = ()
    ) -> Callable[[], Awaitable[None]]:
        asked = Call(Code(language, source, "run"), _ARGUMENTS, imports=imports)  # type: ignore[arg-type]  # a literal

        async def run() -> None:
            ran = await sandbox.run(asked)
            if ran.value != {"y": 42} and ran.value != {"y": 42.0}:
                raise AssertionError(f"{backend} {language}: {ran}")

        return run

    python, node = call("python", _PYTHON), call("javascript", _JAVASCRIPT)
    pandas = call("python", _PANDAS, ("pandas",))
    return [
        Row(f"{backend}, python, spare ready", 1, 0.03, python),
        Row(f"{backend}, python, back to back", 1, 0, python),
        Row(f"{backend}, pandas, spare ready", 0.3, 0.1, pandas),
        Row(f"{backend}, node, spare ready", 0.3, 0.2, node),
        Row(f"{backend}, node, back to back", 0.3, 0, node),
    ]


def _docker_run() -> Callable[[], Awaitable[None]]:
    import docker

    from toolguild.sandbox.container import default_image, hardened

    client = docker.from_env()
    options = {**hardened(1024), "log_config": {"Type": "json-file"}, "detach": False}
    del options["auto_remove"]
    command = ["python3", "-I", "-c", _COLD, json.dumps(_ARGUMENTS)]

    def run() -> None:
        out = client.containers.run(default_image(), command, remove=True, **options)
        assert json.loads(out) == {"y": 42}

    async def cold() -> None:
        await asyncio.to_thread(run)

    return cold


async def _subprocess() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _COLD, json.dumps(_ARGUMENTS), stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert json.loads(out) == {"y": 42}


def _fork_server(stack: AsyncExitStack) -> Callable[[], Awaitable[None]]:
    server = subprocess.Popen(
        [sys.executable, "-I", "-c", _FORK_SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    stack.callback(server.wait)
    stack.callback(server.terminate)

    async def call() -> None:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(_ARGUMENTS).encode() + b"\n")
        server.stdin.flush()
        assert json.loads(server.stdout.readline()) == {"y": 42}

    return call


async def _measure(rows: list[Row], calls: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {row.name: [] for row in rows}
    for row in rows:
        await row.call()  # boots what is warm from then on
    for _ in range(_BLOCKS):
        for row in rows:
            await row.call()  # the first after another row finds cold caches
            for _ in range(max(2, int(calls * row.share / _BLOCKS))):
                await asyncio.sleep(row.pause)
                started = time.perf_counter()
                await row.call()
                times[row.name].append((time.perf_counter() - started) * 1000)
    return times


def _summary(name: str, times: list[float], first: float) -> Measured:
    p50 = statistics.median(times)
    p95 = statistics.quantiles(times, n=20)[-1]
    return Measured(name, len(times), round(p50, 2), round(p95, 2), round(p50 / first, 1))


def _table(rows: list[Measured], missing: list[str]) -> None:
    print(f"{'one call, ms':44}{'p50':>9}{'p95':>9}{'x first':>9}{'calls':>7}")
    for row in rows:
        print(
            f"{row.name:44}{row.p50_ms:9.2f}{row.p95_ms:9.2f}{row.times_the_first:9.1f}{row.calls:7}"
        )
    for reason in missing:
        print(f"left out: {reason}")


if __name__ == "__main__":
    asyncio.run(main())
