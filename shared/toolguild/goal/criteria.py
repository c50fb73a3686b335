"""Judging a check by program. Pure: the answer and the heads of the files come in as arguments."""

import csv
import fnmatch
import io
import json
import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

from toolguild.goal.check import (
    Check,
    ContainsCheck,
    EqualsCheck,
    FileCheck,
    LengthCheck,
    RangeCheck,
    SchemaCheck,
)
from toolguild.goal.pointer import resolve
from toolguild.goal.sniff import is_media_type

_SHOWN = 120


class FileHead(NamedTuple):
    """A file of a result: its size, and how it starts."""

    size: int  # bytes
    head: bytes  # at most the first 64 KB


class Judgement(NamedTuple):
    """Whether a check is met, and what shows it."""

    met: bool
    evidence: str


def evaluate(check: Check, answer: JsonValue, files: Mapping[str, FileHead]) -> Judgement:
    """Judge a check against the answer and the files. Never raises."""
    if isinstance(check, FileCheck):
        return _file(check, files)
    if isinstance(check, SchemaCheck):
        return _schema(check, answer)
    try:
        value = resolve(answer, check.pointer)
    except LookupError:
        return Judgement(False, f"the answer has nothing at {check.pointer}")
    where = f"{check.pointer} is" if check.pointer else "the answer is"
    if isinstance(check, EqualsCheck):
        met = equal(value, check.value)
        return Judgement(met, f"{where} {_show(value)}, expected {_show(check.value)}")
    if isinstance(check, ContainsCheck):
        return _contains(check, value, where)
    if isinstance(check, RangeCheck):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Judgement(False, f"{where} {_show(value)}, which is no number")
        return Judgement(_within(check, value), f"{where} {_show(value)}, {_bounds(check)}")
    return _length(check, value, where)


def equal(left: object, right: object) -> bool:
    """Compare JSON values: 1 equals 1.0, true does not equal 1, floats to nine digits."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right or _close(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return type(left) is type(right) and left == right


def _close(left: float, right: float) -> bool:
    try:
        return math.isclose(left, right, rel_tol=1e-9)
    except OverflowError:  # an integer beyond any float
        return False


def _schema(check: SchemaCheck, answer: JsonValue) -> Judgement:
    # Not before a goal has such a check: most processes never see one.
    import jsonschema
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    validator = jsonschema.Draft202012Validator(check.json_schema)
    try:
        error = best_match(validator.iter_errors(answer))
    except (RecursionError, re.error, Unresolvable) as failure:
        return Judgement(False, f"the schema cannot be applied: {type(failure).__name__}")
    if error is None:
        return Judgement(True, "the answer meets the schema")
    where = "/".join(str(part) for part in error.absolute_path)
    return Judgement(False, f"{'/' + where if where else 'the answer'}: {error.message[:200]}")


def _contains(check: ContainsCheck, value: object, where: str) -> Judgement:
    text = value if isinstance(value, str) else _json(value)
    met = check.text.casefold() in text.casefold()
    verb = "contains" if met else "does not contain"
    return Judgement(met, f"{where.removesuffix(' is')} {verb} {check.text!r}")


def _length(check: LengthCheck, value: object, where: str) -> Judgement:
    if isinstance(value, str) and check.of != "items":
        unit = "characters"
    elif isinstance(value, list | dict) and check.of != "characters":
        unit = "items"
    else:
        return Judgement(False, f"{where} {_show(value)}, which has no {check.of or 'length'}")
    length = len(value)
    has = f"{where.removesuffix(' is')} has {length} {unit}"
    return Judgement(_within(check, length), f"{has}, {_bounds(check)}")


def _within(check: RangeCheck | LengthCheck, number: float) -> bool:
    low = check.minimum is None or number >= check.minimum
    high = check.maximum is None or number <= check.maximum
    return low and high  # NaN is neither


def _bounds(check: RangeCheck | LengthCheck) -> str:
    if check.minimum is not None and check.maximum is not None:
        if check.minimum == check.maximum:
            return f"expected {check.minimum:g}"
        return f"expected {check.minimum:g} to {check.maximum:g}"
    if check.minimum is not None:
        return f"expected at least {check.minimum:g}"
    return f"expected at most {check.maximum:g}"


def _file(check: FileCheck, files: Mapping[str, FileHead]) -> Judgement:
    pattern = check.name.removeprefix("/output/")
    names = sorted(name for name in files if fnmatch.fnmatchcase(name, pattern))
    if not names:
        there = ", ".join(sorted(files)[:10]) or "none"
        return Judgement(False, f"no file {pattern} among the files of the result ({there})")
    reasons = []
    for name in names:
        reason = _why_not(check, name, files[name])
        if reason is None:
            return Judgement(True, f"{name} is there, {files[name].size} bytes")
        reasons.append(reason)
    return Judgement(False, "; ".join(reasons[:3]))


def _why_not(check: FileCheck, name: str, file: FileHead) -> str | None:
    if file.size < check.min_bytes:
        return f"{name} has {file.size} bytes, expected at least {check.min_bytes}"
    whole = len(file.head) >= file.size
    if check.media_type and not is_media_type(check.media_type, file.head, whole=whole):
        return f"the content of {name} is not {check.media_type}"
    if check.columns:
        found = _columns(file.head)
        missing = [column for column in check.columns if column not in found]
        if missing:
            return f"{name} has no column {', '.join(missing)}; it has {', '.join(found[:20])}"
    return None


def _columns(head: bytes) -> list[str]:
    lines = head.decode("utf-8-sig", "replace").splitlines()
    if not lines:
        return []
    delimiter = max(",;\t|", key=lines[0].count)
    try:
        return [
            cell.strip() for cell in next(csv.reader(io.StringIO(lines[0]), delimiter=delimiter))
        ]
    except (csv.Error, StopIteration):
        return []


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return ""


def _show(value: object) -> str:
    text = _json(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
