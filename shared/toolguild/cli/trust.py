"""`toolguild trust`: what each tool has earned, why, and what that lets it do."""

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from toolguild.cli import exits
from toolguild.cli.options import Autonomy, Json, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.client.trust import Incident, Standing
    from toolguild.messages.events import TrustChanged
    from toolguild.policy import Level, Policy
    from toolguild.tool import Published

app = typer.Typer(
    help="See what tools have earned by their runs, and restore it.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A tool, or its digest.")]


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List the newest version of every tool, and every other with a record.

    JSON: tools[{tool, title, level, effective, bound, why, outlook, held, verified, calls, tasks, users,
    incidents}].

    \b
    toolguild trust list
    """
    from toolguild.cli.output import say_json, table

    every, policy = asyncio.run(_all())
    if as_json:
        say_json({"tools": [shape(entry, one, policy) for entry, one in every]})
        return exits.SUCCEEDED
    rows = []
    for entry, one in every:
        told = shape(entry, one, policy)
        used = f"{one.verified} in {one.tasks} tasks"
        rows.append(
            (told["title"], one.level, told["effective"], used, str(one.incidents), one.why)
        )
    table(("tool", "trust", "runs at", "verified", "incidents", "why"), rows, empty="No tools.")
    return exits.SUCCEEDED


@app.command("show")
def show(name: Name, as_json: Json = False) -> int:
    """Explain one tool's level: its runs, its incidents, what would raise it, what the policy makes of it.

    JSON: as one of `list`, and history[{at, what, task, by}].

    \b
    toolguild trust show sum_by_column
    """
    from toolguild.cli.output import say, say_json
    from toolguild.client.trust import MEANING

    entry, one, past, policy = asyncio.run(_one(name))
    told = shape(entry, one, policy)
    if as_json:
        history: list[Any] = [vars(incident) for incident in past]
        say_json({**told, "history": history})
        return exits.SUCCEEDED
    level = told["effective"]
    say(f"{told['title']}  {told['tool']}")
    say(f"  trust      {one.level}, {MEANING[one.level]}")
    say(f"  why        {one.why}")
    say(f"  next       {told['outlook']}")
    say(f"  runs at    {level}, {MEANING[level]}: bounded by {told['bound']}")
    users = ", ".join(one.users) or "nobody"
    say(f"  verified   {one.verified} of {one.calls} runs, {one.tasks} tasks, used by {users}")
    say(f"  incidents  {one.incidents}")
    for incident in past:
        say(f"    {incident.at[:19]} {incident.task}, seen by {incident.by}: {incident.what}")
    return exits.SUCCEEDED


@app.command("reset")
def reset(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.")],
    level: Annotated[
        Autonomy | None,
        typer.Option(
            "--level", help="Where it starts anew.", show_default="as the policy starts tools"
        ),
    ] = None,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Let a tool start anew, after an incident was looked into. Signed with your key, kept in the log.

    A person gives no more than the policy gives to new tools; the rest is earned. JSON: tool, title, level,
    before, why.

    \b
    toolguild trust reset sum_by_column --reason "it was the disk, not the tool" --user ana
    """
    from toolguild.cli.output import say, say_json

    if not reason.strip():
        raise UsageError("--reason: say why the tool is to be trusted again; the log keeps it")
    changed = asyncio.run(_reset(name, level.value if level else None, reason, user))
    if as_json:
        say_json(
            {
                "tool": changed.tool,
                "title": changed.title,
                "level": changed.level,
                "before": changed.before,
                "why": changed.why,
            }
        )
    else:
        say(f"{changed.title} has level {changed.level} (before: {changed.before})")
    return exits.SUCCEEDED


def shape(entry: "Published", one: "Standing", policy: "Policy") -> "dict[str, Any]":
    """Return a tool's trust for --json."""
    from toolguild.client.trust import effective, outlook

    level, bound = effective(policy, entry.tool.name, one.level)
    return {
        "tool": entry.tool.digest,
        "title": entry.tool.title,
        "level": one.level,
        "effective": level,
        "bound": bound,
        "why": one.why,
        "outlook": outlook(policy, one),
        "held": one.held,
        "verified": one.verified,
        "calls": one.calls,
        "tasks": one.tasks,
        "users": list(one.users),
        "incidents": one.incidents,
    }


async def _all() -> "tuple[list[tuple[Published, Standing]], Policy]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.trust import known, standing
    from toolguild.registry import open_registry

    async with open_door(settings_of(), ()) as door, open_registry(door.bus.js) as registry:
        entries = {entry.tool.digest: entry for entry in registry.all()}
        for tool in await known(door.bus):
            entry = registry.get(tool)
            if entry is not None:
                entries[tool] = entry
        ordered = sorted(entries.values(), key=lambda entry: entry.tool.title)
        bus, policy = door.bus, door.policy
        return [(one, await standing(bus, policy, one.tool.digest)) for one in ordered], policy


async def _one(name: str) -> "tuple[Published, Standing, list[Incident], Policy]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.tools import find
    from toolguild.client.trust import incidents, standing
    from toolguild.registry import open_registry

    async with open_door(settings_of(), ()) as door, open_registry(door.bus.js) as registry:
        entry = find(registry, name)
        tool = entry.tool.digest
        one = await standing(door.bus, door.policy, tool)
        return entry, one, await incidents(door.bus, tool), door.policy


async def _reset(name: str, level: str | None, reason: str, user: str) -> "TrustChanged":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.tools import find
    from toolguild.client.trust import restore
    from toolguild.identity import KeyDirectory
    from toolguild.registry import open_registry

    async with AsyncExitStack() as stack:
        door = await stack.enter_async_context(open_door(settings_of(), ("auditor",)))
        registry = await stack.enter_async_context(open_registry(door.bus.js))
        entry = find(registry, name)
        signer = KeyDirectory(door.settings.keys).person(user)
        wanted = level or door.policy.autonomy.trust.start
        return await restore(
            door.bus,
            signer,
            entry.tool.digest,
            title=entry.tool.title,
            level=cast("Level", wanted),
            by=user,
            reason=reason,
        )
