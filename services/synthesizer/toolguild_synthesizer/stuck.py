"""Signs that trying on in the same way leads nowhere. Pure."""

import re
from collections.abc import Sequence

from toolguild.exam.compare import differences
from toolguild.tool import CaseResult, Exam
from toolguild_synthesizer.attempt import Attempt
from toolguild_synthesizer.normal_code import normal

Trace = frozenset[tuple[str, ...]]


def sign(attempts: Sequence[Attempt], exam: Exam | None) -> str:
    """Say by which sign the last attempt shows that it leads nowhere, or "" if it shows none.

    A repair is held against what it mends, a new sample against the attempt before it. Independent first
    samples that fail alike are no sign: they may be right, and the exam wrong.
    """
    *_, last = line = _line(attempts)
    if len(line) < 2:
        return ""
    before = line[-2]
    if len(line) > 2 and not _alike(last, before, exam) and _alike(last, line[-3], exam):
        return (
            f"attempts {line[-3].number}, {before.number} and {last.number} go back and forth "
            "between two states"
        )
    same = next((one for one in attempts if one is not last and _same_code(one, last)), None)
    if same is not None:
        return f"attempt {last.number} is the same code as attempt {same.number}, but for names"
    if errors(last) and errors(last) == errors(before):
        return f"attempt {last.number} failed with the same error as attempt {before.number}"
    if failing(last, exam) and failing(last, exam) == failing(before, exam):
        return (
            f"attempt {last.number} brought nothing new: it fails the same cases in the same way "
            f"as attempt {before.number}"
        )
    return ""


def errors(attempt: Attempt) -> Trace:
    """Return what went wrong, without numbers and addresses: fault, message, and the code of its line."""
    report = attempt.report
    if report is None:
        return frozenset((one.rule, _plain(one.message)) for one in attempt.findings) or frozenset(
            (_plain(one),) for one in attempt.failures if attempt.twin is None
        )
    faults = [one.fault for one in report.results if one.fault is not None]
    return frozenset(
        (one.type, _plain(one.message), (one.source_line or "").strip()) for one in faults
    )


def failing(attempt: Attempt, exam: Exam | None) -> Trace:
    """Return which cases and properties fail, and in which way."""
    report = attempt.report
    if report is None or exam is None:
        return frozenset()
    expected = {case.digest: case.expected for case in exam.cases}
    traces: list[tuple[str, ...]] = [
        (one.case, one.outcome, _kind(one, expected.get(one.case)))
        for one in report.results
        if not one.passed
    ]
    traces += [(one.property, "property", "") for one in report.properties if not one.passed]
    if report.generated.failed:
        traces.append(("generated", "", _plain(report.generated.first_failure)))
    if report.mutation is not None and report.mutation.survivors:
        traces.append(("mutation", "", ""))
    return frozenset(traces)


def _line(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the last attempt after those that led to it: what it mends, else those before it."""
    by_number = {one.number: one for one in attempts}
    line = [attempts[-1]]
    while line[0].repair_of in by_number:
        line.insert(0, by_number[line[0].repair_of])
    earlier = [one for one in attempts if one.number < line[0].number]
    return [*earlier, *line]


def _alike(left: Attempt, right: Attempt, exam: Exam | None) -> bool:
    if _same_code(left, right):
        return True
    trace = failing(left, exam) or errors(left)
    return bool(trace) and trace == (failing(right, exam) or errors(right))


def _same_code(left: Attempt, right: Attempt) -> bool:
    if left.draft is None or right.draft is None:
        return False
    mine, theirs = left.draft, right.draft
    return normal(mine.source, mine.language) == normal(theirs.source, theirs.language)


def _kind(result: CaseResult, expected: object) -> str:
    if result.outcome != "ok":
        return f"{result.fault.type}: {_plain(result.fault.message)}" if result.fault else ""
    first = next(differences(expected, result.got), None)
    return f"{re.sub(r'[0-9]+', '*', first.pointer)} {first.kind}" if first else "files"


def _plain(message: str) -> str:
    return re.sub(r"0x[0-9a-fA-F]+|\d+", "N", message).strip()
