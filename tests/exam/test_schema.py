"""Values are checked against schemas that models write: nothing raises, and nothing is ever fetched."""

import socket
from typing import Any

import pytest

from toolguild.exam.generate import inputs
from toolguild.exam.schema import complaints, schema_problem


def test_what_is_wrong_is_told_with_its_place() -> None:
    schema: Any = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": {"type": "integer"}}, "m": {"enum": [1]}},
        "required": ["rows", "name"],
    }
    told = " | ".join(complaints({"rows": [1, "x"], "m": 2}, schema))
    assert 'at /rows/1: "x" is not of type "integer"' in told
    assert "at /m: 2 is none of [1]" in told
    assert "'name' is a required property" in told
    assert complaints({"rows": [], "name": 1}, schema) == ()


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "list"}, "the schema itself is invalid"),
        ({"$ref": "#/$defs/gone"}, "points to what is not in it"),
        ({"$ref": "https://example.org/schema.json"}, "points to what is not in it"),
        ({"$ref": "file:///etc/passwd"}, "points to what is not in it"),
        ({"$ref": "#"}, "nested too deeply"),
        ({"minimum": 2**60}, "cannot be checked"),
    ],
)
def test_a_schema_that_makes_no_sense_is_met_by_nothing(
    monkeypatch: pytest.MonkeyPatch, schema: Any, why: str
) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    assert why in complaints(1, schema)[0]


def test_values_nested_too_deeply_are_refused() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    schema: Any = {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}
    assert "nested too deeply" in complaints(deep, schema)[0]


def test_long_complaints_are_cut() -> None:
    (told,) = complaints("x" * 5000, {"pattern": "^y" + "z" * 400 + "$"})
    assert len(told) < 400


def test_a_problem_of_the_schema_is_named() -> None:
    assert schema_problem({"type": "integer"}) == ""
    assert "list" in schema_problem({"type": "list"})
    assert schema_problem({"minimum": float("nan")}) != ""


@pytest.mark.parametrize(
    "inner",
    [
        {"$ref": "#/$defs/gone"},
        {"$ref": "#"},
        {"allOf": [{"type": "integer"}, {"minimum": 3, "maximum": 1}]},
        False,
        {"type": "integer", "enum": []},
    ],
)
def test_no_inputs_come_from_a_schema_that_nothing_meets(inner: Any) -> None:
    schema: Any = {"type": "object", "properties": {"x": inner}, "required": ["x"]}
    assert inputs(schema, (), 3, seed=0) == ()


def test_parts_that_are_put_together_are_met_together() -> None:
    schema: Any = {
        "type": "object",
        "properties": {
            "x": {"allOf": [{"type": "integer"}, {"minimum": 3}]},
            "pair": {"prefixItems": [{"type": "integer"}, {"type": "boolean"}], "items": False},
            "any": {"items": {"const": 1}, "minItems": 2},
        },
        "required": ["x", "pair", "any"],
    }
    made = inputs(schema, (), 4, seed=0)
    assert made
    assert all(complaints(one.arguments, schema) == () for one in made)
