"""What the build process remembers of one effort to make a tool."""

from typing import Annotated, Literal

from pydantic import Field

from toolguild.canonical import Digest
from toolguild.messages import Brief, BuildId, Message, ModelUsage, TaskId, add_usage
from toolguild.policy import BuildRules
from toolguild.sandbox.interface import Fault
from toolguild.tool import (
    Case,
    Draft,
    Exam,
    Finding,
    Signature,
    TestReport,
    ToolSpec,
    Value,
)

Phase = Literal[
    "drafting",  # an author writes it
    "reviewing",  # the reviewer reads it
    "waiting",  # a person has to decide
    "cleared",  # may run; the exam is not there yet
    "testing",  # runs against the exam
    "tested",  # the report is there; one attempt is judged at a time, lest two be published
    "judging",  # the reviewer judges the report
    "comparing",  # rivals and the predecessor are run
    "out",  # refused, failed or a copy of another attempt; `failures` say why
]
ACTIVE: frozenset[Phase] = frozenset(
    ("drafting", "reviewing", "waiting", "cleared", "testing", "tested", "judging", "comparing")
)


class Attempt(Value):
    """One draft on its way through review, exam and judgement."""

    number: int
    phase: Phase = "drafting"
    repair_of: int | None = None  # the attempt whose draft it mends; None: a new sample
    draft: Draft | None = None
    findings: tuple[Finding, ...] = ()
    clearance: Signature | None = None
    approved_by: str | None = None
    report: TestReport | None = None
    report_signature: Signature | None = None
    failures: tuple[str, ...] = ()
    weak_exam: bool = False  # it passed, but the exam notices too few faults

    @property
    def passed_cases(self) -> int:
        """How many cases of the exam it answered right so far."""
        return sum(result.passed for result in self.report.results) if self.report else -1


class Comparison(Value):
    """What the reviewer wants to know of published tools before it publishes a new one."""

    attempt: int
    rivals: dict[Digest, Digest] = {}  # draft digest -> tool digest, still running
    answers: dict[Digest, bool] = {}  # tool digest -> whether it passes the exam
    predecessor: Digest | None = None  # exam digest, still running
    compatible: bool | None = None


class New(Value):
    """Nobody has wanted this tool yet."""

    phase: Literal["new"] = "new"


class Building(Value):
    """Under way."""

    phase: Literal["building"] = "building"
    build: BuildId
    brief: Brief  # of the task that pays
    spec: ToolSpec
    rules: BuildRules
    waiters: tuple[TaskId, ...]
    parent: Digest | None = None
    fault: Fault | None = None
    regressions: tuple[Case, ...] = ()
    exam: Exam | None = None
    disputes: int = 0  # times that the examiner was asked to look again
    looking_again: bool = False
    strengthened: bool = False  # the examiner was asked for more cases
    attempts: tuple[Attempt, ...] = ()
    first: int = (
        1  # number of the first attempt of this effort; earlier ones belong to a failed effort
    )
    comparison: Comparison | None = None
    usage: tuple[ModelUsage, ...] = ()

    def attempt(self, number: int) -> Attempt | None:
        """Return the attempt of that number."""
        return next((one for one in self.attempts if one.number == number), None)

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
    attempts: int


class GivenUp(Value):
    """The effort ended without a tool. Another task may start a new one."""

    phase: Literal["given-up"] = "given-up"
    build: BuildId
    waiters: tuple[TaskId, ...]
    code: Literal["failed", "refused", "stuck", "out_of_budget"]
    reason: str
    attempts: int
    best: Draft | None = None


Build = Annotated[New | Building | Done | GivenUp, Field(discriminator="phase")]
EndCode = Literal["failed", "refused", "stuck", "out_of_budget"]
Step = tuple[Build, list[Message]]


def send(state: Building, attempt: Attempt, phase: Phase, order: Message) -> Step:
    """Return the state with the attempt in its next phase, and the order that goes with it."""
    return state.with_attempt(attempt.model_copy(update={"phase": phase})), [order]


def spend(state: Building, usage: tuple[ModelUsage, ...]) -> Building:
    """Return the state with more model usage counted."""
    return state.model_copy(update={"usage": add_usage(state.usage, usage)})
