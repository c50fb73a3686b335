"""Find credentials in what leaves, by shapes that hardly occur otherwise. Pure."""

import re
from typing import NamedTuple

from pydantic import JsonValue

SHAPES: dict[str, re.Pattern[str]] = {
    "private key": re.compile(
        r"-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----.*?(?:-----END (?:[A-Z ]+ )?PRIVATE KEY-----|\Z)",
        re.S,
    ),
    "AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255})\b"
    ),
    "Slack token": re.compile(r"\bxox[abposr]-[A-Za-z0-9-]{10,200}"),
    "Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "model provider key": re.compile(r"\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,200}\b"),
    "JSON web token": re.compile(
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    ),
}


class Redacted(NamedTuple):
    """A value without the credentials that were in it, and what kinds they were."""

    value: JsonValue
    found: tuple[str, ...]


def redact(value: JsonValue) -> Redacted:
    """Replace every credential in a JSON value, keys of objects included, by its kind in brackets."""
    found: list[str] = []
    return Redacted(_walk(value, found), tuple(dict.fromkeys(found)))


def redact_text(text: str) -> str:
    """Replace every credential in a text."""
    return _text(text, [])


def _walk(value: JsonValue, found: list[str]) -> JsonValue:
    match value:
        case str():
            return _text(value, found)
        case dict():
            return {_text(name, found): _walk(inner, found) for name, inner in value.items()}
        case list():
            return [_walk(inner, found) for inner in value]
        case _:
            return value


def _text(text: str, found: list[str]) -> str:
    for kind, shape in SHAPES.items():
        text, times = shape.subn(f"[redacted: {kind}]", text)
        if times:
            found.append(kind)
    return text
