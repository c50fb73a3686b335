"""A guild that stays: nats-server and one process for each service, each started again when it dies."""

import asyncio
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolguild.cli import rolling
from toolguild.cli.seat import (
    Seat,
    end,
    free_ports,
    is_free,
    last_line,
    log_of,
    seats,
    start,
    unready,
)
from toolguild.cli.state import State, held, write_state
from toolguild.errors import Misconfigured
from toolguild.identity import KeyDirectory
from toolguild.runtime.access.credentials import Credentials, read_seed
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.rights import Rights
from toolguild.runtime.access.roster import BOOTSTRAP, OUTSIDERS, roster
from toolguild.runtime.bus import connect
from toolguild.runtime.clock import now
from toolguild.runtime.server import nats_server
from toolguild.runtime.services import known_services
from toolguild.runtime.topology import ensure_guild
from toolguild.settings import Settings

if TYPE_CHECKING:
    from toolguild.runtime.access.tls import Certificates

LOOK = 0.05  # seconds between two looks; to ask more often takes time from those who get ready
READY_WITHIN = 90.0  # seconds for all services together
SANDBOX_WITHIN = 10.0  # seconds after which a sandbox that refuses to open is not waited for
STEADY = (
    30.0  # seconds after which a process was started well, and its next death counts as the first
)
LONGEST_PAUSE = 5.0  # seconds before a process that keeps dying is started again
SLACK = 5.0  # seconds beyond the grace for a process to close what it has open
EXIT_MISCONFIGURED = 2  # of a service that needs the operator


