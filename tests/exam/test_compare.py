"""Answers are compared outside the sandbox: by value, never raising, and told with a JSON Pointer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolguild.exam.compare import difference, file_differences, same, tell

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (2, 2.0),
        (0.1 + 0.2, 0.3),
        (1e15, 1e15 + 1e-3),
        ([1, [2.0]], [1.0, [2]]),
        ({"a": 1, "b": None}, {"b": None, "a": 1}),
        ("é", "é"),
    ],
)
def test_equal_values_are_the_same(left: Any, right: Any) -> None:
    assert same(left, right)


@pytest.mark.parametrize(
    ("expected", "got", "told"),
    [
        (1, True, "at the top: expected 1, got true"),
        (0, False, "got false"),
        (1, "1", 'expected 1, got "1"'),
        (None, 0, "expected null, got 0"),
        ("a", "a ", 'expected "a", got "a "'),
        (0.3, 0.3001, "expected 0.3, got 0.3001"),
        (10**17, 10**17 + 1, "expected 100000000000000000"),
        ([1, 2], [2, 1], "at /0: expected 1, got 2; at /1: expected 2, got 1"),
        ([1], [1, 2], "expected 1 items [1], got 2 [1, 2]"),
        ({"a": {"b": [1]}}, {"a": {"b": [3]}}, "at /a/b/0: expected 1, got 3"),
        ({"a": 1}, {}, 'the key "a" is missing'),
        ({}, {"a": 1}, 'nobody expects the key "a"'),
        ({"a/b": {"~": 1}}, {"a/b": {"~": 2}}, "at /a~1b/~0:"),
        (float("inf"), 1, "got 1"),
        (10**400, 1.5, "expected 1000"),
    ],
)
def test_a_difference_names_its_place_and_both_values(expected: Any, got: Any, told: str) -> None:
    assert told in difference(expected, got)


def test_many_differences_are_told_in_part() -> None:
    assert difference([1] * 9, [2] * 9).endswith("; ...")


def test_values_nested_too_deeply_are_different_and_nothing_breaks() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert "levels deep" in difference(deep, deep)


@given(JSON)
def test_every_value_equals_itself(value: Any) -> None:
    assert difference(value, value) == ""


@given(JSON, JSON)
def test_comparing_never_raises_and_is_the_same_from_both_sides(left: Any, right: Any) -> None:
    assert same(left, right) == same(right, left)


@pytest.mark.parametrize(
    ("expected", "got", "told"),
    [
        ("a\nb\n", b"a\nb", ""),
        ("a\nb", b"a\r\nb\r\n", ""),
        ("a\nb", b"a\nc", 'line 2: expected "b", got "c"'),
        ("a\n\nb", b"a\nb", 'line 2: expected "", got "b"'),
        ("a\nb", b"a", "expected 2 lines, got 1"),
        ("a", b"\xff", "not UTF-8"),
    ],
)
def test_files_are_compared_by_their_lines(expected: str, got: bytes, told: str) -> None:
    found = tell(file_differences({"out.txt": expected}, {"out.txt": got}))
    assert (told in found) if told else found == ""


def test_json_files_are_compared_as_values() -> None:
    assert tell(file_differences({"o.json": '{"a": 1}'}, {"o.json": b'{\n "a": 1.0\n}'})) == ""
    assert "/output/o.json/a" in tell(
        file_differences({"o.json": '{"a": 1}'}, {"o.json": b'{"a": 2}'})
    )


def test_a_missing_file_is_named_with_what_is_there_instead() -> None:
    told = tell(file_differences({"a.csv": "x"}, {"b.csv": b"x"}))
    assert told == "at /output/a.csv: the file is missing; there is b.csv"
