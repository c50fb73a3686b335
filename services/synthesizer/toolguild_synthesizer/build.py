"""The life of one effort to make a tool. Pure: no clock, no network, no model.

Author and examiner start in parallel; each draft is reviewed before it runs, tested against the exam,
judged, and compared with what is published; then it is published, or another attempt begins. Tasks
that wait may be paused or leave, and people may decide about drafts, at any time.
"""

from collections.abc import Callable, Sequence
from functools import partial

from toolguild.agent import Process, Record
from toolguild.messages import Event, Message, events
from toolguild.policy import BuildRules, Level
from toolguild_synthesizer import (
    comparing,
    deciding,
    ending,
    holding,
    reviewing,
    steering,
    testing,
)
from toolguild_synthesizer.attempt import Attempt
from toolguild_synthesizer.orders import draft_order, exam_order
from toolguild_synthesizer.state import Build, Building, Done, EndCode, GivenUp, New, Step
from toolguild_synthesizer.waiter import Course, Waiter, course


def build_process(rules: BuildRules, ceiling: Level = "D") -> Process[Build]:
    """Return the process, with the operator's rules for how long to try and how far to go without a person."""
    return Process(
        name="builder",
        bucket="builds",
        reads=READS,
        record=Record[Build],
        start=New(),
        advance=partial(advance, rules, ceiling=ceiling),
    )


def advance(
    rules: BuildRules, state: Build, event: Event, *, ceiling: Level = "D"
) -> tuple[Build, Sequence[Message]]:
    """Return the next state and what to say. An event out of turn changes nothing.

    While nobody who waits goes on, what happens is still taken in, but no order goes out.
    """
    new, messages = _advanced(rules, ceiling, state, event)
    messages += holding.withdrawn(state, new, event)
    return holding.hold(new, messages) if isinstance(new, Building) else (new, messages)


def _advanced(rules: BuildRules, ceiling: Level, state: Build, event: Event) -> Step:
    begin = partial(_begin, rules, ceiling)
    match state, event:
        case New(), events.ToolWanted():
            return begin(event, first=1, before=Course())
        case GivenUp(), events.ToolWanted() if event.task not in state.waiters:
            return begin(event, first=state.last + 1, before=state.course)
        case GivenUp(), events.ToolWanted():
            return state, [ending.denied(state, event.task)]
        case GivenUp(code="cancelled"), events.ToolPublished():
            # it was being published when the last task left: whoever wants it next finds it
            return ending.done_by(event, state.attempts, state.last, state.course), []
        case Done(), events.ToolWanted() if state.tool in event.barred:
            return begin(event, first=state.last + 1, before=state.course)
        case Done(), events.ToolWanted():
            return state, [ending.ready(state, event.task, made=False)]
        case Building(), events.ToolWanted():
            return _join(state, event)
        case Building(), _ if (handle := HANDLERS.get(type(event))) is not None:
            return handle(state, event)
        case _:
            return state, []


def _begin(
    rules: BuildRules, ceiling: Level, wanted: events.ToolWanted, *, first: int, before: Course
) -> Step:
    waiters = (Waiter(task=wanted.task, brief=wanted.brief),)
    state = Building(
        build=wanted.build,
        spec=wanted.spec,
        rules=rules,
        ceiling=ceiling,
        waiters=waiters,
        course=course(waiters),
        parent=wanted.parent,
        fault=wanted.fault,
        regressions=(wanted.regression,) if wanted.regression else (),
        first=first,
    )
    messages: list[Message] = []
    if before.order > 0:  # workers still follow what was said of an earlier effort
        said = before.then(state.course)
        state = state.model_copy(update={"course": said or before})
        messages += [said.said(state.build)] if said else []
    for number in range(first, first + min(rules.samples, rules.attempts)):
        state = state.with_attempt(Attempt(number=number))
        messages.append(draft_order(state, Attempt(number=number)))
    return state, [*messages, exam_order(state)]


def _join(state: Building, wanted: events.ToolWanted) -> Step:
    if wanted.task in state.tasks:
        return state, []
    joined, messages = steering.joined(state, Waiter(task=wanted.task, brief=wanted.brief))
    waiting = next((one for one in state.attempts if one.phase == "waiting"), None)
    told = reviewing.tell_waiting((wanted.task,), state.build, waiting) if waiting else []
    return joined, [*messages, *told]


def _work_failed(state: Building, event: events.WorkFailed) -> Step:
    if event.code == "cancelled":
        return holding.stopped(state, event)
    attempt = holding.attempt_of(state, event)
    # a stronger model that cannot be reached is no reason to give up: there are other ways
    stronger = attempt is not None and attempt.way == "stronger" and event.of == "draft-tool"
    if event.code == "out_of_budget" or (event.code == "misconfigured" and not stronger):
        code: EndCode = "out_of_budget" if event.code == "out_of_budget" else "failed"
        return ending.give_up(state, code, event.reason)
    why = f"{event.of} failed: {event.reason}"
    if event.of == "set-exam":
        if state.exam is None:
            return ending.give_up(state, "failed", f"no exam could be set: {event.reason}")
        return ending.go_on(state.model_copy(update={"looking_again": False}))
    if event.of == "test-draft" and not event.ref.startswith("candidate:"):
        return comparing.comparison_failed(state, event)
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
    events.ApprovalGiven: deciding.approved,
    events.DraftEdited: deciding.edited,
    events.VerdictOverridden: deciding.overridden,
    events.WaiterSteered: steering.steered,
    events.PutBack: holding.put_back,
    events.WorkFailed: _work_failed,
}
READS: tuple[type[Event], ...] = (events.ToolWanted, *HANDLERS)
