"""How a task ended, whole: what the person who asked gets to see."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from toolguild.canonical import Digest
from toolguild.messages.base import Artifact, ModelUsage
from toolguild.plan.plan import Plan
from toolguild.tool import Draft
from toolguild.tool.value import Value

TaskStatus = Literal[
    "succeeded", "partial", "failed", "refused", "cancelled", "out_of_budget", "stuck", "waiting"
]


class CriterionResult(Value):
    """One success criterion with its verdict. `met` is None where nobody could judge it."""

    text: str
    met: bool | None
    evidence: str
    judged_by: Literal["program", "model", "nobody"]


class ToolUse(BaseModel):
    """A published tool that the task used. No Value: `digest` is the tool's, not this record's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    digest: Digest
    description: str = ""


class StepResult(Value):
    """How one step of the plan ended."""

    step: str
    purpose: str = ""
    tool: Digest | None = None
    title: str = ""
    how: Literal["bound", "reused", "made", "repaired", "human", "none"] = "none"
    state: Literal["done", "failed", "skipped"]
    calls: int = 0
    seconds: float = 0.0
    value: JsonValue = None
    reason: str = ""
    # what the value comes from: "user", "model", "file:NAME", "host:NAME"; all but "user" are untrusted
    sources: tuple[str, ...] = ()


class Result(Value):
    """The end of a task: answer, files, criteria, tools, costs, and the reason when it is not a success."""

    task: str
    status: TaskStatus
    goal: str
    user: str = "local"
    answer: JsonValue = None
    files: tuple[Artifact, ...] = ()
    criteria: tuple[CriterionResult, ...] = ()
    plan: Plan | None = None
    steps: tuple[StepResult, ...] = ()
    made: tuple[ToolUse, ...] = ()
    reused: tuple[ToolUse, ...] = ()
    usage: tuple[ModelUsage, ...] = ()
    reason: str = ""
    events: tuple[str, ...] = ()  # what is worth telling: repairs, replans, refusals, in order
    seconds: float = 0.0
    trace_id: str = ""
    best: Draft | None = None  # of a build that ended without a tool: its best attempt
    human: tuple[str, ...] = ()  # what people changed: interventions and decisions, in order
    layers: tuple[str, ...] = ()  # of safety that were on, by their names in the policy
    redacted: dict[str, int] = {}  # what was taken out before it left: kind -> how often
    sealed: Artifact | None = None  # what was taken out, for those who may see it
