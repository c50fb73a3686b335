"""A guild that stays: nats-server and one process for each service, each started again when it dies."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from toolguild.cli.state import Member, State, held, write_state
from toolguild.errors import Misconfigured
from toolguild.runtime.clock import now
from toolguild.runtime.server import nats_server
from toolguild.runtime.services import installed
from toolguild.settings import Settings

READY_WITHIN = 90.0  # seconds for all services together
SANDBOX_WITHIN = 10.0  # seconds after which a sandbox that refuses to open is not waited for
STEADY = (
    30.0  # seconds after which a process counts as started well, and its next death as the first
)
LONGEST_PAUSE = 5.0  # seconds before a process that keeps dying is started again
PR_SET_PDEATHSIG = 1
EXIT_MISCONFIGURED = 2  # of a service that needs the operator


@dataclass
class Seat:
    """One process to keep: what it is, and how it does."""

    name: str
    service: str
    port: int
    process: asyncio.subprocess.Process | None = None
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
    ports = _free_ports(len(named))
    return [Seat(name, service, port) for (name, service), port in zip(named, ports, strict=True)]


class Supervisor:
    """Keeps a guild's processes running until told to stop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seats = seats(installed(), settings.executors)
        self._stop = asyncio.Event()
        self._started_at = now()
        self._ready = False

    async def run(self, on_ready: Callable[[State], None]) -> None:
        """Run the guild until SIGTERM or SIGINT. Raises UsageError when it cannot start.

        `on_ready` is called once every service takes messages.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        settings = self._settings
        with held(settings):
            async with nats_server(
                settings.data_dir / "nats",
                port=settings.nats_port,
                store_mb=settings.nats_store_mb,
            ) as server:
                environment = self._environment(server.url)
                try:
                    async with asyncio.TaskGroup() as group:
                        for seat in self._seats:
                            group.create_task(self._keep(seat, environment))
                        await self._until_ready()
                        if self._ready:
                            on_ready(self._state())
                            await self._stop.wait()
                finally:
                    self._stop.set()

    def _environment(self, url: str) -> dict[str, str]:
        own = self._settings.model_copy(update={"nats_url": url}).environment()
        return {**os.environ, **own, "PYTHONUNBUFFERED": "1"}

    async def _keep(self, seat: Seat, environment: Mapping[str, str]) -> None:
        """Start a process whenever it is not there, more slowly the more often it dies."""
        pause = 0.0
        while not self._stop.is_set():
            began = time.monotonic()
            code = await self._live(seat, environment)
            if self._stop.is_set():
                return
            if code == EXIT_MISCONFIGURED and not self._ready:
                raise Misconfigured(f"{seat.name} does not start: {last_line(self._log(seat))}")
            pause = (
                0.1 if time.monotonic() - began > STEADY else min(2 * pause + 0.1, LONGEST_PAUSE)
            )
            seat.restarts += 1
            await self._sleep(pause)

    async def _live(self, seat: Seat, environment: Mapping[str, str]) -> int:
        """Run one process from start to end; end it when the guild stops."""
        log = self._log(seat)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as stream:
            seat.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "toolguild.cli.serve",
                seat.service,
                env={**environment, "TOOLGUILD_HTTP_PORT": str(seat.port)},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,  # a Ctrl-C is for us; we then end it in order
                preexec_fn=_told_when_orphaned(os.getpid()),
            )
        if self._ready:
            write_state(self._settings, self._state())
        stopping = asyncio.create_task(self._stop.wait())
        ending = asyncio.create_task(seat.process.wait())
        try:
            await asyncio.wait({stopping, ending}, return_when=asyncio.FIRST_COMPLETED)
            return await ending if ending.done() else await self._end(seat.process)
        finally:
            stopping.cancel()
            if not ending.done():
                seat.process.kill()
                await seat.process.wait()

    async def _end(self, process: asyncio.subprocess.Process) -> int:
        process.terminate()
        try:
            return await asyncio.wait_for(process.wait(), self._settings.grace_seconds + 5.0)
        except TimeoutError:
            process.kill()
            return await process.wait()

    async def _until_ready(self) -> None:
        write_state(self._settings, self._state())
        began = time.monotonic()
        waiting = {seat.name: seat for seat in self._seats}
        while waiting and not self._stop.is_set():
            for name, seat in list(waiting.items()):
                wrong = await unready(seat.port)
                took = time.monotonic() - began
                if wrong == {}:
                    del waiting[name]
                elif wrong and (
                    took > READY_WITHIN or ("sandbox" in wrong and took > SANDBOX_WITHIN)
                ):
                    told = "; ".join(f"{check}: {said}" for check, said in wrong.items())
                    raise Misconfigured(f"{name} is not ready after {took:.0f} s: {told}")
                elif took > READY_WITHIN:
                    said = last_line(self._log(seat))
                    raise Misconfigured(f"{name} is not ready after {took:.0f} s: {said}")
            await self._sleep(0.02)
        self._ready = not waiting
        write_state(self._settings, self._state())

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

    def _state(self) -> State:
        members = tuple(seat.member for seat in self._seats)
        return State(os.getpid(), self._started_at, self._ready, members)

    def _log(self, seat: Seat) -> Path:
        return log_of(self._settings, seat.name)


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


def _free_ports(many: int) -> list[int]:
    """Return different ports that nobody listens on now."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(many)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


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
