"""Comparing an answer with the one expected, outside the sandbox.

Promises, for any two JSON values: it never raises, it terminates, and equal means

* numbers: equal within 1e-9, relative or absolute; 2 and 2.0 are the same number, true is none;
* text: exactly equal;
* lists: the same items in the same order; objects: the same keys with the same values;
* files: the same text once line ends are "\\n" and line ends at the very end are taken off, because
  neither is ever what a person means; files called *.json are compared as JSON values.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from toolguild.exam.shown import shown

MAX_DEPTH = 100  # deeper values count as different: no tool's answer needs them
TOLD = 3  # differences in one text


@dataclass(frozen=True)
class Difference:
    """Where two values differ (a JSON Pointer), how in general, and how exactly."""

    pointer: str
    kind: str  # says nothing about the expected value itself
    detail: str


def difference(expected: object, got: object) -> str:
    """Return the first few differences as text, or "" when the values are equal."""
    return tell(differences(expected, got))


def same(left: object, right: object) -> bool:
    """Return whether two JSON values are equal by the rules above."""
    return next(differences(left, right), None) is None


def tell(found: Iterator[Difference]) -> str:
    """Return the first few differences as text."""
    told = [f"at {one.pointer or 'the top'}: {one.detail}" for one in islice(found, TOLD + 1)]
    return "; ".join([*told[:TOLD], "..."] if len(told) > TOLD else told)


def differences(
    expected: object, got: object, pointer: str = "", depth: int = 0
) -> Iterator[Difference]:
    """Yield every difference, first come first."""
    detail = f"expected {shown(expected)}, got {shown(got)}"
    if depth > MAX_DEPTH:
        yield Difference(pointer, "nested too deeply", f"nested more than {MAX_DEPTH} levels deep")
    elif _type(expected) != _type(got):
        yield Difference(pointer, f"{_type(got)} is the wrong type", detail)
    elif isinstance(expected, dict) and isinstance(got, dict):
        yield from _objects(expected, got, pointer, depth)
    elif isinstance(expected, list | tuple) and isinstance(got, list | tuple):
        yield from _lists(expected, got, pointer, depth)
    elif not _equal(expected, got):
        yield Difference(pointer, f"another {_type(got)} is right", detail)


def file_differences(expected: Mapping[str, str], got: Mapping[str, bytes]) -> Iterator[Difference]:
    """Yield what is wrong with the files that a call left. Files that nobody asked for are no difference."""
    for name, text in expected.items():
        pointer = f"/output/{name}"
        if name not in got:
            there = ", ".join(sorted(got)[:10]) or "no file"
            yield Difference(
                pointer, "the file is missing", f"the file is missing; there is {there}"
            )
            continue
        try:
            written = got[name].decode()
        except UnicodeDecodeError:
            yield Difference(pointer, "the file is not UTF-8 text", "the file is not UTF-8 text")
            continue
        yield from _texts(name, text, written, pointer)


def _texts(name: str, expected: str, got: str, pointer: str) -> Iterator[Difference]:
    if name.endswith(".json"):
        try:
            wanted, written = json.loads(expected), json.loads(got)
        except (ValueError, RecursionError):
            pass  # then as text
        else:
            yield from differences(wanted, written, pointer)
            return
    mine, theirs = _lines(expected), _lines(got)
    if mine == theirs:
        return
    for number, (left, right) in enumerate(zip(mine, theirs, strict=False), start=1):
        if left != right:
            yield Difference(
                pointer,
                "another line is right",
                f"line {number}: expected {shown(left)}, got {shown(right)}",
            )
            return
    kind = "lines are missing" if len(theirs) < len(mine) else "there are too many lines"
    yield Difference(pointer, kind, f"expected {len(mine)} lines, got {len(theirs)}")


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def _type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list() | tuple():
            return "list"
        case dict():
            return "object"
        case _:
            return type(value).__name__


def _equal(left: object, right: object) -> bool:
    if isinstance(left, int | float) and isinstance(right, int | float):
        if left == right:
            return True
        if isinstance(left, int) and isinstance(right, int):
            left, right = (left, right) if max(abs(left), abs(right)) < 10**15 else (0, 1)
        try:
            return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
        except OverflowError:
            return False
    return left == right


def _objects(
    expected: dict[object, object], got: dict[object, object], pointer: str, depth: int
) -> Iterator[Difference]:
    for key in expected:
        if key not in got:
            yield Difference(pointer, "a key is missing", f"the key {shown(key)} is missing")
    for key in got:
        if key not in expected:
            yield Difference(pointer, "a key is too many", f"nobody expects the key {shown(key)}")
    for key, value in expected.items():
        if key in got:
            token = str(key).replace("~", "~0").replace("/", "~1")
            yield from differences(value, got[key], f"{pointer}/{token}", depth + 1)


def _lists(
    expected: list[object] | tuple[object, ...],
    got: list[object] | tuple[object, ...],
    pointer: str,
    depth: int,
) -> Iterator[Difference]:
    if len(expected) != len(got):
        kind = "items are missing" if len(got) < len(expected) else "there are too many items"
        detail = f"expected {len(expected)} items {shown(expected)}, got {len(got)} {shown(got)}"
        yield Difference(pointer, kind, detail)
        return
    for index, (left, right) in enumerate(zip(expected, got, strict=True)):
        yield from differences(left, right, f"{pointer}/{index}", depth + 1)
