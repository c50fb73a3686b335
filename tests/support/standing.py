"""A guild that stays: started by `toolguild up`, a process for each service, ended by `toolguild down`."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hall import Hall

from toolguild.policy import Policy
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import connect
from toolguild.runtime.server import running
from toolguild.settings import Settings

SUPPORT = Path(__file__).parent
WITHIN = 60.0  # seconds for one command on a machine with much else to do


@dataclass(frozen=True)
class Standing:
    """A guild of separate processes, a client's connection to it, and the command line over it."""

    hall: Hall
    environment: Mapping[str, str]

    async def command(self, *arguments: str) -> Any:
        """Run `toolguild ... --json` and return what it says."""
        return await command(self.environment, *arguments)

    def nats_pid(self) -> int:
        """The process id of nats-server as it runs now."""
        place = self.hall.settings.data_dir / "nats" / "server.json"
        return int(json.loads(place.read_text())["pid"])

    def members(self) -> dict[str, int]:
        """The process id of each service by name, as far as the supervisor has told it."""
        value = json.loads((self.hall.settings.data_dir / "guild.json").read_text())
        return {one["name"]: int(one["pid"]) for one in value["members"]}


async def command(environment: Mapping[str, str], *arguments: str) -> Any:
    """Run `toolguild ... --json` in a process of its own and return the JSON that it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "toolguild.cli", *arguments, "--json"),
        env=dict(environment),
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), WITHIN)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert out, err.decode()
    return json.loads(out)


@asynccontextmanager
async def standing_guild(data_dir: Path, *paths: Path, **settings: Any) -> AsyncIterator[Standing]:
    """Start a guild of processes that import from `paths` too; end it, and prove that nothing is left of it."""
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
            yield Standing(Hall(bus, artifacts, Policy.default(), wanted), environment)
    finally:
        await command(environment, "down")


async def none_left(data_dir: Path) -> None:
    """Return once no process has this data directory in its environment or command line. Raises TimeoutError."""
    async with asyncio.timeout(10):
        while True:
            if not _processes_of(data_dir):
                return
            await asyncio.sleep(0.05)


def _processes_of(data_dir: Path) -> Sequence[int]:
    """Return the living processes of a guild. One that has ended and waits for its parent has no command line."""
    mark = str(data_dir).encode()
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdecimal() or int(place.name) == os.getpid():
            continue
        try:
            about = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
        except OSError:
            continue
        if mark in about:
            found.append(int(place.name))
    return found
