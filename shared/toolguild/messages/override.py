"""What a person puts in place of what the guild decided, and the bounds that they narrow."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from toolguild.canonical import Digest
from toolguild.capability import Limits
from toolguild.messages.base import Artifact, BuildId
from toolguild.plan.plan import Step
from toolguild.policy.model import Level
from toolguild.tool.value import Value


class Bounds(Value):
    """Narrower bounds of a task. What is None stays; what would be wider than now is refused."""

    limits: Limits | None = None  # of every sandboxed call
    hosts: tuple[str, ...] | None = None
    usd: float | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    model_calls: int | None = Field(default=None, ge=0)
    cpu_seconds: float | None = Field(default=None, ge=0)
    deadline: str | None = None  # ISO 8601, UTC
    autonomy: Level | None = None


class OverrideStep(Value):
    """Another step in place of the one of the same id. What was built on its result is done again."""

    what: Literal["step"] = "step"
    step: Step


class OverrideTool(Value):
    """A published tool of the person's choice for a step."""

    what: Literal["tool"] = "tool"
    step: str
    tool: Digest
    title: str
    mapping: dict[str, str] = {}  # argument of the plan -> argument of the tool


class OverrideResult(Value):
    """A step's result, given by a person: nothing runs for it."""

    what: Literal["result"] = "result"
    step: str
    value: JsonValue = None
    files: tuple[Artifact, ...] = ()


class OverrideAnswer(Value):
    """The task's answer, given by a person."""

    what: Literal["answer"] = "answer"
    value: JsonValue = None


class OverrideVerdict(Value):
    """A verdict on a draft in place of the review's."""

    what: Literal["verdict"] = "verdict"
    build: BuildId
    draft: Digest
    verdict: Literal["allow", "block"]


Override = Annotated[
    OverrideStep | OverrideTool | OverrideResult | OverrideAnswer | OverrideVerdict,
    Field(discriminator="what"),
]


class KeptStep(Value):
    """A finished step of an earlier task that a forked task starts with."""

    step: str
    tool: Digest | None = None
    title: str = ""
    how: Literal["bound", "reused", "made", "repaired", "human", "none"] = "none"
    size: int | None = None  # of a foreach
    values: dict[int, JsonValue] = {}
    files: tuple[Artifact, ...] = ()
    seconds: float = 0.0
