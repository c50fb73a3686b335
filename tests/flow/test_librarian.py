"""An agent of somebody else, installed as a package of its own, works in a guild that knows nothing of it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from standing import Standing, standing_guild

from toolguild.client import log
from toolguild.messages import KINDS, Envelope
from toolguild.runtime.clock import now

EXAMPLE = Path(__file__).parents[2] / "examples" / "librarian"
PACKAGE = "toolguild_librarian"


async def _installed(target: Path) -> None:
    """Install the example as a user does, but into a folder of its own, and without an index."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-build-isolation", "--target", str(target), str(EXAMPLE)),
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await asyncio.wait_for(process.communicate(), 150)
    assert process.returncode == 0, err.decode()


@pytest.fixture
async def library(tmp_path: Path) -> Path:
    target = tmp_path / "library"
    await _installed(target)
    return target


@pytest.fixture
def messages(library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The librarian's messages, as a client that has it installed sees them; forgotten afterwards."""
    known = set(KINDS)
    monkeypatch.syspath_prepend(str(library))
    yield import_module(f"{PACKAGE}.messages")
    for kind in set(KINDS) - known:
        del KINDS[kind]
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
async def guild(tmp_path: Path, library: Path) -> AsyncIterator[Standing]:
    async with standing_guild(tmp_path / "data", library) as guild:
        yield guild


async def _answer(guild: Standing, kind: str, task: str) -> Envelope:
    async with asyncio.timeout(90):
        while True:
            entry = await log.newest(guild.hall.bus, f"toolguild.fact.{kind}.{task}")
            if entry is not None:
                return await guild.hall.bus.read(entry.data)
            await asyncio.sleep(0.02)


async def test_an_installed_agent_finds_what_the_guild_has_published(
    guild: Standing, messages: Any
) -> None:
    made, _ = await guild.hall.run("Slug of the title")
    (tool,) = made.made

    question = messages.FindTool(task=made.task, question="lower case with hyphens")
    asked = Envelope(id=uuid4(), body=question, source="client", at=now())
    await guild.hall.bus.publish(asked)
    answered = await _answer(guild, "tool-found", made.task)
    assert isinstance(answered.body, messages.ToolFound)
    assert answered.cause == asked.id
    assert answered.source == "librarian/librarian"
    assert [hit.tool for hit in answered.body.hits] == [tool.digest]
    assert answered.body.hits[0].title == "slugify@1.0"

    info = await guild.hall.bus.client.request("$SRV.INFO.librarian", b"", timeout=60)
    listed = json.loads(info.data)
    assert listed["description"] == "Finds published tools for a question in plain words."
    assert listed["metadata"]["librarian"] == "reads find-tool"

    status = await guild.command("status")
    members = {one["service"]: one["ready"] for one in status["members"]}
    assert members["librarian"] is True
    assert set(members) == {
        *("auditor", "executor", "librarian", "planner", "reviewer", "synthesizer")
    }

    # Who does not know its messages passes over them.
    events = (await guild.command("tasks", "events", made.task))["events"]
    assert events[-1]["kind"] == "result-released"
