"""Tables as text: delimiter, columns with types, first rows. Pure."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from toolguild_planner.shown import Shown, line

ROWS = 3
COLUMNS = 30
_CELL = 60
_DELIMITERS = ",;\t|"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_TYPES = (
    ("integer", re.compile(r"[+-]?\d{1,18}")),
    ("number", re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")),
    ("date", re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")),
    ("boolean", re.compile(r"true|false|yes|no", re.IGNORECASE)),
)


def shown(text: str, *, whole: bool) -> Shown | None:
    """Describe a table by its header and its first rows; None where there is no row at all."""
    delimiter = _delimiter(text)
    try:
        first = list(islice(_rows(text, delimiter), ROWS + 1))
    except csv.Error:
        return None
    if not first:
        return None
    header, rows = first[0][:COLUMNS], first[1:]
    columns = [
        f"{line(name, _CELL)} ({type_of([row[n] for row in rows if n < len(row)])})"
        for n, name in enumerate(header)
    ]
    more = f" and {len(first[0]) - COLUMNS} more" if len(first[0]) > COLUMNS else ""
    note = (
        "its rows have different numbers of cells" if len({len(row) for row in first}) > 1 else ""
    )
    lines = (
        f"CSV table with a header row, {_NAMES[delimiter]}-separated",
        f"columns: {', '.join(columns)}{more}",
        "first rows:" if rows else "no rows below the header",
        *(delimiter.join(line(cell, _CELL) for cell in row[:COLUMNS]) for row in rows),
    )
    figures = {"columns": len(first[0])} | _count(text, delimiter, whole)
    return Shown((*lines, note) if note else lines, figures, note)


def type_of(cells: Sequence[str]) -> str:
    """Name the narrowest type that all non-empty cells have."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return "empty" if cells else "unknown"
    return next(
        (name for name, form in _TYPES if all(form.fullmatch(cell) for cell in filled)), "text"
    )


def _delimiter(text: str) -> str:
    """Return the delimiter that cuts the first rows into the most cells, equally many in each."""
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        try:
            widths = {len(row) for row in islice(_rows(text, delimiter), ROWS + 1)}
        except csv.Error:
            continue
        if len(widths) == 1 and (width := widths.pop()) > most:
            best, most = delimiter, width
    return best


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    return (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)


def _count(text: str, delimiter: str, whole: bool) -> dict[str, int]:
    if not whole:
        return {}
    try:
        return {"rows": max(sum(1 for _ in _rows(text, delimiter)) - 1, 0)}
    except csv.Error:
        return {}
