"""Facts. Anyone may read them; nobody can refuse them."""

from typing import Any, ClassVar, Literal

from pydantic import JsonValue, SerializeAsAny, field_validator

from toolguild.canonical import Digest
from toolguild.goal import Goal
from toolguild.messages.base import (
    KINDS,
    Artifact,
    Brief,
    BuildId,
    Command,
    Event,
    ItemId,
    ModelUsage,
    TaskId,
)
from toolguild.messages.item import Item, Purpose, Risk
from toolguild.messages.override import Bounds, KeptStep, Override
from toolguild.messages.result import CriterionResult, Result, TaskStatus
from toolguild.plan.plan import Plan
from toolguild.policy.model import Level
from toolguild.sandbox.interface import Fault, Outcome, Request, Usage
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


class Intervened(Event):
    """A person steps in. Interventions of one task count in the order of the log, each once."""

    kind: Literal["intervened"] = "intervened"
    task: TaskId
    action: Literal["cancel", "pause", "resume", "override", "constrain", "guide"]
    by: str = "local"
    reason: str = ""
    id: str = ""  # names it in InterventionTaken; one that came before changes nothing
    at: str = ""  # ISO 8601, UTC: when the person said so
    freeze: bool = False  # pause: calls under way stand still; else they may finish
    bounds: Bounds | None = None  # constrain
    override: Override | None = None
    hint: str = ""  # guide
    signature: Signature | None = None  # the person's, over the digest of all but itself

    @property
    def signed(self) -> Digest:
        """The digest that the person's signature is over."""
        return self.model_copy(update={"signature": None}).digest


class InterventionTaken(Event):
    """To the person: what became of an intervention, told by the agent that it concerns."""

    kind: Literal["intervention-taken"] = "intervention-taken"
    task: TaskId
    id: str
    action: str
    agent: str  # "planner", "executor", ...
    outcome: Literal["applied", "refused"]
    detail: str = ""


class Steered(Event):
    """How what runs for a task or a build has to behave from now on. The newest one counts.

    Workers follow it at once: `ended` stops work and kills what runs; `paused` starts nothing and, if
    `freeze`, lets calls under way stand still; the bounds hold for what is running too.
    """

    about: ClassVar[str] = "about_key"
    kind: Literal["steered"] = "steered"
    about_key: str  # the task or build
    order: int  # counts up; an older one than known changes nothing
    state: Literal["going", "paused", "ended"]
    freeze: bool = False
    bounds: Bounds | None = None
    deadline: str | None = None  # ISO 8601, UTC
    why: str = ""


class PutBack(Event):
    """A command was not begun, since what it is for is paused. It is sent again when that goes on."""

    about: ClassVar[str] = "about_key"
    kind: Literal["put-back"] = "put-back"
    about_key: str
    command: SerializeAsAny[Command]
    order: int  # of the Steered that the worker followed

    @field_validator("command", mode="before")
    @classmethod
    def _known_kind(cls, command: Any) -> Any:
        if isinstance(command, Command):
            return command
        kind = command.get("kind") if isinstance(command, dict) else None
        if not isinstance(kind, str) or kind not in KINDS or not issubclass(KINDS[kind], Command):
            raise ValueError(f"unknown kind of command: {kind!r}")
        return KINDS[kind].model_validate(command)


class WaiterSteered(Event):
    """To a build: a task that waits for it is paused, goes on, leaves, or has another brief."""

    about: ClassVar[str] = "build"
    kind: Literal["waiter-steered"] = "waiter-steered"
    build: BuildId
    task: TaskId
    state: Literal["going", "paused", "left"]
    freeze: bool = False
    brief: Brief
    why: str = ""


class GuidanceTaken(Event):
    """The receipt of hints: they stood in a request to a model."""

    about: ClassVar[str] = "about_key"
    kind: Literal["guidance-taken"] = "guidance-taken"
    about_key: str  # the command's task or build
    task: TaskId
    hints: tuple[str, ...]  # their ids
    of: str  # the command's kind
    model: str = ""


class VerdictOverridden(Event):
    """To a build: a person's verdict on exactly this draft, in place of the review's."""

    about: ClassVar[str] = "build"
    kind: Literal["verdict-overridden"] = "verdict-overridden"
    build: BuildId
    draft: Digest
    verdict: Literal["allow", "block"]
    by: str
    reason: str = ""


class DecisionAsked(Event):
    """A person has something to look at. What waits for the answer goes on when DecisionTaken is there."""

    about: ClassVar[str] = "item"
    kind: Literal["decision-asked"] = "decision-asked"
    item: ItemId
    ask: Item
    asked_at: str = ""  # ISO 8601, UTC; the runtime says when


class DecisionGiven(Event):
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
    signature: Signature | None = None  # the person's, over the digest of all but itself

    @property
    def signed(self) -> Digest:
        """The digest that the person's signature is over."""
        return self.model_copy(update={"signature": None}).digest


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
    rule: Literal["confidence", "anomaly", "impact", "time", "uncertainty"]
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


class TimeCame(Event):
    """A moment that somebody asked to be told of. Sent `after` seconds late, by the server's clock."""

    about: ClassVar[str] = "about_key"
    kind: Literal["time-came"] = "time-came"
    about_key: str  # the task, build or item
    note: str  # what it is for: "slow", "expiry", "reminder", "retention"
    after: float  # seconds between the decision to be told and now


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


class TrustRestored(Event):
    """A person says at which level a tool starts anew. Whether it counts, TrustChanged or RestoreRefused says."""

    about: ClassVar[str] = "tool"
    kind: Literal["trust-restored"] = "trust-restored"
    tool: Digest
    title: str = ""
    level: Level
    by: str
    reason: str
    at: str = ""  # ISO 8601, UTC
    signature: Signature | None = None  # the person's, over the digest of all but itself

    @property
    def signed(self) -> Digest:
        """The digest that the person's signature is over."""
        return self.model_copy(update={"signature": None}).digest


class RestoreRefused(Event):
    """To a person whose word on a tool's trust does not count: why."""

    about: ClassVar[str] = "tool"
    kind: Literal["restore-refused"] = "restore-refused"
    tool: Digest
    by: str
    why: str


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


class TaskPruned(Event):
    """What is left of a task whose messages and files were removed by the rules of retention."""

    kind: Literal["task-pruned"] = "task-pruned"
    task: TaskId
    status: str
    goal: str = ""
    user: str = ""
    ended_at: str = ""  # ISO 8601, UTC
    rule: str  # "retention.days", "retention.max_mb", or who asked
    removed: int = 0  # messages
    bytes: int = 0  # of files
    kept: str = ""  # what stays, and why


class PruneWanted(Event):
    """A rule of retention, or a person, wants an ended task removed."""

    kind: Literal["prune-wanted"] = "prune-wanted"
    task: TaskId
    rule: str  # "retention.max_mb", or who asked


class RoomChecked(Event):
    """Log and files were weighed against the policy's size when this task ended."""

    kind: Literal["room-checked"] = "room-checked"
    task: TaskId
    bytes: int
    limit: int
    over: tuple[TaskId, ...] = ()  # ended tasks that have to go, oldest first


class TaskUndone(Event):
    """The files of a cancelled task are gone, except those of its result and those that others need."""

    kind: Literal["task-undone"] = "task-undone"
    task: TaskId
    bytes: int = 0


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
