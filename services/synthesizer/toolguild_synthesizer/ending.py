"""How an effort goes on after an attempt that came to nothing, and how it ends. Pure."""

from toolguild.exam import consensus_answers, disputes
from toolguild.messages import Message, TaskId, events
from toolguild_synthesizer.attempt import Attempt
from toolguild_synthesizer.convergence import best_of
from toolguild_synthesizer.next_attempt import end_of, more
from toolguild_synthesizer.orders import exam_order, judge_order
from toolguild_synthesizer.state import (
    Building,
    Done,
    EndCode,
    ExamWish,
    GivenUp,
    Step,
    send,
)
from toolguild_synthesizer.waiter import Course, payer

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
        return send(state, tested, "judging", judge_order(state, tested))
    if state.active or state.looking_again:
        return state, []
    again = _look_again(state) or _strengthen(state)
    if again is not None:
        return again
    next_one = more(state)
    if next_one is not None:
        return next_one
    return give_up(state, *end_of(state))


def _look_again(state: Building) -> Step | None:
    if state.exam is None or state.disputes >= MAX_DISPUTES:
        return None
    independent = [one for one in state.attempts if one.repair_of is None]
    reports = [one.report for one in independent if one.report]
    disputed = disputes(state.exam, reports)
    if not disputed:
        return None
    answers = consensus_answers(state.exam, reports, disputed)
    wish = ExamWish(disputed=disputed, answers=answers)
    update = {"looking_again": True, "disputes": state.disputes + 1, "wish": wish}
    changed = state.model_copy(update=update)
    return changed, [exam_order(changed)]


def _strengthen(state: Building) -> Step | None:
    """Once, ask for more cases where a draft passed and only the exam was too weak to tell."""
    if state.exam is None or state.strengthened:
        return None
    if not any(one.weak_exam for one in state.attempts):
        return None
    update = {"looking_again": True, "strengthened": True, "wish": ExamWish(more=MORE_CASES)}
    changed = state.model_copy(update=update)
    return changed, [exam_order(changed)]


def give_up(state: Building, code: EndCode, reason: str) -> Step:
    """End the effort without a tool; every task that waits is told why, and what it paid for."""
    best = best_of(state.attempts, state.exam).draft
    ended = GivenUp(
        build=state.build,
        waiters=state.tasks,
        code=code,
        reason=reason,
        attempts=len(state.attempts),
        last=state.attempts[-1].number,
        best=best,
        course=state.course,
    )
    return ended, [
        events.ToolDenied(
            task=one.task,
            build=state.build,
            code=code,
            reason=reason,
            usage=one.usage,
            attempts=len(state.attempts),
            best=best,
        )
        for one in state.waiters
    ]


def denied(ended: GivenUp, task: TaskId) -> events.ToolDenied:
    """Tell a task that asks again for what could not be made: nothing is new, so nothing is tried."""
    reason = f"wanted again without anything new; the effort had ended: {ended.reason}"
    return events.ToolDenied(
        task=task,
        build=ended.build,
        code=ended.code,
        reason=reason,
        attempts=ended.attempts,
        best=ended.best,
    )


def published(state: Building, event: events.ToolPublished) -> Step:
    """The registry has the tool: every task that waits is told, and what it paid for."""
    last = state.attempts[-1].number
    done = done_by(event, len(state.attempts), last, state.course)
    pays = payer(state.waiters).task
    messages: list[Message] = [
        ready(done, one.task, made=event.made and one.task == pays).model_copy(
            update={"usage": one.usage}
        )
        for one in state.waiters
    ]
    attempt = state.attempt(event.attempt)
    if attempt is not None and attempt.stopped_by and event.made:
        # It was in the reviewer's hands already when a person blocked it: so it is not trusted.
        what = f"{'; '.join(attempt.failures)}, when it was being published already"
        messages.insert(0, _incident(event, pays, what, attempt.stopped_by))
    return done, messages


def done_by(event: events.ToolPublished, attempts: int, last: int, course: Course) -> Done:
    """Return the state once the registry has a tool."""
    return Done(
        build=event.build,
        tool=event.tool,
        title=event.title,
        description=event.description,
        made=event.made,
        attempts=attempts,
        last=last,
        confidence=event.confidence,
        course=course,
    )


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
        confidence=done.confidence if made else None,
    )


def _incident(event: events.ToolPublished, task: TaskId, what: str, by: str) -> events.IncidentSeen:
    return events.IncidentSeen(tool=event.tool, title=event.title, task=task, what=what, by=by)
