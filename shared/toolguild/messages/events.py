"""Facts. Anyone may read them; nobody can refuse them."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.goal import Goal
from toolguild.messages.base import (
    Artifact,
    Brief,
    BuildId,
    Event,
    ModelUsage,
    TaskId,
)
from toolguild.messages.decision import (
    ApprovalAsked as ApprovalAsked,
)
from toolguild.messages.decision import (
    ApprovalGiven as ApprovalGiven,
)
from toolguild.messages.decision import (
    DecisionAsked as DecisionAsked,
)
from toolguild.messages.decision import (
    DecisionGiven as DecisionGiven,
)
from toolguild.messages.decision import (
    DecisionRefused as DecisionRefused,
)
from toolguild.messages.decision import (
    DecisionTaken as DecisionTaken,
)
from toolguild.messages.decision import (
    DraftEdited as DraftEdited,
)
from toolguild.messages.decision import (
    Escalated as Escalated,
)
from toolguild.messages.decision import (
    ItemWithdrawn as ItemWithdrawn,
)
from toolguild.messages.decision import (
    Notified as Notified,
)
from toolguild.messages.decision import (
    RunHeld as RunHeld,
)
from toolguild.messages.decision import (
    TaskDecided as TaskDecided,
)
from toolguild.messages.decision import (
    TaskWaits as TaskWaits,
)
from toolguild.messages.intervention import (
    GuidanceTaken as GuidanceTaken,
)
from toolguild.messages.intervention import (
    Intervened as Intervened,
)
from toolguild.messages.intervention import (
    InterventionTaken as InterventionTaken,
)
from toolguild.messages.intervention import (
    PutBack as PutBack,
)
from toolguild.messages.intervention import (
    Steered as Steered,
)
from toolguild.messages.intervention import (
    VerdictOverridden as VerdictOverridden,
)
from toolguild.messages.intervention import (
    WaiterSteered as WaiterSteered,
)
from toolguild.messages.keeping import (
    PruneWanted as PruneWanted,
)
from toolguild.messages.keeping import (
    RoomChecked as RoomChecked,
)
from toolguild.messages.keeping import (
    TaskPruned as TaskPruned,
)
from toolguild.messages.keeping import (
    TaskUndone as TaskUndone,
)
from toolguild.messages.override import KeptStep
from toolguild.messages.result import CriterionResult, Result, TaskStatus
from toolguild.messages.safety import (
    Alerted as Alerted,
)
from toolguild.messages.safety import (
    Halted as Halted,
)
from toolguild.messages.safety import (
    HaltRefused as HaltRefused,
)
from toolguild.messages.safety import (
    HaltTaken as HaltTaken,
)
from toolguild.messages.safety import (
    HostAsked as HostAsked,
)
from toolguild.messages.safety import (
    InputFlagged as InputFlagged,
)
from toolguild.messages.safety import (
    ModelCalled as ModelCalled,
)
from toolguild.messages.safety import (
    Revealed as Revealed,
)
from toolguild.messages.safety import (
    ToolStatusSet as ToolStatusSet,
)
from toolguild.messages.trust import (
    IncidentSeen as IncidentSeen,
)
from toolguild.messages.trust import (
    RestoreRefused as RestoreRefused,
)
from toolguild.messages.trust import (
    ToolServed as ToolServed,
)
from toolguild.messages.trust import (
    TrustChanged as TrustChanged,
)
from toolguild.messages.trust import (
    TrustRestored as TrustRestored,
)
from toolguild.plan.plan import Plan
from toolguild.sandbox.interface import Fault, Outcome, Request, Seen, Usage
from toolguild.tool import Case, Draft, Exam, Finding, Signature, TestReport, ToolSpec


class GoalGiven(Event):
    """A person or a program wants something. The first message of every task."""

    kind: Literal["goal-given"] = "goal-given"
    task: TaskId
    brief: Brief
    goal: Goal
    files: tuple[Artifact, ...] = ()


class PlanMade(Event):
    """A checked plan."""

    kind: Literal["plan-made"] = "plan-made"
    task: TaskId
    attempt: int
    plan: Plan
    seen: tuple[str, ...] = ()  # what was there: files with exact figures, tools that may serve
    why: tuple[str, ...] = ()  # what the plan was held against, and what it answers
    usage: tuple[ModelUsage, ...] = ()


class ToolTried(Event):
    """A published tool was run on a request's examples."""

    kind: Literal["tool-tried"] = "tool-tried"
    task: TaskId
    attempt: int = 1  # as the command had it
    step: str
    tool: Digest
    title: str
    passed: bool
    detail: str = ""
    mapping: dict[
        str, str
    ] = {}  # argument of the request -> argument of the tool, where they differ


