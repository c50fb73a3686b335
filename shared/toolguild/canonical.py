"""One byte sequence for one JSON value (RFC 8785), and the digest that names it."""

import hashlib
from typing import Any, NewType, cast

import rfc8785
from pydantic import BaseModel

Digest = NewType("Digest", str)  # 64 hexadecimal digits: the SHA-256 of canonical bytes


def canonical(value: object) -> bytes:
    """Return the RFC 8785 bytes of a JSON value or a model.

    Raises ValueError where JSON has no such value: NaN, infinity, integers beyond 2**53, other types.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    try:
        return rfc8785.dumps(cast("Any", plain))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise ValueError(f"not canonical JSON: {error}") from error


def digest(value: object) -> Digest:
    """Return the SHA-256 of the canonical bytes, in hexadecimal."""
    return digest_of_bytes(canonical(value))


def digest_of_bytes(data: bytes) -> Digest:
    """Return the SHA-256 of the bytes themselves, in hexadecimal."""
    return Digest(hashlib.sha256(data).hexdigest())
