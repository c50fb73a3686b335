"""What follows from the decision of an item. Pure."""

from collections.abc import Sequence
from typing import Literal

from toolguild.messages import Item, ItemId, Message, events

POLICY = "policy"  # who decided when nobody did


def of_decision(ask: Item, given: events.DecisionGiven) -> Sequence[Message]:
    """Return what to tell those that wait for a person's decision."""
    if given.decision == "edit":
        return _edited(ask, given)
    if ask.purpose == "audit":
        return _incidents(ask, given) if given.decision == "reject" else []
    return _answer(ask, given.item, given.decision == "approve", given.by, given.reason)


def of_expiry(
    ask: Item, item: ItemId, on_expiry: Literal["reject", "approve"], why: str
) -> Sequence[Message]:
    """Return what to tell those that wait when nobody has decided. No tool is blamed for that."""
    return _answer(ask, item, on_expiry == "approve", POLICY, why)


def _answer(ask: Item, item: ItemId, approved: bool, by: str, reason: str) -> Sequence[Message]:
    if ask.purpose == "draft" and ask.build is not None and ask.draft is not None:
        digest = ask.draft.digest
        return [
            events.ApprovalGiven(
                build=ask.build, draft=digest, approved=approved, by=by, reason=reason
            )
        ]
    if ask.purpose not in ("run", "exception"):
        return []
    return [
        events.TaskDecided(
            task=task, item=item, purpose=ask.purpose, approved=approved, by=by, reason=reason
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
