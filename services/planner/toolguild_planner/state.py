"""What the task process remembers of one task."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from toolguild.canonical import Digest
from toolguild.goal import Goal
from toolguild.messages import (
    Artifact,
    Brief,
    BuildId,
    CriterionResult,
    ModelUsage,
    TaskId,
    TaskStatus,
    ToolUse,
)
from toolguild.messages.events import ToolRan
from toolguild.plan import Plan
from toolguild.policy import TaskRules
from toolguild.tool import Value

StepPhase = Literal[
    "trying",  # published tools are run on the request's examples
    "wanting",  # a tool is being made, or mended
    "ready",  # the tool is there; inputs may not be
    "running",
    "done",
    "failed",
]
How = Literal["bound", "reused", "made", "repaired", "none"]


class StepState(Value):
    """How far one step of the plan is. Items are those of a foreach; a plain step has the item 0."""

    phase: StepPhase
    tool: Digest | None = None
    title: str = ""
    how: How = "none"
    mapping: dict[str, str] = {}  # argument of the request -> argument of the tool
    candidates: tuple[Digest, ...] = ()  # still to try
    build: BuildId | None = None
    repairs: int = 0
    size: int | None = None  # number of items, once known
    sent: tuple[int, ...] = ()  # items under way
    unsent: tuple[int, ...] = ()
    broken: tuple[int, ...] = ()  # items that failed and wait for a mended tool
    values: dict[int, JsonValue] = {}
    files: tuple[Artifact, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    failure: ToolRan | None = None  # the first failed call that a repair has to mend


class New(Value):
    """Nothing has been asked yet."""

    phase: Literal["new"] = "new"


class Active(Value):
    """Under way: planning (no plan yet, or a new one is wanted), running, or judging."""

    phase: Literal["active"] = "active"
    stage: Literal["planning", "running", "judging"] = "planning"
    task: TaskId
    brief: Brief
    goal: Goal
    rules: TaskRules
    files: tuple[Artifact, ...] = ()
    attempt: int = 1  # of planning
    complaint: str = ""  # why the plan is made anew
    plan: Plan | None = None
    steps: dict[str, StepState] = {}
    answer: JsonValue = None
    criteria: tuple[CriterionResult, ...] = ()
    made: tuple[ToolUse, ...] = ()
    reused: tuple[ToolUse, ...] = ()
    barred: tuple[Digest, ...] = ()  # tools that the executor refused to run
    usage: tuple[ModelUsage, ...] = ()
    told: tuple[str, ...] = ()  # what is worth telling, in order

    def with_step(self, name: str, **changes: object) -> "Active":
        """Return the state with one step changed."""
        step = self.steps[name].model_copy(update=changes)
        return self.model_copy(update={"steps": self.steps | {name: step}})

    def tell(self, what: str) -> "Active":
        """Return the state with one more line for the report."""
        return self.model_copy(update={"told": (*self.told, what)})


class Over(Value):
    """Ended. Nothing that arrives now changes anything."""

    phase: Literal["over"] = "over"
    status: TaskStatus


Task = Annotated[New | Active | Over, Field(discriminator="phase")]
