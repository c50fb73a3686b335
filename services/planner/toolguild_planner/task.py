"""The life of one task, from goal to result. Pure: no clock, no network, no model.

Plan; for each step find, try or want a tool; run steps as their inputs arrive; mend a tool that fails on
real data; plan the failed part anew; judge the criteria; end. A person may step in at any moment: while
the task is held, it takes everything in, and sends no orders.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from toolguild.agent import Process, Record
from toolguild.messages import Event, Message, TaskStatus, events
from toolguild.policy import Policy
from toolguild_planner import (
    adopting,
    approving,
    bounding,
    calls,
    deciding,
    escalating,
    finding,
    flagging,
    holding,
)
from toolguild_planner.ending import end
from toolguild_planner.intervening import Verify, intervened
from toolguild_planner.progress import after, go_on, judge, make_plan, replan, spend, status_of
from toolguild_planner.rules import Rules
from toolguild_planner.serving import incidents, watch
from toolguild_planner.state import Active, Advanced, New, Task


def task_process(policy: Policy, verify: Verify) -> Process[Task]:
    """Return the process, with the operator's rules and what says whether an intervention is a person's."""
    return Process(
        name="planner",
        bucket="tasks",
        reads=READS,
        record=Record[Task],
        start=New(),
        advance=partial(advance, Rules.of(policy), verify),
        key=_task_of,
        begins=(events.GoalGiven, events.TaskForked),
    )


def advance(
    rules: Rules, verify: Verify, state: Task, event: Event
) -> tuple[Task, Sequence[Message]]:
    """Return the next state and what to say. An event out of turn changes nothing."""
    seen = incidents(rules, event, _title(state, event))
    was_held = isinstance(state, Active) and state.held is not None
    state, messages = _checked(*_step(rules, verify, state, event))
    if was_held:
        state, messages = _caught_up(state, messages)
    return state, [*seen, *messages]


def _step(rules: Rules, verify: Verify, state: Task, event: Event) -> Advanced:
    match state, event:
        case _, events.Intervened():
            return intervened(verify, state, event)
        case New(), events.GoalGiven():
            brief = adopting.asked(event.brief, event.goal)
            active = Active(
                task=event.task, brief=brief, goal=event.goal, rules=rules, files=event.files
            )
            active, watched = _begin(active)
            return active, [*watched, make_plan(active)]
        case New(), events.TaskForked():
            active, watched = _begin(adopting.begin(rules, event))
            return after(watched, adopting.forked(active, event))
        case Active(), _ if (handle := AT_ONCE.get(type(event))) is not None:
            return handle(state, event)
        case Active(), _ if type(event) in (*HANDLERS, events.TimeCame):
            return _work(state, event) if state.held is None else (holding.keep(state, event), [])
        case _:
            return state, []


def _begin(state: Active) -> tuple[Active, list[Message]]:
    """Put the task before those who watch it, and have it told when it takes long."""
    state, messages = watch(state)
    slow = state.rules.escalation.time
    if slow.on:
        messages.append(
            events.TimeCame(about_key=state.task, note=escalating.SLOW, after=slow.seconds)
        )
    return state, messages


def _work(state: Active, event: Event) -> Advanced:
    """Follow what became of an order, unless a rule wants a person to look at it first."""
    said: list[Message] = []
    if raised := escalating.alarms(state, event):
        state, said = escalating.escalate(state, raised)
        if any(alarm.call is not None for alarm in raised):
            return state, said  # the decision itself says how it goes on
        if state.held is not None:
            return holding.keep(state, event), said
    handle = HANDLERS.get(type(event))
    return after(said, handle(state, event)) if handle is not None else (state, said)


def _checked(state: Task, messages: Sequence[Message]) -> Advanced:
    """Hold back the orders of a held task."""
    if isinstance(state, Active) and state.held is not None:
        return holding.hold_back(state, messages)
    return state, list(messages)


def _caught_up(state: Task, messages: list[Message]) -> Advanced:
    """Once a task goes on: send what was held back, start what can start, follow what came meanwhile."""
    if isinstance(state, Active) and state.held is None:
        going, orders = holding.released(state)
        state, messages = after([*messages, *orders], _checked(*go_on(going)))
    while isinstance(state, Active) and state.held is None and state.queue:
        first, *rest = state.queue
        state = state.model_copy(update={"queue": tuple(rest)})
        state, messages = after(messages, _checked(*_work(state, first)))
    return state, messages


def _judged(state: Active, event: events.CriteriaJudged) -> Advanced:
    state = spend(state, event.usage)
    was = state.judge
    state = state.model_copy(update={"judge": "idle"})
    if state.stage != "judging":
        return state, []
    if was == "stale":
        return judge(state)
    state = state.model_copy(update={"criteria": event.criteria})
    unmet = [one for one in event.criteria if one.met is False]
    if unmet:
        told = "; ".join(f"{one.text} ({one.evidence})" for one in unmet)
        if state.answered_by:  # a person's answer stays
            return end(state, "partial", f"a criterion is not met: {told}")
        return replan(state, f"a criterion is not met: {told}", "partial")
    unsure = [one.text for one in event.criteria if one.met is None]
    if unsure:
        return end(state, "partial", f"nobody could judge: {'; '.join(unsure)}")
    return end(state, "succeeded")


def _waits(state: Active, event: events.TaskWaits) -> Advanced:
    return state.tell(f"waiting for a person: {event.why}"), []


def _heard(state: Active, event: events.GuidanceTaken) -> Advanced:
    return bounding.heard(state, event), []


def _work_failed(state: Active, event: events.WorkFailed) -> Advanced:
    if event.of == "make-plan":
        if state.stage != "planning":
            return state, []
        code = (
            event.code if event.code in ("out_of_budget", "refused") else status_of(state, "failed")
        )
        why = f"{state.complaint}; no new plan: " if state.complaint else ""
        return end(state, cast(TaskStatus, code), why + event.reason)
    if event.of == "judge-criteria" and state.judge == "stale":
        state = state.model_copy(update={"judge": "idle"})
        return judge(state) if state.stage == "judging" else (state, [])
    if event.code == "out_of_budget":
        return end(state, "out_of_budget", event.reason)
    if event.code == "misconfigured":
        return end(state, status_of(state, "failed"), event.reason)
    if event.of == "judge-criteria" and state.stage == "judging":
        return end(state, "partial", f"the criteria could not be judged: {event.reason}")
    return _call_failed(state, event)


def _call_failed(state: Active, event: events.WorkFailed) -> Advanced:
    call = escalating.call_of(state, event)
    if call is None:
        return state, []
    name, _, _ = call
    known = state.steps[name]
    if event.of == "try-tool" and known.phase == "trying":
        return finding.reject(state, name)
    if event.of == "run-tool" and known.phase == "running":
        if event.code == "refused" and known.tool is not None:  # revoked, perhaps: want another
            state = state.model_copy(update={"barred": (*state.barred, known.tool)})
        state = state.with_step(name, phase="failed", reason=event.reason, sent=())
        return replan(state, f"step {name} failed: {event.reason}", "failed")
    return state, []


def _title(state: Task, event: Event) -> str:
    known = state.steps.get(getattr(event, "step", "")) if isinstance(state, Active) else None
    return known.title if known and known.tool == getattr(event, "tool", None) else ""


def _task_of(event: Event) -> str:
    """The record that an event concerns: the receipt of a hint may be about a build, for a task."""
    return event.task if isinstance(event, events.GuidanceTaken) else event.key


# Followed at once, even while the task is held ...
AT_ONCE: dict[type[Event], Callable[..., Advanced]] = {
    events.TaskDecided: deciding.decided,
    events.PutBack: holding.put_back,
    events.RunHeld: approving.held,
    events.TaskWaits: _waits,
    events.InputFlagged: flagging.flagged,
    events.GuidanceTaken: _heard,
}
# ... and those that wait until it goes on.
HANDLERS: dict[type[Event], Callable[..., Advanced]] = {
    events.PlanMade: adopting.planned,
    events.ToolTried: finding.tried,
    events.ToolReady: finding.tool_ready,
    events.ToolDenied: finding.tool_denied,
    events.ToolRan: calls.ran,
    events.CriteriaJudged: _judged,
    events.WorkFailed: _work_failed,
}
READS: tuple[type[Event], ...] = (
    events.GoalGiven,
    events.TaskForked,
    events.Intervened,
    events.TimeCame,
    *AT_ONCE,
    *HANDLERS,
)
