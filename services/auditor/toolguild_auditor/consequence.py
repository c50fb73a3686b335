"""What follows from the decision of an item. Pure."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from toolguild.messages import Item, ItemId, Message, events

POLICY = "policy"  # who decided when nobody did


class Wait(NamedTuple):
    """From when to when an item was open, ISO 8601; "" where nobody knows."""

    since: str
    until: str


def of_decision(ask: Item, given: events.DecisionGiven, since: str = "") -> Sequence[Message]:
    """Return what to tell those that wait for a person's decision, and since when they did."""
    wait = Wait(since, given.at if since else "")
    if given.decision == "edit":
        return [*_told(ask, given.item, True, given.by, given.reason, wait), *_edited(ask, given)]
    if ask.purpose == "audit":
        return _incidents(ask, given) if given.decision == "reject" else []
    return _answer(ask, given.item, given.decision == "approve", given.by, given.reason, wait)


def of_expiry(
    ask: Item, item: ItemId, on_expiry: Literal["reject", "approve"], why: str, wait: Wait
) -> Sequence[Message]:
    """Return what to tell those that wait when nobody has decided. No tool is blamed for that."""
    return _answer(ask, item, on_expiry == "approve", POLICY, why, wait)


def _answer(
    ask: Item, item: ItemId, approved: bool, by: str, reason: str, wait: Wait
) -> Sequence[Message]:
    told = _told(ask, item, approved, by, reason, wait)
    if ask.purpose == "draft" and ask.build is not None and ask.draft is not None:
        given = events.ApprovalGiven(
            build=ask.build,
            draft=ask.draft.digest,
            approved=approved,
            by=by,
            reason=reason,
            asked_at=wait.since,
            decided_at=wait.until,
        )
        return [*told, given]
    return told


def _told(
    ask: Item, item: ItemId, approved: bool, by: str, reason: str, wait: Wait
) -> Sequence[Message]:
    """Tell each task that waited, for a draft of its build too: its time goes on."""
    if ask.purpose not in ("draft", "run", "exception"):
        return []
    if ask.purpose == "draft" and not wait.since:
        return []  # its build is told; the task would only learn how long it took
    return [
        events.TaskDecided(
            task=task,
            item=item,
            purpose=ask.purpose,
            approved=approved,
            by=by,
            reason=reason,
            asked_at=wait.since,
            decided_at=wait.until,
        )
        for task in ask.tasks
    ]


def _edited(ask: Item, given: events.DecisionGiven) -> Sequence[Message]:
    assert ask.build is not None
    assert ask.draft is not None
    return [
        events.DraftEdited(
            build=ask.build,
            draft=ask.draft.digest,
            source=given.source or "",
            by=given.by,
            reason=given.reason,
        )
    ]


def _incidents(ask: Item, given: events.DecisionGiven) -> Sequence[Message]:
    what = f"rejected after the fact: {given.reason}"
    return [
        events.IncidentSeen(tool=tool, task=task, what=what, by=given.by)
        for tool in dict.fromkeys(ask.tools)
        for task in ask.tasks[:1]
    ]
