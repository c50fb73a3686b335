"""The orders of an effort, each made from what is remembered, so that any can be given again. Pure."""

from toolguild.messages import Brief, Command
from toolguild.messages.commands import DraftTool, JudgeTest, ReviewDraft, SetExam, TestDraft
from toolguild.tool import Finding
from toolguild_synthesizer.attempt import Attempt, Phase
from toolguild_synthesizer.state import Building, Order

SMALLER = (
    "Drafts of this function failed in the same way again and again. Write the smallest function that does "
    "just the purpose, step by step: no options, no clever shortcuts, nothing that is not asked for."
)


def draft_order(state: Building, attempt: Attempt) -> DraftTool:
    """Order one draft: a repair of an earlier one, or a new sample."""
    base = state.attempt(attempt.repair_of)
    simpler = attempt.way == "smaller"
    asked = (Finding(rule="smaller", severity="low", message=SMALLER),) if simpler else ()
    return DraftTool(
        build=state.build,
        brief=_author_brief(state, attempt),
        spec=state.spec,
        attempt=attempt.number,
        base=base.draft if base else None,
        objections=(*asked, *base.findings) if base else (),
        failures=base.failures if base else (),
        fault=state.fault,
        parent=state.parent,
    )


def exam_order(state: Building) -> SetExam:
    """Order the exam of this effort: a first one, or another look at the one there is."""
    return SetExam(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        parent=state.parent,
        regressions=state.regressions,
        exam=state.exam,
        disputed=state.wish.disputed,
        answers=state.wish.answers,
        more=state.wish.more,
    )


def review_order(state: Building, attempt: Attempt) -> ReviewDraft:
    """Order the review of a draft, with what people have said about it."""
    assert attempt.draft is not None
    return ReviewDraft(
        build=state.build,
        brief=state.brief,
        spec=state.spec,
        draft=attempt.draft,
        attempt=attempt.number,
        approved_by=attempt.approved_by,
        person_asked=min(state.brief.autonomy, state.ceiling) == "A",
        overruled_by=attempt.overruled_by,
    )


def test_order(state: Building, attempt: Attempt) -> TestDraft:
    """Order the exam to be sat by a cleared draft."""
    assert attempt.draft is not None
    assert attempt.clearance is not None
    assert state.exam is not None
    return TestDraft(
        build=state.build,
        brief=state.brief,
        draft=attempt.draft,
        clearance=attempt.clearance,
        exam=state.exam,
        attempt=attempt.number,
    )


test_order.__test__ = False  # type: ignore[attr-defined]  # not a test, whatever pytest thinks


def judge_order(state: Building, attempt: Attempt) -> JudgeTest:
    """Order the judgement of a tested attempt, with what is known of rivals and the predecessor."""
    assert attempt.draft is not None
    assert attempt.clearance is not None
    assert attempt.report is not None
    assert attempt.report_signature is not None
    assert state.exam is not None
    known = state.comparison
    compared = known if known and known.attempt == attempt.number else None
    return JudgeTest(
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


def is_wanted(state: Building, order: Command) -> bool:
    """Whether an order of this effort still waits for its answer."""
    if isinstance(order, SetExam):
        return state.exam is None or state.looking_again
    if not isinstance(order, DraftTool | ReviewDraft | TestDraft | JudgeTest):
        return False
    attempt = state.attempt(order.attempt)
    if attempt is None or attempt.phase != _phase_of(order):
        return False
    if isinstance(order, ReviewDraft):
        return order.draft == attempt.draft and order.approved_by == attempt.approved_by
    if isinstance(order, TestDraft) and order.role == "candidate":
        return order.draft == attempt.draft and order.exam == state.exam
    return True


def renewed(state: Building, order: Order) -> Order:
    """Return an order with the brief of who pays now."""
    brief = state.brief
    if isinstance(order, DraftTool) and (attempt := state.attempt(order.attempt)) is not None:
        brief = _author_brief(state, attempt)
    return order.model_copy(update={"brief": brief})


def _phase_of(order: DraftTool | ReviewDraft | TestDraft | JudgeTest) -> Phase:
    if isinstance(order, TestDraft):
        return "testing" if order.role == "candidate" else "comparing"
    if isinstance(order, DraftTool):
        return "drafting"
    return "reviewing" if isinstance(order, ReviewDraft) else "judging"


def _author_brief(state: Building, attempt: Attempt) -> Brief:
    """Return the brief of the one who pays, with the stronger model for an attempt that is to have it."""
    if attempt.way != "stronger" or state.rules.stronger is None:
        return state.brief
    return state.brief.model_copy(update={"model": state.rules.stronger})
