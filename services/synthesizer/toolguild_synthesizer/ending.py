"""How an effort goes on after an attempt that came to nothing, and how it ends. Pure."""

from toolguild.exam import consensus_answers, disputes
from toolguild.messages import Message, TaskId, commands, events
from toolguild_synthesizer.judging import judge
from toolguild_synthesizer.next_attempt import end_of, more
from toolguild_synthesizer.state import Attempt, Building, Done, EndCode, GivenUp, Step, send

MAX_DISPUTES = 2
MORE_CASES = 3  # added to an exam that notices too few faults


def out(state: Building, attempt: Attempt, failures: tuple[str, ...]) -> Step:
    """Return what follows when an attempt came to nothing."""
    changed = attempt.model_copy(update={"phase": "out", "failures": failures})
    return go_on(state.with_attempt(changed))


def go_on(state: Building) -> Step:
    """Nothing came of an attempt: settle a dispute about the exam, try again, or give up."""
    judged = any(one.phase in ("judging", "comparing") for one in state.attempts)
    tested = next((one for one in state.attempts if one.phase == "tested"), None)
    if tested is not None and not judged:
        return send(state, tested, "judging", judge(state, tested))
    if state.active or state.looking_again:
        return state, []
    again = _look_again(state) or _strengthen(state)
    if again is not None:
        return again
    next_one = more(state)
    if next_one is not None:
        return next_one
    return give_up(state, *end_of(state))


def exam_order(state: Building) -> commands.SetExam:
    """Order the exam of this effort: a first one, or another look at the one there is."""
    return commands.SetExam(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        parent=state.parent,
        regressions=state.regressions,
        exam=state.exam,
    )


def _look_again(state: Building) -> Step | None:
    if state.exam is None or state.disputes >= MAX_DISPUTES:
        return None
    independent = [one for one in state.attempts if one.repair_of is None]
    reports = [one.report for one in independent if one.report]
    disputed = disputes(state.exam, reports)
    if not disputed:
        return None
    answers = consensus_answers(state.exam, reports, disputed)
    order = exam_order(state).model_copy(update={"disputed": disputed, "answers": answers})
    changed = state.model_copy(update={"looking_again": True, "disputes": state.disputes + 1})
    return changed, [order]


def _strengthen(state: Building) -> Step | None:
    """Once, ask for more cases where a draft passed and only the exam was too weak to tell."""
    if state.exam is None or state.strengthened:
        return None
    if not any(one.weak_exam for one in state.attempts):
        return None
    order = exam_order(state).model_copy(update={"more": MORE_CASES})
    return state.model_copy(update={"looking_again": True, "strengthened": True}), [order]


def give_up(state: Building, code: EndCode, reason: str) -> Step:
    """End the effort without a tool; every task that waits is told why, and one of them what it cost."""
    best = max(state.attempts, key=lambda one: (one.passed_cases, one.number))
    ended = GivenUp(
        build=state.build,
        waiters=state.waiters,
        code=code,
        reason=reason,
        attempts=state.attempts[-1].number,
        best=best.draft,
    )
    told: list[Message] = [
        events.ToolDenied(
            task=task,
            build=state.build,
            code=code,
            reason=reason,
            usage=state.usage if n == 0 else (),
            attempts=len(state.attempts),
        )
        for n, task in enumerate(state.waiters)
    ]
    return ended, told


def denied(ended: GivenUp, task: TaskId) -> events.ToolDenied:
    """Tell a task that asks again for what could not be made: nothing is new, so nothing is tried."""
    reason = f"wanted again without anything new; the effort had ended: {ended.reason}"
    return events.ToolDenied(
        task=task, build=ended.build, code=ended.code, reason=reason, attempts=ended.attempts
    )


def published(state: Building, event: events.ToolPublished) -> Step:
    """The registry has the tool: every task that waits is told, the one that pays also what it cost."""
    done = Done(
        build=state.build,
        tool=event.tool,
        title=event.title,
        description=event.description,
        made=event.made,
        attempts=len(state.attempts),
    )
    payer, *others = state.waiters
    first = ready(done, payer, made=event.made).model_copy(update={"usage": state.usage})
    return done, [first, *(ready(done, task, made=False) for task in others)]


def ready(done: Done, task: TaskId, *, made: bool) -> events.ToolReady:
    """Tell one task that the tool is there."""
    return events.ToolReady(
        task=task,
        build=done.build,
        tool=done.tool,
        title=done.title,
        description=done.description,
        made=made,
        attempts=done.attempts,
    )
