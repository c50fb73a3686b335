"""What the build process remembers of one effort to make a tool."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from toolguild.canonical import Digest
from toolguild.messages import Brief, BuildId, Message, ModelUsage, TaskId, add_usage, commands
from toolguild.policy import BuildRules, Level
from toolguild.sandbox.interface import Fault
from toolguild.tool import Case, Draft, Exam, Property, ToolSpec, Value
from toolguild_synthesizer.attempt import ACTIVE, Attempt, Comparison, Phase
from toolguild_synthesizer.waiter import Course, Waiter, payer

Order = Annotated[
    commands.DraftTool
    | commands.SetExam
    | commands.ReviewDraft
    | commands.TestDraft
    | commands.JudgeTest,
    Field(discriminator="kind"),
]


class ExamWish(Value):
    """What the examiner was last asked for, besides a first exam."""

    disputed: tuple[Case | Property, ...] = ()
    answers: tuple[JsonValue, ...] = ()
    more: int = 0


class New(Value):
    """Nobody has wanted this tool yet."""

    phase: Literal["new"] = "new"


class Building(Value):
    """Under way."""

    phase: Literal["building"] = "building"
    build: BuildId
    spec: ToolSpec
    rules: BuildRules
    ceiling: Level = "D"  # the operator's, for the autonomy of those who write code
    waiters: tuple[Waiter, ...] = Field(min_length=1)
    course: Course = Course()
    held: tuple[Order, ...] = ()  # decided while nobody goes on; sent when somebody does
    parent: Digest | None = None
    fault: Fault | None = None
    regressions: tuple[Case, ...] = ()
    exam: Exam | None = None
    wish: ExamWish = ExamWish()
    disputes: int = 0  # times that the examiner was asked to look again
    looking_again: bool = False
    strengthened: bool = False  # the examiner was asked for more cases
    attempts: tuple[Attempt, ...] = ()
    first: int = (
        1  # number of the first attempt of this effort; earlier ones belong to a failed effort
    )
    comparison: Comparison | None = None

    @property
    def brief(self) -> Brief:
        """Of the task that pays."""
        return payer(self.waiters).brief

    @property
    def tasks(self) -> tuple[TaskId, ...]:
        """The tasks that wait."""
        return tuple(one.task for one in self.waiters)

    @property
    def paused(self) -> bool:
        """Whether nobody who waits goes on."""
        return all(one.paused for one in self.waiters)

    @property
    def tried(self) -> tuple[Attempt, ...]:
        """The attempts that this effort made by itself: what people wrote is not counted."""
        return tuple(one for one in self.attempts if not one.edited_by)

    def attempt(self, number: int | None) -> Attempt | None:
        """Return the attempt of that number."""
        return next((one for one in self.attempts if one.number == number), None)

    def of_draft(self, draft: Digest) -> Attempt | None:
        """Return the attempt whose draft has this digest; the one that is under way, if one is."""
        same = [one for one in self.attempts if one.draft and one.draft.digest == draft]
        return next((one for one in same if one.phase in ACTIVE), same[-1] if same else None)

    def with_attempt(self, changed: Attempt) -> "Building":
        """Return the state with one attempt replaced, or added."""
        others = [one for one in self.attempts if one.number != changed.number]
        return self.model_copy(
            update={"attempts": tuple(sorted((*others, changed), key=lambda one: one.number))}
        )

    @property
    def active(self) -> tuple[Attempt, ...]:
        """The attempts that something is still being done about."""
        return tuple(one for one in self.attempts if one.phase in ACTIVE)


class Done(Value):
    """The registry has the tool."""

    phase: Literal["done"] = "done"
    build: BuildId
    tool: Digest
    title: str
    description: str
    made: bool
    attempts: int  # how many
    last: int  # number of the last one
    confidence: float | None = None
    course: Course = Course()


class GivenUp(Value):
    """The effort ended without a tool. Another task may start a new one."""

    phase: Literal["given-up"] = "given-up"
    build: BuildId
    waiters: tuple[TaskId, ...]
    code: Literal["failed", "refused", "stuck", "out_of_budget", "cancelled"]
    reason: str
    attempts: int  # how many
    last: int  # number of the last one
    best: Draft | None = None  # the attempt that came nearest
    course: Course = Course()


Build = Annotated[New | Building | Done | GivenUp, Field(discriminator="phase")]
EndCode = Literal["failed", "refused", "stuck", "out_of_budget", "cancelled"]
Step = tuple[Build, list[Message]]


def send(state: Building, attempt: Attempt, phase: Phase, order: Message) -> Step:
    """Return the state with the attempt in its next phase, and the order that goes with it."""
    return state.with_attempt(attempt.model_copy(update={"phase": phase})), [order]


def spend(state: Building, usage: tuple[ModelUsage, ...]) -> Building:
    """Return the state with more model usage counted, on the task that pays."""
    if not usage:
        return state
    pays = payer(state.waiters)
    changed = pays.model_copy(update={"usage": add_usage(pays.usage, usage)})
    waiters = tuple(changed if one is pays else one for one in state.waiters)
    return state.model_copy(update={"waiters": waiters})
