"""Full-text search over one text for each name, in SQLite. Knows words, not tools."""

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from toolguild.registry.words import query_stems, stems

_COLUMNS = ("name", "aliases", "description", "fields")
_WEIGHTS = (6.0, 4.0, 2.0, 1.0)  # a hit in the name says most
_ENOUGH = 200  # candidates that are ranked; what SQLite finds beyond them is not looked at
_PAIRED = 5  # the rarest words of a query, of which any two choose a row
_COMMON = 2000  # rows from which on a word says little, and counting on costs time


@dataclass(frozen=True)
class Text:
    """What can be searched of one name."""

    name: str
    aliases: str = ""
    description: str = ""
    fields: str = ""  # of input and output


class Index:
    """Ranked search that stays fast among 100,000 names: rare words choose the rows, all words rank them."""

    def __init__(self, path: Path | None = None) -> None:
        """Open an empty index in memory, or in a file whose former content is dropped."""
        if path is not None:
            path.unlink(missing_ok=True)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")  # a derived index: lost is read again
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL)")
        for table, columns in (
            ("texts", _COLUMNS),
            ("heads", ("name",)),
        ):  # heads: names alone, fast
            self._db.execute(
                f"CREATE VIRTUAL TABLE {table} USING fts5({', '.join(columns)}, tokenize = 'unicode61')"
            )

    def close(self) -> None:
        """Free the index. Idempotent."""
        self._db.close()

    def put(self, text: Text) -> None:
        """Add a name, or replace its text."""
        self.put_all((text,))

    def put_all(self, texts: Iterable[Text]) -> None:
        """Add or replace many at once: all or none."""
        self._db.execute("BEGIN")
        try:
            for text in texts:
                self._put(text)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _put(self, text: Text) -> None:
        self._db.execute("INSERT OR IGNORE INTO names (name) VALUES (?)", (text.name,))
        (row,) = self._rows("SELECT id FROM names WHERE name = ?", text.name)
        self._forget(row)
        name, *others = (" ".join(stems(part)) for part in astuple(text))
        self._db.execute("INSERT INTO heads (rowid, name) VALUES (?, ?)", (*row, name))
        self._db.execute(
            f"INSERT INTO texts (rowid, {', '.join(_COLUMNS)}) VALUES (?, ?, ?, ?, ?)",
            (*row, name, *others),
        )

    def _forget(self, row: tuple[int]) -> None:
        for table in ("texts", "heads"):
            self._db.execute(f"DELETE FROM {table} WHERE rowid = ?", row)

    def drop(self, name: str) -> None:
        """Forget a name."""
        for row in self._rows("SELECT id FROM names WHERE name = ?", name):
            self._forget(row)
            self._db.execute("DELETE FROM names WHERE id = ?", row)

    def search(self, query: str) -> list[str]:
        """Return names for any text, best first. No text is an error; one without words finds nothing."""
        asked = query_stems(query)
        counts = {word: self._count(f'"{word}"') for word in asked}
        known = sorted((word for word in asked if counts[word]), key=lambda word: counts[word])
        if known:
            return self._ranked(self._candidates(known), {w: counts[w] for w in known})
        starts = [f'"{word}"*' for word in asked if len(word) >= 3]
        return self._names(self._matching(" OR ".join(starts))) if starts else []

    def _candidates(self, known: Sequence[str]) -> list[int]:
        """Choose rows worth ranking: those with all the words, those with the rare ones, then with fewer."""
        found: dict[int, None] = {}
        for table, match in _questions(known):
            if len(found) >= _ENOUGH:
                break
            found.update(dict.fromkeys(self._matching(match, table)))
        return list(found)

    def _ranked(self, rows: Sequence[int], counts: Mapping[str, int]) -> list[str]:
        (total,) = self._rows("SELECT max(id) FROM names")[0]
        rarity = {word: math.log(1 + (total + 1) / (n + 0.5)) for word, n in counts.items()}
        marks = ",".join("?" * len(rows))
        texts = self._rows(
            "SELECT names.name, texts.name, aliases, description, fields FROM texts "
            f"JOIN names ON names.id = texts.rowid WHERE texts.rowid IN ({marks})",
            *rows,
        )
        scored = [(-_score(columns, rarity), len(columns[0]), name) for name, *columns in texts]
        return [name for _, _, name in sorted(scored)]

    def _names(self, rows: Sequence[int]) -> list[str]:
        marks = ",".join("?" * len(rows))
        return [
            name
            for (name,) in self._rows(
                f"SELECT name FROM names WHERE id IN ({marks}) ORDER BY length(name), name", *rows
            )
        ]

    def _count(self, match: str) -> int:
        (count,) = self._rows(
            "SELECT count(*) FROM (SELECT 1 FROM texts WHERE texts MATCH ? LIMIT ?)", match, _COMMON
        )[0]
        return int(count)

    def _matching(self, match: str, table: str = "texts") -> list[int]:
        sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?"
        return [row for (row,) in self._rows(sql, match, _ENOUGH)]

    def _rows(self, sql: str, *values: object) -> list[Any]:
        with closing(self._db.execute(sql, values)) as cursor:
            return cursor.fetchall()


def _questions(known: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give tables and FTS5 expressions, the narrowest first; `known` has the rarest word first."""
    quoted = [f'"{word}"' for word in known]
    pairs = [f"({one} AND {other})" for one, other in combinations(quoted[:_PAIRED], 2)]
    for match in (" AND ".join(quoted), " OR ".join(pairs) if len(quoted) > 2 else "", *quoted):
        if match:
            yield "heads", match
            yield "texts", match


def _score(columns: Sequence[str], rarity: Mapping[str, float]) -> float:
    """Weigh each asked word by its rarity and by where it stands; a name that says nothing else is best."""
    sets = [frozenset(column.split()) for column in columns]
    score = sum(
        worth * sum(weight for weight, have in zip(_WEIGHTS, sets, strict=True) if word in have)
        for word, worth in rarity.items()
    )
    covered = len(sets[0] & rarity.keys()) / len(sets[0]) if sets[0] else 0.0
    return score * (1 + covered / 2)
