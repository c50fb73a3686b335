"""What goes where: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def say_json(value: Mapping[str, object]) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """Print a line of a result on standard output, as it is."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Print a line about the work, for a person, on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Print a table on standard output; `empty` when there are no rows."""
    every = [tuple(row) for row in rows]
    if not every:
        say(empty)
        return
    if not sys.stdout.isatty():
        for row in (tuple(columns), *every):
            say("\t".join(" ".join(cell.split()) for cell in row))
        return
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        grid.add_column(name, overflow="fold")
    for row in every:
        grid.add_row(*(Text(cell) for cell in row))
    on_stdout().print(grid)


def on_stdout() -> "Console":
    """Return a console on standard output."""
    from rich.console import Console

    return Console(highlight=False, markup=False)


def on_stderr() -> "Console":
    """Return a console on standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False)