class ToolWanted(Event):
    """A task needs a tool that nobody has. Starts or joins the build of that spec."""

    about: ClassVar[str] = "build"
    kind: Literal["tool-wanted"] = "tool-wanted"
    build: BuildId
    task: TaskId
    brief: Brief
    spec: ToolSpec
    parent: Digest | None = None  # published tool that failed on real data
    fault: Fault | None = None
    regression: Case | None = None
    barred: tuple[Digest, ...] = ()  # tools that may no longer run: the task needs another one


class ToolDrafted(Event):
    """Somebody wrote a tool."""

    about: ClassVar[str] = "build"
    kind: Literal["tool-drafted"] = "tool-drafted"
    build: BuildId
    attempt: int
    draft: Draft
    usage: tuple[ModelUsage, ...] = ()


class ExamSet(Event):
    """An exam is there; `settled` names the disputes that this answer settles."""

    about: ClassVar[str] = "build"
    kind: Literal["exam-set"] = "exam-set"
    build: BuildId
    exam: Exam
    usage: tuple[ModelUsage, ...] = ()


class DraftReviewed(Event):
    """A review ended. Only with a clearance may the draft run in a sandbox."""

    about: ClassVar[str] = "build"
    kind: Literal["draft-reviewed"] = "draft-reviewed"
    build: BuildId
    attempt: int
    draft: Digest
    verdict: Literal["allow", "ask", "block"]
    findings: tuple[Finding, ...] = ()
    clearance: Signature | None = None
    usage: tuple[ModelUsage, ...] = ()


class DraftTested(Event):
    """A draft ran against an exam."""

    about: ClassVar[str] = "build"
    kind: Literal["draft-tested"] = "draft-tested"
    build: BuildId
    attempt: int
    role: Literal["candidate", "rival", "predecessor"]
    report: TestReport
    signature: Signature


class RivalsFound(Event):
    """Published tools fit the spec, or carry the name: they are to be compared before a twin is published."""

    about: ClassVar[str] = "build"
    kind: Literal["rivals-found"] = "rivals-found"
    build: BuildId
    attempt: int
    rivals: tuple[
        tuple[Draft, Signature], ...
    ] = ()  # to run against the new exam, with their clearances
    rival_tools: tuple[Digest, ...] = ()  # their digests as tools, in the same order
    predecessor: Exam | None = (
        None  # of the newest version of the same name: the new draft runs against it
    )


class ToolPublished(Event):
    """The registry has a tool for this build: a new one, or an older one that passes the exam."""

    about: ClassVar[str] = "build"
    kind: Literal["tool-published"] = "tool-published"
    build: BuildId
    tool: Digest
    title: str
    description: str = ""
    made: bool  # False: an existing tool passed the exam, a twin was refused
    attempt: int = 0
    # 0 to 1: mutation score, times the share of the exam's cases that nobody had to correct
    confidence: float | None = None
    why: tuple[
        str, ...
    ] = ()  # what speaks for it: cases, faults noticed, what it was compared with


class DraftRefused(Event):
    """A draft did not pass. Failures are told so that hidden answers stay hidden."""

    about: ClassVar[str] = "build"
    kind: Literal["draft-refused"] = "draft-refused"
    build: BuildId
    attempt: int
    failures: tuple[str, ...]
    weak_exam: bool = (
        False  # nothing speaks against the draft but that the exam notices too few faults
    )


class ToolReady(Event):
    """To each task that waits for a build: the tool is there."""

    kind: Literal["tool-ready"] = "tool-ready"
    task: TaskId
    build: BuildId
    tool: Digest
    title: str
    description: str = ""
    made: bool
    usage: tuple[ModelUsage, ...] = ()
    attempts: int = 0
    confidence: float | None = None  # as ToolPublished has it


