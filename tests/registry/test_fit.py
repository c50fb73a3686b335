"""A tool fits a request by what it takes and returns, whatever its arguments are called."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolguild.registry import fit
from toolguild.registry.schema import accepts, kinds
from toolguild.testing import samples

TEXT: dict[str, Any] = {"type": "string"}
PATH: dict[str, Any] = {"type": "string", "format": "path"}
NUMBER: dict[str, Any] = {"type": "number"}
INTEGER: dict[str, Any] = {"type": "integer"}
ROWS: dict[str, Any] = {"type": "array", "items": {"type": "object"}}


def takes(properties: Mapping[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    needed = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": needed}


def mapping(asked: Any, offered: Any, wanted: Any = NUMBER, given: Any = NUMBER) -> Any:
    found = fit(
        samples.spec(input_schema=asked, output_schema=wanted, examples=()),
        samples.draft(input_schema=offered, output_schema=given, examples=()),
    )
    return None if found is None else dict(found.mapping)


@pytest.mark.parametrize(
    ("asked", "offered", "expected"),
    [
        ({"text": TEXT}, {"text": TEXT}, {"text": "text"}),
        ({"text": TEXT}, {"document": TEXT}, {"text": "document"}),
        ({"rows": ROWS, "by": TEXT}, {"key": TEXT, "table": ROWS}, {"rows": "table", "by": "key"}),
        ({"n": INTEGER}, {"value": NUMBER}, {"n": "value"}),
        ({"n": NUMBER}, {"value": INTEGER}, None),
        (
            {"file": PATH, "sep": TEXT},
            {"separator": TEXT, "path": PATH},
            {"file": "path", "sep": "separator"},
        ),
        ({"file": PATH}, {"text": TEXT}, None),
        ({"text": TEXT}, {"path": PATH}, None),
        ({"a": TEXT, "b": TEXT}, {"x": TEXT, "y": TEXT}, None),
        ({"a": TEXT, "b": TEXT}, {"b": TEXT, "y": TEXT}, {"a": "y", "b": "b"}),
        (
            {"left_text": TEXT, "right_text": TEXT},
            {"right": TEXT, "left": TEXT},
            {"left_text": "left", "right_text": "right"},
        ),
        ({"count": INTEGER}, {"factor": NUMBER, "times": INTEGER}, None),
        ({"text": TEXT}, {"text": INTEGER, "words": TEXT}, None),
        ({"a": TEXT, "b": TEXT}, {"a": TEXT}, None),
        ({}, {}, {}),
        ({}, {"a": TEXT}, None),
    ],
)
def test_arguments_are_matched_by_name_then_by_words_then_by_type(
    asked: dict[str, Any], offered: dict[str, Any], expected: dict[str, str] | None
) -> None:
    assert mapping(takes(asked), takes(offered)) == expected


def test_an_optional_argument_of_the_tool_may_be_left_out_and_a_required_one_may_not() -> None:
    offered = {"text": TEXT, "limit": INTEGER}
    assert mapping(takes({"text": TEXT}), takes(offered, optional=("limit",))) == {"text": "text"}
    assert mapping(takes({"text": TEXT}), takes(offered)) is None
    asked = takes({"text": TEXT, "limit": INTEGER}, optional=("limit",))
    assert mapping(asked, takes(offered)) is None


def test_an_exact_type_goes_before_a_wider_one() -> None:
    offered = takes({"factor": NUMBER, "times": INTEGER}, optional=("factor", "times"))
    assert mapping(takes({"count": INTEGER}), offered) == {"count": "times"}


@pytest.mark.parametrize(
    ("wanted", "given", "fits"),
    [
        (NUMBER, NUMBER, True),
        (NUMBER, INTEGER, True),
        (INTEGER, NUMBER, False),
        (TEXT, NUMBER, False),
        ({}, TEXT, True),
        (TEXT, {}, True),
        ({"type": ["string", "null"]}, TEXT, True),
        (TEXT, {"type": ["string", "null"]}, False),
        ({"anyOf": [TEXT, NUMBER]}, INTEGER, True),
        (TEXT, {"anyOf": [TEXT, NUMBER]}, False),
        ({"type": "array", "items": TEXT}, {"type": "array", "items": NUMBER}, False),
        ({"type": "array", "items": TEXT}, {"type": "array", "items": TEXT}, True),
        (takes({"sum": NUMBER}), takes({"sum": NUMBER, "count": INTEGER}), True),
        (takes({"sum": NUMBER}), takes({"total": NUMBER}), False),
        (takes({"sum": NUMBER}), takes({"sum": TEXT}), False),
        (
            {**takes({"sum": NUMBER}), "additionalProperties": False},
            takes({"sum": NUMBER, "n": NUMBER}),
            False,
        ),
        ({"enum": ["a", "b"]}, {"const": "a"}, True),
        ({"enum": ["a", "b"]}, {"enum": ["a", "c"]}, False),
        ({"enum": ["a", "b"]}, TEXT, False),
        ({"enum": [1]}, {"const": True}, False),
        (TEXT, {"enum": ["a"]}, True),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "email"}, False),
        ({"type": "string", "format": "date"}, TEXT, True),
    ],
)
def test_what_the_tool_returns_is_what_the_request_wants(
    wanted: Any, given: Any, fits: bool
) -> None:
    assert (mapping(takes({"x": TEXT}), takes({"x": TEXT}), wanted, given) is not None) == fits


def test_too_many_nameless_arguments_are_not_guessed_at() -> None:
    asked = takes({f"a{n}": TEXT for n in range(9)})
    assert mapping(asked, takes({f"b{n}": TEXT for n in range(9)})) is None


def test_arguments_are_handed_over_under_the_tools_names() -> None:
    found = fit(
        samples.spec(input_schema=takes({"n": INTEGER}), output_schema=NUMBER, examples=()),
        samples.draft(input_schema=takes({"value": NUMBER}), output_schema=NUMBER, examples=()),
    )
    assert found is not None
    assert found.arguments({"n": 3}) == {"value": 3}
    with pytest.raises(KeyError):
        found.arguments({"other": 3})


simple = st.sampled_from([TEXT, PATH, NUMBER, INTEGER, ROWS, {"type": "boolean"}, {}])
names = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
objects = st.dictionaries(names, simple, max_size=5).map(takes)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "required", "items", "enum", "const", "anyOf", "format", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(schema=objects, output=simple)
def test_a_tool_fits_the_request_that_it_was_made_for(schema: Any, output: Any) -> None:
    expected = {name: name for name in schema["properties"]}
    assert mapping(schema, schema, output, output) == expected


@given(asked=objects, offered=objects)
def test_a_fit_gives_each_argument_one_place_and_fills_what_is_required(
    asked: Any, offered: Any
) -> None:
    found = mapping(asked, offered)
    if found is not None:
        assert found.keys() == asked["properties"].keys()
        assert len(set(found.values())) == len(found)
        assert set(offered["required"]) <= set(found.values()) <= offered["properties"].keys()


@given(taker=json_values, giver=json_values)
def test_any_json_can_stand_where_a_schema_is_expected(taker: Any, giver: Any) -> None:
    assert accepts(taker, giver) in (True, False)
    assert isinstance(kinds(taker), frozenset)
