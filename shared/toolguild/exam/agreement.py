"""Weighing an exam against drafts, by dual agreement as in CodeT: examiners err too.

Drafts that pass the same written cases and answer alike support each other; so do cases that many
drafts pass. Law (cases of a person or of real data) is never weighed: who fails it has no voice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.exam.compare import same
from toolguild.tool import Case, CaseResult, Exam, Property, TestReport

MIN_AGREEING = 2  # one draft against the examiner is a failed draft, not a dispute


@dataclass(frozen=True)
class Group:
    """Drafts that pass the same subjects and answer the others alike."""

    reports: tuple[TestReport, ...]
    passed: frozenset[Digest]

    @property
    def score(self) -> float:
        """CodeT's weight: the square root of the drafts times the subjects that they pass."""
        return sqrt(len(self.reports)) * len(self.passed)


def consensus(exam: Exam, reports: Sequence[TestReport]) -> Group | None:
    """Return the best supported group of independent drafts that pass all law, or None if none does.

    `reports` are the candidates' reports on this very exam, one for each independently written
    draft: a repair shares its origin's mistakes and is not independent of it.
    """
    law = {case.digest for case in exam.cases if case.is_law}
    groups: list[list[TestReport]] = []
    seen: set[Digest] = set()
    for report in reports:
        if report.exam != exam.digest or report.draft in seen or not law <= _passed(report):
            continue
        seen.add(report.draft)
        home = next((group for group in groups if _alike(group[0], report)), None)
        if home is None:
            groups.append([report])
        else:
            home.append(report)
    every = [Group(tuple(group), _passed(group[0])) for group in groups]
    return max(every, key=lambda group: (group.score, len(group.reports)), default=None)


def disputes(exam: Exam, reports: Sequence[TestReport]) -> tuple[Case | Property, ...]:
    """Return what the examiner wrote and a consensus of at least two independent drafts contradicts.

    Nobody disputes the law, nor what the examiner has already looked at twice and kept. Drafts
    that only crash contradict nothing. Empty where there is no such consensus.
    """
    group = consensus(exam, reports)
    if group is None or len(group.reports) < MIN_AGREEING or not group.passed:
        return ()
    ruled = {ruling.subject for ruling in exam.rulings}
    answered = {one.case for one in group.reports[0].results if one.outcome == "ok"}
    cases = [
        case
        for case in exam.cases
        if not case.is_law and case.digest in answered and case.digest not in group.passed
    ]
    properties = [one for one in exam.properties if one.digest not in group.passed]
    every: tuple[Case | Property, ...] = (*cases, *properties)
    return tuple(one for one in every if one.digest not in ruled)


def consensus_answers(
    exam: Exam, reports: Sequence[TestReport], disputed: Sequence[Case | Property]
) -> tuple[JsonValue, ...]:
    """Return what the consensus answers to each disputed subject, in the same order.

    For a property, which has no one answer, None.
    """
    group = consensus(exam, reports)
    got = {} if group is None else {one.case: one.got for one in group.reports[0].results}
    return tuple(got.get(one.digest) for one in disputed)


def _passed(report: TestReport) -> frozenset[Digest]:
    cases = {one.case for one in report.results if one.passed}
    return frozenset(cases | {one.property for one in report.properties if one.passed})


def _alike(left: TestReport, right: TestReport) -> bool:
    if _passed(left) != _passed(right):
        return False
    theirs = {one.case: one for one in right.results}
    return all(_same_end(one, theirs.get(one.case)) for one in left.results if not one.passed)


def _same_end(left: CaseResult, right: CaseResult | None) -> bool:
    if right is None or left.outcome != right.outcome:
        return False
    return left.outcome != "ok" or same(left.got, right.got)
