"""`toolguild inbox` and `toolguild trust` as a person uses them, over a guild of the command's own."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from hall import says
from tests.auditor import people
from tests.cli.conftest import Shell
from tests.client import messages as m

from toolguild.cli.inbox_page import visible
from toolguild.client.batch import sample
from toolguild.client.inbox import Question
from toolguild.messages import Envelope, Event, Item, ItemId, TaskId, events
from toolguild.policy import Checkpoints
from toolguild.runtime.bus import connect
from toolguild.runtime.clock import now
from toolguild.runtime.server import nats_server
from toolguild.runtime.topology import ensure_streams
from toolguild.sandbox.interface import Usage
from toolguild.settings import Settings
from toolguild.tool import Finding

DRAFT = people.draft("def f():\n    return 1  # \u202egnp\n")
APPROVAL = people.approval(DRAFT).model_copy(
    update={"findings": (Finding(rule="size", severity="medium", message="is long", line=2),)}
)
ITEM = f"i-{DRAFT.digest[:16]}"


def run_item(number: int, **changed: Any) -> events.DecisionAsked:
    ask = {"purpose": "run", "tasks": (people.TASK,), "title": "adder@1.0", "why": "level A"}
    item = ItemId(f"i-{number:04d}0000")
    return events.DecisionAsked(item=item, ask=Item.model_validate(ask | changed))


def keep(shell: Shell, *bodies: Event, by: str = "") -> None:
    """Put messages into the log of the shell's guild: unsigned, as before a guild was, or signed by a service."""

    async def write() -> None:
        data = shell.folder.parent / "data"
        async with nats_server(data / "nats") as server, connect(server.url) as bus:
            await ensure_streams(bus.js)
            for body in bodies:
                if by:
                    await says(bus, Settings(data_dir=data), by, body)
                else:
                    await bus.publish(Envelope(id=uuid4(), body=body, source="test", at=now()))

    asyncio.run(write())


@pytest.fixture
def asked(shell: Shell) -> Shell:
    """A guild in which a draft, two runs and a watched task wait."""
    given = m.given().model_copy(update={"task": people.TASK})
    wanted = m.wanted().model_copy(update={"build": people.BUILD, "task": people.TASK})
    used = events.ToolRan(
        task=people.TASK,
        step="add",
        tool=people.NONE,
        outcome="ok",
        used=Usage(0.5, 0.4, 30.0),
    )
    served = events.ToolServed(
        tool=people.NONE, title="adder@1.0", task=TaskId("t-7"), user="eve", calls=3, verified=True
    )
    keep(
        shell,
        given,
        m.planned(),
        wanted,
        used,
        served,
        APPROVAL,
        run_item(1, risk="high", tool=people.NONE),
        run_item(2, tasks=("t-2",)),
        run_item(3, purpose="watch", blocks=False),
    )
    return shell


def names(told: Any) -> list[str]:
    return [one["item"] for one in told["waiting"]]


def test_the_list_holds_what_waits_and_filters_by_purpose_risk_and_task(asked: Shell) -> None:
    every = asked.run("inbox", "list", "--json").json
    assert names(every) == [ITEM, "i-00010000", "i-00020000", "i-00030000"]
    first = every["waiting"][0]
    assert (first["purpose"], first["risk"], first["draft"]) == ("draft", "medium", DRAFT.digest)
    assert first["since"] < first["expires"]
    high = asked.run("inbox", "list", "--risk", "high", "--json").json
    assert names(high) == ["i-00010000"]
    of_task = asked.run("inbox", "list", "--task", "t-2", "--purpose", "run", "--json").json
    assert names(of_task) == ["i-00020000"]
    assert "adder@1.0" in asked.run("inbox", "list").out


def test_an_item_is_shown_with_goal_step_code_findings_reach_use_and_history(asked: Shell) -> None:
    shown = asked.run("inbox", "show", DRAFT.digest[:8], "--json").json
    assert shown["goals"] == {"t-1": "Add numbers"}
    assert shown["step"] == "add: Add them"
    assert shown["wanted"] == "add"
    assert shown["source"] == DRAFT.source
    assert shown["may"]["hosts"] == []
    text = asked.run("inbox", "show", ITEM).out
    assert "finding  medium   line 2: is long [size]" in text
    assert "may      compute only" in text
    assert "nothing of it runs before it is approved" in text
    assert "\u202e" not in text
    assert "\\u202egnp" in text, "what could move other characters is shown as its number"

    run = asked.run("inbox", "show", "i-0001", "--json").json
    assert (run["runs"][0]["calls"], run["runs"][0]["peak_memory_mb"]) == (1, 30.0)
    assert (run["served"][0]["calls"], run["served"][0]["users"]) == (3, ["eve"])
    assert [one["text"] for one in run["history"]] == ["asked"]


