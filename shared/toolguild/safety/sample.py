"""Labelled sets: which there are, and how they are read."""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from toolguild.errors import UsageError

Sample = Mapping[str, Any]  # a row as its set has it: `id`, `source`, and `code` or `text`


@cache
def _shipped(name: str) -> bytes:
    return gzip.decompress((files("toolguild.safety") / "sets" / f"{name}.jsonl.gz").read_bytes())


def samples(name: str, folder: Path | None = None) -> list[Sample]:
    """Return the rows of a set: the shipped one, or `NAME.jsonl[.gz]` anywhere below a folder.

    A folder that lacks the set gives no rows. Raises UsageError naming the line that is no JSON object.
    """
    if folder is None:
        return list(_rows(_shipped(name), name))
    found = sorted(folder.rglob(f"{name}.jsonl")) + sorted(folder.rglob(f"{name}.jsonl.gz"))
    return [row for path in found for row in _rows(_content(path), str(path))]


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def _rows(data: bytes, where: str) -> Iterator[Sample]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{where}, line {number}: no JSON: {error}") from error
        if not isinstance(row, dict):
            raise UsageError(f"{where}, line {number}: no JSON object")
        yield row
