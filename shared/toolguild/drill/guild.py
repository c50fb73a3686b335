"""A guild of processes for the drill: what `toolguild up` runs, over data of its own, and gone with the drill."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolguild.drill.processes import Living, alive, descendants, living
from toolguild.drill.script import CALLS
from toolguild.errors import Misconfigured
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.server import running

MODEL = "scripted:toolguild.drill.script:answer"
READY_WITHIN = 120.0  # seconds
END_WITHIN = 30.0
GRACE = 2.0  # seconds for work under way when the guild ends: then nothing is left that counts
LOOK = 0.05
# What the guild is started by: it ends in order even when the drill itself is killed (Linux).
_LAUNCH = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
if os.getppid() != int(sys.argv[1]):  # the drill died before we asked
    raise SystemExit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class DrillGuild:
    """A guild that runs, and a client's connection to it."""

    pid: int  # of the process that keeps the others
    directory: Path
    bus: Bus
    artifacts: StoredArtifacts

    @property
    def calls(self) -> Path:
        """Where the scripted model notes its calls."""
        return calls_of(self.directory)

    def members(self) -> dict[str, tuple[str, int]]:
        """Return service and process id of each process by name, as the guild has told them last."""
        told = json.loads((self.directory / "guild.json").read_text())["members"]
        return {one["name"]: (str(one["service"]), int(one["pid"])) for one in told}

    def member(self, name: str) -> Living | None:
        """Return the process of that name; None while it is not there."""
        pid = self.members().get(name, ("", 0))[1]
        return self._child(pid)

    def server(self) -> Living | None:
        """Return the nats-server; None while it is not there."""
        try:
            told = json.loads((self.directory / "nats" / "server.json").read_text())
        except (OSError, ValueError):
            return None
        return self._child(int(told["pid"]))

    def _child(self, pid: int) -> Living | None:
        """Return a process only if it is the guild's: ids are given again, and what is struck must be ours."""
        found = living().get(pid)
        return found if found is not None and found.parent == self.pid else None


def calls_of(directory: Path) -> Path:
    """Return where the scripted model of a guild notes its calls."""
    return directory / "calls.jsonl"


@dataclass(frozen=True)
class Make:
    """What a guild is made of."""

    executors: int = 4
    sandboxes: int = 2  # calls that one executor runs at once
    policy: Path | None = None  # None: the shipped one
    model: str = MODEL


def environment(directory: Path, make: Make) -> dict[str, str]:
    """Return what the guild's processes see: nothing of the operator's guild but the choice of the sandbox."""
    own = {
        "TOOLGUILD_DATA_DIR": str(directory),
        "TOOLGUILD_MODEL": make.model,
        "TOOLGUILD_EXECUTORS": str(make.executors),
        "TOOLGUILD_SANDBOXES": str(make.sandboxes),
        "TOOLGUILD_GRACE_SECONDS": str(GRACE),
        CALLS: str(calls_of(directory)),
    }
    if make.policy is not None:
        own["TOOLGUILD_POLICY"] = str(make.policy)
    ambient = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TOOLGUILD") or name == "TOOLGUILD_SANDBOX"
    }
    return {**ambient, **own}


@asynccontextmanager
async def drill_guild(directory: Path, make: Make) -> AsyncIterator[DrillGuild]:
    """Run a guild for as long as the block lasts, and leave no process of it behind.

    Raises Misconfigured with the last words of a guild that does not start.
    """
    log = _log(directory)
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid())),
            *(sys.executable, "-m", "toolguild.cli", "up", "--foreground"),
            env=environment(directory, make),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,  # a Ctrl-C is for the drill, which then ends the guild in order
        )
    try:
        url = await _ready(process, directory, log)
        async with connect(url, name="toolguild drill") as bus:
            artifacts = StoredArtifacts(bus.objects, directory / "drill-cache")
            yield DrillGuild(process.pid, directory, bus, artifacts)
    finally:
        await asyncio.shield(_end(process))


async def _ready(process: asyncio.subprocess.Process, directory: Path, log: Path) -> str:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READY_WITHIN):
            while process.returncode is None:
                url = running(directory / "nats")
                if url is not None and _state(directory).get("ready"):
                    return url
                await asyncio.sleep(LOOK)
    raise Misconfigured(f"the drill's guild does not start: {_last_words(log)}")


def _log(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory / "up.log"


def _last_words(log: Path) -> str:
    said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return said[-1].removeprefix("toolguild: ") if said else f"not ready in {READY_WITHIN:g} s"


def _state(directory: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((directory / "guild.json").read_text())
    except (OSError, ValueError):
        return {}
    return state


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a guild in order, and then whatever of it is still there: processes that were stopped, for one."""
    family = descendants(process.pid)
    for one in family:
        _send(one, signal.SIGCONT)
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), END_WITHIN)
        except TimeoutError:
            family = [*family, *descendants(process.pid)]
            process.kill()
            await process.wait()
    for one in family:
        _send(one, signal.SIGKILL)


def _send(one: Living, number: signal.Signals) -> None:
    if alive(one):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, number)
