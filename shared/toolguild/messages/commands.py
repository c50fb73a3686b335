"""Orders. Each kind has one reader, a worker, which answers with one event."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.goal import Goal
from toolguild.messages.base import Artifact, Brief, BuildId, Command, ItemId, TaskId
from toolguild.messages.item import Item
from toolguild.messages.result import Result
from toolguild.messages.safety import SetToolStatus as SetToolStatus
from toolguild.plan.plan import Plan
from toolguild.sandbox.interface import Fault
from toolguild.tool import Case, Draft, Exam, Finding, Property, Signature, TestReport, ToolSpec


class AdmitGoal(Command):
    """Let a goal in when it is its user's turn; the answer is GoalGiven. It waits in the queue of that user."""

    kind: Literal["admit-goal"] = "admit-goal"
    task: TaskId
    brief: Brief
    goal: Goal
    files: tuple[Artifact, ...] = ()


class MakePlan(Command):
    """Look at what is there and plan the task; `complaints` say why earlier plans did not do."""

    kind: Literal["make-plan"] = "make-plan"
    task: TaskId
    brief: Brief
    goal: Goal
    files: tuple[Artifact, ...] = ()
    attempt: int = 1
    complaints: tuple[str, ...] = ()
    results: dict[
        str, JsonValue
    ] = {}  # what earlier steps gave, for a new plan that builds on them
    before: Plan | None = None
    cleared: bool = False  # a person has decided that the goal is in order


class TryTool(Command):
    """Run a published tool on the examples of a request, to see whether it can be reused."""

    kind: Literal["try-tool"] = "try-tool"
    task: TaskId
    brief: Brief
    attempt: int = 1  # of planning: an answer to a command of an earlier plan counts for nothing
    step: str
    tool: Digest
    request: ToolSpec

    @property
    def ref(self) -> str:
        return f"{self.attempt}:{self.step}:{self.tool[:12]}"


class RunTool(Command):
    """Run a published tool on real data. An argument that is an artifact stands for its path below /data."""

    kind: Literal["run-tool"] = "run-tool"
    task: TaskId
    brief: Brief
    attempt: int = 1  # of planning: an answer to a command of an earlier plan counts for nothing
    step: str
    item: int | None = None  # which item of a foreach
    tool: Digest
    arguments: dict[str, JsonValue] = {}
    files: tuple[Artifact, ...] = ()  # appear as /data/<name>
    approved_by: str | None = None  # the person who let this tool run for this task
    again: str = ""  # the decision by which an interrupted call runs once more

    @property
    def ref(self) -> str:
        return f"{self.attempt}:{self.step}:{self.item or 0}"


class JudgeCriteria(Command):
    """Judge each success criterion of the goal against the answer and the files."""

    kind: Literal["judge-criteria"] = "judge-criteria"
    task: TaskId
    brief: Brief
    goal: Goal
    answer: JsonValue = None
    files: tuple[Artifact, ...] = ()


class FilterResult(Command):
    """Look through a result before it leaves."""

    kind: Literal["filter-result"] = "filter-result"
    task: TaskId
    result: Result


class DraftTool(Command):
    """Write the tool, anew or from `base` with what was wrong with it."""

    about: ClassVar[str] = "build"
    kind: Literal["draft-tool"] = "draft-tool"
    build: BuildId
    brief: Brief
    spec: ToolSpec
    attempt: int
    base: Draft | None = None  # repair this one; None: a new sample
    objections: tuple[Finding, ...] = ()  # of the review
    failures: tuple[str, ...] = ()  # of the test, told without giving hidden answers away
    fault: Fault | None = None  # on real data
    parent: Digest | None = None  # the published tool that this one is to replace

    @property
    def ref(self) -> str:
        return str(self.attempt)


class SetExam(Command):
    """Write an exam from the spec alone, or look again at disputed cases of an exam.

    With `parent` the cases of that published tool's exam are kept, besides the regressions.
    """

    about: ClassVar[str] = "build"
    kind: Literal["set-exam"] = "set-exam"
    build: BuildId
    brief: Brief
    spec: ToolSpec
    parent: Digest | None = None
    regressions: tuple[Case, ...] = ()
    exam: Exam | None = None
    disputed: tuple[Case | Property, ...] = ()
    more: int = 0  # cases to add: the exam notices too few faults
    answers: tuple[JsonValue, ...] = ()  # what the agreeing drafts answered to each disputed case

    @property
    def ref(self) -> str:
        return str(len(self.exam.rulings)) if self.exam else ""


class ReviewDraft(Command):
    """Review code before anything of it runs, by rules and by a model."""

    about: ClassVar[str] = "build"
    kind: Literal["review-draft"] = "review-draft"
    build: BuildId
    brief: Brief
    spec: ToolSpec
    draft: Draft
    attempt: int
    approved_by: str | None = None  # a person has approved exactly this draft
    person_asked: bool = False  # autonomy level A: a person approves every draft
    overruled_by: str | None = None  # a person lets it pass although the review would block it

    @property
    def ref(self) -> str:
        return str(self.attempt)


class TestDraft(Command):
    """Run a cleared draft against an exam."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    about: ClassVar[str] = "build"
    kind: Literal["test-draft"] = "test-draft"
    build: BuildId
    brief: Brief
    draft: Draft
    clearance: Signature
    exam: Exam
    attempt: int
    role: Literal["candidate", "rival", "predecessor"] = "candidate"

    @property
    def ref(self) -> str:
        return f"{self.role}:{self.attempt}:{self.draft.digest[:12]}:{self.exam.digest[:12]}"


class JudgeTest(Command):
    """Judge a test report and, if all is well, publish the tool."""

    about: ClassVar[str] = "build"
    kind: Literal["judge-test"] = "judge-test"
    build: BuildId
    brief: Brief
    spec: ToolSpec
    exam: Exam
    draft: Draft
    findings: tuple[Finding, ...]
    clearance: Signature
    report: TestReport
    report_signature: Signature
    attempt: int
    parent: Digest | None = None
    approved_by: str | None = None
    rivals: dict[Digest, bool] | None = (
        None  # published tools and whether they pass this exam; None: not asked yet
    )
    compatible: bool | None = (
        None  # whether it passes the exam of the published version; None: not asked yet
    )

    @property
    def ref(self) -> str:
        return str(self.attempt)


class Notify(Command):
    """Tell a channel outside the guild of an item of the inbox."""

    about: ClassVar[str] = "item"
    kind: Literal["notify"] = "notify"
    item: ItemId
    ask: Item
    reminder: bool = False
    number: int = 0  # of the reminder; 0: the first notice

    @property
    def ref(self) -> str:
        return f"reminder {self.number}" if self.reminder else ""


class PruneTask(Command):
    """Remove the messages, records and files of a task that has ended, as far as nobody else needs them."""

    kind: Literal["prune-task"] = "prune-task"
    task: TaskId
    rule: str  # "retention.days", "retention.max_mb", or who asked
    builds: tuple[BuildId, ...] = ()  # that the task waited for
    status: str = ""
    goal: str = ""
    user: str = ""


class UndoTask(Command):
    """Remove the files of a cancelled task that nobody else needs and that are not in its result."""

    kind: Literal["undo-task"] = "undo-task"
    task: TaskId


class KeepRoom(Command):
    """Prune the oldest ended tasks while log and files together are over the policy's size."""

    kind: Literal["keep-room"] = "keep-room"
    task: TaskId  # the one that just ended
