"""A new task that goes on differently from a step of another one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from toolguild.client.task import Order, brief_of, new_task_id, send
from toolguild.errors import UsageError
from toolguild.messages import KeptStep, StepResult, TaskId, events
from toolguild.plan import Plan
from toolguild.plan.check import needs
from toolguild.policy import Policy
from toolguild.replay.history import History, history_of
from toolguild.runtime.bus import Bus


async def fork(bus: Bus, policy: Policy, task: TaskId, step: str, order: Order) -> TaskId:
    """Start a new task with the plan of another one and its results before `step`, within the order's bounds.

    The goal and the files are the old task's. Raises UsageError when the task has no plan, or no such step.
    """
    history = await history_of(bus, task)
    new = new_task_id()
    forked = forked_from(history, step, new)
    order = replace(order, goal=forked.goal)
    brief = brief_of(order, new, policy, datetime.now(UTC))
    await send(bus, forked.model_copy(update={"brief": brief}))
    return new


def forked_from(history: History, step: str, new: TaskId) -> events.TaskForked:
    """Return the event that starts the new task, with the old one's brief. Raises UsageError. Pure."""
    said = [one.body for one in history.events]
    plan = _plan(said, history.task)
    if step not in {one.id for one in plan.steps}:
        known = ", ".join(one.id for one in plan.steps)
        raise UsageError(f"--from {step}: {history.task} has no such step; it has: {known}")
    start = next(one for one in said if isinstance(one, events.GoalGiven | events.TaskForked))
    again = _again(plan, step)
    ends = _ends(said)
    kept = [
        _kept(said, one.id, ends.get(one.id), start) for one in plan.steps if one.id not in again
    ]
    return events.TaskForked(
        task=new,
        of=history.task,
        at_step=step,
        brief=start.brief,
        goal=start.goal,
        files=start.files,
        plan=plan,
        kept=tuple(one for one in kept if one is not None),
    )


def _plan(said: Sequence[object], task: TaskId) -> Plan:
    plans = [one.plan for one in said if isinstance(one, events.PlanMade | events.TaskForked)]
    if not plans:
        raise UsageError(f"{task} has no plan, so there is no step to go on from")
    return plans[-1]


def _again(plan: Plan, step: str) -> frozenset[str]:
    """Return the step and all that need its result."""
    again = {step}
    while more := {one.id for one in plan.steps if needs(one) & again} - again:
        again |= more
    return frozenset(again)


def _ends(said: Sequence[object]) -> dict[str, StepResult]:
    ended = [one.result for one in said if isinstance(one, events.TaskEnded)]
    return {one.step: one for one in ended[-1].steps} if ended else {}


def _kept(
    said: Sequence[object],
    step: str,
    end: StepResult | None,
    start: "events.GoalGiven | events.TaskForked",
) -> KeptStep | None:
    """Return a finished step with its values; None if it has not run to its end."""
    before = {one.step: one for one in getattr(start, "kept", ())}
    runs = [
        one
        for one in said
        if isinstance(one, events.ToolRan) and one.step == step and one.outcome == "ok"
    ]
    if not runs:
        return before.get(step)
    if end is not None and end.state != "done":
        return None
    last = runs[-1]
    of_tool = [one for one in runs if one.tool == last.tool]
    values = {one.item or 0: one.value for one in of_tool}
    items = [one.item for one in of_tool if one.item is not None]
    whole = not items or sorted(set(items)) == list(range(max(items) + 1))
    if not whole:
        return None
    files = {(file.name, file.sha256): file for one in of_tool for file in one.files}
    return KeptStep(
        step=step,
        tool=last.tool,
        title=end.title if end else "",
        how=end.how if end else "bound",
        size=len(values) if items else None,
        values=values,
        files=tuple(files.values()),
        seconds=sum(one.used.wall_seconds for one in of_tool),
    )
