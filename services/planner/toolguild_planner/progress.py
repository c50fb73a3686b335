"""From one stage of a task to the next: plan, run, answer, judge, or plan again. Pure."""

from collections import Counter
from collections.abc import Sequence

from toolguild.messages import Message, ModelUsage, TaskStatus, add_usage, commands
from toolguild.plan import resolve
from toolguild.plan.reference import Unresolved
from toolguild_planner.ending import end, result_files
from toolguild_planner.running import file_marks, named, results, start_ready
from toolguild_planner.state import Active, Task

Advanced = tuple[Task, list[Message]]


def make_plan(state: Active, complaints: tuple[str, ...] = ()) -> commands.MakePlan:
    """Order a plan; what earlier steps gave may be built on."""
    return commands.MakePlan(
        task=state.task,
        brief=state.brief,
        goal=state.goal,
        files=state.files,
        attempt=state.attempt,
        complaints=complaints,
        results=results(state),
        before=state.plan,
    )


def go_on(state: Active, messages: Sequence[Message] = ()) -> Advanced:
    """Start what can start; once every step is done, answer and judge."""
    if state.stage != "running" or state.plan is None:
        return state, list(messages)
    state, orders = start_ready(state)
    orders = [*messages, *orders]
    failed = next((one for one in state.steps.items() if one[1].phase == "failed"), None)
    if failed is not None:
        return _after(
            orders, replan(state, f"step {failed[0]} failed: {failed[1].reason}", "failed")
        )
    if any(step.phase != "done" for step in state.steps.values()):
        return state, orders
    return _after(orders, _answer(state))


def replan(state: Active, complaint: str, code: TaskStatus) -> Advanced:
    """Plan the failed part anew while the rules allow; else end with what there is."""
    if state.attempt > state.rules.replans:
        return end(state, status_of(state, code), complaint)
    changes = {"stage": "planning", "attempt": state.attempt + 1, "complaint": complaint}
    state = state.model_copy(update=changes)
    state = state.tell(f"planning again: {complaint}")
    return state, [make_plan(state, (complaint,))]


def status_of(state: Active, code: TaskStatus) -> TaskStatus:
    """A failure with something to show is partial."""
    done = any(step.phase == "done" for step in state.steps.values())
    return "partial" if done and code == "failed" else code


def spend(state: Active, usage: tuple[ModelUsage, ...]) -> Active:
    """Return the state with more model usage counted."""
    return state.model_copy(update={"usage": add_usage(state.usage, usage)}) if usage else state


def _after(orders: list[Message], then: Advanced) -> Advanced:
    state, more = then
    return state, [*orders, *more]


def _names_of_one(state: Active) -> frozenset[str]:
    """The names that stand for one file only, whichever step wrote it."""
    written = {(file.name, file.sha256) for step in state.steps.values() for file in step.files}
    counts = Counter(name for name, _ in written)
    return frozenset(name for name, count in counts.items() if count == 1)


def _answer(state: Active) -> Advanced:
    assert state.plan is not None
    try:
        answer = resolve(state.plan.answer, results(state), file_marks(state.files))
    except Unresolved as error:
        return replan(state, f"the plan's answer does not resolve: {error}", "failed")
    state = state.model_copy(
        update={"answer": named(answer, _names_of_one(state)), "stage": "judging"}
    )
    if not state.goal.success_criteria:
        return end(state, "succeeded")
    order = commands.JudgeCriteria(
        task=state.task,
        brief=state.brief,
        goal=state.goal,
        answer=state.answer,
        files=result_files(state),
    )
    return state, [order]
