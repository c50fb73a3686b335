import pytest
from pydantic import JsonValue

from toolguild.messages import ModelUsage
from toolguild.report.block import MAX_ROWS, MAX_TEXT, Cell, block
from toolguild.report.labels import bytes_text, seconds_text, source_of


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "nothing"),
        (3, "scalar"),
        (True, "scalar"),
        ("short", "scalar"),
        ("two\nlines", "text"),
        ("x" * 201, "text"),
        ({"a": 1, "b": "two"}, "table"),
        ({"north": {"sum": 1}, "south": {"sum": 2}}, "table"),
        ([{"a": 1}, {"b": 2}], "table"),
        ([1, 2], "table"),
        ([[1, 2], [3]], "table"),
        ([], "json"),
        ({}, "json"),
        ([{"a": {"deep": 1}}], "json"),
        ([1, {"a": 1}], "json"),
        ([[], [1]], "json"),
    ],
)
def test_a_value_is_laid_out_by_its_shape(value: JsonValue, kind: str) -> None:
    assert block(value).kind == kind


def test_records_with_different_keys_share_one_table() -> None:
    shown = block([{"a": 1}, {"b": "x", "a": None}])
    assert shown.columns == ("a", "b")
    assert shown.rows == ((Cell("1", True), Cell("")), (Cell(""), Cell("x")))


def test_an_object_of_records_keeps_its_names() -> None:
    shown = block({"north": {"sum": 1}})
    assert shown.columns == ("", "sum")
    assert shown.rows[0][0] == Cell("north")


def test_a_bool_is_no_number() -> None:
    assert block({"a": True}).rows == ((Cell("a"), Cell("true")),)


def test_what_is_too_much_is_left_out_and_said() -> None:
    assert block([*range(MAX_ROWS + 3)]).left_out == "3 more rows"
    assert len(block([*range(MAX_ROWS + 3)]).rows) == MAX_ROWS
    assert block([[*range(50)]]).left_out == "10 more columns"
    assert block("x" * (MAX_TEXT + 1)).left_out == "1 more characters"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.96, "10.0 s"), (59.6, "60 s"), (150, "2 min 30 s"), (9000, "2 h 30 min")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KB"), (5 * 1024**4, "5120.0 GB")],
)
def test_sizes_read_well(count: int, text: str) -> None:
    assert bytes_text(count) == text


def test_the_source_names_every_origin_once_and_only_of_calls_made() -> None:
    def usage(source: str, calls: int) -> ModelUsage:
        return ModelUsage(role="planner", model="m", source=source, calls=calls)

    assert source_of([]) == "none"
    assert source_of([usage("live", 0)]) == "none"
    assert source_of([usage("recorded", 1), usage("live", 1), usage("live", 2)]) == "live+recorded"
