"""What tools earn and lose. Facts."""

from typing import ClassVar, Literal

from toolguild.canonical import Digest
from toolguild.messages.base import (
    Event,
    TaskId,
)
from toolguild.messages.word import Word
from toolguild.policy.model import Level


class ToolServed(Event):
    """A tool did its part in a task. Trust follows from these."""

    about: ClassVar[str] = "tool"
    kind: Literal["tool-served"] = "tool-served"
    tool: Digest
    title: str
    task: TaskId
    user: str = "local"
    calls: int = 1
    verified: (
        bool  # its answers met its schema, checked outside the sandbox, and the task succeeded
    )


class IncidentSeen(Event):
    """A tool did what no tool may, or a person found it wrong. Trust is lost at once."""

    about: ClassVar[str] = "tool"
    kind: Literal["incident-seen"] = "incident-seen"
    tool: Digest
    title: str = ""
    task: TaskId
    what: str
    by: str  # "executor", or a person's name


class TrustChanged(Event):
    """A tool is trusted with more, or with less, than before."""

    about: ClassVar[str] = "tool"
    kind: Literal["trust-changed"] = "trust-changed"
    tool: Digest
    title: str
    level: Level
    before: Level
    why: str


class TrustRestored(Word):
    """A person says at which level a tool starts anew. Whether it counts, TrustChanged or RestoreRefused says."""

    about: ClassVar[str] = "tool"
    kind: Literal["trust-restored"] = "trust-restored"
    tool: Digest
    title: str = ""
    level: Level
    by: str
    reason: str
    at: str = ""  # ISO 8601, UTC


class RestoreRefused(Event):
    """To a person whose word on a tool's trust does not count: why."""

    about: ClassVar[str] = "tool"
    kind: Literal["restore-refused"] = "restore-refused"
    tool: Digest
    by: str
    why: str
