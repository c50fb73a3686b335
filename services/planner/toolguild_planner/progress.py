"""From one stage of a task to the next: plan, run, answer, judge, or plan again. Pure."""

from collections import Counter
from collections.abc import Sequence

from toolguild.messages import Message, ModelUsage, TaskStatus, add_usage, commands
from toolguild.plan import resolve
from toolguild.plan.reference import Unresolved
from toolguild_planner.ending import end, result_files
from toolguild_planner.running import file_marks, named, results, start_ready
from toolguild_planner.state import Active, Advanced
from toolguild_planner.stuck import known_of


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
        cleared="intent" in state.noticed,  # it goes on, so a person has let it
    )


def go_on(state: Active, messages: Sequence[Message] = ()) -> Advanced:
    """Start what can start; once every step is done, answer and judge. While held, do nothing."""
    if state.held is not None or state.stage == "planning":
        return state, list(messages)
    if state.stage == "judging":
        return after(messages, judge(state)) if state.judge == "idle" else (state, list(messages))
    state, orders = start_ready(state)
    orders = [*messages, *orders]
    failed = next((one for one in state.steps.items() if one[1].phase == "failed"), None)
    if failed is not None:
        return after(
            orders, replan(state, f"step {failed[0]} failed: {failed[1].reason}", "failed")
        )
    if any(step.phase != "done" for step in state.steps.values()):
        return state, orders
    return after(orders, _answer(state))


def replan(state: Active, complaint: str, code: TaskStatus) -> Advanced:
    """Plan the failed part anew while the rules allow and there is something new to plan with; else end."""
    if state.attempt > state.rules.replans:
        return end(state, status_of(state, code), complaint)
    known = known_of(state, complaint)
    if known in state.asked_for:
        return end(
            state, "stuck", f"{complaint}; nothing new is known since it was planned again for that"
        )
    changes = {
        "stage": "planning",
        "attempt": state.attempt + 1,
        "run": state.run + 1,
        "complaint": complaint,
        "asked_for": (*state.asked_for, known),
    }
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


def judge(state: Active) -> Advanced:
    """Have the answer judged. A judgement under way is of another answer: the next one waits for its end."""
    if state.judge != "idle":
        return state.model_copy(update={"judge": "stale"}), []
    if not state.goal.success_criteria:
        return end(state, "succeeded")
    order = commands.JudgeCriteria(
        task=state.task,
        brief=state.brief,
        goal=state.goal,
        answer=state.answer,
        files=result_files(state),
    )
    return state.model_copy(update={"judge": "asked"}), [order]


def after(orders: Sequence[Message], then: Advanced) -> Advanced:
    """Return what came last, with the orders of before put first."""
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
    return judge(state)
