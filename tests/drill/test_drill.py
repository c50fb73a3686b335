"""The drill itself, short: it strikes a real guild, tells what it found, and leaves no process behind."""

import asyncio
import json
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from standing import Living, ended, family

KEYS = "accepted, ended, lost, ended_twice, differing, effects_twice, paid_twice, takeover_seconds, dead, kills"
DATA = "TOOLGUILD_DATA_DIR"
PROCESSES = 6  # of a guild at least: the one that keeps the others, and one for each service


@asynccontextmanager
async def drill(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "toolguild.cli", "drill", "--json", *arguments),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def guild_of(process: asyncio.subprocess.Process) -> set[Living]:
    """Wait until a whole guild runs below a process, and return all of it."""
    deadline = time.monotonic() + 120
    while len(found := family(process.pid)) < PROCESSES + 1:
        assert time.monotonic() < deadline, "no guild has come up"
        await asyncio.sleep(0.1)
    return found


def data_of(guild: set[Living]) -> set[Path]:
    """Return the folders where a guild has its data."""
    found = set()
    for one in guild:
        with suppress(OSError):
            words = Path(f"/proc/{one.pid}/environ").read_bytes().decode().split("\0")
            variables = dict(word.partition("=")[::2] for word in words)
            found |= {Path(variables[DATA])} if DATA in variables else set()
    return found


@pytest.mark.slow
@pytest.mark.timeout(400)  # some 70 s on a machine with nothing else to do
async def test_a_struck_guild_loses_nothing_and_does_nothing_twice() -> None:
    arguments = ("--tasks", "9", "--kills", "6", "--kill", "every=1.5", "--executors", "2")
    async with drill(*arguments) as process:
        seen = await guild_of(process)
        data = data_of(seen)
        out, err = await asyncio.wait_for(process.communicate(), 380)
    found = json.loads(out)
    assert set(KEYS.split(", ")) <= set(found)
    assert set(found["takeover_seconds"]) == {"p50", "p95", "max"}
    nothing = ("lost", "ended_twice", "differing", "effects_twice", "paid_twice", "dead")
    assert {key: found[key] for key in nothing} == dict.fromkeys(nothing, 0), found["wrong"]
    assert (found["accepted"], found["ended"], found["kills"]) == (9, 9, 6)
    assert process.returncode == (1 if found["wrong"] else 0), err.decode()
    await ended(seen)
    assert data
    assert not any(map(Path.exists, data)), "its data is gone too"


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_however_a_drill_ends_its_guild_ends_too(
    number: signal.Signals,
) -> None:
    async with drill("--tasks", "5", "--executors", "1") as process:
        seen = await guild_of(process)
        data = data_of(seen)
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 100)
    await ended(seen)
    if number != signal.SIGKILL:
        assert process.returncode == 130, err.decode()
        assert json.loads(out)["error"]["code"] == "cancelled"
        assert data
        assert not any(map(Path.exists, data))


@pytest.mark.parametrize("kill", ["3", "every=", "every=0", "every=x", "each=3"])
async def test_a_pace_that_is_none_is_refused(kill: str) -> None:
    async with drill("--kill", kill) as process:
        out, _ = await asyncio.wait_for(process.communicate(), 100)
    assert process.returncode == 2
    assert "every=SECONDS" in json.loads(out)["error"]["message"]


async def test_a_folder_with_something_in_it_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    async with drill("--keep", str(tmp_path)) as process:
        out, _ = await asyncio.wait_for(process.communicate(), 100)
    assert process.returncode == 2
    assert "name a new folder" in json.loads(out)["error"]["message"]
