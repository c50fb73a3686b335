"""Whoever kills an executor in the middle of a call leaves no process of the call behind, whatever it does."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from docker_engine import docker_image as docker_image  # a fixture
from standing import ended, family, living

from toolguild.sandbox import tree
from toolguild.sandbox.opening import open_sandbox

WITHIN = 60.0
# Each burns CPU, so that it can be told from outside that it has begun, and ignores what can be ignored.
PYTHON = """
import signal, threading
def run():
    for number in range(1, 32):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError, PermissionError):
            pass
    threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()
    while True:
        pass
"""
JAVASCRIPT = "function run() { for (;;) {} }"
SUPERVISOR = """
import asyncio, sys
from toolguild.capability import Limits
from toolguild.sandbox.interface import Call, Code
from toolguild.sandbox.opening import open_sandbox
async def main():
    sandbox = await open_sandbox(sys.argv[1])
    print("open", flush=True)
    limits = Limits(wall_seconds=60, cpu_seconds=60)
    await sandbox.run(Call(Code(sys.argv[2], sys.argv[3], "run"), limits=limits))
asyncio.run(main())
"""


@contextlib.asynccontextmanager
async def supervisor(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a process that has a sandbox and calls something in it, as an executor does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISOR, *arguments, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WITHIN):
            assert await process.stdout.readline() == b"open\n"
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await (await open_sandbox(arguments[0])).close()  # sweeps what the dead one left


async def busy(pids: Callable[[], list[int]]) -> None:
    """Return once these processes, as they are now and then, burn CPU."""
    idle, until = tree.use(pids()).cpu_seconds, time.monotonic() + WITHIN
    while tree.use(pids()).cpu_seconds < idle + 0.5:
        assert time.monotonic() < until, "the call has not begun"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(("language", "source"), [("python", PYTHON), ("javascript", JAVASCRIPT)])
async def test_nothing_of_a_call_in_bubblewrap_outlives_its_executor(
    language: str, source: str
) -> None:
    async with supervisor("bubblewrap", language, source) as process:
        await busy(lambda: tree.descendants(process.pid))
        every = family(process.pid)
        assert len(every) > 3
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await ended(every)


@pytest.mark.docker
async def test_nothing_of_a_call_in_a_container_outlives_its_executor(docker_image: str) -> None:
    async with supervisor("docker", "python", PYTHON) as process:
        containers = await asyncio.to_thread(_containers, process.pid)

        def inside() -> list[int]:
            return [pid for name in containers for pid in _processes(name)]

        await busy(inside)
        pids = set(inside())
        every = {one for one in living() if one.pid in pids}
        assert every
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await ended(every)


def _containers(pid: int) -> list[str]:
    words = ["docker", "ps", "-aq", "--no-trunc", "--filter", f"label=toolguild.sandbox={pid}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def _processes(container: str) -> list[int]:
    """Return the process ids of a container as this machine knows them."""
    cgroup = [place for place in Path("/proc").glob("[0-9]*/cgroup") if _names(place, container)]
    return [int(place.parent.name) for place in cgroup]


def _names(place: Path, container: str) -> bool:
    try:
        return container in place.read_text()
    except OSError:
        return False
