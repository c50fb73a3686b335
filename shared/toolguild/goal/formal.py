"""Turning a criterion in plain English into a check, where its meaning is beyond doubt.

Every rule matches the whole sentence. A sentence with more in it than a rule knows is left to a
model: judging less than what was asked would be worse than not judging.
"""

import json
import re
from collections.abc import Callable

from toolguild.goal.check import (
    Check,
    ContainsCheck,
    EqualsCheck,
    FileCheck,
    LengthCheck,
    RangeCheck,
    SchemaCheck,
)

_ANSWER = r"(?:the |its )?(?:final )?(?:answer|result|output|return value|returned value|value)"
_IS = r"(?: is| must be| should be| has to be| shall be)"
_HAS = (
    r"(?: has| have| must have| should have| has to have| contains| must contain| should contain)"
)
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_COUNT = r"(\d{1,9}|one|two|three|four|five|six|seven|eight|nine|ten)"
_ITEMS = r"(?: (?:items?|rows?|entries|entry|elements?|records?|values?|keys?))"
_FILE = r"[\"'`]?([\w*?][\w.*?-]{0,100}\.[A-Za-z0-9]{1,8})[\"'`]?"
_MADE = (
    r"(?: (?:exists|is (?:there|present|written|created|produced|saved|generated|made)"
    r"|must exist|should exist|must be (?:written|created|produced|saved|present))"
    r"(?: (?:in|to|under) /?output/?)?)"
)
_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_TYPES: dict[str, dict[str, object]] = {
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "whole number": {"type": "integer"},
    "string": {"type": "string"},
    "text": {"type": "string"},
    "list": {"type": "array"},
    "array": {"type": "array"},
    "object": {"type": "object"},
    "json object": {"type": "object"},
    "dictionary": {"type": "object"},
    "boolean": {"type": "boolean"},
    "positive number": {"type": "number", "exclusiveMinimum": 0},
    "positive integer": {"type": "integer", "exclusiveMinimum": 0},
    "non-negative number": {"type": "number", "minimum": 0},
    "non-negative integer": {"type": "integer", "minimum": 0},
    "list of numbers": {"type": "array", "items": {"type": "number"}},
    "list of integers": {"type": "array", "items": {"type": "integer"}},
    "list of strings": {"type": "array", "items": {"type": "string"}},
    "list of objects": {"type": "array", "items": {"type": "object"}},
}
_MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SIZES = {"at least": (1, 0), "no fewer than": (1, 0), "no less than": (1, 0), "exactly": (1, 1)}
_SIZES |= {"at most": (0, 1), "no more than": (0, 1), "": (1, 1)}

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Check | None]]


def formalise(text: str) -> Check | None:
    """Return the check that says the same as the sentence, or None when a model has to judge it."""
    sentence = " ".join(text.split()).rstrip(".! ")
    if len(sentence) > 300:
        return None
    for pattern, make in _RULES:
        match = pattern.fullmatch(sentence)
        if match is not None:
            return make(match)
    return None


def _type(match: re.Match[str]) -> Check | None:
    schema = _TYPES.get(match[1].lower())
    return None if schema is None else SchemaCheck(json_schema=dict(schema))


def _equals(match: re.Match[str]) -> Check | None:
    raw = match[1]
    if raw[0] in "'\u201c`":
        return EqualsCheck(value=raw[1:-1])
    try:
        return EqualsCheck(value=json.loads(raw))
    except ValueError:
        return None


def _between(match: re.Match[str]) -> Check | None:
    low, high = sorted((float(match[1]), float(match[2])))
    return RangeCheck(minimum=low, maximum=high)


def _bound(match: re.Match[str]) -> Check | None:
    word, number = match[1].lower(), float(match[2])
    if word in ("at least", "no less than"):
        return RangeCheck(minimum=number)
    if word in ("at most", "no more than"):
        return RangeCheck(maximum=number)
    key = (
        "exclusiveMinimum" if word in ("greater than", "more than", "over") else "exclusiveMaximum"
    )
    return SchemaCheck(json_schema={"type": "number", key: number})


def _size(match: re.Match[str]) -> Check | None:
    word = (match[1] or "").strip().lower()
    count = float(_WORDS.get(match[2].lower(), 0) or match[2])
    low, high = _SIZES[word]
    unit = "characters" if "character" in match[0].lower() else "items"
    return LengthCheck(
        minimum=count if low else None,
        maximum=count if high else None,
        of="characters" if unit == "characters" else "items",
    )


