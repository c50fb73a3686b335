"""A person puts something in place of what the guild decided; what was built on it is done anew. Pure."""

from collections.abc import Mapping

from pydantic import JsonValue

from toolguild.messages import Message, events
from toolguild.messages.override import (
    OverrideAnswer,
    OverrideResult,
    OverrideStep,
    OverrideTool,
    OverrideVerdict,
)
from toolguild.plan import Plan
from toolguild.plan.check import needs
from toolguild_planner import finding
from toolguild_planner.adopting import wrong_with
from toolguild_planner.progress import after, go_on
from toolguild_planner.running import step_of
from toolguild_planner.state import Active, StepState
from toolguild_planner.steering import leave
from toolguild_planner.taken import Refusal, Taken


def override(state: Active, event: events.Intervened) -> Taken:
    """Put what a person gives in place of a step, a tool, a result, the answer, or a verdict."""
    match event.override:
        case OverrideStep() as said:
            return _step(state, event, said)
        case OverrideTool() as said:
            return _tool(state, event, said)
        case OverrideResult() as said:
            return _result(state, event, said)
        case OverrideAnswer() as said:
            return _answer(state, event, said)
        case OverrideVerdict() as said:
            return _verdict(state, event, said)
        case None:
            raise Refusal("it does not say what to put in place of what")


def _step(state: Active, event: events.Intervened, said: OverrideStep) -> Taken:
    plan, _ = _running(state, said.step.id)
    steps = tuple(said.step if one.id == said.step.id else one for one in plan.steps)
    changed = plan.model_copy(update={"steps": steps})
    wrong = wrong_with(changed, state)
    if wrong:
        raise Refusal("; ".join(wrong))
    if said.step.tool in state.barred:
        raise Refusal(f"{said.step.title or said.step.tool} may not run")
    before = state
    state, again = _done_again(state, changed, said.step.id)
    state = state.model_copy(update={"plan": changed})
    state, orders = finding.find_tool(state, said.step)
    if said.step.tool is not None:
        state = state.with_step(said.step.id, how="human")
    what = f"step {said.step.id} was replaced"
    return _taken(before, state, event, what, again, orders)


def _tool(state: Active, event: events.Intervened, said: OverrideTool) -> Taken:
    plan, _ = _running(state, said.step)
    if said.tool in state.barred:
        raise Refusal(f"{said.title} may not run")
    before = state
    state, again = _done_again(state, plan, said.step)
    chosen = StepState(
        phase="ready",
        run=state.run,
        tool=said.tool,
        title=said.title,
        how="human",
        mapping=said.mapping,
    )
    state = _with(state, said.step, chosen)
    state = finding.used(state, said.title, said.tool, "reused")
    what = f"step {said.step} runs {said.title}"
    return _taken(before, state, event, what, again)


def _result(state: Active, event: events.Intervened, said: OverrideResult) -> Taken:
    plan, known = _running(state, said.step)
    step = step_of(plan, said.step)
    values: Mapping[int, JsonValue] = {0: said.value}
    size = None
    if step.foreach is not None:
        if not isinstance(said.value, list):
            raise Refusal(f"step {said.step} goes over a list: its result is a list too")
        values, size = dict(enumerate(said.value)), len(said.value)
    before = state
    state, again = _done_again(state, plan, said.step)
    given = StepState(
        phase="done",
        run=state.run,
        tool=known.tool,
        title=known.title,
        how="human",
        given=True,
        size=size,
        values=dict(values),
        files=said.files,
    )
    what = f"the result of step {said.step} was given"
    return _taken(before, _with(state, said.step, given), event, what, again)


def _answer(state: Active, event: events.Intervened, said: OverrideAnswer) -> Taken:
    before = state
    done = {name: one for name, one in state.steps.items() if one.phase == "done"}
    state = state.model_copy(
        update={
            "stage": "judging",
            "answer": said.value,
            "answered_by": event.by,
            "steps": done,
            "criteria": (),
            "judge": "idle" if state.judge == "idle" else "stale",
        }
    )
    return _taken(before, state, event, "the answer was given", ())


def _verdict(state: Active, event: events.Intervened, said: OverrideVerdict) -> Taken:
    if said.build not in state.builds:
        raise Refusal(f"no step waits for build {said.build}")
    if said.verdict == "allow" and not state.rules.overrule:
        raise Refusal("the policy lets nobody pass what the review blocks (review.overrule)")
    told = events.VerdictOverridden(
        build=said.build,
        draft=said.draft,
        verdict=said.verdict,
        by=event.by,
        reason=event.reason,
    )
    what = f"the verdict on draft {said.draft[:12]} is {said.verdict}"
    return Taken(state, [told], f"{what}; the build answers", _told(event, what))


def _running(state: Active, name: str) -> tuple[Plan, StepState]:
    """Return the plan and a step's state while both can be changed."""
    if state.plan is None or state.stage == "planning":
        raise Refusal("a plan is being made: say it again when it is there")
    if state.answered_by:
        raise Refusal(f"{state.answered_by} has given the answer: no step counts any more")
    known = state.steps.get(name)
    if known is None:
        raise Refusal(f"there is no step {name}; there are {', '.join(state.steps)}")
    return state.plan, known


def _done_again(state: Active, plan: Plan, name: str) -> tuple[Active, tuple[str, ...]]:
    """Return the state in which nothing built on this step counts, and the steps that are done anew.

    Results that a person gave stay: they were not built on anything. Commands from now on carry a new
    number, so that late answers to earlier ones are told from theirs.
    """
    run = state.run + 1
    state = state.model_copy(
        update={
            "run": run,
            "stage": "running",
            "answer": None,
            "criteria": (),
            "judge": "idle" if state.judge == "idle" else "stale",
        }
    )
    again = []
    for other in _built_on(state, plan, name):
        known = state.steps[other]
        if known.phase in ("trying", "wanting"):
            state = state.with_step(other, broken=(), failure=None, values={}, files=())
            continue
        if known.phase != "ready":
            again.append(other)
        ready = StepState(
            phase="ready",
            run=run,
            tool=known.tool,
            title=known.title,
            how=known.how,
            mapping=known.mapping,
            repairs=known.repairs,
            build=known.build,
        )
        state = _with(state, other, ready)
    return state, tuple(again)


def _built_on(state: Active, plan: Plan, name: str) -> tuple[str, ...]:
    found: list[str] = []
    reached = [name]
    while reached:
        here = reached.pop()
        more = [
            step.id
            for step in plan.steps
            if here in needs(step)
            and step.id not in (name, *found)
            and not state.steps[step.id].given
        ]
        found += more
        reached += more
    return tuple(found)


def _taken(
    before: Active,
    state: Active,
    event: events.Intervened,
    what: str,
    again: tuple[str, ...],
    orders: list[Message] | None = None,
) -> Taken:
    late = sum(len(one.sent) for one in before.steps.values()) - sum(
        len(one.sent) for one in state.steps.values()
    )
    parts = [what]
    parts += [f"done anew: {', '.join(again)}"] if again else []
    parts += [f"{late} calls under way do not count any more"] if late else []
    told = _told(event, what)
    state = state.by_human(told)
    left = leave(state, [one for one in before.builds if one not in state.builds], what)
    new, messages = after(left, go_on(state, orders or ()))
    return Taken(new, messages, "; ".join(parts))


def _told(event: events.Intervened, what: str) -> str:
    return f"{event.by}: {what}{': ' + event.reason if event.reason else ''}"


def _with(state: Active, name: str, step: StepState) -> Active:
    return state.model_copy(update={"steps": state.steps | {name: step}})
