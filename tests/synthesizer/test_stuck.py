"""An effort that leads nowhere is noticed by its signs, goes on in other ways, and then ends as stuck."""

from collections.abc import Callable, Sequence

import pytest
from tests.synthesizer.support import (
    ANA,
    EXAM,
    LAW,
    WRITTEN,
    building,
    crashed,
    drafted,
    exam_set,
    failed_attempt,
    failure,
    play,
    refused,
    report,
    reviewed,
    sign,
    wanted,
)

from toolguild.messages import Event, Message, commands, events
from toolguild.policy import BuildRules
from toolguild.tool import Case, Exam
from toolguild_synthesizer.build import advance
from toolguild_synthesizer.convergence import Score, score, without_progress
from toolguild_synthesizer.orders import SMALLER
from toolguild_synthesizer.state import Build, GivenUp

LONG = BuildRules(attempts=20, samples=1, repairs=10, patience=20, stronger="big")
THIRD = Case(arguments={"x": 3}, expected=6)
WIDE = EXAM.model_copy(update={"cases": (LAW, WRITTEN, THIRD)})
# what the n-th attempt hands in and how it fares
Attempts = Callable[[int], Sequence[Event]]


def code(body: str, name: str = "value") -> str:
    return f"def double({name}):\n    return {body.replace('V', name)}\n"


def wrong(
    n: int, source: str, got: int = 4, passed: Sequence[bool] = (False, True), exam: Exam = EXAM
) -> list[Event]:
    """Return an attempt that answers wrongly in its own way."""
    told = report(source, passed, exam, got)
    ran = events.DraftTested(
        build=wanted().build,
        attempt=n,
        role="candidate",
        report=told,
        signature=sign(told.digest, "report"),
    )
    return [drafted(n, source), reviewed(n, source), ran, refused(n)]


def run(
    fares: Attempts, rules: BuildRules = LONG, exam: Exam = EXAM
) -> tuple[Build, list[Message]]:
    """Play attempts until the effort ends, and return all that was said."""
    state, said = play(wanted(), exam_set(exam), rules=rules)
    messages = list(said)
    for n in range(1, 30):
        for event in fares(n):
            state, more = advance(rules, state, event)
            messages += more
        if isinstance(state, GivenUp):
            return state, messages
    raise AssertionError("the effort never ended")


def orders(said: Sequence[Message]) -> list[commands.DraftTool]:
    return [one for one in said if isinstance(one, commands.DraftTool)]


def ways(said: Sequence[Message]) -> list[str]:
    """Tell in which way each draft was ordered, as its author sees it."""
    told = []
    for one in orders(said):
        simple = any(finding.message == SMALLER for finding in one.objections)
        kind = "smaller" if simple else "repair" if one.base else "sample"
        told.append(f"{kind} by {one.brief.model}" if one.brief.model else kind)
    return told


def same_error(n: int) -> Sequence[Event]:
    return crashed(n, code(f"int(V) * {n} + {n}"), f"cannot read {n} at 0x7f{n}a", case=0)


def same_code(n: int) -> Sequence[Event]:
    return wrong(n, code("V + 1", name=f"value{n}"), got=n)


def nothing_new(n: int) -> Sequence[Event]:
    return wrong(n, code(f"V * {n + 2}"), got=n + 10)


def back_and_forth(n: int) -> Sequence[Event]:
    return wrong(n, code(f"V * {n + 2}"), passed=(False, n % 2 == 0, n % 2 == 1), exam=WIDE)


@pytest.mark.parametrize(
    ("fares", "told"),
    [
        (same_error, "failed with the same error as attempt"),
        (same_code, "is the same code as attempt"),
        (nothing_new, "brought nothing new"),
    ],
)
def test_a_repair_that_leads_nowhere_is_followed_by_other_ways_in_order_and_then_by_the_end(
    fares: Attempts, told: str
) -> None:
    state, said = run(fares)

    assert ways(said) == ["sample", "repair", "sample", "sample by big", "smaller"]
    assert isinstance(state, GivenUp)
    assert state.code == "stuck"
    assert told in state.reason
    assert "an independent sample, a stronger model, a smaller tool" in state.reason


def test_going_back_and_forth_between_two_states_is_noticed_at_the_third_attempt() -> None:
    state, said = run(back_and_forth, exam=WIDE)

    assert ways(said)[:4] == ["sample", "repair", "repair", "sample"]
    assert isinstance(state, GivenUp)
    assert "go back and forth between two states" in state.reason


def test_without_a_stronger_model_in_the_policy_that_way_is_left_out() -> None:
    _, said = run(nothing_new, LONG.model_copy(update={"stronger": None}))

    assert ways(said) == ["sample", "repair", "sample", "smaller"]


def test_a_task_that_asked_for_the_stronger_model_has_it_already() -> None:
    state, _ = play(wanted(model="big"), exam_set(), rules=LONG)
    said: list[Message] = []
    for n in range(1, 5):
        for event in nothing_new(n):
            state, more = advance(LONG, state, event)
            said += more

    assert ways(said) == ["repair by big", "sample by big", "smaller by big"]


