"""Messages of one task, as a guild sends them."""

from uuid import uuid4

from toolguild.canonical import Digest
from toolguild.goal import Goal
from toolguild.messages import (
    Brief,
    BuildId,
    Envelope,
    Message,
    ModelUsage,
    Result,
    TaskId,
    commands,
    events,
)
from toolguild.plan import Plan, Step
from toolguild.sandbox.interface import Fault, Usage
from toolguild.tool import Draft, Exam, Provenance, ToolSpec

TASK, BUILD, TOOL = TaskId("t-1"), BuildId("b-1"), Digest("ab" * 32)
BRIEF = Brief(task=TASK)
SPEC = ToolSpec(
    name="adder", purpose="add", input_schema={"type": "object"}, output_schema={"type": "number"}
)
DRAFT = Draft(
    name="adder",
    language="python",
    entry="adder",
    source="def adder():\n    return 1\n",
    description="adds",
    input_schema={"type": "object"},
    output_schema={"type": "number"},
    provenance=Provenance(
        task=TASK, build=BUILD, agent="s", model="m", model_source="scripted", prompt=TOOL
    ),
)
EXAM = Exam(spec=SPEC.digest, cases=())
PLAN = Plan(
    steps=(
        Step(id="add", purpose="Add them", request=SPEC),
        Step(id="show", purpose="Show it", tool=TOOL, title="shower@1.0"),
    )
)


def usage(calls: int) -> tuple[ModelUsage, ...]:
    return (ModelUsage(role="planner", model="m", source="scripted", calls=calls),)


def given() -> events.GoalGiven:
    return events.GoalGiven(task=TASK, brief=BRIEF, goal=Goal(primary="Add numbers"))


def planned(calls: int = 1) -> events.PlanMade:
    return events.PlanMade(task=TASK, attempt=1, plan=PLAN, usage=usage(calls))


def wanted() -> events.ToolWanted:
    return events.ToolWanted(build=BUILD, task=TASK, brief=BRIEF, spec=SPEC)


def draft_tool(attempt: int = 1) -> commands.DraftTool:
    return commands.DraftTool(build=BUILD, brief=BRIEF, spec=SPEC, attempt=attempt)


def drafted(attempt: int = 1, calls: int = 2) -> events.ToolDrafted:
    return events.ToolDrafted(build=BUILD, attempt=attempt, draft=DRAFT, usage=usage(calls))


def ready(calls: int = 5, *, made: bool = True) -> events.ToolReady:
    return events.ToolReady(
        task=TASK, build=BUILD, tool=TOOL, title="adder@1.0", made=made, usage=usage(calls)
    )


def run_tool(step: str = "add", item: int | None = None) -> commands.RunTool:
    return commands.RunTool(task=TASK, brief=BRIEF, step=step, item=item, tool=TOOL)


def ran(step: str = "add", item: int | None = None, *, ok: bool = True) -> events.ToolRan:
    return events.ToolRan(
        task=TASK,
        step=step,
        item=item,
        tool=TOOL,
        outcome="ok" if ok else "error",
        used=Usage(0.1, 0.1, 10.0),
        fault=None if ok else Fault("error", "ValueError", "bad number", 2),
    )


def released(status: str = "succeeded") -> events.ResultReleased:
    result = Result.model_validate(
        {"task": TASK, "status": status, "goal": "Add numbers", "answer": 3}
    )
    return events.ResultReleased(task=TASK, result=result)


def sent(body: Message) -> Envelope:
    return Envelope(id=uuid4(), body=body, source="test", at="2026-01-01T00:00:00.000+00:00")
