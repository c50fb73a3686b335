"""Properties are decided outside the sandbox, from one or two answers."""

from typing import Any

import pytest

from toolguild.exam.property import holds, second_call
from toolguild.exam.redact import shape
from toolguild.exam.shown import kept, shown
from toolguild.tool import Property
from toolguild.tool.exam import PropertyKind

XS: Any = {"xs": [3, 1, 2], "k": 2}


@pytest.mark.parametrize(
    ("kind", "value", "verdict"),
    [
        ("sorted", [1, 2, 2.5], True),
        ("sorted", [2, 1], False),
        ("sorted", ["b", "a"], False),
        ("sorted", [1, "a"], None),
        ("sorted", 3, None),
        ("no_duplicates", [1, 2], True),
        ("no_duplicates", [1, 1.0], False),
        ("no_duplicates", [{"a": 1}, {"a": 1}], False),
        ("no_duplicates", 7, None),
        ("same_length", [0, 0, 0], True),
        ("same_length", [0], False),
        ("same_length", 3, False),
        ("subset", [3, 3], True),
        ("subset", [4], False),
    ],
)
def test_one_answer_decides(kind: PropertyKind, value: Any, verdict: bool | None) -> None:
    assert holds(Property(kind=kind, argument="xs"), XS, value) is verdict


def test_a_property_of_an_argument_that_is_no_list_does_not_apply() -> None:
    assert holds(Property(kind="subset", argument="k"), XS, [1]) is None
    assert second_call(Property(kind="order_free", argument="k"), XS, 1) is None
    assert second_call(Property(kind="idempotent", argument="z"), XS, 1) is None


def test_two_answers_decide() -> None:
    same_again = Property(kind="deterministic")
    assert second_call(same_again, XS, 5) == XS
    assert holds(same_again, XS, 5, 5.0) is True
    assert holds(same_again, XS, 5, 6) is False
    assert second_call(Property(kind="idempotent", argument="xs"), XS, [9]) == {"xs": [9], "k": 2}
    for seed in range(4):
        other: Any = second_call(Property(kind="order_free", argument="xs"), XS, 5, seed)
        assert sorted(other["xs"]) == [1, 2, 3]


def test_a_hidden_input_is_told_by_its_shape() -> None:
    told = shape({"rows": [{"a": 31337}], "name": "secret", "on": True, "none": None})
    assert "31337" not in told
    assert "secret" not in told
    assert "list of 1" in told
    assert "text of 6 characters" in told


@pytest.mark.parametrize("value", [float("nan"), 2**60, "\ud800", {"a": float("inf")}])
def test_what_canonical_json_cannot_hold_is_kept_as_text(value: Any) -> None:
    text = kept(value)
    assert isinstance(text, str)
    text.encode()


def test_large_answers_are_kept_by_their_digest_and_still_comparable() -> None:
    assert kept("x" * 99_999) == kept("x" * 99_999)
    assert kept("x" * 99_999) != kept("y" * 99_999)
    assert kept([1, 2]) == [1, 2]


def test_whatever_is_shown_is_short() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    for value in (deep, "x" * 10**6, {"a": object()}, "\ud800"):
        assert len(shown(value)) <= 300
        shown(value).encode()
