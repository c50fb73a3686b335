"""`toolguild pause|resume|cancel|override|constrain|guide`, over a log without a guild that runs."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest
from tests.cli.conftest import Shell
from tests.client import messages as m

from toolguild.cli.door import open_door
from toolguild.client import log
from toolguild.messages import Envelope, Message, events
from toolguild.settings import load_settings


async def put(*bodies: Message) -> None:
    async with open_door(load_settings(), ()) as door:
        for body in bodies:
            at = "2026-01-01T00:00:00Z"
            await door.bus.publish(Envelope(id=uuid4(), body=body, source="test", at=at))


async def said() -> list[events.Intervened]:
    found = []
    async with open_door(load_settings(), ()) as door:
        async for entry in log.entries(door.bus, ["toolguild.fact.intervened.*"], live=False):
            body = (await door.bus.read(entry.data)).body
            assert isinstance(body, events.Intervened)
            found.append(body)
    return found


def test_a_word_is_stored_and_signed_where_no_guild_runs(shell: Shell) -> None:
    asyncio.run(put(m.given(), m.planned()))
    words = [
        ("pause", "--freeze"),
        ("resume",),
        ("guide", "skip the header"),
        ("constrain", "--memory-mb", "64", "--max-usd", "0.1", "--no-hosts", "--max-seconds", "60"),
        ("override", "--step", "add", "--value", '{"sum": 3}'),
        ("override", "--answer", '"done"'),
    ]
    for action, *rest in words:
        ended = shell.run(action, m.TASK, *rest, "--user", "ana", "--reason", "why", "--json")
        assert ended.code == 0, ended.err
        assert ended.json["outcome"] == "stored"
        assert "no guild runs now" in ended.json["detail"]
    every = asyncio.run(said())
    assert [one.action for one in every] == [action for action, *_ in words]
    assert {(one.by, one.reason, one.signature and one.signature.by) for one in every} == {
        ("ana", "why", "person:ana")
    }
    pause, _, guide, constrain, result, answer = every
    assert (pause.freeze, guide.hint) == (True, "skip the header")
    assert constrain.bounds is not None
    assert constrain.bounds.limits is not None
    assert (constrain.bounds.limits.memory_mb, constrain.bounds.hosts) == (64, ())
    assert constrain.bounds.deadline is not None
    assert result.override is not None
    assert result.override.model_dump(include={"step", "value"}) == {
        "step": "add",
        "value": {"sum": 3},
    }
    assert answer.override is not None
    assert answer.override.model_dump(include={"value"}) == {"value": "done"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pause", "t-9"), "there is no task t-9"),
        (("override", "t-1"), "say one thing, none was given"),
        (("override", "t-1", "--step", "add", "--value", "{"), "--value: is not valid JSON"),
        (("override", "t-1", "--value", "1"), "--step: name the step"),
        (("override", "t-1", "--step", "x", "--value", "1"), "it has add, show"),
        (("override", "t-1", "--step", "add", "--tool", "plus"), "there is no tool plus"),
        (("override", "t-1", "--step", "add", "--tool", "p", "--map", "a"), "--map a: write A=B"),
        (("override", "t-1", "--draft", "00", "--verdict", "allow"), "no draft starts so"),
        (("override", "t-1", "--draft", "00", "--verdict", "maybe"), "allow|block"),
        (("override", "t-1", "--replace", "none.json"), "cannot be read: No such file"),
        (("constrain", "t-1"), "name a bound"),
        (("constrain", "t-1", "--memory-mb", "1"), "--memory-mb 1: Input should be greater"),
        (("constrain", "t-1", "--deadline", "soon"), "--deadline soon: is no time"),
        (("constrain", "t-1", "--host", "a:1", "--no-hosts"), "choose one"),
        (("guide", "t-1", " "), "says nothing"),
        (("pause", "t-1", "--user", "a/b"), "a person who decides has a name"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_sent(
    shell: Shell, words: tuple[str, ...], told: str
) -> None:
    asyncio.run(put(m.given(), m.planned()))
    ended = shell.run(*words, "--json")
    assert ended.code == 2
    assert told in ended.json["error"]["message"]
    assert asyncio.run(said()) == []


def test_another_step_is_read_from_a_file(shell: Shell) -> None:
    asyncio.run(put(m.given(), m.planned()))
    file = Path("step.json")
    file.write_text(json.dumps({"id": "add", "purpose": "Add better"}))
    ended = shell.run("override", m.TASK, "--replace", "step.json", "--json")
    assert "needs a tool or a request" in ended.json["error"]["message"]
    new = m.PLAN.steps[0].model_copy(update={"purpose": "Add better"})
    file.write_text(new.model_dump_json())
    assert shell.run("override", m.TASK, "--replace", "step.json", "--json").code == 0
    (word,) = asyncio.run(said())
    assert word.override is not None
    assert word.override.model_dump()["step"]["purpose"] == "Add better"


def test_nobody_steps_into_a_task_that_has_ended(shell: Shell) -> None:
    over = events.TaskEnded(task=m.TASK, status="succeeded", result=m.released().result)
    asyncio.run(put(m.given(), over, m.released()))
    assert "has ended (succeeded)" in shell.run("pause", m.TASK).err
