"""The life of one task, from goal to result. Pure: no clock, no network, no model.

Plan; for each step find, try or want a tool; run steps as their inputs arrive; mend a tool that fails on
real data; plan the failed part anew; judge the criteria; end.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from toolguild.agent import Process, Record
from toolguild.messages import Event, Message, TaskStatus, events
from toolguild.plan import Plan
from toolguild.policy import TaskRules
from toolguild_planner import calls, finding
from toolguild_planner.ending import end
from toolguild_planner.progress import Advanced, go_on, make_plan, replan, spend, status_of
from toolguild_planner.state import Active, New, Over, StepState, Task


def task_process(rules: TaskRules) -> Process[Task]:
    """Return the process, with the operator's rules for how long to try."""
    return Process(
        name="planner",
        bucket="tasks",
        reads=READS,
        record=Record[Task],
        start=New(),
        advance=partial(advance, rules),
    )


def advance(rules: TaskRules, state: Task, event: Event) -> tuple[Task, Sequence[Message]]:
    """Return the next state and what to say. An event out of turn changes nothing."""
    match state, event:
        case New(), events.GoalGiven():
            active = Active(
                task=event.task, brief=event.brief, goal=event.goal, rules=rules, files=event.files
            )
            return active, [make_plan(active)]
        case New(), events.Intervened():
            return Over(status="cancelled"), []
        case Active(), events.Intervened():
            why = f": {event.reason}" if event.reason else ""
            return end(state, "cancelled", f"cancelled by {event.by}{why}")
        case Active(), _ if (handle := HANDLERS.get(type(event))) is not None:
            return handle(state, event)
        case _:
            return state, []


def _planned(state: Active, event: events.PlanMade) -> Advanced:
    state = spend(state, event.usage)
    if state.stage != "planning" or event.attempt != state.attempt:
        return state, []
    kept = _kept(state, event.plan)
    for line in event.seen if event.attempt == 1 else ():
        state = state.tell(line)
    changes = {
        "stage": "running",
        "plan": event.plan,
        "steps": kept,
        "answer": None,
        "criteria": (),
    }
    state = state.model_copy(update=changes)
    messages: list[Message] = []
    for step in event.plan.steps:
        if step.id not in kept:
            state, orders = finding.find_tool(state, step)
            messages += orders
    return go_on(state, messages)


def _kept(state: Active, plan: Plan) -> dict[str, StepState]:
    """The finished steps that the new plan has again, word for word."""
    if state.plan is None:
        return {}
    before = {step.id: step.model_copy(update={"candidates": ()}) for step in state.plan.steps}
    return {
        step.id: state.steps[step.id]
        for step in plan.steps
        if before.get(step.id) == step.model_copy(update={"candidates": ()})
        and step.id in state.steps
        and state.steps[step.id].phase == "done"
    }


def _judged(state: Active, event: events.CriteriaJudged) -> Advanced:
    state = spend(state, event.usage)
    if state.stage != "judging":
        return state, []
    state = state.model_copy(update={"criteria": event.criteria})
    unmet = [one for one in event.criteria if one.met is False]
    if unmet:
        told = "; ".join(f"{one.text} ({one.evidence})" for one in unmet)
        return replan(state, f"a criterion is not met: {told}", "partial")
    unsure = [one.text for one in event.criteria if one.met is None]
    if unsure:
        return end(state, "partial", f"nobody could judge: {'; '.join(unsure)}")
    return end(state, "succeeded")


def _waits(state: Active, event: events.TaskWaits) -> Advanced:
    return state.tell(f"waiting for a person: {event.why}"), []


def _work_failed(state: Active, event: events.WorkFailed) -> Advanced:
    if event.of == "make-plan":
        if state.stage != "planning":
            return state, []
        code = (
            event.code if event.code in ("out_of_budget", "refused") else status_of(state, "failed")
        )
        why = f"{state.complaint}; no new plan: " if state.complaint else ""
        return end(state, cast(TaskStatus, code), why + event.reason)
    if event.code == "out_of_budget":
        return end(state, "out_of_budget", event.reason)
    if event.code == "misconfigured":
        return end(state, status_of(state, "failed"), event.reason)
    if event.of == "judge-criteria" and state.stage == "judging":
        return end(state, "partial", f"the criteria could not be judged: {event.reason}")
    attempt, name, *_ = (*event.ref.split(":"), "", "")
    known = state.steps.get(name)
    if known is None or attempt != str(state.attempt):
        return state, []
    if event.of == "try-tool" and known.phase == "trying":
        return finding.reject(state, name)
    if event.of == "run-tool" and known.phase == "running":
        if event.code == "refused" and known.tool is not None:  # revoked, perhaps: want another
            state = state.model_copy(update={"barred": (*state.barred, known.tool)})
        state = state.with_step(name, phase="failed", reason=event.reason)
        return replan(state, f"step {name} failed: {event.reason}", "failed")
    return state, []


HANDLERS: dict[type[Event], Callable[..., Advanced]] = {
    events.PlanMade: _planned,
    events.ToolTried: finding.tried,
    events.ToolReady: finding.tool_ready,
    events.ToolDenied: finding.tool_denied,
    events.ToolRan: calls.ran,
    events.CriteriaJudged: _judged,
    events.TaskWaits: _waits,
    events.WorkFailed: _work_failed,
}
READS: tuple[type[Event], ...] = (events.GoalGiven, events.Intervened, *HANDLERS)
