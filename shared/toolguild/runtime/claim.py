"""Claim check: a body too large for a message or a record is stored as an object and referred to."""

import json
from typing import Protocol

from toolguild.canonical import digest_of_bytes

LIMIT = 256 * 1024  # bytes that travel as they are
_MARK = b'{"$claim":'


class Bodies(Protocol):
    """Where large bodies are kept, by the SHA-256 of their bytes."""

    async def put(self, name: str, content: bytes, holder: str = "") -> None:
        """Store the content unless it is there; `holder` is the task or build that needs it."""
        ...

    async def get(self, name: str) -> bytes:
        """Return the content. Raises PermanentError if it is gone or damaged."""
        ...


async def pack(bodies: Bodies, data: bytes, holder: str = "") -> bytes:
    """Return the data, or a reference to it when it is large (or could be taken for a reference).

    What is stored is kept for at least as long as `holder`, a task or build; without one, for ever.
    """
    if len(data) <= LIMIT and not data.startswith(_MARK):
        return data
    sha256 = digest_of_bytes(data)
    await bodies.put(sha256, data, holder)
    return json.dumps(
        {"$claim": {"sha256": sha256, "bytes": len(data)}}, separators=(",", ":")
    ).encode()


async def unpack(bodies: Bodies, data: bytes) -> bytes:
    """Return what `pack` was given. Raises ValueError for a malformed reference."""
    if not data.startswith(_MARK):
        return data
    try:
        sha256 = json.loads(data)["$claim"]["sha256"]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("a malformed reference to a stored body") from error
    return await bodies.get(str(sha256))
