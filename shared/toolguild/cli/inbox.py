"""`toolguild inbox`: what waits for a person."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli.options import Json, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from toolguild.messages.events import ApprovalAsked

app = typer.Typer(help="See and decide what waits for a person.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="DRAFT", help="The start of the draft's digest.")]


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List the drafts that wait for a decision. JSON: waiting[{draft, name, why, tasks, findings}].

    \b
    toolguild inbox list
    """
    from toolguild.cli.output import say_json, table

    asked = asyncio.run(_waiting())
    if as_json:
        say_json({"waiting": [_shape(one) for one in asked]})
    else:
        rows = [
            (one.draft.digest[:12], one.draft.name, ", ".join(one.tasks), one.why) for one in asked
        ]
        table(("draft", "tool", "for", "why"), rows, empty="Nothing waits for a person.")
    return 0


@app.command("show")
def show(name: Name, as_json: Json = False) -> int:
    """Show one draft: why a person is asked, what the review found, and the code.

    \b
    toolguild inbox show 3f9a
    """
    from toolguild.cli.output import say, say_json

    one = find(asyncio.run(_waiting()), name)
    if as_json:
        say_json({**_shape(one), "source": one.draft.source})
        return 0
    say(f"{one.draft.name}  {one.draft.digest}")
    say(f"for {', '.join(one.tasks)}: {one.why}")
    for finding in one.findings:
        where = f"line {finding.line}: " if finding.line else ""
        say(f"  {finding.severity:8s} {where}{finding.message} [{finding.rule}]")
    say()
    for number, line in enumerate(one.draft.source.splitlines(), 1):
        say(f"{number:4d}  {line}")
    return 0


@app.command("approve")
def approve(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.")] = "",
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Let exactly this draft go on to its exam. JSON: draft, approved, tasks.

    \b
    toolguild inbox approve 3f9a --user ana
    """
    return asyncio.run(_decide(name, approved=True, reason=reason, by=user, as_json=as_json))


@app.command("reject")
def reject(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; its author is told.")],
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Send this draft back to its author with a reason. JSON: draft, approved, tasks.

    \b
    toolguild inbox reject 3f9a --reason "it reads more files than it needs"
    """
    return asyncio.run(_decide(name, approved=False, reason=reason, by=user, as_json=as_json))


def find(asked: "Sequence[ApprovalAsked]", name: str) -> "ApprovalAsked":
    """Return the question whose draft's digest starts so. Raises UsageError unless there is exactly one."""
    found = [one for one in asked if name and one.draft.digest.startswith(name.lower())]
    if len(found) == 1:
        return found[0]
    problem = "no draft that waits starts" if not found else f"{len(found)} drafts that wait start"
    raise UsageError(f"{problem} with {name!r}; `toolguild inbox list` shows those that wait")


async def _waiting() -> "list[ApprovalAsked]":
    from toolguild.cli.door import open_door
    from toolguild.cli.result import settings_of
    from toolguild.client.task import waiting

    async with open_door(settings_of(), ()) as door:
        return await waiting(door.bus)


async def _decide(name: str, *, approved: bool, reason: str, by: str, as_json: bool) -> int:
    from toolguild.cli.door import open_door
    from toolguild.cli.output import note, say, say_json
    from toolguild.cli.result import settings_of
    from toolguild.client.task import decide, waiting

    async with open_door(settings_of(), ()) as door:
        one = find(await waiting(door.bus), name)
        await decide(door.bus, one, approved=approved, by=by, reason=reason)
    if as_json:
        tasks: list[JsonValue] = list(one.tasks)
        say_json({"draft": one.draft.digest, "approved": approved, "tasks": tasks})
    else:
        say(f"{'approved' if approved else 'rejected'} {one.draft.name} {one.draft.digest[:12]}")
    if not door.standing:
        for task in one.tasks:
            note(f"no guild runs now; go on with: toolguild tasks wait {task}")
    return 0


def _shape(one: "ApprovalAsked") -> "dict[str, Any]":
    return {
        "draft": one.draft.digest,
        "name": one.draft.name,
        "why": one.why,
        "tasks": list(one.tasks),
        "findings": [finding.model_dump(mode="json") for finding in one.findings],
    }
