"""The bytes that are hashed: RFC 8785 for the few kinds of value that the chain has."""

import json
from collections.abc import Mapping
from typing import Any

from toolguild.canonical import Digest, digest_of_bytes

MOST = 2**53 - 1  # the largest integer that every reader of JSON knows exactly


def encode(value: object) -> bytes:
    """Return the canonical bytes of a record of the chain.

    The chain holds objects with ASCII keys, arrays, strings, integers, true, false and null, and nothing else; for
    these Python's own encoder writes what RFC 8785 wants, many times faster than a general one. Raises
    ValueError for anything else.
    """
    _plain(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a string of a record is no Unicode text") from error


def decode(data: bytes) -> dict[str, Any]:
    """Return the record in canonical bytes.

    Raises ValueError when they are no JSON object, or not the very bytes that `encode` writes for it: of
    one record there is one form, so that no byte of it can be changed without a trace.
    """
    try:
        value = json.loads(data, object_pairs_hook=_object)
        same = encode(value) == data
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    if not same:
        raise ValueError("it is not in canonical form")
    return value


def digest(value: Mapping[str, Any]) -> Digest:
    """Return the SHA-256 of a record's canonical bytes, in hexadecimal."""
    return digest_of_bytes(encode(value))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _plain(value: object) -> None:
    match value:
        case None | bool() | str():
            return
        case int() if -MOST <= value <= MOST:
            return
        case list() | tuple():
            for inner in value:
                _plain(inner)
        case dict():
            for key, inner in value.items():
                if not isinstance(key, str) or not key.isascii():
                    raise ValueError(f"a record has no such key: {key!r}")
                _plain(inner)
        case _:
            raise ValueError(f"a record has no such value: {value!r:.80}")
