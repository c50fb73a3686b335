"""One item of the inbox on paper: all that a person should look at before they decide."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from toolguild.capability import Capabilities
from toolguild.client.evidence import Evidence, Runs, Served
from toolguild.client.inbox import Question
from toolguild.messages import Item
from toolguild.policy import Policy
from toolguild.report.labels import seconds_text

# Characters that make text look other than it is: direction of writing, and letters without width.
_HIDING = ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")


def visible(text: str) -> str:
    """Return text whose every character shows: what could hide or move others is written as its number."""
    return "".join(
        one if one in "\n\t" or unicodedata.category(one) not in _HIDING else f"\\u{ord(one):04x}"
        for one in text
    )


def since(at: str) -> str:
    """Say how long ago something was."""
    return seconds_text(max(0.0, (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()))


def shape(one: Question, policy: Policy) -> dict[str, Any]:
    """Return an item for --json, without what `show` adds."""
    ask = one.ask
    return {
        "item": one.item,
        "purpose": ask.purpose,
        "risk": ask.risk,
        "title": ask.title,
        "why": ask.why,
        "rule": ask.rule,
        "tasks": list(ask.tasks),
        "since": one.at,
        "expires": one.expires(policy) if one.open else "",
        "reminders": one.reminders,
        "blocks": ask.blocks,
        "state": one.state,
        "by": one.by,
        "author": ask.author,
        "draft": ask.draft.digest if ask.draft else "",
        "tools": [*([ask.tool] if ask.tool else []), *ask.tools],
        "findings": [finding.model_dump(mode="json") for finding in ask.findings],
    }


def as_object(one: Question, found: Evidence, policy: Policy) -> dict[str, Any]:
    """Return all of an item for --json."""
    return {
        **shape(one, policy),
        "goals": dict(found.goals),
        "step": found.step,
        "wanted": found.wanted,
        "against": found.against,
        "diff": found.diff,
        "source": one.ask.draft.source if one.ask.draft else "",
        "exams": list(found.exams),
        "may": found.may.model_dump(mode="json") if found.may else None,
        "runs": [{"tool": tool, **asdict(runs)} for tool, runs in found.runs.items()],
        "requests": [asdict(asked) for asked in found.requests],
        "served": [
            {
                "tool": tool,
                "title": served.title,
                "calls": served.calls,
                "tasks": len(served.tasks),
                "users": sorted(served.users),
                "used_by": list(served.used_by),
            }
            for tool, served in found.served.items()
        ],
        "history": [asdict(moment) for moment in found.history],
    }


def page(one: Question, found: Evidence, policy: Policy) -> Iterator[str]:
    """Yield the lines for a person. Nothing in them can hide another line."""
    for line in _lines(one, found, policy):
        yield visible(line.replace("\n", " "))


def _lines(one: Question, found: Evidence, policy: Policy) -> Iterator[str]:
    ask = one.ask
    state = f"expires {one.expires(policy)}" if one.open else f"{one.state} by {one.by}"
    yield f"{ask.title}  {one.item}"
    yield f"{ask.purpose}, risk {ask.risk}; asked {one.at[:19]}; {state}"
    yield f"why      {ask.why}" + (f" ({ask.rule})" if ask.rule else "")
    for task, goal in found.goals.items():
        yield f"goal     {task}: {goal}"
    if found.step:
        yield f"step     {found.step}"
    if found.wanted:
        yield f"wanted   {found.wanted}"
    if ask.author:
        yield f"author   {ask.author}, who may not approve it"
    yield from _judged(ask, found)
    if found.may is not None:
        yield f"may      {reach(found.may)}"
    for runs in found.runs.values():
        yield f"did      {_did(runs)}"
    for asked in found.requests:
        yield f"asked    {asked.at[:19]} {asked.text}"
    for served in found.served.values():
        yield f"used     {_used(served)}"
    for moment in found.history:
        yield f"history  {moment.at[:19]} {moment.text}"
    yield from _code(ask, found)
    yield ""
    yield from _what_to_do(one)


def _judged(ask: Item, found: Evidence) -> Iterator[str]:
    for finding in ask.findings:
        where = f"line {finding.line}: " if finding.line else ""
        yield f"finding  {finding.severity:8s} {where}{finding.message} [{finding.rule}]"
    if ask.draft is not None and not ask.findings:
        yield "finding  none"
    for line in found.exams:
        yield f"exam     {line}"
    if ask.purpose == "draft" and not found.exams:
        yield "exam     not run: nothing of it runs before it is approved"


def _code(ask: Item, found: Evidence) -> Iterator[str]:
    if ask.draft is None:
        return
    yield ""
    if found.diff:
        yield f"changes against {found.against}:"
        yield from found.diff.rstrip("\n").split("\n")
        return
    if found.against:
        yield f"no changes against {found.against}:"
    for number, line in enumerate(ask.draft.source.rstrip("\n").split("\n"), 1):
        yield f"{number:4d}  {line}"


def _what_to_do(one: Question) -> Sequence[str]:
    if not one.open:
        return ()
    short = one.item[:10]
    edit = f" | edit {short}" if one.ask.draft else ""
    return (
        f"toolguild inbox approve {short} | reject {short} --reason WHY{edit}   (--user NAME signs)",
    )


def reach(may: Capabilities) -> str:
    """Say what code may do, in words."""
    parts = [
        f"{word} {', '.join(names)}"
        for word, names in (
            ("read", may.read),
            ("write", may.write),
            ("reach", may.hosts),
            ("start", may.programs),
            ("import", may.imports),
        )
        if names
    ]
    limits = may.limits
    bounds = f"{limits.wall_seconds:g} s, {limits.memory_mb} MB for each call"
    return "; ".join([*parts, bounds]) if parts else f"compute only; {bounds}"


def _did(runs: Runs) -> str:
    return (
        f"{runs.title} in these tasks: {runs.calls} calls, {runs.failed} failed, {runs.files} files; at most "
        f"{seconds_text(runs.wall_seconds)}, {runs.peak_memory_mb:.0f} MB"
    )


def _used(served: Served) -> str:
    users = ", ".join(sorted(served.users)) or "nobody"
    by = f"; called by {', '.join(served.used_by)}" if served.used_by else ""
    return f"{served.title}: {served.calls} calls in {len(served.tasks)} tasks by {users}{by}"
