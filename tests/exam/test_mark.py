"""A call passes a case only when it ended well, whatever it claims."""

from typing import Any, get_args

import pytest

from toolguild.exam.mark import mark, unfit
from toolguild.sandbox.interface import Fault, Outcome, Ran, Usage
from toolguild.tool import Case

USED = Usage(0, 0, 0)
BAD = [outcome for outcome in get_args(Outcome) if outcome != "ok"]


@pytest.mark.parametrize("outcome", BAD)
@pytest.mark.parametrize(
    "case", [Case(expected=None), Case(only_runs=True), Case(expected=5)], ids=["null", "runs", "5"]
)
def test_a_call_that_did_not_end_well_never_passes(outcome: Any, case: Case) -> None:
    ran = Ran(outcome, case.expected, (), "passed", USED, None)
    result = mark(case, ran, {})
    assert not result.passed
    assert result.got is None
    assert outcome in result.difference


def test_the_fault_comes_along() -> None:
    fault = Fault("error", "KeyError", "'price'", line=3)
    result = mark(Case(expected=5), Ran("error", None, (), "", USED, fault), {})
    assert result.fault == fault
    assert result.difference == "the call ended with error: KeyError: 'price'"


def test_null_is_an_answer_like_any_other() -> None:
    assert mark(Case(expected=None), Ran("ok", None, (), "", USED, None), {}).passed
    assert not mark(Case(expected=None), Ran("ok", 0, (), "", USED, None), {}).passed


def test_a_case_that_cannot_be_called_did_not_pass() -> None:
    result = unfit(Case(), ("at /rows: 1 is not of type array",))
    assert (result.passed, result.outcome) == (False, "error")
    assert "/rows" in result.difference