class ToolDenied(Event):
    """To each task that waits for a build: there will be no such tool."""

    kind: Literal["tool-denied"] = "tool-denied"
    task: TaskId
    build: BuildId
    code: Literal["failed", "refused", "stuck", "out_of_budget", "cancelled"]
    reason: str
    usage: tuple[ModelUsage, ...] = ()
    attempts: int = 0
    best: Draft | None = None  # the attempt that came nearest


class ToolRan(Event):
    """A published tool ran on real data."""

    kind: Literal["tool-ran"] = "tool-ran"
    task: TaskId
    attempt: int = 1  # as the command had it
    step: str
    item: int | None = None
    tool: Digest
    outcome: Outcome
    value: JsonValue = None
    files: tuple[Artifact, ...] = ()
    printed: str = ""
    used: Usage
    fault: Fault | None = None
    regression: Case | None = (
        None  # of a failed run whose inputs are small texts: the call as a case
    )
    spec: ToolSpec | None = None  # of a failed run: what the tool was made for, for its repair
    requests: tuple[Request, ...] = ()  # to hosts, measured outside; those refused too
    measured: Usage | None = None  # the most that the tool used in its tests
    seen: Seen | None = None  # what it did, from outside; None: the sandbox could not look
    title: str = ""  # NAME@VERSION
    given_bytes: int | None = None  # size of the arguments and files that it was called with


class CriteriaJudged(Event):
    """Each criterion has its verdict."""

    kind: Literal["criteria-judged"] = "criteria-judged"
    task: TaskId
    criteria: tuple[CriterionResult, ...]
    usage: tuple[ModelUsage, ...] = ()


class TaskEnded(Event):
    """A task is over. What leaves is in ResultReleased."""

    kind: Literal["task-ended"] = "task-ended"
    task: TaskId
    status: TaskStatus
    result: Result


class ResultReleased(Event):
    """The last message of a task: what the person gets."""

    kind: Literal["result-released"] = "result-released"
    task: TaskId
    result: Result

    @classmethod
    def withheld(cls, task: str, reason: str) -> "ResultReleased":
        """The release of a result that could not be looked through: nothing of it leaves."""
        why = f"the result was withheld: {reason}"
        return cls(
            task=TaskId(task), result=Result(task=task, status="failed", goal="", reason=why)
        )


class TimeCame(Event):
    """A moment that somebody asked to be told of. Sent `after` seconds late, by the server's clock."""

    about: ClassVar[str] = "about_key"
    kind: Literal["time-came"] = "time-came"
    about_key: str  # the task, build or item
    note: str  # what it is for: "slow", "expiry", "reminder", "retention"
    after: float  # seconds between the decision to be told and now


class TaskForked(Event):
    """A new task that goes on differently from a step of another one."""

    kind: Literal["task-forked"] = "task-forked"
    task: TaskId
    of: TaskId
    at_step: str
    brief: Brief
    goal: Goal
    files: tuple[Artifact, ...] = ()
    plan: Plan
    kept: tuple[KeptStep, ...] = ()


class WorkFailed(Event):
    """A command will not be answered. `of` and `ref` say which one, `code` why."""

    about: ClassVar[str] = "about_key"
    kind: Literal["work-failed"] = "work-failed"
    about_key: str  # the command's task or build
    of: str  # the command's kind
    ref: str = ""
    code: str
    reason: str


class DeadLetterRequeued(Event):
    """A person sent a message again that an agent had given up."""

    about: ClassVar[str] = "about_key"
    kind: Literal["dead-letter-requeued"] = "dead-letter-requeued"
    about_key: str  # the message's task or build
    message: str  # its id
    number: int  # of the dead letter
    agent: str  # who gave it up, when and why
    code: str
    reason: str
    died_at: str  # ISO 8601, UTC
    by: str


class DeadLetterDiscarded(Event):
    """A person looked at a message that an agent had given up, and decided that nothing is to be done."""

    about: ClassVar[str] = "about_key"
    kind: Literal["dead-letter-discarded"] = "dead-letter-discarded"
    about_key: str  # the message's task or build
    message: str  # its id
    number: int  # of the dead letter
    agent: str  # who gave it up, when and why
    code: str
    reason: str
    died_at: str  # ISO 8601, UTC
    by: str
    why: str  # in the person's words
