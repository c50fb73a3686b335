"""`toolguild inbox`: what waits for a person, and their decision."""

import asyncio
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.client.evidence import Evidence
    from toolguild.client.inbox import Answer, Question
    from toolguild.messages.events import DecisionGiven
    from toolguild.policy import Policy
    from toolguild.tool import Draft

app = typer.Typer(help="See and decide what waits for a person.", no_args_is_help=True)
# The inbox itself decides which decision counts. What follows from it waits in the log for the guild.
DECIDES = ("auditor",)


class PurposeName(StrEnum):
    """What an item is for."""

    draft = "draft"
    run = "run"
    watch = "watch"
    exception = "exception"
    audit = "audit"


class RiskName(StrEnum):
    """How much an item could do."""

    low = "low"
    medium = "medium"
    high = "high"


Name = Annotated[
    str, typer.Argument(metavar="ITEM", help="The item, or the start of its id or of its draft.")
]
Names = Annotated[
    list[str], typer.Argument(metavar="ITEM...", help="Items, or the starts of their ids.")
]
PurposeOption = Annotated[
    PurposeName | None, typer.Option("--purpose", help="Only items for this.")
]
RiskOption = Annotated[RiskName | None, typer.Option("--risk", help="Only items of this risk.")]
TaskOption = Annotated[
    str | None, typer.Option("--task", metavar="TASK", help="Only items of this task.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the log, and told.")]


@app.command("list")
def list_(
    purpose: PurposeOption = None,
    risk: RiskOption = None,
    task: TaskOption = None,
    every: Annotated[bool, typer.Option("--all", help="Decided ones as well.")] = False,
    as_json: Json = False,
) -> int:
    """List what waits for a decision, oldest first.

    JSON: waiting[{item, purpose, risk, title, why, tasks, since, expires, reminders, blocks, state, by,
    draft, findings}].

    \b
    toolguild inbox list
    toolguild inbox list --purpose draft --risk high
    """
    from toolguild.cli.inbox_page import shape, since, visible
    from toolguild.cli.output import say_json, table

    found, policy = asyncio.run(_questions(chosen(purpose, risk, task), every=every))
    if as_json:
        say_json({"waiting": [shape(one, policy) for one in found]})
        return exits.SUCCEEDED
    rows = [
        (
            one.item[:10],
            one.ask.purpose,
            one.ask.risk,
            visible(one.ask.title),
            ", ".join(one.ask.tasks),
            since(one.at),
            one.expires(policy)[:16] if one.open else f"{one.state} by {one.by}",
            visible(one.ask.why),
        )
        for one in found
    ]
    columns = ("item", "for", "risk", "what", "task", "waits", "expires", "why")
    table(columns, rows, empty="Nothing waits for a person.")
    return exits.SUCCEEDED


@app.command("show")
def show(name: Name, as_json: Json = False) -> int:
    """Show one item with what there is to know: goal, step, code or changes, exam, findings, reach, use, history.

    JSON: as `list`, and goals, step, wanted, against, diff, source, exams, may, runs, served, history.

    \b
    toolguild inbox show i-3f9a
    """
    from toolguild.cli.inbox_page import as_object, page
    from toolguild.cli.output import say, say_json

    one, found, policy = asyncio.run(_evidence(name))
    if as_json:
        say_json(as_object(one, found, policy))
    else:
        for line in page(one, found, policy):
            say(line)
    return exits.SUCCEEDED


@app.command("approve")
def approve(names: Names, reason: Reason = "", user: User = "local", as_json: Json = False) -> int:
    """Say yes to items. Each decision is signed with your key, and the first one counts.

    Exit 5 when one does not count: somebody was faster, or it may not be yours.
    JSON: decided[{item, title, decision, counts, why, tasks}].

    \b
    toolguild inbox approve i-3f9a --user ana
    toolguild inbox approve i-3f9a i-77c0 --reason "looked at both"
    """
    return asyncio.run(_decide_each(names, "approve", reason, user, as_json=as_json))


