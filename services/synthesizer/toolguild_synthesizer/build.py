"""The life of one effort to make a tool. Pure: no clock, no network, no model.

Author and examiner start in parallel; each draft is reviewed before it runs, tested against the exam,
judged, and compared with what is published; then it is published, or another attempt begins.
"""

from collections.abc import Callable, Sequence
from functools import partial

from toolguild.agent import Process, Record
from toolguild.messages import Event, Message, events
from toolguild.policy import BuildRules
from toolguild_synthesizer import comparing, ending, reviewing, testing
from toolguild_synthesizer.next_attempt import draft_order
from toolguild_synthesizer.state import Attempt, Build, Building, Done, EndCode, GivenUp, New, Step


def build_process(rules: BuildRules) -> Process[Build]:
    """Return the process, with the operator's rules for how long to try."""
    return Process(
        name="builder",
        bucket="builds",
        reads=READS,
        record=Record[Build],
        start=New(),
        advance=partial(advance, rules),
    )


def advance(rules: BuildRules, state: Build, event: Event) -> tuple[Build, Sequence[Message]]:
    """Return the next state and what to say. An event out of turn changes nothing."""
    match state, event:
        case New(), events.ToolWanted():
            return _begin(rules, event, first=1)
        case GivenUp(), events.ToolWanted() if event.task not in state.waiters:
            return _begin(rules, event, first=state.attempts + 1)
        case GivenUp(), events.ToolWanted():
            return state, [ending.denied(state, event.task)]
        case Done(), events.ToolWanted() if state.tool in event.barred:
            return _begin(rules, event, first=state.attempts + 1)
        case Done(), events.ToolWanted():
            return state, [ending.ready(state, event.task, made=False)]
        case Building(), events.ToolWanted():
            return _join(state, event)
        case Building(), _ if (handle := HANDLERS.get(type(event))) is not None:
            return handle(state, event)
        case _:
            return state, []


def _begin(rules: BuildRules, wanted: events.ToolWanted, first: int) -> Step:
    state = Building(
        build=wanted.build,
        brief=wanted.brief,
        spec=wanted.spec,
        rules=rules,
        waiters=(wanted.task,),
        parent=wanted.parent,
        fault=wanted.fault,
        regressions=(wanted.regression,) if wanted.regression else (),
        first=first,
    )
    messages: list[Message] = []
    for number in range(first, first + min(rules.samples, rules.attempts)):
        state = state.with_attempt(Attempt(number=number))
        messages.append(draft_order(state, number, None))
    return state, [*messages, ending.exam_order(state)]


def _join(state: Building, wanted: events.ToolWanted) -> Step:
    if wanted.task in state.waiters:
        return state, []
    joined = state.model_copy(update={"waiters": (*state.waiters, wanted.task)})
    waiting = next((one for one in state.attempts if one.phase == "waiting"), None)
    return joined, reviewing.tell_waiting((wanted.task,), state.build, waiting) if waiting else []


def _work_failed(state: Building, event: events.WorkFailed) -> Step:
    if event.code in ("misconfigured", "out_of_budget"):
        code: EndCode = "out_of_budget" if event.code == "out_of_budget" else "failed"
        return ending.give_up(state, code, event.reason)
    why = f"{event.of} failed: {event.reason}"
    if event.of == "set-exam":
        if state.exam is None:
            return ending.give_up(state, "failed", f"no exam could be set: {event.reason}")
        return ending.go_on(state.model_copy(update={"looking_again": False}))
    if event.of == "test-draft" and not event.ref.startswith("candidate:"):
        return comparing.comparison_failed(state, event)
    number = event.ref.split(":")[1] if event.of == "test-draft" else event.ref
    attempt = state.attempt(int(number)) if number.isdigit() else None
    expected = {"draft-tool": "drafting", "review-draft": "reviewing", "test-draft": "testing"}
    if attempt is None or attempt.phase != expected.get(event.of, "judging"):
        return state, []
    return ending.out(state, attempt, (why,))


HANDLERS: dict[type[Event], Callable[..., Step]] = {
    events.ToolDrafted: reviewing.drafted,
    events.ExamSet: testing.exam_set,
    events.DraftReviewed: reviewing.reviewed,
    events.DraftTested: testing.tested,
    events.DraftRefused: testing.refused,
    events.RivalsFound: comparing.rivals_found,
    events.ToolPublished: ending.published,
    events.ApprovalGiven: reviewing.approved,
    events.WorkFailed: _work_failed,
}
READS: tuple[type[Event], ...] = (events.ToolWanted, *HANDLERS)
