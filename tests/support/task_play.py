"""Messages in, messages out: what the tests of the task process say to it, and play it with."""

from collections.abc import Sequence

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.goal import Criterion, Goal
from toolguild.messages import (
    Artifact,
    Brief,
    BuildId,
    CriterionResult,
    Event,
    ItemId,
    Message,
    TaskId,
    commands,
    events,
)
from toolguild.plan import Plan, Step
from toolguild.sandbox.interface import Fault, Usage
from toolguild.tool import Case, Example, ToolSpec
from toolguild_planner.finding import build_of
from toolguild_planner.rules import Rules
from toolguild_planner.state import Active, New, Task
from toolguild_planner.task import advance

TASK = TaskId("t-1")
BRIEF = Brief(task=TASK)
A, B = Digest("a" * 64), Digest("b" * 64)
USED = Usage(wall_seconds=0.5, cpu_seconds=0.1, peak_memory_mb=10)
FAULT = Fault(kind="error", type="ValueError", message="no number", line=3)
SPEC = ToolSpec(
    name="total",
    purpose="add numbers",
    input_schema={"type": "object", "properties": {"xs": {"type": "array"}}},
    output_schema={"type": "number"},
    examples=(Example(arguments={"xs": [1, 2]}, expected=3),),
)
BUILD = build_of(SPEC)
RULES = Rules(steps=10, replans=1, repairs_per_step=1, foreach_items=100)


def good(event: events.Intervened) -> str:
    """Take every intervention for a person's."""
    return ""


def given_goal(*criteria: str, files: tuple[Artifact, ...] = ()) -> events.GoalGiven:
    goal = Goal(primary="add", success_criteria=tuple(Criterion(text=one) for one in criteria))
    return events.GoalGiven(task=TASK, brief=BRIEF, goal=goal, files=files)


def wanting(name: str = "s1", candidates: tuple[Digest, ...] = (), **more: JsonValue) -> Step:
    return Step.model_validate(
        {"id": name, "request": SPEC, "candidates": candidates, "arguments": {"xs": [1, 2]}} | more
    )


def bound(name: str, tool: Digest = A, **more: JsonValue) -> Step:
    return Step.model_validate({"id": name, "tool": tool, "title": "t@1.0"} | more)


def planned(*steps: Step, answer: JsonValue = None, attempt: int = 1) -> events.PlanMade:
    last: JsonValue = {"$from": f"/{steps[-1].id}/value"}
    plan = Plan(steps=steps, answer=last if answer is None else answer)
    return events.PlanMade(task=TASK, attempt=attempt, plan=plan)


def ready(tool: Digest = A, *, made: bool = True, build: BuildId = BUILD) -> events.ToolReady:
    return events.ToolReady(
        task=TASK, build=build, tool=tool, title="total@1.0", made=made, attempts=1
    )


def ran(step: str, value: JsonValue, tool: Digest = A, item: int | None = None) -> events.ToolRan:
    return events.ToolRan(
        task=TASK, step=step, item=item, tool=tool, outcome="ok", value=value, used=USED
    )


def broke(step: str, tool: Digest = A, item: int | None = None) -> events.ToolRan:
    return events.ToolRan(
        task=TASK,
        step=step,
        item=item,
        tool=tool,
        outcome="error",
        used=USED,
        fault=FAULT,
        spec=SPEC,
        regression=Case(arguments={"xs": ["x"]}, origin="regression", only_runs=True),
    )


def play(*history: Event, rules: Rules = RULES) -> tuple[Task, list[Message]]:
    state: Task = New()
    said: list[Message] = []
    for event in history:
        state, messages = advance(rules, good, state, event)
        said += messages
    return state, said


def last(said: Sequence[Message]) -> events.TaskEnded:
    assert isinstance(said[-1], events.TaskEnded)
    return said[-1]


class Played:
    """A task as it is played on, event by event."""

    def __init__(self, *history: Event, rules: Rules = RULES) -> None:
        self.rules = rules
        self.state: Task = New()
        self.said: list[Message] = []
        self.then(*history)

    def then(self, *history: Event) -> list[Message]:
        """Give it more, and return what it said to that."""
        more: list[Message] = []
        for event in history:
            self.state, messages = advance(self.rules, good, self.state, event)
            more += messages
        self.said += more
        return more

    @property
    def active(self) -> Active:
        """The state of a task that goes on."""
        assert isinstance(self.state, Active)
        return self.state


def by_ana(action: str, n: int = 1, **more: object) -> events.Intervened:
    """An intervention of Ana's."""
    return events.Intervened.model_validate(
        {"task": TASK, "action": action, "by": "ana", "id": f"v{n}"} | more
    )


def judged(*met: bool | None, evidence: str = "e") -> events.CriteriaJudged:
    """A judgement of as many criteria."""
    return events.CriteriaJudged(
        task=TASK,
        criteria=tuple(
            CriterionResult(text="c", met=one, evidence=evidence, judged_by="program")
            for one in met
        ),
    )


def decided(item: ItemId, purpose: str, approved: bool, by: str = "eva") -> events.TaskDecided:
    """A person's decision, as the inbox tells it."""
    return events.TaskDecided.model_validate(
        {
            "task": TASK,
            "item": item,
            "purpose": purpose,
            "approved": approved,
            "by": by,
            "reason": "seen",
        }
    )


def failed_work(of: str, ref: str = "", code: str = "failed") -> events.WorkFailed:
    """A command that is not answered."""
    return events.WorkFailed(about_key=TASK, of=of, ref=ref, code=code, reason="r")


def runs(said: Sequence[Message]) -> list[commands.RunTool]:
    """The calls that were ordered."""
    return [one for one in said if isinstance(one, commands.RunTool)]


def kinds(said: Sequence[Message]) -> list[str]:
    """What was said, by kind."""
    return [str(one.kind) for one in said]
