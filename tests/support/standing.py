"""A guild that stays: started by `toolguild up`, a process for each service, ended by `toolguild down`."""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hall import Hall

from toolguild.policy import Policy
from toolguild.runtime.access.people import as_operator
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import connect
from toolguild.runtime.server import running
from toolguild.settings import Settings

SUPPORT = Path(__file__).parent
WITHIN = 60.0  # seconds for one command on a machine with much else to do


@dataclass(frozen=True)
class Living:
    """One process as the kernel knows it; a process id alone may be given to another one later."""

    pid: int
    parent: int
    started: int  # in ticks since the machine started


@dataclass(frozen=True)
class Standing:
    """A guild of separate processes, a client's connection to it, and the command line over it."""

    hall: Hall
    environment: Mapping[str, str]

    async def command(self, *arguments: str, within: float = WITHIN) -> Any:
        """Run `toolguild ... --json` and return what it says."""
        return await command(self.environment, *arguments, within=within)

    def nats_pid(self) -> int:
        """The process id of nats-server as it runs now."""
        place = self.hall.settings.data_dir / "nats" / "server.json"
        return int(json.loads(place.read_text())["pid"])

    def family(self) -> set[Living]:
        """All processes of the guild."""
        return family(int(self._state()["pid"]))

    def members(self) -> dict[str, int]:
        """The process id of each service by name, as far as the supervisor has told it."""
        return {one["name"]: int(one["pid"]) for one in self._state()["members"]}

    def _state(self) -> Any:
        return json.loads((self.hall.settings.data_dir / "guild.json").read_text())


async def command(environment: Mapping[str, str], *arguments: str, within: float = WITHIN) -> Any:
    """Run `toolguild ... --json` in a process of its own and return the JSON that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "toolguild.cli", *arguments, "--json"),
        env=dict(environment),
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), within)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert out, err.decode()
    return json.loads(out)


@asynccontextmanager
async def standing_guild(data_dir: Path, *paths: Path, **settings: Any) -> AsyncIterator[Standing]:
    """Start a guild of processes that import from `paths` too; and end it."""
    chosen = {"model": "scripted:flow_script:answer"} | settings
    own = Settings(data_dir=data_dir, **chosen).environment()
    ambient = {name: value for name, value in os.environ.items() if "TOOLGUILD" not in name}
    found = os.pathsep.join(map(str, (SUPPORT, *paths)))
    environment = {**ambient, **own, "PYTHONPATH": found}
    try:
        up = await command(environment, "up")
        assert up["ready"], up
        url = running(data_dir / "nats")
        assert url is not None
        async with connect(url, name="test client") as bus:
            artifacts = StoredArtifacts(bus.objects, data_dir / "client-cache")
            wanted = Settings(data_dir=data_dir, nats_url=url, **chosen)
            yield Standing(
                Hall(as_operator(bus, wanted), artifacts, Policy.default(), wanted), environment
            )
    finally:
        await command(environment, "down")


def family(pid: int) -> set[Living]:
    """Return a process and all that descend from it now, sandboxes included."""
    every = living()
    found = {one for one in every if one.pid == pid}
    while more := {one for one in every - found if one.parent in {had.pid for had in found}}:
        found |= more
    return found


async def ended(those: set[Living]) -> None:
    """Return once none of these processes lives. Raises AssertionError with those that do after a minute."""
    known = {(one.pid, one.started) for one in those}
    deadline = time.monotonic() + WITHIN
    while left := [one for one in living() if (one.pid, one.started) in known]:
        if time.monotonic() > deadline:
            raise AssertionError(f"still there: {left}")
        await asyncio.sleep(0.05)


def living() -> set[Living]:
    """Return all processes but those that have ended and wait for their parent to notice."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *rest = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended just now
        if state not in "ZX":
            found.add(Living(int(place.parent.name), int(parent), int(rest[17])))
    return found
