"""`toolguild dead`: what a person finds, and what they decide."""

import asyncio
import base64
from pathlib import Path
from uuid import UUID

import pytest
from tests.cli.conftest import Shell

from toolguild.messages import Envelope, TaskId, events
from toolguild.runtime.bus import connect
from toolguild.runtime.dead import DeadLetter, bury
from toolguild.runtime.server import nats_server
from toolguild.runtime.topology import ensure_streams


def letter(number: int, **changed: object) -> DeadLetter:
    body = events.WorkFailed(about_key=f"t-{number}", of="make-plan", code="failed", reason="why")
    message = Envelope(id=UUID(int=number), body=body)
    made = DeadLetter(
        agent="planner-task",
        code="bug",
        reason=f"it broke {number} times",
        traceback="Traceback: here",
        subject=message.subject,
        headers={"Nats-Msg-Id": str(message.id)},
        body=base64.b64encode(message.model_dump_json().encode()).decode(),
        deliveries=5,
        at=f"2026-01-0{number}T00:00:00+00:00",
    )
    return made.model_copy(update=changed)


def keep(data: Path, *letters: DeadLetter) -> None:
    async def write() -> None:
        async with nats_server(data / "nats") as server, connect(server.url) as bus:
            await ensure_streams(bus.js)
            for one in letters:
                await bury(bus, one)

    asyncio.run(write())


@pytest.fixture
def data(shell: Shell) -> Path:
    return shell.folder.parent / "data"


def test_a_dead_letter_is_shown_with_all_that_a_person_needs(shell: Shell, data: Path) -> None:
    keep(data, letter(1))
    listed = shell.run("dead", "list", "--json").json["dead"]
    assert [(one["number"], one["agent"], one["code"]) for one in listed] == [
        (1, "planner-task", "bug")
    ]
    shown = shell.run("dead", "show", "1", "--json").json
    assert shown["reason"] == "it broke 1 times"
    assert shown["traceback"] == "Traceback: here"
    assert shown["message"]["body"]["of"] == "make-plan"
    assert shown["history"] == []
    text = shell.run("dead", "show", "1").out
    assert '    "of": "make-plan",' in text.splitlines()
    assert "Traceback: here" in text


def test_what_was_decided_before_is_its_history(shell: Shell, data: Path) -> None:
    keep(data, letter(1), letter(2))
    sent = shell.run("dead", "requeue", "1", "--by", "alice", "--json")
    assert (sent.code, sent.json) == (
        0,
        {"requeued": [{"number": 1, "subject": letter(1).subject}]},
    )
    assert "handled by the next one" in sent.err
    again = letter(1).headers["Nats-Msg-Id"] + ".requeued.1"
    keep(data, letter(1, headers={"Nats-Msg-Id": again}, requeued=1, reason="it broke again"))
    shown = shell.run("dead", "show", "3", "--json").json
    assert [(one["reason"], one["decision"], one["by"]) for one in shown["history"]] == [
        ("it broke 1 times", "requeued", "alice")
    ]
    assert "requeued by alice at" in shell.run("dead", "show", "3").out
    assert shell.run("dead", "show", "2", "--json").json["history"] == []


def test_all_are_discarded_with_a_reason_and_the_log_tells_it(shell: Shell, data: Path) -> None:
    keep(data, letter(1), letter(2), letter(3))
    ended = shell.run("dead", "discard", "1", "3", "--reason", "old", "--user", "bob", "--json")
    assert [one["number"] for one in ended.json["discarded"]] == [1, 3]
    assert shell.run("dead", "discard", "--all", "--reason", "old").code == 0
    assert shell.run("dead", "list", "--json").json == {"dead": []}
    assert shell.run("dead", "requeue", "--all", "--json").json == {"requeued": []}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("requeue",), "or give --all"),
        (("requeue", "1", "--all"), "or give --all"),
        (("requeue", "1", "9"), "no dead letter 9"),
        (("discard", "1"), "--reason: say why"),
        (("discard", "1", "--reason", " "), "--reason: say why"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_touched(
    shell: Shell, data: Path, arguments: tuple[str, ...], told: str
) -> None:
    keep(data, letter(1))
    ended = shell.run("dead", *arguments)
    assert (ended.code, told in ended.err) == (2, True), ended.err
    assert len(shell.run("dead", "list", "--json").json["dead"]) == 1


def test_the_log_names_the_task_of_what_was_decided(shell: Shell, data: Path) -> None:
    keep(data, letter(1))
    shell.run("dead", "discard", "1", "--reason", "the task is over", "--by", "bob")

    async def look() -> events.DeadLetterDiscarded:
        async with nats_server(data / "nats") as server, connect(server.url) as bus:
            raw = await bus.js.get_msg(
                "TOOLGUILD_LOG", subject=f"toolguild.fact.dead-letter-discarded.{TaskId('t-1')}"
            )
            body = (await bus.read(raw.data or b"")).body
            assert isinstance(body, events.DeadLetterDiscarded)
            return body

    told = asyncio.run(look())
    assert (told.by, told.why, told.message) == ("bob", "the task is over", str(UUID(int=1)))
