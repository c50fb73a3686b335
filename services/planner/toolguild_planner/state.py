"""What the task process remembers of one task."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue, SerializeAsAny

from toolguild.canonical import Digest
from toolguild.goal import Goal
from toolguild.messages import (
    KINDS,
    Artifact,
    Brief,
    BuildId,
    CriterionResult,
    Event,
    ItemId,
    Message,
    ModelUsage,
    TaskId,
    TaskStatus,
    ToolUse,
)
from toolguild.messages.events import ToolRan
from toolguild.plan import Plan
from toolguild.tool import Draft, Value
from toolguild_planner.rules import Rules

StepPhase = Literal[
    "trying",  # published tools are run on the request's examples
    "wanting",  # a tool is being made, or mended
    "ready",  # the tool is there; inputs may not be
    "running",
    "done",
    "failed",
]
How = Literal["bound", "reused", "made", "repaired", "human", "none"]


def _message(value: Any) -> Any:
    kind = value.get("kind") if isinstance(value, dict) else None
    return KINDS[kind].model_validate(value) if kind in KINDS else value


Kept = Annotated[SerializeAsAny[Message], BeforeValidator(_message)]
KeptEvent = Annotated[SerializeAsAny[Event], BeforeValidator(_message)]


class StepState(Value):
    """How far one step of the plan is. Items are those of a foreach; a plain step has the item 0."""

    phase: StepPhase
    run: int = 1  # what its commands carry as `attempt`: answers with another number are late
    tool: Digest | None = None
    title: str = ""
    how: How = "none"
    given: bool = False  # a person gave the result: nothing runs for it
    mapping: dict[str, str] = {}  # argument of the request -> argument of the tool
    candidates: tuple[Digest, ...] = ()  # still to try
    build: BuildId | None = None
    repairs: int = 0
    size: int | None = None  # number of items, once known
    sent: tuple[int, ...] = ()  # items under way
    vouched: tuple[int, ...] = ()  # of these: sent with a person's approval
    asking: tuple[int, ...] = ()  # of these: the executor waits for a person's approval
    unsent: tuple[int, ...] = ()
    broken: tuple[int, ...] = ()  # items that failed and wait for a mended tool
    values: dict[int, JsonValue] = {}
    files: tuple[Artifact, ...] = ()
    seconds: float = 0.0
    hosts: tuple[str, ...] = ()  # that answered its calls
    reason: str = ""
    failure: ToolRan | None = None  # the first failed call that a repair has to mend


class Pause(Value):
    """A person's."""

    by: str
    freeze: bool
    since: str = ""  # ISO 8601, UTC; empty: the deadline does not move


class Held(Value):
    """The task stands still: a person said so, or decisions are open that it waits for."""

    pause: Pause | None = None
    items: tuple[ItemId, ...] = ()

    @property
    def freeze(self) -> bool:
        """Whether calls under way stand still too."""
        return self.pause is not None and self.pause.freeze


class Question(Value):
    """An open decision of the inbox that the task has asked for."""

    purpose: Literal["run", "exception"]
    why: str
    holds: bool = True
    tool: Digest | None = None  # run: that may run or not
    title: str = ""
    rule: str = ""  # exception: which asked
    step: str = ""  # exception: whose call was interrupted
    run: int = 0
    call: int | None = None


class New(Value):
    """Nothing has been asked yet."""

    phase: Literal["new"] = "new"
    taken: tuple[str, ...] = ()  # ids of interventions


class Active(Value):
    """Under way: planning (no plan yet, or a new one is wanted), running, or judging."""

    phase: Literal["active"] = "active"
    stage: Literal["planning", "running", "judging"] = "planning"
    task: TaskId
    brief: Brief
    goal: Goal
    rules: Rules
    files: tuple[Artifact, ...] = ()
    attempt: int = 1  # of planning
    run: int = 1  # the newest number that commands of steps carry
    complaint: str = ""  # why the plan is made anew
    plan: Plan | None = None
    plans: tuple[Digest, ...] = ()  # all so far, in order
    asked_for: tuple[Digest, ...] = ()  # what new plans were asked for with
    steps: dict[str, StepState] = {}
    answer: JsonValue = None
    answered_by: str = ""  # the person who gave the answer
    judge: Literal["idle", "asked", "stale"] = "idle"  # stale: what it judges has changed
    criteria: tuple[CriterionResult, ...] = ()
    made: tuple[ToolUse, ...] = ()
    reused: tuple[ToolUse, ...] = ()
    barred: tuple[Digest, ...] = ()  # tools that the executor, or a person, refused to run
    best: Draft | None = None  # of a build that gave up
    usage: tuple[ModelUsage, ...] = ()
    told: tuple[str, ...] = ()  # what is worth telling, in order
    # a person's part
    taken: tuple[str, ...] = ()  # ids of interventions
    human: tuple[str, ...] = ()  # what people changed, in order
    newest_word: str = ""  # ISO 8601, UTC: of the newest intervention
    steered: int = 0  # order of the last Steered
    bounded: bool = False  # a person narrowed the brief
    held: Held | None = None
    orders: tuple[Kept, ...] = ()  # held back
    queue: tuple[KeptEvent, ...] = ()  # what came in the meantime, oldest first
    questions: dict[ItemId, Question] = {}  # open
    approved: dict[Digest, str] = {}  # tool -> the person who lets it run for this task
    noticed: tuple[str, ...] = ()  # rules that have asked for attention, and the like: once each

    def with_step(self, name: str, **changes: object) -> "Active":
        """Return the state with one step changed."""
        step = self.steps[name].model_copy(update=changes)
        return self.model_copy(update={"steps": self.steps | {name: step}})

    def tell(self, what: str) -> "Active":
        """Return the state with one more line for the report."""
        return self.model_copy(update={"told": (*self.told, what)})

    def by_human(self, what: str) -> "Active":
        """Return the state with one more line of what a person changed."""
        return self.tell(what).model_copy(update={"human": (*self.human, what)})

    @property
    def builds(self) -> tuple[BuildId, ...]:
        """The builds that steps wait for, each once."""
        wanted = (one.build for one in self.steps.values() if one.phase == "wanting")
        return tuple(dict.fromkeys(build for build in wanted if build is not None))


class Over(Value):
    """Ended. Nothing that arrives now changes anything."""

    phase: Literal["over"] = "over"
    status: TaskStatus
    taken: tuple[str, ...] = ()  # ids of interventions


Task = Annotated[New | Active | Over, Field(discriminator="phase")]
Advanced = tuple[Task, list[Message]]