class Supervisor:
    """Keeps a guild's processes running until told to stop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._services = known_services()
        self._names = [service.name for service in self._services]
        self._seats = seats(self._names, settings.executors)
        self._credentials = Credentials(settings.credentials)
        self._changing: set[str] = set()  # users whose old keys are still good
        self._environment: Mapping[str, str] = {}
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        self._asked = asyncio.Event()  # for a restart
        self._started_at = now()
        self._ready = False

    async def run(self, on_ready: Callable[[State], None]) -> None:
        """Run the guild until SIGTERM or SIGINT; a second one drops what is under way.

        SIGHUP restarts services one after another, as the requests that wait ask for. `on_ready` is called
        once every service takes messages. Raises UsageError when it cannot start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._asked.set)
        settings = self._settings
        with held(settings):
            rolling.forget(settings)
            self._credentials.make((*self._names, *OUTSIDERS))
            async with nats_server(
                settings.data_dir / "nats",
                port=settings.nats_port,
                store_mb=settings.nats_store_mb,
                access=self._access,
                tls=self._tls(),
            ) as server:
                self._server = server
                await self._make_everything(server.address)
                ca = Login.on_this_machine(settings).ca
                told = {"nats_url": server.address, "nats_ca": ca}
                own = settings.model_copy(update=told).environment()
                self._environment = {**os.environ, **own, "PYTHONUNBUFFERED": "1"}
                try:
                    async with asyncio.TaskGroup() as group:
                        for seat in self._seats:
                            group.create_task(self._keep(seat))
                        await self._until_ready()
                        if self._ready:
                            on_ready(self._state())
                            await self._serve_requests()
                finally:
                    self._stop.set()

    def _told_to_stop(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def _keep(self, seat: Seat) -> None:
        """Start a process whenever it is not there, more slowly the more often it dies."""
        pause = 0.0
        seat.process = await self._started(seat, seat.port)
        try:
            while True:
                process, began = seat.process, time.monotonic()
                await self._ended(process)
                if self._stop.is_set():
                    return
                if seat.process is not process:
                    continue  # another one has its seat
                hopeless = process.returncode == EXIT_MISCONFIGURED and not self._ready
                if hopeless and is_free(seat.port):
                    said = last_line(self._log(seat))
                    raise Misconfigured(f"{seat.name} does not start: {said}")
                steady = time.monotonic() - began > STEADY
                pause = 0.1 if steady else min(2 * pause + 0.1, LONGEST_PAUSE)
                seat.restarts += 1
                await self._sleep(pause)
                if self._stop.is_set():
                    return
                if seat.process is process:
                    if not is_free(seat.port):
                        (seat.port,) = free_ports(1)  # another program has it now
                    seat.process = await self._started(seat, seat.port)
                    self._tell()
        finally:
            if self._stop.is_set():
                await self._end(seat.process)
            elif seat.process.returncode is None:  # something else went wrong
                seat.process.kill()
                await seat.process.wait()

    async def _started(self, seat: Seat, port: int) -> Process:
        # Each process is told of its own key, and of nobody else's.
        seed = str(self._credentials.place(seat.service))
        environment = {**self._environment, "TOOLGUILD_NATS_SEED_FILE": seed}
        return await start(seat, port, self._log(seat), environment)

    def _access(self) -> Mapping[str, tuple[Sequence[str], Rights]]:
        rights = roster(self._services)
        return {user: (self._credentials.public(user), rights[user]) for user in rights}

    def _tls(self) -> "Certificates | None":
        if not self._settings.nats_tls:
            return None
        from toolguild.runtime.access.tls import certificates  # takes a while, and most do without

        return certificates(self._settings.tls)

    async def _make_everything(self, address: str) -> None:
        seed = read_seed(self._credentials.place(BOOTSTRAP))
        login = Login.on_this_machine(self._settings, seed)
        async with connect(address, name="toolguild bootstrap", login=login) as bus:
            await ensure_guild(bus.js, self._services, replicas=self._settings.nats_replicas)

    async def _ended(self, process: Process) -> None:
        """Return once a process has ended, or the guild stops."""
        stopping = asyncio.create_task(self._stop.wait())
        ending = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({stopping, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            ending.cancel()

    async def _end(self, process: Process) -> None:
        await end(process, self._settings.grace_seconds + SLACK, self._hurry)

    async def _serve_requests(self) -> None:
        """Restart what is asked for, one request after another, until the guild stops."""
        while not self._stop.is_set():
            stopping = asyncio.create_task(self._stop.wait())
            asked = asyncio.create_task(self._asked.wait())
            await asyncio.wait({stopping, asked}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            asked.cancel()
            if self._stop.is_set() or not self._asked.is_set():
                return
            self._asked.clear()
            requests = rolling.requests(self._settings)
            if not requests:
                self._stop.set()  # our terminal is gone
            for request in requests:
                await self._serve(request)

    async def _serve(self, request: rolling.Request) -> None:
        done: list[rolling.Replaced] = []
        error = ""
        wanted = [
            seat
            for seat in self._seats
            if not request.names or {seat.name, seat.service} & set(request.names)
        ]
        try:
            if request.keys:
                await self._give_new_keys(request)
                wanted = [one for one in self._seats if one.service in self._changing]
            for seat in wanted:
                done.append(await self._replace(seat))
            self._forget_old_keys()
        except (Misconfigured, OSError) as problem:
            error = str(problem)
        rolling.answer(self._settings, request, done, error)

    async def _give_new_keys(self, request: rolling.Request) -> None:
        """Give users new keys to come with, and services new ones to sign with. The old ones are good as well.

        What is asked for again after a failure goes on with the keys that were made then.
        """
        users = request.names or self._credentials.users()
        self._changing |= set(users)
        for user in users:
            self._credentials.prepare(user)
        self._server.reload()
        for user in users:
            await self._accepted(self._credentials.next(user))
            self._credentials.turn(user)
            if user in self._names:
                KeyDirectory(self._settings.keys).rotate(user)

    def _forget_old_keys(self) -> None:
        """Once nobody comes with them any more, have the server know the old keys of users no longer."""
        if self._changing:
            for user in self._changing:
                self._credentials.finish(user)
            self._changing.clear()
            self._server.reload()

    async def _accepted(self, seed: str) -> None:
        """Return once the server knows a new key: it reads its configuration a moment after it is told to."""
        login = Login.on_this_machine(self._settings, seed)
        for _ in range(20):
            try:
                async with connect(self._server.address, login=login, name="toolguild keys"):
                    return
            except Misconfigured:
                await self._sleep(0.1)
        raise Misconfigured("the NATS server does not take the new keys; the old ones stay good")

    async def _replace(self, seat: Seat) -> rolling.Replaced:
        """Start a process for a seat, and end the one that has it once the new one takes messages.

        Raises Misconfigured when the new one does not get ready; the old one stays then.
        """
        began = time.monotonic()
        (port,) = free_ports(1)
        fresh = await self._started(seat, port)
        try:
            while not await self._is_well(seat, port, began):
                if fresh.returncode is not None:
                    raise Misconfigured(f"{seat.name} does not start: {last_line(self._log(seat))}")
                if self._stop.is_set():
                    raise Misconfigured("the guild ends")
                await self._sleep(0.02)
        except BaseException:
            await self._end(fresh)
            raise
        ready = time.monotonic()
        old, seat.process, seat.port = seat.process, fresh, port
        self._tell()
        if old is not None:
            await self._end(old)
        over = time.monotonic()
        return rolling.Replaced(
            seat.name, fresh.pid, round(ready - began, 3), round(over - ready, 3)
        )

    async def _until_ready(self) -> None:
        self._tell()
        began = time.monotonic()
        waiting: Sequence[Seat] = self._seats
        while waiting and not self._stop.is_set():
            well = await asyncio.gather(*(self._is_well(one, one.port, began) for one in waiting))
            waiting = [one for one, ready in zip(waiting, well, strict=True) if not ready]
            await self._sleep(LOOK)
        self._ready = not waiting
        self._tell()

    async def _is_well(self, seat: Seat, port: int, began: float) -> bool:
        """Whether what was started at `began` is ready. Raises Misconfigured when that takes too long."""
        wrong = await unready(port)
        took = time.monotonic() - began
        late = took > READY_WITHIN
        if wrong and (late or ("sandbox" in wrong and took > SANDBOX_WITHIN)):
            told = "; ".join(f"{check}: {said}" for check, said in wrong.items())
            raise Misconfigured(f"{seat.name} is not ready after {took:.0f} s: {told}")
        if wrong is None and late:
            said = last_line(self._log(seat))
            raise Misconfigured(f"{seat.name} is not ready after {took:.0f} s: {said}")
        return wrong == {}

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

    def _tell(self) -> None:
        write_state(self._settings, self._state())

    def _state(self) -> State:
        members = tuple(seat.member for seat in self._seats)
        return State(os.getpid(), self._started_at, self._ready, members)

    def _log(self, seat: Seat) -> Path:
        return log_of(self._settings, seat.name)
