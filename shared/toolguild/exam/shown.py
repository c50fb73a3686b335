"""Values as people and models get to see them, and as reports keep them: bounded, whatever they are."""

import json
from typing import cast

from pydantic import JsonValue

from toolguild.canonical import canonical, digest_of_bytes

MAX_KEPT = 16 * 1024  # bytes of one answer in a report


def shown(value: object, limit: int = 200) -> str:
    """Return a value as JSON text of at most `limit` characters. Never raises."""
    if isinstance(value, str) and len(value) > limit:
        value = value[:limit]
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (ValueError, RecursionError, TypeError):
        text = f"a {type(value).__name__} that JSON cannot hold"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def kept(value: object, limit: int = MAX_KEPT) -> JsonValue:
    """Return the value itself if a signed report can hold it, else a text that stands for it.

    Canonical JSON has no NaN, no lone surrogate and no integer beyond 2**53; large values are
    replaced by their size and digest, so that equal answers still look equal.
    """
    try:
        data = canonical(value)
    except (ValueError, TypeError, RecursionError, AttributeError):
        return f"(not canonical JSON: {shown(value)})"
    if len(data) > limit:
        return f"({len(data)} bytes of JSON, SHA-256 {digest_of_bytes(data)})"
    return cast(JsonValue, value)