def _not_empty(_match: re.Match[str]) -> Check | None:
    return LengthCheck(minimum=1)


def _keys(match: re.Match[str]) -> Check | None:
    names = _names(match[1])
    if names is None:
        return None
    return SchemaCheck(json_schema={"type": "object", "required": list(names)})


def _contains(match: re.Match[str]) -> Check | None:
    return ContainsCheck(text=match[1])


def _file(match: re.Match[str]) -> Check | None:
    return _file_check(match[1], ())


def _file_with_columns(match: re.Match[str]) -> Check | None:
    names = _names(match[2])
    return None if names is None else _file_check(match[1], names)


def _some_file(match: re.Match[str]) -> Check | None:
    kind = match[1].lower()
    if kind not in _MEDIA_TYPES:
        return None
    return FileCheck(name=f"*.{kind}", media_type=_MEDIA_TYPES[kind])


def _file_check(name: str, columns: tuple[str, ...]) -> Check:
    kind = _MEDIA_TYPES.get(name.rsplit(".", 1)[-1].lower())
    return FileCheck(name=name, media_type=kind, columns=columns)


def _names(text: str) -> tuple[str, ...] | None:
    """Split "a, b and c"; None where a part is more than a name."""
    parts = [part.strip(" \"'`") for part in re.split(r",\s*and\s+|,|\s+and\s+", text)]
    plain = all(re.fullmatch(r"\w[\w-]{0,60}", part) for part in parts)
    return tuple(parts) if plain else None


def _rule(pattern: str, make: Callable[[re.Match[str]], Check | None]) -> Rule:
    return re.compile(pattern, re.IGNORECASE), make


_HOW_MANY = r"(at least |at most |exactly |no more than |no fewer than |no less than )?"
_RULES: tuple[Rule, ...] = (
    _rule(rf"{_ANSWER}{_IS} an? ([a-z -]+)", _type),
    _rule(rf"{_ANSWER}{_IS} between {_NUMBER} and {_NUMBER}", _between),
    _rule(
        rf"{_ANSWER}{_IS} (at least|at most|no less than|no more than|greater than|more than|over"
        rf"|less than|below|under) {_NUMBER}",
        _bound,
    ),
    _rule(
        rf"{_ANSWER}(?:{_IS}(?: exactly| equal to)?| equals| must equal| should equal)"
        rf" ({_NUMBER[1:-1]}|true|false|null|\"[^\"]*\"|'[^']*'|`[^`]*`|[\[{{].*[\]}}])",
        _equals,
    ),
    _rule(rf"{_ANSWER}(?:{_IS} not empty|{_IS} non-empty| must not be empty)", _not_empty),
    _rule(rf"{_ANSWER}{_HAS} {_HOW_MANY}{_COUNT}(?:{_ITEMS}| characters?)", _size),
    _rule(rf"{_ANSWER}{_IS} a list (?:of|with) {_HOW_MANY}{_COUNT}{_ITEMS}", _size),
    _rule(rf"{_ANSWER}{_HAS} (?:the )?(?:keys?|fields?|propert(?:y|ies)):? (.+)", _keys),
    _rule(
        rf"{_ANSWER}(?: contains| includes| mentions| must contain| should contain| must include"
        r"| must mention)(?: the)?(?: words?| text| string| phrase)?"
        r" [\"'`\u201c]([^\"'`\u201c\u201d]+)[\"'`\u201d]",
        _contains,
    ),
    _rule(rf"(?:an? |the )?(?:\w+ )?file(?: named| called)? {_FILE}{_MADE}", _file),
    _rule(rf"{_FILE}{_MADE}", _file),
    _rule(rf"there is an? (?:\w+ )?file(?: named| called)? {_FILE}", _file),
    _rule(
        rf"(?:it )?(?:writes|creates|produces|saves) (?:an? |the )?(?:\w+ )?(?:file )?"
        rf"(?:named |called )?{_FILE}",
        _file,
    ),
    _rule(
        rf"(?:an? |the )?(?:\w+ )?(?:file )?(?:named |called )?{_FILE}"
        rf"(?:{_MADE} with| has) the columns?:? (.+)",
        _file_with_columns,
    ),
    _rule(rf"an? (\w+) file{_MADE}", _some_file),
)
