"""Inputs are made from the schema: valid, deterministic, small first, with the edges in."""

from typing import Any

import pytest

from toolguild.exam.accept import objection
from toolguild.exam.generate import Input, inputs
from toolguild.exam.schema import complaints
from toolguild.sandbox.interface import Fault, Ran, Usage
from toolguild.tool import Case

NUMBERS: Any = {
    "type": "object",
    "properties": {"xs": {"type": "array", "items": {"type": "integer"}}},
    "required": ["xs"],
}
SCHEMAS: list[Any] = [
    NUMBERS,
    {
        "type": "object",
        "properties": {
            "mode": {"enum": ["a", "b"]},
            "n": {"type": "integer", "minimum": 1, "maximum": 3},
            "f": {"type": "number", "exclusiveMinimum": 0},
            "when": {"type": "string", "format": "date"},
            "name": {"type": "string", "minLength": 2, "maxLength": 4},
            "on": {"type": ["boolean", "null"]},
        },
        "required": ["mode", "n", "f", "when", "name"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {"point": {"$ref": "#/$defs/point"}},
        "required": ["point"],
        "$defs": {
            "point": {
                "type": "object",
                "properties": {
                    "x": {"type": "number"},
                    "y": {"anyOf": [{"type": "null"}, {"const": 1}]},
                },
                "required": ["x", "y"],
            }
        },
    },
    {
        "type": "object",
        "properties": {"step": {"type": "integer", "multipleOf": 5}, "rest": {"type": "object"}},
        "required": ["step", "rest"],
    },
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_input_is_valid_and_different(schema: Any) -> None:
    made = inputs(schema, (), 12, seed=3)
    assert len(made) == 12
    assert len({one.digest for one in made}) == 12
    for one in made:
        assert complaints(one.arguments, schema) == ()


def test_the_same_seed_gives_the_same_inputs_and_another_gives_others() -> None:
    assert inputs(NUMBERS, (), 10, seed=1) == inputs(NUMBERS, (), 10, seed=1)
    assert inputs(NUMBERS, (), 10, seed=1) != inputs(NUMBERS, (), 10, seed=2)


def test_the_empty_list_zero_negatives_and_duplicates_are_among_them() -> None:
    lists: list[Any] = [one.arguments["xs"] for one in inputs(NUMBERS, (), 40, seed=0)]
    assert [] in lists
    assert any(0 in one for one in lists)
    assert any(x < 0 for one in lists for x in one)
    assert any(len(set(one)) < len(one) for one in lists)


def test_small_inputs_come_first() -> None:
    sizes = [len(str(one.arguments)) for one in inputs(NUMBERS, (), 60, seed=0)]
    assert sum(sizes[:20]) < sum(sizes[-20:])


def test_no_input_repeats_a_case() -> None:
    schema: Any = {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]}
    assert [one.arguments for one in inputs(schema, [Case(arguments={"on": True})], 9, 0)] == [
        {"on": False}
    ]


PATH: Any = {
    "type": "object",
    "properties": {"path": {"type": "string", "format": "path"}, "column": {"type": "string"}},
    "required": ["path", "column"],
}
TABLE = Case(
    arguments={"path": "/data/t.csv", "column": "b"},
    files={"t.csv": "a,b\n1,2\n3,4\n5,6\n"},
)


def test_files_keep_their_head_and_change_their_rows() -> None:
    made = inputs(PATH, [TABLE], 10, seed=0)
    assert len(made) >= 5
    rows = {"1,2", "3,4", "5,6"}
    for one in made:
        head, *body = one.files["t.csv"].splitlines()
        assert head == "a,b"
        assert set(body) <= rows
        assert one.arguments == TABLE.arguments  # text beside a file names something in it
        assert not one.wild


def test_without_an_example_no_file_is_made_up() -> None:
    assert inputs(PATH, (), 5, seed=0) == ()


def test_made_up_text_and_made_up_keys_are_wild() -> None:
    text: Any = {"type": "object", "properties": {"s": {"type": "string"}}, "required": ["s"]}
    assert all(one.wild for one in inputs(text, (), 5, seed=0))
    rows: Any = {"type": "object", "properties": {"r": {"type": "object"}}, "required": ["r"]}
    assert all(one.wild for one in inputs(rows, (), 5, seed=0))
    assert not any(one.wild for one in inputs(NUMBERS, (), 5, seed=0))


def test_a_pattern_that_nobody_gave_an_example_of_makes_no_inputs() -> None:
    schema: Any = {
        "type": "object",
        "properties": {"s": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]+$"}},
        "required": ["s"],
    }
    assert inputs(schema, (), 5, seed=0) == ()


def ended(outcome: Any, value: object = None, error: str = "") -> Ran:
    fault = Fault(outcome, error, "why") if error else None
    return Ran(outcome, value, (), "", Usage(0, 0, 0), fault)


TAME, WILD = Input({}, {}, wild=False), Input({}, {}, wild=True)


@pytest.mark.parametrize(
    ("made", "ran", "accepted"),
    [
        (TAME, ended("ok", 3), True),
        (TAME, ended("ok", "three"), False),
        (TAME, ended("error", error="ValueError"), True),
        (TAME, ended("error", error="json.decoder.JSONDecodeError"), True),
        (TAME, ended("error", error="ZeroDivisionError"), True),
        (TAME, ended("error", error="IndexError"), False),
        (WILD, ended("error", error="IndexError"), True),
        (WILD, ended("error", error="NameError"), False),
        (WILD, ended("error", error="RecursionError"), False),
        (WILD, ended("timeout"), False),
        (WILD, ended("exited"), False),
        (WILD, ended("memory", error="MemoryError"), False),
    ],
)
def test_an_input_is_answered_or_refused_in_an_orderly_way(
    made: Input, ran: Ran, accepted: bool
) -> None:
    assert (objection(made, ran, {"type": "integer"}, "python") == "") == accepted


def test_javascript_refuses_by_an_error_and_crashes_by_a_type_error() -> None:
    number = {"type": "number"}
    assert objection(TAME, ended("error", error="Error"), number, "javascript") == ""
    assert objection(TAME, ended("error", error="TypeError"), number, "javascript") != ""
    assert objection(WILD, ended("error", error="ReferenceError"), number, "javascript") != ""
