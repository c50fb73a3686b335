"""The life of one effort to make a tool. Pure: no clock, no network, no model.

Author and examiner start in parallel; each draft is reviewed before it runs, tested against the exam,
judged, and compared with what is published; then it is published, or another attempt begins.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from toolguild.agent import Process, Record
from toolguild.exam import consensus_answers, disputes
from toolguild.messages import (
    BuildId,
    Event,
    Message,
    ModelUsage,
    TaskId,
    add_usage,
    commands,
    events,
)
from toolguild.policy import BuildRules
from toolguild.tool import Draft, Exam, Signature
from toolguild_synthesizer.next_attempt import draft_order, end_of, more
from toolguild_synthesizer.state import (
    Attempt,
    Build,
    Building,
    Comparison,
    Done,
    EndCode,
    GivenUp,
    New,
    Phase,
)

MAX_DISPUTES = 2
Step = tuple[Build, list[Message]]


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
        case Done(), events.ToolWanted():
            return state, [_ready(state, event.task, made=False)]
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
    exam = commands.SetExam(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        parent=state.parent,
        regressions=state.regressions,
    )
    return state, [*messages, exam]


def _join(state: Building, wanted: events.ToolWanted) -> Step:
    if wanted.task in state.waiters:
        return state, []
    joined = state.model_copy(update={"waiters": (*state.waiters, wanted.task)})
    waiting = next((one for one in state.attempts if one.phase == "waiting"), None)
    return joined, _tell_waiting((wanted.task,), state.build, waiting) if waiting else []


def _drafted(state: Building, event: events.ToolDrafted) -> Step:
    attempt = state.attempt(event.attempt)
    state = _spend(state, event.usage)
    if attempt is None or attempt.phase != "drafting":
        return state, []
    attempt = attempt.model_copy(update={"draft": event.draft})
    twin = next(
        (one for one in state.attempts if one.draft and one.draft.source == event.draft.source),
        None,
    )
    if twin is not None:
        return _out(state, attempt, twin.failures or (f"the same code as attempt {twin.number}",))
    return _send(state, attempt, "reviewing", _review(state, attempt))


def _review(
    state: Building, attempt: Attempt, approved_by: str | None = None
) -> commands.ReviewDraft:
    assert attempt.draft is not None
    return commands.ReviewDraft(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        draft=attempt.draft,
        attempt=attempt.number,
        approved_by=approved_by,
        person_asked=state.brief.autonomy == "A",
    )


def _reviewed(state: Building, event: events.DraftReviewed) -> Step:
    attempt = state.attempt(event.attempt)
    state = _spend(state, event.usage)
    if attempt is None or attempt.phase != "reviewing" or attempt.draft is None:
        return state, []
    if attempt.draft.digest != event.draft:
        return state, []
    attempt = attempt.model_copy(update={"findings": event.findings, "clearance": event.clearance})
    told = tuple(f"line {one.line or '?'}: {one.message} [{one.rule}]" for one in event.findings)
    if event.verdict == "block":
        return _out(state, attempt, told or ("the review refused it",))
    if event.clearance is None:
        why = "; ".join(told) or "every draft needs a person's approval at this level of autonomy"
        asked = events.ApprovalAsked(
            build=state.build,
            tasks=state.waiters,
            attempt=attempt.number,
            draft=attempt.draft,
            findings=event.findings,
            why=why,
        )
        attempt = attempt.model_copy(update={"phase": "waiting", "failures": (why,)})
        return state.with_attempt(attempt), [
            asked,
            *_tell_waiting(state.waiters, state.build, attempt),
        ]
    return _test(state, attempt)


def _tell_waiting(tasks: Sequence[TaskId], build: BuildId, attempt: Attempt) -> list[Message]:
    assert attempt.draft is not None
    why = "; ".join(attempt.failures)
    return [
        events.TaskWaits(task=task, build=build, draft=attempt.draft.digest, why=why)
        for task in tasks
    ]


def _approved(state: Building, event: events.ApprovalGiven) -> Step:
    attempt = next(
        (one for one in state.attempts if one.draft and one.draft.digest == event.draft), None
    )
    if attempt is None or attempt.phase != "waiting":
        return state, []
    if not event.approved:
        return _out(
            state, attempt, (f"{event.by} rejected it: {event.reason or 'no reason given'}",)
        )
    attempt = attempt.model_copy(update={"approved_by": event.by, "failures": ()})
    return _send(state, attempt, "reviewing", _review(state, attempt, event.by))


def _test(state: Building, attempt: Attempt) -> Step:
    if state.exam is None or state.looking_again:
        return state.with_attempt(attempt.model_copy(update={"phase": "cleared"})), []
    assert attempt.draft is not None
    assert attempt.clearance is not None
    order = commands.TestDraft(
        build=state.build,
        brief=state.brief,
        draft=attempt.draft,
        clearance=attempt.clearance,
        exam=state.exam,
        attempt=attempt.number,
    )
    return _send(state, attempt, "testing", order)


def _exam_set(state: Building, event: events.ExamSet) -> Step:
    state = _spend(state, event.usage)
    if state.exam is not None and not state.looking_again:
        return state, []
    state = state.model_copy(update={"exam": event.exam, "looking_again": False})
    messages: list[Message] = []
    for attempt in state.attempts:
        again = attempt.phase == "out" and attempt.report is not None
        if attempt.phase == "cleared" or again:
            changed, orders = _test(state, attempt)
            assert isinstance(changed, Building)
            state, messages = changed, [*messages, *orders]
    return (state, messages) if messages else _go_on(state)


def _tested(state: Building, event: events.DraftTested) -> Step:
    if event.role != "candidate":
        return _compared(state, event)
    attempt = state.attempt(event.attempt)
    if attempt is None or attempt.phase != "testing" or attempt.draft is None or state.exam is None:
        return state, []
    if event.report.draft != attempt.draft.digest or event.report.exam != state.exam.digest:
        return state, []
    attempt = attempt.model_copy(
        update={"report": event.report, "report_signature": event.signature}
    )
    return _send(state, attempt, "judging", _judge(state, attempt))


def _judge(state: Building, attempt: Attempt) -> commands.JudgeTest:
    assert attempt.draft is not None
    assert attempt.clearance is not None
    assert attempt.report is not None
    assert attempt.report_signature is not None
    assert state.exam is not None
    compared = (
        state.comparison
        if state.comparison and state.comparison.attempt == attempt.number
        else None
    )
    return commands.JudgeTest(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        exam=state.exam,
        draft=attempt.draft,
        findings=attempt.findings,
        clearance=attempt.clearance,
        report=attempt.report,
        report_signature=attempt.report_signature,
        attempt=attempt.number,
        parent=state.parent,
        approved_by=attempt.approved_by,
        rivals=compared.answers if compared else None,
        compatible=compared.compatible if compared else None,
    )


def _refused(state: Building, event: events.DraftRefused) -> Step:
    attempt = state.attempt(event.attempt)
    if attempt is None or attempt.phase != "judging":
        return state, []
    return _out(state, attempt, event.failures)


def _rivals_found(state: Building, event: events.RivalsFound) -> Step:
    attempt = state.attempt(event.attempt)
    if attempt is None or attempt.phase != "judging" or state.exam is None:
        return state, []
    assert attempt.draft is not None
    assert attempt.clearance is not None
    compare = partial(_comparing, state, attempt.number)
    orders: list[Message] = [
        compare("rival", draft, clearance, state.exam) for draft, clearance in event.rivals
    ]
    if event.predecessor is not None:
        orders.append(compare("predecessor", attempt.draft, attempt.clearance, event.predecessor))
    comparison = Comparison(
        attempt=attempt.number,
        rivals={
            draft.digest: tool
            for (draft, _), tool in zip(event.rivals, event.rival_tools, strict=True)
        },
        predecessor=event.predecessor.digest if event.predecessor else None,
    )
    state = state.model_copy(update={"comparison": comparison})
    return state.with_attempt(attempt.model_copy(update={"phase": "comparing"})), orders


def _comparing(
    state: Building,
    number: int,
    role: Literal["rival", "predecessor"],
    draft: Draft,
    clearance: Signature,
    exam: Exam,
) -> commands.TestDraft:
    return commands.TestDraft(
        build=state.build,
        brief=state.brief,
        draft=draft,
        clearance=clearance,
        exam=exam,
        attempt=number,
        role=role,
    )


def _compared(state: Building, event: events.DraftTested) -> Step:
    known = state.comparison
    attempt = state.attempt(event.attempt)
    if known is None or attempt is None or attempt.phase != "comparing":
        return state, []
    passed = event.report.passed
    if event.role == "rival" and event.report.draft in known.rivals:
        return _settle(
            state, attempt, _rival_answered(known, known.rivals[event.report.draft], passed)
        )
    if event.role == "predecessor" and event.report.exam == known.predecessor:
        changed = known.model_copy(update={"predecessor": None, "compatible": passed})
        return _settle(state, attempt, changed)
    return state, []


def _rival_answered(known: Comparison, tool: str, passed: bool) -> Comparison:
    left = {draft: one for draft, one in known.rivals.items() if one != tool}
    return known.model_copy(update={"rivals": left, "answers": known.answers | {tool: passed}})


def _settle(state: Building, attempt: Attempt, known: Comparison) -> Step:
    state = state.model_copy(update={"comparison": known})
    if known.rivals or known.predecessor:
        return state, []
    return _send(state, attempt, "judging", _judge(state, attempt))


def _published(state: Building, event: events.ToolPublished) -> Step:
    done = Done(
        build=state.build,
        tool=event.tool,
        title=event.title,
        description=event.description,
        made=event.made,
        attempts=len(state.attempts),
    )
    payer, *others = state.waiters
    first = _ready(done, payer, made=event.made).model_copy(update={"usage": state.usage})
    return done, [first, *(_ready(done, task, made=False) for task in others)]


def _ready(done: Done, task: TaskId, *, made: bool) -> events.ToolReady:
    return events.ToolReady(
        task=task,
        build=done.build,
        tool=done.tool,
        title=done.title,
        description=done.description,
        made=made,
        attempts=done.attempts,
    )


def _work_failed(state: Building, event: events.WorkFailed) -> Step:
    if event.code in ("misconfigured", "out_of_budget"):
        code: EndCode = "out_of_budget" if event.code == "out_of_budget" else "failed"
        return _give_up(state, code, event.reason)
    why = f"{event.of} failed: {event.reason}"
    if event.of == "set-exam":
        if state.exam is None:
            return _give_up(state, "failed", f"no exam could be set: {event.reason}")
        return _go_on(state.model_copy(update={"looking_again": False}))
    if event.of == "test-draft" and not event.ref.startswith("candidate:"):
        return _comparison_failed(state, event)
    number = event.ref.split(":")[1] if event.of == "test-draft" else event.ref
    attempt = state.attempt(int(number)) if number.isdigit() else None
    expected = {"draft-tool": "drafting", "review-draft": "reviewing", "test-draft": "testing"}
    if attempt is None or attempt.phase != expected.get(event.of, "judging"):
        return state, []
    return _out(state, attempt, (why,))


def _comparison_failed(state: Building, event: events.WorkFailed) -> Step:
    role, number, draft, *_ = (*event.ref.split(":"), "", "", "")
    known, attempt = state.comparison, state.attempt(int(number) if number.isdigit() else 0)
    if known is None or attempt is None or attempt.phase != "comparing":
        return state, []
    if role == "predecessor":
        return _settle(
            state, attempt, known.model_copy(update={"predecessor": None, "compatible": False})
        )
    rival = next((tool for one, tool in known.rivals.items() if one.startswith(draft)), None)
    return _settle(state, attempt, _rival_answered(known, rival, False)) if rival else (state, [])


def _out(state: Building, attempt: Attempt, failures: tuple[str, ...]) -> Step:
    changed = attempt.model_copy(update={"phase": "out", "failures": failures})
    return _go_on(state.with_attempt(changed))


def _go_on(state: Building) -> Step:
    """Nothing came of an attempt: settle a dispute about the exam, try again, or give up."""
    if state.active or state.looking_again:
        return state, []
    again = _look_again(state)
    if again is not None:
        return again
    next_one = more(state)
    if next_one is not None:
        return next_one
    return _give_up(state, *end_of(state))


def _look_again(state: Building) -> Step | None:
    if state.exam is None or state.disputes >= MAX_DISPUTES:
        return None
    independent = [one for one in state.attempts if one.repair_of is None]
    reports = [one.report for one in independent if one.report]
    disputed = disputes(state.exam, reports)
    if not disputed:
        return None
    order = commands.SetExam(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        parent=state.parent,
        regressions=state.regressions,
        exam=state.exam,
        disputed=disputed,
        answers=consensus_answers(state.exam, reports, disputed),
    )
    changed = state.model_copy(update={"looking_again": True, "disputes": state.disputes + 1})
    return changed, [order]


def _give_up(state: Building, code: EndCode, reason: str) -> Step:
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


def _send(state: Building, attempt: Attempt, phase: Phase, order: Message) -> Step:
    return state.with_attempt(attempt.model_copy(update={"phase": phase})), [order]


def _spend(state: Building, usage: tuple[ModelUsage, ...]) -> Building:
    return state.model_copy(update={"usage": add_usage(state.usage, usage)})


HANDLERS: dict[type[Event], Callable[..., Step]] = {
    events.ToolDrafted: _drafted,
    events.ExamSet: _exam_set,
    events.DraftReviewed: _reviewed,
    events.DraftTested: _tested,
    events.DraftRefused: _refused,
    events.RivalsFound: _rivals_found,
    events.ToolPublished: _published,
    events.ApprovalGiven: _approved,
    events.WorkFailed: _work_failed,
}
READS: tuple[type[Event], ...] = (events.ToolWanted, *HANDLERS)
