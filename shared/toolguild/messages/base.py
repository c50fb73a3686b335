"""What every message is."""

from typing import Any, ClassVar, NewType
from uuid import UUID

from toolguild.capability import Capabilities, Limits
from toolguild.tool.value import Value

TaskId = NewType("TaskId", str)  # "t-" and hexadecimal digits: one goal on its way to a result
BuildId = NewType("BuildId", str)  # "b-" and hexadecimal digits: one effort to make a tool
ItemId = NewType("ItemId", str)  # "i-" and hexadecimal digits: one question of the inbox
MessageId = UUID

KINDS: dict[
    str, type["Message"]
] = {}  # every kind whose class has been imported; outside agents add theirs


class Message(Value):
    """A typed message. Subclasses of Command and Event give it a `kind` literal, unique in the guild.

    A field is never repurposed: a new meaning is a new kind.
    """

    about: ClassVar[str] = (
        "task"  # the field whose value is the id of the task or build it is about
    )
    kind: Any

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        kind = cls.model_fields["kind"].default
        if isinstance(kind, str):
            if KINDS.get(kind, cls).__qualname__ != cls.__qualname__:
                raise TypeError(f"two messages of kind {kind}: {KINDS[kind]} and {cls}")
            KINDS[kind] = cls

    @property
    def key(self) -> str:
        """The id of the task or build that this message is about: the last token of its subject."""
        return str(getattr(self, self.about))

    @classmethod
    def kind_name(cls) -> str:
        """The kind as it stands in subjects: "draft-tool"."""
        return str(cls.model_fields["kind"].default)


class Command(Message):
    """An order. Exactly one worker reads it and answers with one event."""

    @property
    def ref(self) -> str:
        """Which of several orders of this kind for the same task or build: a step, an attempt."""
        return ""


class Event(Message):
    """A fact, in the past tense. Anyone may read it; nobody can refuse it."""


class Hint(Value):
    """What a person says about how to go on. It grants nothing, whatever it says."""

    id: str  # of the intervention that brought it
    by: str
    text: str


class Brief(Value):
    """On whose behalf work is done and within which bounds. Commands that cost something carry it."""

    task: TaskId
    user: str = "local"
    deadline: str | None = None  # ISO 8601, UTC: no work starts after it
    started: str | None = (
        None  # ISO 8601, UTC: when the task was let in; halts since then move the deadline
    )
    max_usd: float | None = None
    max_tokens: int | None = None
    model: str | None = None  # overrides the configured model for every role
    autonomy: str = "D"
    max_model_calls: int | None = None
    max_cpu_seconds: float | None = None  # of all sandboxed calls together
    limits: Limits | None = None  # a person's narrower limits for every call; None: the policy's
    hosts: tuple[str, ...] | None = None  # a person's narrower list; None: as granted
    # what the goal asks for, and so the most that any call of the task gets; None: all that the policy has
    capabilities: Capabilities | None = None
    hints: tuple[Hint, ...] = ()


class Artifact(Value):
    """A file in the object store, named by the SHA-256 of its bytes."""

    name: str  # as the user or the tool called it; no slashes
    sha256: str
    bytes: int
    media_type: str = "application/octet-stream"


class ModelUsage(Value):
    """What one or several calls of one model cost."""

    role: str  # planner, synthesizer, reviewer, examiner
    model: str
    source: str  # live, local, recorded, scripted
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0


def add_usage(old: tuple[ModelUsage, ...], new: tuple[ModelUsage, ...]) -> tuple[ModelUsage, ...]:
    """Sum usage by role, model and source."""
    sums: dict[tuple[str, str, str], ModelUsage] = {}
    for one in (*old, *new):
        name = (one.role, one.model, one.source)
        had = sums.get(name)
        sums[name] = (
            one
            if had is None
            else had.model_copy(
                update={
                    "calls": had.calls + one.calls,
                    "input_tokens": had.input_tokens + one.input_tokens,
                    "output_tokens": had.output_tokens + one.output_tokens,
                    "usd": had.usd + one.usd,
                }
            )
        )
    return tuple(sums.values())
