"""A JSON value as something to look at: a number, a text, a table, pairs, a list, or plain JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from pydantic import JsonValue

MAX_ROWS = 200
MAX_COLUMNS = 40
MAX_TEXT = 20_000  # characters of one text or JSON block

Kind = Literal["nothing", "scalar", "text", "table", "json"]


@dataclass(frozen=True)
class Cell:
    """What stands in one field of a table."""

    text: str
    number: bool = False


@dataclass(frozen=True)
class Block:
    """A value laid out. `left_out` says in words what was too much to show."""

    kind: Kind
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    left_out: str = ""


def block(value: JsonValue) -> Block:
    """Lay out a JSON value: lists of objects and objects of plain values become tables."""
    match value:
        case None:
            return Block("nothing")
        case str() if "\n" in value or len(value) > 200:
            return _cut("text", value)
        case str() | bool() | int() | float():
            return Block("scalar", text=plain(value))
        case dict() if value and all(_is_plain(item) for item in value.values()):
            return _table(("", ""), [[name, item] for name, item in value.items()])
        case dict() if value and all(_is_record(item) for item in value.values()):
            records = [
                {"": name, **cast(dict[str, JsonValue], item)} for name, item in value.items()
            ]
            return _records(records)
        case list() if value and all(_is_record(item) for item in value):
            return _records([cast(dict[str, JsonValue], item) for item in value])
        case list() if value and all(_is_plain(item) for item in value):
            return _table(("",), [[item] for item in value])
        case list() if value and all(_is_row(item) for item in value):
            rows = [cast(list[JsonValue], item) for item in value]
            return _table(tuple("" for _ in rows[0]), rows)
        case _:
            return _cut("json", json.dumps(value, indent=2, ensure_ascii=False))


def plain(value: JsonValue) -> str:
    """One value in a few words: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _records(records: list[dict[str, JsonValue]]) -> Block:
    columns = list(dict.fromkeys(name for record in records for name in record))
    rows = [[record.get(name) for name in columns] for record in records]
    return _table(tuple(columns), rows)


def _table(columns: tuple[str, ...], rows: list[list[JsonValue]]) -> Block:
    width = max(len(columns), max(len(row) for row in rows))
    left_out = [
        f"{many - most} more {name}"
        for many, most, name in ((len(rows), MAX_ROWS, "rows"), (width, MAX_COLUMNS, "columns"))
        if many > most
    ]
    shown = tuple(tuple(_cell(item) for item in row[:MAX_COLUMNS]) for row in rows[:MAX_ROWS])
    headed = columns[:MAX_COLUMNS] if any(columns) else ()
    return Block("table", columns=headed, rows=shown, left_out=" and ".join(left_out))


def _cell(value: JsonValue) -> Cell:
    if value is None:
        return Cell("")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(plain(value), number)


def _cut(kind: Kind, text: str) -> Block:
    left_out = f"{len(text) - MAX_TEXT} more characters" if len(text) > MAX_TEXT else ""
    return Block(kind, text=text[:MAX_TEXT], left_out=left_out)


def _is_plain(value: JsonValue) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _is_record(value: JsonValue) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(_is_plain(item) for item in value.values())
    )


def _is_row(value: JsonValue) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_plain(item) for item in value)
