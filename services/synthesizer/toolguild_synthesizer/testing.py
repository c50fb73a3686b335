"""A cleared attempt against the exam. Pure."""

from toolguild.messages import Message, events
from toolguild_synthesizer.attempt import Attempt
from toolguild_synthesizer.comparing import compared
from toolguild_synthesizer.ending import go_on, out
from toolguild_synthesizer.orders import judge_order, test_order
from toolguild_synthesizer.state import Building, Step, send, spend


def test(state: Building, attempt: Attempt) -> Step:
    """Run a cleared attempt against the exam, or keep it ready until there is one."""
    if state.exam is None or state.looking_again:
        return state.with_attempt(attempt.model_copy(update={"phase": "cleared"})), []
    return send(state, attempt, "testing", test_order(state, attempt))


def exam_set(state: Building, event: events.ExamSet) -> Step:
    """The exam is there, or was looked at again: run whatever is cleared or failed under the old one."""
    state = spend(state, event.usage)
    if state.exam is not None and not state.looking_again:
        return state, []
    changed_exam = event.exam != state.exam
    state = state.model_copy(update={"exam": event.exam, "looking_again": False})
    messages: list[Message] = []
    for attempt in state.attempts:
        again = changed_exam and attempt.phase == "out" and attempt.report is not None
        if attempt.phase == "cleared" or again:
            changed, orders = test(state, attempt)
            assert isinstance(changed, Building)
            state, messages = changed, [*messages, *orders]
    return (state, messages) if messages else go_on(state)


def tested(state: Building, event: events.DraftTested) -> Step:
    """The attempt, or what it is compared with, ran against an exam."""
    if event.role != "candidate":
        return compared(state, event)
    attempt = state.attempt(event.attempt)
    if attempt is None or attempt.phase != "testing" or attempt.draft is None or state.exam is None:
        return state, []
    if event.report.draft != attempt.draft.digest or event.report.exam != state.exam.digest:
        return state, []
    attempt = attempt.model_copy(
        update={"report": event.report, "report_signature": event.signature}
    )
    if any(one.phase in ("judging", "comparing") for one in state.attempts):
        return state.with_attempt(attempt.model_copy(update={"phase": "tested"})), []
    return send(state, attempt, "judging", judge_order(state, attempt))


def refused(state: Building, event: events.DraftRefused) -> Step:
    """The judge found that the attempt does not do."""
    attempt = state.attempt(event.attempt)
    if attempt is None or attempt.phase != "judging":
        return state, []
    weak = attempt.model_copy(update={"weak_exam": event.weak_exam})
    return out(state, weak, event.failures)
