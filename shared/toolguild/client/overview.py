"""All tasks at a glance, and where a goal stands that waits for its turn."""

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from toolguild.client import log
from toolguild.client.log import Entry
from toolguild.messages import TaskId, commands
from toolguild.runtime import goals
from toolguild.runtime.bus import Bus

QUEUED = f"toolguild.seen.{commands.AdmitGoal.kind_name()}"
# Kinds that change what is said of a task, and what they make of it; an end says it in its body.
STATUSES = {
    "goal-given": "running",
    "task-forked": "running",
    "task-waits": "waiting",
    "run-held": "waiting",
    "task-decided": "running",
    "escalated": "",
    "steered": "",
    "task-ended": "",
    "result-released": "",
}


@dataclass(frozen=True)
class TaskLine:
    """One task in a list."""

    task: TaskId
    user: str
    goal: str
    at: str
    status: str  # "queued", "running", "paused", "waiting" or how it ended
    ahead: int = 0  # queued: goals of the same user that come first


async def tasks(bus: Bus, *, user: str | None = None, status: str | None = None) -> list[TaskLine]:
    """Return the tasks of the log, newest first: all, or those of a user, or those with a status."""
    found: dict[str, TaskLine] = {}
    subjects = (f"{QUEUED}.*", *(f"toolguild.fact.{kind}.*" for kind in STATUSES))
    async for entry in log.entries(bus, subjects, live=False):
        line = await _changed(bus, found.get(entry.key), entry)
        if line is not None:
            found[entry.key] = line
    lines = _placed(list(found.values()))
    return [
        line
        for line in reversed(lines)
        if (user is None or line.user == user) and (status is None or line.status == status)
    ]


async def _changed(bus: Bus, line: TaskLine | None, entry: Entry) -> TaskLine | None:
    """Return what a message makes of a task's line. Bodies are read only where they say more than subjects."""
    kind = entry.subject.split(".")[2]
    status = STATUSES.get(kind, "queued")
    if line is not None and status:
        return line if status == "queued" else replace(line, status=status)
    body = await _body(bus, entry)
    if line is not None:
        return replace(line, status=_said(kind, body, line.status) or line.status)
    if "goal" not in body:
        return None
    return TaskLine(
        TaskId(entry.key), body["brief"]["user"], body["goal"]["primary"], entry.at, status
    )


def _said(kind: str, body: dict[str, Any], before: str) -> str:
    """Return the status that a message's body tells, or "" if it changes none.

    Who waits for a person is paused as well: that they wait says more.
    """
    match kind:
        case "escalated":
            return "waiting" if body.get("holds") else ""
        case "steered" if before != "waiting":
            return {"paused": "paused", "going": "running"}.get(str(body.get("state")), "")
        case "steered":
            return ""
        case _:
            return str(body.get("status") or body.get("result", {}).get("status") or "")


async def _body(bus: Bus, entry: Entry) -> dict[str, Any]:
    """Return a message's body unchecked: a list of ten thousand tasks has to be there at once."""
    try:
        body = json.loads(entry.data).get("body")
    except ValueError:
        return {}
    if isinstance(body, dict):
        return body
    noted = await log.envelope(bus, entry)  # a large one is kept elsewhere
    return noted.body.model_dump() if noted is not None else {}


def _placed(lines: list[TaskLine]) -> list[TaskLine]:
    """Say of goals that wait how many of the same user come first. `lines` are in the order of the log."""
    before: Counter[str] = Counter()
    placed = []
    for line in lines:
        if line.status == "queued":
            line = replace(line, ahead=before[line.user])
            before[line.user] += 1
        placed.append(line)
    return placed


async def ahead_of(bus: Bus, task: TaskId) -> int | None:
    """Return how many goals of the same user come before this one; None when it has been let in, or has ended.

    Reads what was given after it: for a goal given last, next to nothing.
    """
    place = await log.newest(bus, f"{QUEUED}.{task}")
    if place is None:
        return None
    for kind in ("goal-given", "task-ended"):
        if await log.newest(bus, f"toolguild.fact.{kind}.{task}") is not None:
            return None
    user = (await _body(bus, place)).get("brief", {}).get("user", "")
    behind = 0
    later = log.entries(bus, (f"{QUEUED}.*",), first=place.sequence + 1, live=False)
    async for entry in later:
        behind += (await _body(bus, entry)).get("brief", {}).get("user") == user
    return max(0, await goals.waiting(bus, user) - behind - 1)
