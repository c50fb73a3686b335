"""One process of a guild that stays: how it is started, asked whether it is ready, and ended."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from toolguild.cli.state import Member
from toolguild.credentials import without_values
from toolguild.settings import Settings

PR_SET_PDEATHSIG = 1
HURRIED = 5.0  # seconds for a process that was told twice to end; then it is killed


@dataclass
class Seat:
    """One process to keep: what it is, and how it does."""

    name: str
    service: str
    port: int
    process: Process | None = None
    restarts: int = 0

    @property
    def member(self) -> Member:
        """What others are told about it."""
        pid = self.process.pid if self.process else 0
        health = f"http://127.0.0.1:{self.port}"
        return Member(self.name, self.service, pid, health, self.restarts)


def seats(services: Iterable[str], executors: int) -> list[Seat]:
    """Return one seat for each service, as many as asked for the executor, each with a free port."""
    named = []
    for service in services:
        many = executors if service == "executor" else 1
        names = [service] if many == 1 else [f"{service}-{n + 1}" for n in range(many)]
        named += [(name, service) for name in names]
    ports = free_ports(len(named))
    return [Seat(name, service, port) for (name, service), port in zip(named, ports, strict=True)]


async def start(seat: Seat, port: int, log: Path, environment: Mapping[str, str]) -> Process:
    """Start a process for a seat, with its health at this port, and return it at once."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if seat.service != "executor":
        environment = without_values(environment)
    with log.open("ab") as stream:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "toolguild.cli.serve",
            seat.service,
            env={**environment, "TOOLGUILD_HTTP_PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,  # a Ctrl-C is for us; we then end it in order
            preexec_fn=_told_when_orphaned(os.getpid()),
        )


async def end(process: Process, within: float, hurry: asyncio.Event) -> None:
    """Return once a process has ended: in order within so many seconds, or at once when `hurry` is set.

    It is killed when it does not end.
    """
    ending = asyncio.create_task(process.wait())
    hurrying = asyncio.create_task(hurry.wait())
    try:
        _terminate(process)
        await asyncio.wait({ending, hurrying}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        if hurrying.done() and not ending.done():
            _terminate(process)
            await asyncio.wait({ending}, timeout=HURRIED)
    finally:
        hurrying.cancel()
        if not ending.done():
            with suppress(ProcessLookupError):
                process.kill()
        await ending


def _terminate(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()


def log_of(settings: Settings, name: str) -> Path:
    """Return where a process of the guild logs."""
    return settings.data_dir / "logs" / f"{name}.log"


def last_line(log: Path) -> str:
    """Return the last line that a process left, shortened, for a message."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    said = next((line for line in reversed(lines) if line.strip()), "it left no log")
    return f"{said[:300]} (log: {log})"


async def is_ready(port: int) -> bool:
    """Ask a service's /readyz once, for at most two seconds."""
    return await unready(port) == {}


async def unready(port: int) -> dict[str, str] | None:
    """Return what a service says is wrong, by check; {} when it is ready, None when it says nothing."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(
                    b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                body = (await reader.read()).partition(b"\r\n\r\n")[2]
            finally:
                writer.close()
        checks = json.loads(body)["checks"]
        return {name: said for name, said in checks.items() if said != "ok"}
    except (OSError, TimeoutError, ValueError, KeyError):
        return None


def free_ports(many: int) -> list[int]:
    """Return different ports that nobody listens on now; somebody may before they are used: see `is_free`."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(many)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def is_free(port: int) -> bool:
    """Whether nobody listens on a port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as who listens does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _told_when_orphaned(parent: int) -> Callable[[], None] | None:
    """Return what a child runs first, so that it ends in order when its supervisor is killed (Linux)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return prepare
