"""Examiners err: agreeing drafts that pass all law may dispute what the examiner wrote, and nothing else."""

from typing import Any

from toolguild.canonical import Digest
from toolguild.exam import consensus, consensus_answers, disputes
from toolguild.exam.rule import SecondLook, apply, rule
from toolguild.testing import samples
from toolguild.tool import Case, CaseResult, Exam, Property, PropertyResult, Ruling, TestReport

LAW = Case(arguments={"x": 1}, expected=1, origin="spec")
A = Case(arguments={"x": 2}, expected=2)
B = Case(arguments={"x": 3}, expected=3)
SORTED = Property(kind="sorted")
EXAM = Exam(spec=samples.spec().digest, cases=(LAW, A, B), properties=(SORTED,))


def sat(
    number: int, *answers: Any, holds: bool = True, exam: Exam = EXAM, outcome: Any = "ok"
) -> TestReport:
    """A report of the draft of that number, which gives these answers to the cases, in order."""
    results = tuple(
        CaseResult(
            case=case.digest,
            passed=answer == case.expected,
            outcome="ok" if answer == case.expected else outcome,
            got=answer,
        )
        for case, answer in zip(exam.cases, answers, strict=True)
    )
    prop = PropertyResult(property=SORTED.digest, passed=holds, tried=1)
    return TestReport(
        draft=Digest(f"{number:064x}"), exam=exam.digest, results=results, properties=(prop,)
    )


def test_two_drafts_that_agree_against_a_written_case_dispute_it() -> None:
    reports = [sat(1, 1, 9, 3), sat(2, 1, 9, 3), sat(3, 1, 8, 7)]
    assert disputes(EXAM, reports) == (A,)
    assert consensus_answers(EXAM, reports, (A,)) == (9,)


def test_one_draft_alone_disputes_nothing() -> None:
    assert disputes(EXAM, [sat(1, 1, 9, 3)]) == ()


def test_the_same_draft_twice_is_one_voice() -> None:
    assert disputes(EXAM, [sat(1, 1, 9, 3), sat(1, 1, 9, 3)]) == ()


def test_drafts_that_err_in_different_ways_do_not_agree() -> None:
    assert disputes(EXAM, [sat(1, 1, 9, 3), sat(2, 1, 8, 3)]) == ()


def test_who_fails_the_law_has_no_voice() -> None:
    assert disputes(EXAM, [sat(1, 0, 9, 3), sat(2, 0, 9, 3)]) == ()


def test_a_draft_that_passes_everything_outweighs_two_that_agree_on_less() -> None:
    reports = [sat(1, 1, 2, 3), sat(2, 1, 9, 8), sat(3, 1, 9, 8)]
    group = consensus(EXAM, reports)
    assert group is not None
    assert [one.draft for one in group.reports] == [reports[0].draft]
    assert disputes(EXAM, reports) == ()


def test_two_that_agree_and_pass_nearly_as_much_outweigh_one() -> None:
    reports = [sat(1, 1, 2, 3), sat(2, 1, 9, 3), sat(3, 1, 9, 3)]
    group = consensus(EXAM, reports)
    assert group is not None
    assert len(group.reports) == 2
    assert disputes(EXAM, reports) == (A,)


def test_an_answer_and_a_crash_do_not_agree() -> None:
    assert disputes(EXAM, [sat(1, 1, 9, 3), sat(2, 1, 9, 3, outcome="error")]) == ()


def test_a_property_that_the_examiner_does_not_answer_about_is_set_aside() -> None:
    stands, ruling = rule(SORTED, SecondLook(answered=False, answer=True), None)
    assert stands is None
    assert "gave no answer" in ruling.why


def test_crashing_alike_contradicts_nothing() -> None:
    reports = [sat(1, 1, 9, 3, outcome="error"), sat(2, 1, 9, 3, outcome="error")]
    assert disputes(EXAM, reports) == ()


def test_a_property_can_be_disputed_and_has_no_answer() -> None:
    reports = [sat(1, 1, 2, 3, holds=False), sat(2, 1, 2, 3, holds=False)]
    assert disputes(EXAM, reports) == (SORTED,)
    assert consensus_answers(EXAM, reports, (SORTED,)) == (None,)


def test_what_the_examiner_kept_is_not_disputed_again() -> None:
    kept = EXAM.model_copy(
        update={"rulings": (Ruling(subject=A.digest, decision="kept", why="same answer"),)}
    )
    reports = [sat(1, 1, 9, 3, exam=kept), sat(2, 1, 9, 3, exam=kept)]
    assert disputes(kept, reports) == ()


def test_reports_on_another_exam_do_not_count() -> None:
    other = EXAM.model_copy(update={"seed": 5})
    assert disputes(other, [sat(1, 1, 9, 3), sat(2, 1, 9, 3)]) == ()


def test_law_is_kept_whatever_anybody_says() -> None:
    stands, ruling = rule(LAW, SecondLook(answered=True, answer=9), 9)
    assert stands == LAW
    assert ruling.decision == "kept"


def test_nothing_is_dropped_silently() -> None:
    ruled = [rule(A, SecondLook(answered=True, answer=8), 9)]
    ruled.append(rule(B, SecondLook(answered=False), 9))
    ruled.append(rule(SORTED, SecondLook(answered=True, answer=True), None))
    exam = apply(EXAM, ruled)
    assert exam.cases == (LAW,)
    assert exam.properties == (SORTED,)
    assert [one.decision for one in exam.rulings] == ["set_aside", "set_aside", "kept"]
    assert [one.subject for one in exam.rulings] == [A.digest, B.digest, SORTED.digest]
    assert '{"x": 2}' in exam.rulings[0].why
    assert "gave 8" in exam.rulings[0].why


def test_a_corrected_case_expects_what_examiner_and_drafts_say_now() -> None:
    exam = apply(EXAM, [rule(A, SecondLook(answered=True, answer=9.0), 9)])
    assert exam.cases[1].expected == 9.0
    assert exam.cases[1].origin == "examiner"
    assert exam.rulings[0].subject == A.digest
