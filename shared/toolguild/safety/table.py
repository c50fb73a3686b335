"""A table of measurements: sets in rows, layers and baselines in columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolguild.safety.share import Share


@dataclass(frozen=True)
class Bar:
    """What a column has to reach in a row."""

    column: str
    least: float | None = None  # percent
    most: float | None = None

    @property
    def text(self) -> str:
        """The bar in words."""
        return (
            f"{self.column} >= {self.least:g} %"
            if self.least is not None
            else f"{self.column} <= {self.most:g} %"
        )

    def met(self, cells: Mapping[str, Share]) -> bool | None:
        """Whether it is reached; None where the column was not measured."""
        share = cells.get(self.column)
        if share is None:
            return None
        if self.least is not None and share.percent < self.least:
            return False
        return self.most is None or share.percent <= self.most


@dataclass(frozen=True)
class Row:
    """One set. `harmful`: what is noticed or stopped should be all of it; else none."""

    name: str
    harmful: bool
    cells: Mapping[str, Share]
    bars: Sequence[Bar] = ()

    @property
    def missed(self) -> tuple[str, ...]:
        """The bars that are not reached."""
        return tuple(bar.text for bar in self.bars if bar.met(self.cells) is False)


@dataclass(frozen=True)
class Table:
    """Measurements of one kind, in words fit for a reader who knows nothing of them."""

    name: str  # "code", for programs
    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    @property
    def missed(self) -> tuple[str, ...]:
        """Every bar that is not reached, with its set."""
        return tuple(f"{row.name}: {bar}" for row in self.rows for bar in row.missed)

    def markdown(self) -> str:
        """The table for people."""
        lines = [
            f"### {self.title}",
            "",
            "| set | rows | " + " | ".join(self.columns) + " | bar |",
            "| --- | --- | " + " | ".join("---" for _ in self.columns) + " | --- |",
        ]
        for row in self.rows:
            count = max((share.rows for share in row.cells.values()), default=0)
            cells = [row.cells[one].text if one in row.cells else "-" for one in self.columns]
            lines.append(f"| {row.name} | {count} | {' | '.join(cells)} | {_told(row)} |")
        lines += ["", *(f"* {note}" for note in self.notes)]
        return "\n".join(lines).rstrip() + "\n"

    def plain(self) -> dict[str, object]:
        """The table as JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "rows": [
                {
                    "set": row.name,
                    "harmful": row.harmful,
                    "cells": {column: share.plain() for column, share in row.cells.items()},
                    "bars": {bar.text: bar.met(row.cells) for bar in row.bars},
                }
                for row in self.rows
            ],
            "notes": list(self.notes),
        }


def _told(row: Row) -> str:
    said = {True: "met", False: "MISSED", None: "not measured"}
    return "; ".join(f"{bar.text}: {said[bar.met(row.cells)]}" for bar in row.bars)
