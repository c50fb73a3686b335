"""Whether a test report is good enough to publish. Pure."""

from collections.abc import Iterator

from toolguild.capability import Capabilities
from toolguild.exam import redact
from toolguild.messages.commands import JudgeTest
from toolguild.policy import ExamRules
from toolguild.tool import Exam, TestReport
from toolguild.tool.use import beyond

_SURVIVORS_TOLD = 5


def objections(
    command: JudgeTest, rules: ExamRules, declared: Capabilities | None
) -> tuple[str, ...]:
    """Say why this draft is not published, hidden answers kept hidden; empty when it may be.

    `declared` is what the draft and all tools that it uses declare; None: what was measured is not judged.
    """
    found = tuple(_objections(command, rules, declared))
    if not found and not command.report.passed:
        return ("the test report says that the draft did not pass",)
    return found


def only_the_exam_is_weak(
    command: JudgeTest, rules: ExamRules, declared: Capabilities | None
) -> bool:
    """Whether the draft passed everything and too few small faults in it were noticed: no fault of its own."""
    weak = tuple(_mutation(command, rules)) if command.report.mutation else ()
    return bool(weak) and objections(command, rules, declared) == weak


def confidence(exam: Exam, report: TestReport) -> float:
    """Return how much speaks for a draft that passed, from 0 to 1.

    The share of small faults that the exam notices, times the share of its cases and properties that stand
    as they were first written: an exam that had to be corrected may be wrong elsewhere too.
    """
    noticed = report.mutation.share if report.mutation else 0.0
    changed = sum(one.decision != "kept" for one in exam.rulings)
    gone = sum(one.decision == "set_aside" for one in exam.rulings)
    written = len(exam.cases) + len(exam.properties) + gone
    return round(noticed * (1 - changed / written), 4) if written else 0.0


def reasons(report: TestReport, *, made: bool, rivals: int) -> tuple[str, ...]:
    """Say what speaks for publishing this draft, or for using a published tool in its place."""
    passed = sum(one.passed for one in report.results)
    found = [f"{passed} of {len(report.results)} cases passed in the sandbox"]
    if (score := report.mutation) is not None:
        found.append(f"the exam notices {score.killed} of {score.total} small faults in the code")
    if not made:
        return (*found, "a published tool does the same: it is used, and no twin is published")
    compared = f"none of {rivals} published tools that fit passes this exam"
    return (*found, compared if rivals else "no published tool fits what was asked for")


def _objections(
    command: JudgeTest, rules: ExamRules, declared: Capabilities | None
) -> Iterator[str]:
    exam, report = command.exam, command.report
    marked = {one.case for one in report.results} | {one.property for one in report.properties}
    asked = [one.digest for one in (*exam.cases, *exam.properties)]
    if missing := [one for one in asked if one not in marked]:
        yield f"{len(missing)} cases or properties of the exam were not run"
    if not exam.cases:
        yield "the exam has no cases: what is not tested is not published"
    elif len(exam.cases) < rules.min_cases:
        yield (
            f"the exam has {len(exam.cases)} cases, and the policy asks for {rules.min_cases} "
            "(exam.min_cases): add examples to the request"
        )
    yield from redact.failures(exam, report)
    if declared is not None and report.seen is not None:
        yield from (_mend(extra) for extra in beyond(report.seen, declared))
    if report.passed:
        yield from _mutation(command, rules)
        if declared is not None:
            yield from _measured(command, declared)


def _mutation(command: JudgeTest, rules: ExamRules) -> Iterator[str]:
    score = command.report.mutation
    if score is None:
        yield "nobody measured whether the exam notices faults in this code"
        return
    if all(case.only_runs for case in command.exam.cases):
        return  # nobody knows an answer (a drawing, say): no fault in it can be noticed
    survivors = score.total - score.killed
    # one survivor may be no fault at all: an equivalent mutant cannot be told apart
    if score.share < rules.mutation_score and survivors > 1:
        told = "; ".join(score.survivors[:_SURVIVORS_TOLD])
        yield (
            f"the exam notices only {score.killed} of {score.total} small faults in this code, and the "
            f"policy asks for {rules.mutation_score:.0%} (exam.mutation_score); code that no case reaches "
            f"is doubtful: {told}"
        )


def _mend(extra: str) -> str:
    return f"in its tests {extra}. Leave out what the task does not ask for"


def _measured(command: JudgeTest, declared: Capabilities) -> Iterator[str]:
    peak, limits = command.report.peak, declared.limits
    if peak is None:
        yield "nobody measured what the calls used"
        return
    for used, most, what in (
        (peak.wall_seconds, limits.wall_seconds, "seconds"),
        (peak.cpu_seconds, limits.cpu_seconds, "seconds of CPU"),
        (peak.peak_memory_mb, limits.memory_mb, "MB of memory"),
    ):
        if used > most:
            yield f"a call used {used:.4g} {what}, and the manifest declares at most {most:.4g}"
