"""Checks are judged by program; plain English becomes a check only where its meaning is certain."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue, TypeAdapter

from toolguild.goal import (
    Check,
    ContainsCheck,
    EqualsCheck,
    FileCheck,
    FileHead,
    LengthCheck,
    RangeCheck,
    SchemaCheck,
    evaluate,
    formalise,
)

CHECK: TypeAdapter[Check] = TypeAdapter(Check)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
FILES = {
    "out.csv": FileHead(12, b"a;b\n1;2\n3;4\n"),
    "plot.png": FileHead(len(PNG), PNG),
    "fake.png": FileHead(5, b"hello"),
    "empty.txt": FileHead(0, b""),
    "r.json": FileHead(8, b'{"a": 1}'),
    "bad.json": FileHead(3, b"{a}"),
    "p.html": FileHead(30, b"<!doctype html><body></body>  "),
    "i.svg": FileHead(11, b"<svg></svg>"),
}


class Row(NamedTuple):
    check: object
    answer: JsonValue
    met: bool


ROWS = [
    Row({"equals": 6}, 6.0, True),
    Row({"equals": 6}, 6.0000000001, True),
    Row({"equals": 6}, 6.1, False),
    Row({"equals": 1}, True, False),
    Row({"equals": True}, 1, False),
    Row({"equals": None}, None, True),
    Row({"equals": {"a": [1, 2]}}, {"a": [1.0, 2]}, True),
    Row({"equals": {"a": [1, 2]}}, {"a": [1, 2, 3]}, False),
    Row({"equals": {"a": 1}}, {"b": 1}, False),
    Row({"equals": {"value": 1, "pointer": "/a/0"}}, {"a": [1]}, True),
    Row({"equals": {"value": 1, "pointer": "/a/1"}}, {"a": [1]}, False),
    Row({"equals": {"value": 1, "pointer": "/x~1y~0z"}}, {"x/y~z": 1}, True),
    Row({"equals": 10**400}, 10**400, True),
    Row({"equals": 1.5}, 10**400, False),
    Row({"contains": "TOTAL"}, "the total is 3", True),
    Row({"contains": "total"}, {"total": 3}, True),
    Row({"contains": "x"}, "abc", False),
    Row({"range": {"minimum": 1, "maximum": 2}}, 2, True),
    Row({"range": {"minimum": 1}}, 0.5, False),
    Row({"range": {"maximum": 1}}, "0", False),
    Row({"range": {"minimum": 0}}, True, False),
    Row({"range": {"minimum": 0, "pointer": "/n"}}, {"n": 1}, True),
    Row({"length": {"minimum": 2}}, [1, 2], True),
    Row({"length": {"minimum": 3}}, "ab", False),
    Row({"length": {"minimum": 1, "of": "items"}}, "ab", False),
    Row({"length": {"minimum": 1, "of": "characters"}}, [1], False),
    Row({"length": {"minimum": 2, "maximum": 2}}, {"a": 1, "b": 2}, True),
    Row({"length": {"minimum": 1}}, 5, False),
    Row({"schema": {"type": "number"}}, 1, True),
    Row({"schema": {"type": "array", "items": {"type": "number"}}}, [1, "a"], False),
    Row({"schema": {"$ref": "#/nowhere"}}, 1, False),
    Row({"file": "out.csv"}, None, True),
    Row({"file": "/output/out.csv"}, None, True),
    Row({"file": "*.csv"}, None, True),
    Row({"file": "none.csv"}, None, False),
    Row({"file": "empty.txt"}, None, False),
    Row({"file": {"name": "empty.txt", "min_bytes": 0}}, None, True),
    Row({"file": {"name": "out.csv", "columns": ["b", "a"]}}, None, True),
    Row({"file": {"name": "out.csv", "columns": ["c"]}}, None, False),
    Row({"file": {"name": "empty.txt", "min_bytes": 0, "columns": ["c"]}}, None, False),
    Row({"file": {"name": "plot.png", "media_type": "image/png"}}, None, True),
    Row({"file": {"name": "fake.png", "media_type": "image/png"}}, None, False),
    Row({"file": {"name": "*.png", "media_type": "image/png"}}, None, True),
    Row({"file": {"name": "r.json", "media_type": "application/json"}}, None, True),
    Row({"file": {"name": "bad.json", "media_type": "application/json"}}, None, False),
    Row({"file": {"name": "p.html", "media_type": "text/html"}}, None, True),
    Row({"file": {"name": "i.svg", "media_type": "image/svg+xml"}}, None, True),
    Row({"file": {"name": "out.csv", "media_type": "text/html"}}, None, False),
    Row({"file": {"name": "plot.png", "media_type": "text/csv"}}, None, False),
    Row({"file": {"name": "out.csv", "media_type": "application/unheard-of"}}, None, False),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.check}-{str(row.answer)[:20]}")
def test_a_check_is_judged_by_program(row: Row) -> None:
    judged = evaluate(CHECK.validate_python(row.check), row.answer, FILES)

    assert judged.met is row.met
    assert judged.evidence


@settings(deadline=None)
@given(
    st.sampled_from([CHECK.validate_python(row.check) for row in ROWS]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=8,
    ),
    st.binary(max_size=50),
)
def test_judging_never_raises(check: Check, answer: JsonValue, head: bytes) -> None:
    judged = evaluate(check, answer, {"out.csv": FileHead(len(head), head)})

    assert isinstance(judged.met, bool)


def test_the_head_of_a_large_file_may_end_within_a_character() -> None:
    check = FileCheck(name="a.txt", media_type="text/plain")

    assert evaluate(check, None, {"a.txt": FileHead(100, "äö".encode()[:3])}).met
    assert not evaluate(check, None, {"a.txt": FileHead(3, "äö".encode()[:3])}).met


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is a number.", SchemaCheck(json_schema={"type": "number"})),
        ("the result must be an integer", SchemaCheck(json_schema={"type": "integer"})),
        ("A file named X.csv exists", FileCheck(name="X.csv", media_type="text/csv")),
        ("plot.png is written to /output", FileCheck(name="plot.png", media_type="image/png")),
        ("A PNG file is created", FileCheck(name="*.png", media_type="image/png")),
        (
            "out.csv exists with the columns name, total",
            FileCheck(name="out.csv", media_type="text/csv", columns=("name", "total")),
        ),
        (
            "The answer has the keys a, b and c",
            SchemaCheck(json_schema={"type": "object", "required": ["a", "b", "c"]}),
        ),
        ('the answer contains "total"', ContainsCheck(text="total")),
        ("the answer has at least 3 rows", LengthCheck(minimum=3, of="items")),
        ("the answer has exactly two items", LengthCheck(minimum=2, maximum=2, of="items")),
        ("the answer has at most 20 characters", LengthCheck(maximum=20, of="characters")),
        ("the answer is not empty", LengthCheck(minimum=1)),
        ("the answer is between 0 and 1", RangeCheck(minimum=0, maximum=1)),
        ("the answer is at least 5", RangeCheck(minimum=5)),
        (
            "the answer is greater than 0",
            SchemaCheck(json_schema={"type": "number", "exclusiveMinimum": 0}),
        ),
        ("the answer is 42", EqualsCheck(value=42)),
        ('the answer equals "yes"', EqualsCheck(value="yes")),
        ("the answer is [1, 2]", EqualsCheck(value=[1, 2])),
        ("the answer is correct", None),
        ("the answer is a good summary", None),
        ("the answer is a number of apples that makes sense", None),
        ("the answer is less than 5 percent", None),
        ("the answer is 42 or more", None),
        ("out.csv exists and is sorted by date", None),
        ("the answer contains no personal data", None),
        ("the answer has the keys a, b and no others", None),
        ("the answer is [1, 2", None),
        ("every row of the input is counted", None),
        ("x " * 400, None),
        ("", None),
    ],
)
def test_plain_english_becomes_a_check_only_where_certain(
    text: str, expected: Check | None
) -> None:
    assert formalise(text) == expected


@settings(deadline=None)
@given(st.text(max_size=100))
def test_any_sentence_is_a_check_or_left_to_a_model(text: str) -> None:
    formalise(text)