def test_decisions_are_signed_counted_and_told_and_a_later_one_is_told_who_won(
    asked: Shell,
) -> None:
    ended = asked.run("inbox", "approve", "i-0001", ITEM, "--user", "ana", "--json")
    assert ended.code == 0, ended.err
    assert [(one["item"], one["counts"]) for one in ended.json["decided"]] == [
        ("i-00010000", True),
        (ITEM, True),
    ]
    assert "go on with: toolguild tasks wait t-1" in ended.err
    assert (asked.folder.parent / "data" / "keys" / "person-ana.key").exists()

    late = asked.run("inbox", "reject", "i-0001", "--reason", "no", "--user", "bob", "--json")
    assert late.code == 5
    assert "already approved by ana at 20" in late.json["decided"][0]["why"]
    assert "already approved by ana" in late.err

    left = asked.run("inbox", "list", "--json").json
    assert names(left) == ["i-00020000", "i-00030000"]
    every = asked.run("inbox", "list", "--all", "--json").json["waiting"]
    assert [(one["state"], one["by"]) for one in every][:2] == [("approved", "ana")] * 2
    history = asked.run("inbox", "show", "i-0001").out
    assert "ana says approve" in history
    assert "the decision of bob does not count" in history


def test_an_edit_takes_a_file_and_the_draft_is_decided_by_it(asked: Shell) -> None:
    (asked.folder / "better.py").write_text("def f():\n    return 2\n")
    ended = asked.run("inbox", "edit", ITEM, "--file", "better.py", "--user", "ana", "--json")
    assert ended.json["decided"][0]["counts"], ended.err
    every = asked.run("inbox", "list", "--all", "--json").json["waiting"]
    assert (every[0]["state"], every[0]["by"]) == ("edited", "ana")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("approve", "i-9999"), "no item of the inbox starts with 'i-9999'"),
        (("approve", "i-"), "give at least 4 characters"),
        (("approve", "i-000"), "give at least 4 characters"),
        (("reject", "i-0001", "--reason", " "), "--reason: say why"),
        (("edit", "i-0001", "--file", "x.py"), "x.py: there is no such file"),
        (("edit", ITEM), "--file FILE"),
        (("approve", "i-0001", "--user", "../ana"), "a person who decides has a name"),
        (("batch",), "--approve or --reject"),
        (("batch", "--reject"), "--reason: say why"),
    ],
)
def test_what_cannot_be_decided_is_told_and_nothing_is(
    asked: Shell, arguments: tuple[str, ...], said: str
) -> None:
    ended = asked.run("inbox", *arguments)
    assert (ended.code, said in ended.err) == (2, True), ended.err
    assert len(names(asked.run("inbox", "list", "--json").json)) == 4


def test_a_sitting_asks_for_a_look_at_its_sample_before_it_decides_each_item(shell: Shell) -> None:
    keep(shell, *(run_item(number) for number in range(10)))
    first = shell.run("inbox", "batch", "--purpose", "run", "--approve", "--json")
    assert first.code == 1
    asked = first.json
    assert (asked["of"], len(asked["look_at"])) == (10, 2)
    again = ("inbox", "batch", "--purpose", "run", "--approve", "--seed", asked["seed"])
    half = shell.run(*again, "--seen", asked["look_at"][0])
    assert half.code == 1
    assert asked["look_at"][1] in half.out
    seen = [part for item in asked["look_at"] for part in ("--seen", item)]
    done = shell.run(*again, *seen, "--user", "ana", "--json")
    assert done.code == 0, done.err
    assert [one["counts"] for one in done.json["decided"]] == [True] * 10
    history = shell.run("inbox", "show", "i-0003").out
    assert (
        f"one of 10 in one sitting, looked at one by one: {', '.join(asked['look_at'])}" in history
    )


def test_a_sample_has_the_policys_size_and_is_the_same_for_the_same_seed() -> None:
    items = [
        Question(one.item, one.ask, "2026-01-01T00:00:00+00:00") for one in map(run_item, range(50))
    ]
    rules = Checkpoints(batch_share=0.1, batch_least=3)
    assert len(sample(items, rules, "a")) == 5
    assert sample(items, rules, "a") == sample(items, rules, "a")
    assert sample(items, rules, "a") != sample(items, rules, "b")
    assert len(sample(items[:4], rules, "a")) == 3
    assert len(sample(items[:2], rules, "a")) == 2
    assert sample(items, Checkpoints(batch_share=0, batch_least=0), "a") == []


def test_what_could_hide_text_from_a_reader_is_shown_as_its_number() -> None:
    assert visible("a\x1b[2Kb\u200bc\r\tä") == "a\\u001b[2Kb\\u200bc\\u000d\tä"
