"""What a person is asked, and what they decide. Facts."""

from typing import ClassVar, Literal

from toolguild.canonical import Digest
from toolguild.messages.base import (
    BuildId,
    Event,
    ItemId,
    TaskId,
)
from toolguild.messages.item import Item, Purpose, Risk
from toolguild.messages.word import Word
from toolguild.tool import Draft, Finding


class ApprovalAsked(Event):
    """A person has to look at a draft before it runs."""

    about: ClassVar[str] = "build"
    kind: Literal["approval-asked"] = "approval-asked"
    build: BuildId
    tasks: tuple[TaskId, ...]
    attempt: int
    draft: Draft
    findings: tuple[Finding, ...] = ()
    why: str
    author: str = ""  # the person who wrote it, who may not approve it; "": the guild did
    asked_at: str = ""  # ISO 8601, UTC; the runtime says when


class ApprovalGiven(Event):
    """A person decided about exactly this draft."""

    about: ClassVar[str] = "build"
    kind: Literal["approval-given"] = "approval-given"
    build: BuildId
    draft: Digest
    approved: bool
    by: str
    reason: str = ""
    asked_at: str = ""  # ISO 8601, UTC: the task's time stood still from then on ...
    decided_at: str = ""  # ... until then


class TaskWaits(Event):
    """To each task whose build waits for a person."""

    kind: Literal["task-waits"] = "task-waits"
    task: TaskId
    build: BuildId
    draft: Digest
    why: str


class DecisionAsked(Event):
    """A person has something to look at. What waits for the answer goes on when DecisionTaken is there."""

    about: ClassVar[str] = "item"
    kind: Literal["decision-asked"] = "decision-asked"
    item: ItemId
    ask: Item
    asked_at: str = ""  # ISO 8601, UTC; the runtime says when


class DecisionGiven(Word):
    """A person decided. Whether it counts, DecisionTaken or DecisionRefused says."""

    about: ClassVar[str] = "item"
    kind: Literal["decision-given"] = "decision-given"
    item: ItemId
    decision: Literal["approve", "reject", "edit"]
    by: str
    reason: str = ""
    id: str  # names it in the answer
    at: str = ""  # ISO 8601, UTC
    draft: Digest | None = None  # that the person saw; another one than the item's is refused
    source: str | None = None  # edit: the whole code as it should be


class DecisionTaken(Event):
    """The one decision of an item that counts. `by` is "policy" when it expired."""

    about: ClassVar[str] = "item"
    kind: Literal["decision-taken"] = "decision-taken"
    item: ItemId
    decision: Literal["approve", "reject", "edit", "expired", "withdrawn"]
    by: str
    reason: str = ""
    id: str = ""


class DecisionRefused(Event):
    """To a person whose decision does not count: why."""

    about: ClassVar[str] = "item"
    kind: Literal["decision-refused"] = "decision-refused"
    item: ItemId
    id: str
    by: str
    why: str


class ItemWithdrawn(Event):
    """To the inbox: nobody needs this decision any more."""

    about: ClassVar[str] = "item"
    kind: Literal["item-withdrawn"] = "item-withdrawn"
    item: ItemId
    why: str


class TaskDecided(Event):
    """To a task: the decision of an item that it, or a build for it, waited for."""

    kind: Literal["task-decided"] = "task-decided"
    task: TaskId
    item: ItemId
    purpose: Purpose
    approved: bool
    by: str
    reason: str = ""
    asked_at: str = ""  # ISO 8601, UTC: the task's time stood still from then on ...
    decided_at: str = ""  # ... until then


class DraftEdited(Event):
    """To a build: a person wrote another version of this draft, which goes through review and exam as any."""

    about: ClassVar[str] = "build"
    kind: Literal["draft-edited"] = "draft-edited"
    build: BuildId
    draft: Digest  # the draft that was edited
    source: str
    by: str
    reason: str = ""


class RunHeld(Event):
    """To a task: the executor runs this tool only when a person has said yes."""

    kind: Literal["run-held"] = "run-held"
    task: TaskId
    attempt: int = 1
    step: str
    item: int | None = None
    tool: Digest
    title: str
    why: str
    risk: Risk = "medium"


class Escalated(Event):
    """A rule of the policy asks for a person's attention."""

    kind: Literal["escalated"] = "escalated"
    task: TaskId
    rule: Literal["confidence", "anomaly", "impact", "time", "uncertainty", "intent"]
    why: str
    holds: bool  # whether the task waits for the answer
    item: ItemId


class Notified(Event):
    """A channel outside the guild took the notice of an item, or did not."""

    about: ClassVar[str] = "item"
    kind: Literal["notified"] = "notified"
    item: ItemId
    channel: str  # "webhook"
    delivered: bool
    detail: str = ""
