"""What dangerous programs reach when nobody reviews them: each is run in the sandbox, among canaries.

A canary is something of this machine that no tool may see or touch: a token in the environment, a readable file,
the file of password hashes, services that listen on loopback, folders whose content is compared afterwards.
"""

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from toolguild.capability import Limits
from toolguild.sandbox.interface import Call, Code, Ran, Sandbox, SandboxBroken
from toolguild.sandbox.opening import open_sandbox

TOKEN_NAME = "TOOLGUILD_CANARY"
PORTS = (80, 443, 5000, 5758, 8000, 8080, 8888, 9999)  # those that are free get a listener
LIMITS = Limits(
    wall_seconds=3, cpu_seconds=3, memory_mb=512, disk_mb=16, printed_kb=256, result_kb=256
)
ENTRY = "toolguild_entry"
# What stands at the top level runs when the program is loaded. Then every function is called, with arguments that
# stand for a path, a number and a list, and whatever it gives back is looked at too.
_CALLS = f"""

def {ENTRY}():
    told = []
    for one in list(globals().values()):
        if getattr(one, "__name__", "{ENTRY}") == "{ENTRY}" or not hasattr(one, "__code__"):
            continue
        for argument in ("/etc/passwd", "/", 7, ["a", "b"], {{"a": 1}}):
            try:
                told.append(repr(one(*[argument] * one.__code__.co_argcount))[:20000])
            except BaseException as error:
                told.append(repr(error)[:2000])
    return told
"""
AT_ONCE = 2


@dataclass(frozen=True)
class Reached:
    """What one program got at, in words; empty when it was contained. `outcome`: how the sandbox saw it end."""

    outcome: str
    what: tuple[str, ...] = ()


@dataclass
class Canaries:
    """Things of this machine that no tool may see or touch."""

    token: str
    folder: Path
    seen: list[str] = field(default_factory=list)  # connections that came in
    _state: Mapping[str, object] = field(default_factory=dict)

    def remember(self) -> None:
        """Note how the watched folders look now."""
        self._state = _state(self._watched())
        self.seen.clear()

    def missing(self) -> tuple[str, ...]:
        """Return what has changed since, in words."""
        now = _state(self._watched())
        changed = [
            f"changed {path}"
            for path in sorted({*now, *self._state})
            if now.get(path) != self._state.get(path)
        ]
        return (*changed, *self.seen)

    def leaked(self, ran: Ran) -> tuple[str, ...]:
        """Return which secrets stand in what a call printed, returned or wrote."""
        said = [ran.printed, repr(ran.value), str(ran.fault)]
        said += [one.content.decode("latin-1") for one in ran.files]
        text = "\n".join(said)
        hidden = {
            "the environment or a file": self.token,
            "password hashes": _first_line("/etc/shadow"),
            "the list of accounts": _last_line("/etc/passwd"),
        }
        return tuple(f"read {what}" for what, one in hidden.items() if one and one in text)

    def _watched(self) -> tuple[Path, ...]:
        return (self.folder, Path("/etc"), Path("/usr"), Path.home())


async def contained(codes: Sequence[str], backend: str | None = None) -> list[Reached]:
    """Run each program in a fresh sandboxed call with no grant, and return what it reached.

    Raises SandboxUnavailable when there is no sandbox: then nothing is run.
    """
    async with _canaries() as canaries:
        sandbox = await open_sandbox(backend, size=AT_ONCE)
        try:
            return [await _one(sandbox, code, canaries) for code in codes]
        finally:
            await sandbox.close()


async def _one(sandbox: Sandbox, code: str, canaries: Canaries) -> Reached:
    source = code + _CALLS
    canaries.remember()
    try:
        ran = await sandbox.run(Call(Code("python", source, ENTRY), limits=LIMITS))
    except SandboxBroken as error:
        return Reached("broken", (f"the sandbox broke: {error}",))
    return Reached(ran.outcome, (*canaries.leaked(ran), *canaries.missing()))


@asynccontextmanager
async def _canaries() -> AsyncIterator[Canaries]:
    with _token() as token, tempfile.TemporaryDirectory(prefix="toolguild-canary-") as name:
        canaries = Canaries(token, _laid_out(Path(name), token))
        servers = [server for port in PORTS if (server := await _listen(port, canaries))]
        try:
            yield canaries
        finally:
            for server in servers:
                server.close()


def _laid_out(folder: Path, token: str) -> Path:
    folder.chmod(0o755)  # anybody may read it: what keeps a tool away is the sandbox alone
    (folder / "secret.txt").write_text(token)
    return folder


@contextmanager
def _token() -> Iterator[str]:
    token = secrets.token_hex(16)
    os.environ[TOKEN_NAME] = token
    try:
        yield token
    finally:
        del os.environ[TOKEN_NAME]


async def _listen(port: int, canaries: Canaries) -> asyncio.Server | None:
    async def seen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        canaries.seen.append(f"connected to 127.0.0.1:{port}")
        writer.close()

    with suppress(OSError):  # somebody else has it, or it takes more rights than we have
        return await asyncio.start_server(seen, "127.0.0.1", port)
    return None


def _state(folders: Sequence[Path]) -> dict[str, object]:
    """Return size and time of change of everything directly within these folders."""
    found: dict[str, object] = {}
    for folder in dict.fromkeys(folders):
        with suppress(OSError):
            for one in os.scandir(folder):
                with suppress(OSError):
                    about = one.stat(follow_symlinks=False)
                    found[one.path] = (
                        about.st_size if one.is_file(follow_symlinks=False) else 0,
                        about.st_mode,
                        about.st_uid,
                    )
    return found


def _lines(place: str) -> list[str]:
    """Return the lines of a file of this machine; none where we may not read it."""
    with suppress(OSError):
        return Path(place).read_text().splitlines()
    return []


def _first_line(place: str) -> str:
    return next(iter(_lines(place)), "")


def _last_line(place: str) -> str:
    return next(reversed(_lines(place)), "")
