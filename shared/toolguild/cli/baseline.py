"""`toolguild tools baseline|quarantine|release`: what is usual for a tool, and what follows when it is not."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json
from toolguild.cli.tools import Name, Reason, change_status

if TYPE_CHECKING:
    from toolguild.client.baseline import Seen
    from toolguild.policy import Policy
    from toolguild.tool import Published

Newest = Annotated[int, typer.Option("--alerts", min=0, help="So many of the newest alerts.")]


def baseline(name: Name, alerts: Newest = 5, as_json: Json = False) -> int:
    """Show what monitoring has learned from a tool's runs, and what it has told of unusual ones.

    JSON: tool, title, known, runs, cpu{most, mean}, memory, wall, biggest, read, written, processes, hosts,
    programs, outcomes, alerts, newest[{rule, task, message, action}].

    \b
    toolguild tools baseline sum_by_column
    """
    from toolguild.cli.output import say, say_json

    entry, seen, policy = asyncio.run(_seen(name))
    known = seen.runs >= policy.monitoring.baseline_runs
    if as_json:
        about = {"tool": entry.tool.digest, "title": entry.tool.title, "known": known}
        say_json(about | seen.baseline | {"alerts": seen.alerts, "newest": seen.newest})
        return exits.SUCCEEDED
    say(f"{entry.tool.title}  {entry.tool.digest}")
    for line in lines(seen, policy, alerts):
        say(line)
    return exits.SUCCEEDED


def quarantine(name: Name, reason: Reason, as_json: Json = False) -> int:
    """Stop a version from running anywhere until it is released. JSON: as `list`.

    \b
    toolguild tools quarantine sum_by_column@1.0 --reason "it asked for a strange host"
    """
    return change_status(name, "quarantined", reason, as_json=as_json)


def release(name: Name, reason: Reason, as_json: Json = False) -> int:
    """Let a version run again that was quarantined, by a person or by monitoring. JSON: as `list`.

    \b
    toolguild tools release sum_by_column@1.0 --reason "the new host is ours"
    """
    return change_status(name, "published", reason, as_json=as_json)


def lines(seen: "Seen", policy: "Policy", alerts: int = 5) -> list[str]:
    """Return what is known of a tool as lines for people."""
    if not policy.layers.monitoring:
        return ["  baseline    monitoring is off (policy: layers.monitoring)"]
    base, least = seen.baseline, policy.monitoring.baseline_runs
    if seen.runs < least:
        told = [f"  baseline    {seen.runs} of {least} runs seen: too few to judge others by"]
    else:
        used = (
            f"at most {base['cpu']['most']:.3g} s CPU, {base['memory']['most']:.3g} MB, "
            f"{base['wall']['most']:.3g} s"
        )
        names = ", ".join([*base["hosts"], *base["programs"]]) or "no host, no program"
        told = [f"  baseline    {seen.runs} runs, {used}; {names}"]
    told.append(f"  alerts      {seen.alerts}")
    newest = seen.newest[-alerts:] if alerts else []
    return told + [
        f"    {one['task']} ({one['rule']}, {one['action']}): {one['message']}" for one in newest
    ]


async def _seen(name: str) -> "tuple[Published, Seen, Policy]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.tools import find
    from toolguild.client import baseline as client
    from toolguild.registry import open_registry

    async with open_door(settings_of(), ()) as door, open_registry(door.bus.js) as registry:
        entry = find(registry, name)
        return entry, await client.baseline(door.bus, entry.tool.digest), door.policy
