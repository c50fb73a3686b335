"""How near an attempt came, and whether the last ones came any nearer. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from toolguild.tool import Exam
from toolguild_synthesizer.attempt import Attempt


class Score(NamedTuple):
    """Shares of an exam that an attempt passed; the law, which nobody may dispute, counts first."""

    law: float
    all: float


NOTHING = Score(-1.0, -1.0)  # it never came to an exam


def score(attempt: Attempt, exam: Exam | None) -> Score:
    """Return how near an attempt came to passing, by its own report."""
    if attempt.report is None or exam is None:
        return NOTHING
    passed: set[str] = {one.case for one in attempt.report.results if one.passed}
    law = [case.digest for case in exam.cases if case.is_law]
    asked: list[str] = [case.digest for case in exam.cases]
    passed |= {one.property for one in attempt.report.properties if one.passed}
    asked += [one.digest for one in exam.properties]
    return Score(_share(law, passed), _share(asked, passed))


def best_of(attempts: Sequence[Attempt], exam: Exam | None) -> Attempt:
    """Return the attempt that came nearest; of equals the last one, if it has a draft."""
    return max(attempts, key=lambda one: (score(one, exam), one.draft is not None, one.number))


def without_progress(attempts: Sequence[Attempt], exam: Exam | None, at_once: int) -> int:
    """Count the attempts in a row, up to the last one, that came no nearer than one before them.

    The first `at_once` were made side by side: none of them could have learned from another.
    """
    scores = [score(one, exam) for one in attempts]
    if not scores:
        return 0
    nearest = scores.index(max(scores))
    return len(scores) - 1 - max(nearest, min(at_once, len(scores)) - 1)


def _share(asked: Sequence[str], passed: set[str]) -> float:
    return sum(one in passed for one in asked) / len(asked) if asked else 1.0