@app.command("reject")
def reject(
    names: Names,
    reason: Annotated[str, typer.Option("--reason", help="Why; its author is told.")],
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Say no to items, with a reason. A rejected audit is an incident of the tools. As `approve` else.

    \b
    toolguild inbox reject i-3f9a --reason "it reads more files than it needs"
    """
    if not reason.strip():
        raise UsageError("--reason: say why; whoever wrote it is told")
    return asyncio.run(_decide_each(names, "reject", reason, user, as_json=as_json))


@app.command("edit")
def edit(
    name: Name,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="The whole code as it should be.")
    ] = None,
    reason: Reason = "",
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Put your own version in place of a draft. It goes through review and exam as any, and you cannot approve it.

    Without --file the code opens in $EDITOR. JSON: as `approve`.

    \b
    toolguild inbox edit i-3f9a --file better.py --user ana
    """
    from toolguild.cli.arguments import read_source

    source = None if file is None else read_source(file)
    return asyncio.run(_edit(name, source, reason, user, as_json=as_json))


def chosen(
    purpose: PurposeName | None, risk: RiskName | None, task: str | None
) -> "Callable[[Question], bool]":
    """Return what says whether an item is meant by these filters."""

    def meant(one: "Question") -> bool:
        return (
            purpose in (None, one.ask.purpose)
            and risk in (None, one.ask.risk)
            and (task is None or task in one.ask.tasks)
        )

    return meant


async def _questions(
    meant: "Callable[[Question], bool]", *, every: bool
) -> "tuple[list[Question], Policy]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.inbox import questions

    async with open_door(settings_of(), ()) as door:
        found = await questions(door.bus)
        return [one for one in found if meant(one) and (every or one.open)], door.policy


async def _evidence(name: str) -> "tuple[Question, Evidence, Policy]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.evidence import evidence
    from toolguild.client.inbox import find, questions
    from toolguild.registry import open_registry

    async with open_door(settings_of(), ()) as door, open_registry(door.bus.js) as registry:
        one = find(await questions(door.bus), name)
        return one, await evidence(door.bus, registry, door.policy, one), door.policy


async def _decide_each(
    names: Sequence[str], decision: str, reason: str, user: str, *, as_json: bool
) -> int:
    from toolguild.client.inbox import find

    def picked(found: "Sequence[Question]") -> "list[tuple[Question, str | None]]":
        every = {one.item: one for one in (find(found, name) for name in names)}
        return [(one, None) for one in every.values()]

    return await decide(picked, decision, reason, user, as_json=as_json)


async def _edit(name: str, source: str | None, reason: str, user: str, *, as_json: bool) -> int:
    from toolguild.client.inbox import find

    def picked(found: "Sequence[Question]") -> "list[tuple[Question, str | None]]":
        one = find(found, name)
        if one.ask.draft is None:
            raise UsageError(f"{one.item} shows no code that could be edited")
        return [(one, source if source is not None else typed(one.ask.draft))]

    return await decide(picked, "edit", reason, user, as_json=as_json)


def typed(draft: "Draft") -> str:
    """Return the code as a person leaves it in their editor. Raises UsageError when there is none or no change."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--file FILE: give the code, since there is no terminal for an editor")
    if not editor:
        raise UsageError("--file FILE: give the code, or name your editor in EDITOR")
    ending = "py" if draft.language == "python" else "js"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"{draft.name}.{ending}"
        place.write_text(draft.source, encoding="utf-8")
        try:
            ended = subprocess.run([*shlex.split(editor), str(place)], check=False)
        except OSError as error:
            raise UsageError(f"EDITOR={editor}: {error.strerror}") from error
        edited = place.read_text(encoding="utf-8")
    if ended.returncode != 0 or edited == draft.source:
        raise UsageError("nothing was changed, so nothing was decided")
    return edited


async def decide(
    pick: "Callable[[Sequence[Question]], list[tuple[Question, str | None]]]",
    decision: str,
    reason: str,
    user: str,
    *,
    as_json: bool,
) -> int:
    """Decide about the items that `pick` chooses from all, each with its edit, and say what became of it."""
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.inbox import decide as send
    from toolguild.client.inbox import questions, signed
    from toolguild.identity import KeyDirectory

    async with open_door(settings_of(), DECIDES) as door:
        signer = KeyDirectory(door.settings.keys).person(user)
        picked = pick(await questions(door.bus))
        given = [
            signed(one, signer, decision, by=user, reason=reason, source=source)
            for one, source in picked
        ]
        answers = await send(door.bus, given)
    return told([one for one, _ in picked], given, answers, standing=door.standing, as_json=as_json)


def told(
    about: "Sequence[Question]",
    given: "Sequence[DecisionGiven]",
    answers: "Sequence[Answer]",
    *,
    standing: bool,
    as_json: bool,
) -> int:
    """Say which decisions count, and return the exit code."""
    from toolguild.cli.output import note, say, say_json
    from toolguild.messages.events import DecisionRefused

    lines: list[dict[str, Any]] = []
    for one, mine, answer in zip(about, given, answers, strict=True):
        why = answer.why if isinstance(answer, DecisionRefused) else ""
        lines.append(
            {
                "item": one.item,
                "title": one.ask.title,
                "decision": mine.decision,
                "counts": not why,
                "why": why,
                "tasks": list(one.ask.tasks),
            }
        )
    if as_json:
        say_json({"decided": lines})
    for line in lines:
        what = f"{line['title']} ({line['item']})"
        if not line["counts"]:
            note(f"toolguild: {what}: your decision does not count: {line['why']}")
        elif not as_json:
            say(f"{_DONE[line['decision']]} {what}")
    if not standing:
        tasks = {task for line in lines if line["counts"] for task in line["tasks"]}
        for task in sorted(tasks):
            note(f"no guild runs now; go on with: toolguild tasks wait {task}")
    return exits.SUCCEEDED if all(line["counts"] for line in lines) else exits.REFUSED


_DONE = {"approve": "approved", "reject": "rejected", "edit": "edited"}
