"""A plan becomes what the task does: a new one, or that of the task that this one was forked from. Pure."""

from toolguild.canonical import Digest
from toolguild.goal import Goal
from toolguild.messages import Brief, Message, events
from toolguild.messages.override import KeptStep
from toolguild.plan import Plan, check_plan
from toolguild.tool.spec import JsonSchema
from toolguild_planner import finding
from toolguild_planner.ending import end
from toolguild_planner.progress import go_on, spend
from toolguild_planner.rules import Rules
from toolguild_planner.state import Active, Advanced, StepState
from toolguild_planner.steering import leave
from toolguild_planner.stuck import plan_of, to_and_fro


def planned(state: Active, event: events.PlanMade) -> Advanced:
    """Find a tool for each step of a new plan; what is done already stays done."""
    state = spend(state, event.usage)
    if state.stage != "planning" or event.attempt != state.attempt:
        return state, []
    for line in event.seen if event.attempt == 1 else ():
        state = state.tell(line)
    name = plan_of(state, event.plan)
    if to_and_fro(state, name):
        why = f"plans go to and fro: this one was tried before the last one; {state.complaint}"
        return end(state, "stuck", why)
    state = state.model_copy(update={"plans": (*state.plans, name)})
    return _adopt(state, event.plan, _kept(state, event.plan))


def asked(brief: Brief, goal: Goal) -> Brief:
    """Return a task's brief with what its goal asks for as the most that any call of it gets."""
    if goal.capabilities is None:
        return brief
    return brief.model_copy(update={"capabilities": goal.capabilities})


def begin(rules: Rules, event: events.TaskForked) -> Active:
    """Return the start of a task that goes on differently from a step of another one."""
    brief = asked(event.brief, event.goal)
    state = Active(task=event.task, brief=brief, goal=event.goal, rules=rules, files=event.files)
    return state.tell(f"goes on from step {event.at_step} of {event.of}")


def forked(state: Active, event: events.TaskForked) -> Advanced:
    """Take over the other task's plan with the results that are kept; the rest is done anew."""
    wrong = wrong_with(event.plan, state)
    if wrong:
        return end(state, "failed", f"the plan of {event.of} does not do: {'; '.join(wrong)}")
    names = {step.id for step in event.plan.steps}
    kept = {one.step: _done(one) for one in event.kept if one.step in names}
    state = state.model_copy(update={"plans": (plan_of(state, event.plan),)})
    for one in kept.values():
        if one.tool is not None:
            state = finding.used(state, one.title, one.tool, "reused")
    return _adopt(state, event.plan, kept)


def wrong_with(plan: Plan, state: Active) -> tuple[str, ...]:
    """Say what speaks against a plan that no planner has checked. Whether a tool is there, the run will show."""
    tools: dict[Digest, tuple[JsonSchema, JsonSchema]] = {
        step.tool: ({}, {}) for step in plan.steps if step.tool is not None
    }
    grant = state.rules.granted
    if state.brief.limits is not None:
        grant = grant.model_copy(update={"limits": grant.limits.meet(state.brief.limits)})
    if state.brief.hosts is not None:
        hosts = tuple(one for one in state.brief.hosts if {one, "*"} & {*grant.hosts})
        grant = grant.model_copy(update={"hosts": hosts})
    return check_plan(plan, tools, {one.name for one in state.files}, grant, state.rules.steps)


def _adopt(state: Active, plan: Plan, kept: dict[str, StepState]) -> Advanced:
    before = state.builds
    changes = {
        "stage": "running",
        "plan": plan,
        "steps": kept,
        "answer": None,
        "criteria": (),
    }
    state = state.model_copy(update=changes)
    messages: list[Message] = []
    for step in plan.steps:
        if step.id not in kept:
            state, orders = finding.find_tool(state, step)
            messages += orders
    left = [build for build in before if build not in state.builds]
    return go_on(state, [*leave(state, left, "the task goes on with another plan"), *messages])


def _done(kept: KeptStep) -> StepState:
    return StepState(
        phase="done",
        tool=kept.tool,
        title=kept.title,
        how=kept.how,
        given=kept.tool is None,
        size=kept.size,
        values=kept.values,
        files=kept.files,
        seconds=kept.seconds,
    )


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