def test_a_stronger_model_that_cannot_be_asked_is_no_reason_to_give_up() -> None:
    def fares(n: int) -> Sequence[Event]:
        return [failure("draft-tool", str(n), "misconfigured")] if n == 4 else nothing_new(n)

    state, said = run(fares)

    assert ways(said) == ["sample", "repair", "sample", "sample by big", "smaller"]
    assert isinstance(state, GivenUp)
    assert state.code == "stuck"


def test_only_the_draft_is_ordered_from_the_stronger_model() -> None:
    _, said = run(nothing_new)
    reviews = [one for one in said if isinstance(one, commands.ReviewDraft)]

    assert {one.brief.model for one in reviews} == {None}


def test_patience_ends_when_attempts_in_a_row_came_no_nearer_however_they_differ() -> None:
    def ever_different(n: int) -> Sequence[Event]:
        return crashed(n, code(f"V * {n + 2}"), "m" * n, line="z" * n, case=0)

    state, said = run(ever_different, LONG.model_copy(update={"patience": 3, "stronger": None}))

    assert ways(said)[:5] == ["sample", "repair", "repair", "repair", "sample"]
    assert isinstance(state, GivenUp)
    assert "attempts in a row came no nearer" in state.reason


def test_as_long_as_attempts_come_nearer_nothing_changes() -> None:
    most = 12
    cases = tuple(Case(arguments={"x": n}, expected=n) for n in range(most))
    exam = EXAM.model_copy(update={"cases": (LAW, *cases)})
    rules = LONG.model_copy(update={"patience": 1, "attempts": most})
    state, _ = play(wanted(), exam_set(exam), rules=rules)
    said: list[Message] = []
    for n in range(1, most):
        passed = [False, *(case < n for case in range(most))]
        told = report(f"v{n}", passed, exam)
        ran = events.DraftTested(
            build=wanted().build,
            attempt=n,
            role="candidate",
            report=told,
            signature=sign(told.digest, "report"),
        )
        for event in (drafted(n, f"v{n}"), reviewed(n, f"v{n}"), ran, refused(n)):
            state, more = advance(rules, state, event)
            said += more

    assert set(ways(said)[:10]) == {"repair"}


def test_independent_samples_that_fail_alike_are_voices_against_the_exam_and_no_sign() -> None:
    state, _ = play(
        wanted(),
        exam_set(),
        *failed_attempt(1, "one", (True, False)),
        *failed_attempt(2, "two", (True, False)),
        rules=LONG,
    )
    for _ in range(2):  # the examiner looked again, and keeps it
        state, said = advance(LONG, state, exam_set())

    assert ways(said) == ["repair"]


def test_the_best_attempt_is_kept_for_a_person_and_told_to_every_task() -> None:
    def second_is_best(n: int) -> Sequence[Event]:
        return wrong(n, f"v{n}", passed=(n == 2, n != 2))

    state, said = run(second_is_best)

    assert isinstance(state, GivenUp)
    assert state.best is not None
    assert state.best.source == "v2", "who passes the law came nearer"
    (denied,) = [one for one in said if isinstance(one, events.ToolDenied)]
    assert (denied.task, denied.code, denied.best) == (ANA, "stuck", state.best)


def test_attempts_that_run_out_while_each_one_learned_something_end_as_failed() -> None:
    state, _ = run(
        lambda n: wrong(n, f"v{n}", passed=(n > 1, n < 2)), LONG.model_copy(update={"attempts": 2})
    )

    assert isinstance(state, GivenUp)
    assert state.code == "failed"


def test_what_is_decided_by_a_persons_law_counts_before_everything_else() -> None:
    def scored(passed: Sequence[bool]) -> Score:
        state, _ = play(wanted(), exam_set(WIDE), drafted(1), reviewed(1), rules=LONG)
        told = report("one", passed, WIDE)
        ran = events.DraftTested(
            build=wanted().build,
            attempt=1,
            role="candidate",
            report=told,
            signature=sign(told.digest, "report"),
        )
        state, _ = advance(LONG, state, ran)
        (attempt,) = building(state).attempts
        return score(attempt, WIDE)

    assert scored((True, False, False)) > scored((False, True, True))
    assert scored((True, True, False)) > scored((True, False, False))
    assert scored((True, True, True)) == Score(1.0, 1.0)


def test_samples_made_side_by_side_count_as_one_round() -> None:
    rules = LONG.model_copy(update={"samples": 3, "patience": 2})
    state, _ = play(wanted(), exam_set(), rules=rules)
    said: list[Message] = []
    for n in range(1, 4):
        for event in wrong(n, f"v{n}", got=n):
            state, more = advance(rules, state, event)
            said += more

    assert without_progress(building(state).tried[:3], EXAM, at_once=3) == 0
    assert ways(said)[-1] == "repair"
