"""Taking the answer out of what a model wrote. Pure.

Small local models wrap JSON in prose and fences, leave trailing commas and break lines inside strings: what is
certain is mended here, and what is not is asked again with the reason.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

A = TypeVar("A", bound=BaseModel)

MAX_REPLY = 1_000_000  # characters that are looked at
MAX_COMPLAINTS = 10
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.M | re.S)
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.S)
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(\s*[}\]])', re.S)
_PROSE = re.compile(r"(?:[-*] |\d+\. )?[A-Z*`][^={};]*\s\S+\s[^={};]*[.:!?]\s*\Z", re.S)
_MAX_STARTS = 50  # brackets at which an answer is looked for


class Unusable(Exception):
    """The reply is no answer; `complaints` say why, in words for the model."""

    def __init__(self, complaints: Sequence[str]) -> None:
        super().__init__("; ".join(complaints))
        self.complaints = tuple(complaints)


def read_json(text: str) -> Any:
    """Return the JSON object or array in a reply. Raises Unusable if there is none."""
    text = _THOUGHT.sub("", text[:MAX_REPLY])
    for candidate in _candidates(text):
        try:
            return _loads(candidate)
        except (ValueError, RecursionError):
            continue
    raise Unusable(["the reply holds no complete JSON object"])


def read_answer(text: str, answer: type[A]) -> A:
    """Return the reply as a valid answer. Raises Unusable with what is wrong, field by field."""
    value = read_json(text)
    try:
        return answer.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise Unusable([_complaint(dict(e)) for e in error.errors()[:MAX_COMPLAINTS]]) from error


def read_code(text: str) -> str:
    """Return the source code in a reply: its largest fenced block, else all but the prose around it.

    Raises Unusable when nothing is left.
    """
    text = _THOUGHT.sub("", text[:MAX_REPLY]).replace("\r\n", "\n")
    blocks = [match.group(2) for match in _FENCE.finditer(text)]
    code = max(blocks, key=len) if blocks else _without_prose(text)
    code = code.strip("\n").rstrip()
    if not code.strip():
        raise Unusable(["the reply holds no code"])
    return code + "\n"


def _without_prose(text: str) -> str:
    """Drop whole paragraphs of sentences at the start and at the end."""
    paragraphs = re.split(r"\n[ \t]*\n", text.strip("\n"))
    while len(paragraphs) > 1 and _PROSE.match(paragraphs[0].strip()):
        paragraphs.pop(0)
    while len(paragraphs) > 1 and _PROSE.match(paragraphs[-1].strip()):
        paragraphs.pop()
    return "\n\n".join(paragraphs)


def _candidates(text: str) -> Iterator[str]:
    yield text
    yield from sorted((m.group(2) for m in _FENCE.finditer(text)), key=len, reverse=True)
    starts = [match.start() for match in re.finditer(r"[{\[]", text)][:_MAX_STARTS]
    yield from (text[start:] for start in starts)


def _loads(text: str) -> Any:
    text = text.strip()
    try:
        return _decode(text)
    except ValueError:
        return _decode(_TRAILING_COMMA.sub(lambda m: m.group(1) or m.group(2), text))


def _decode(text: str) -> Any:
    """Decode the JSON value at the start of the text; what follows it is prose."""
    if not text.startswith(("{", "[")):
        raise ValueError("no object or array")
    decoder = json.JSONDecoder(strict=False, parse_constant=_no_constant)
    return decoder.raw_decode(text)[0]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _complaint(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "the answer"
    got = json.dumps(error.get("input"), default=str)
    return f"{place}: {error['msg']} (got {got if len(got) <= 120 else got[:120] + '...'})"
