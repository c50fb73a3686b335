"""Claims: who may begin an effect that must never happen twice."""

import secrets

from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from toolguild.canonical import digest_of_bytes
from toolguild.runtime.retry import retried


class BucketClaims:
    """Claims in a bucket: written by compare-and-swap, so that of all replicas exactly one is first."""

    def __init__(self, kv: KeyValue) -> None:
        self._kv = kv

    async def claim(self, key: str) -> bool:
        """As the protocol says. Raises TemporaryError when the bucket cannot be reached."""
        name, mine = digest_of_bytes(key.encode()), secrets.token_bytes(16)
        try:
            await retried(lambda: self._kv.create(name, mine), "write a claim")
        except KeyWrongLastSequenceError:
            # Ours all the same, if only the answer to a first attempt was lost.
            return await self._holder(name) == mine
        return True

    async def release(self, key: str) -> None:
        """As the protocol says. Raises TemporaryError when the bucket cannot be reached."""
        name = digest_of_bytes(key.encode())
        await retried(lambda: self._kv.delete(name), "take back a claim")

    async def _holder(self, name: str) -> bytes | None:
        try:
            entry = await retried(lambda: self._kv.get(name), "read a claim")
        except KeyNotFoundError:
            return None
        return entry.value


class MemoryClaims:
    """Claims in memory, with the same promises."""

    def __init__(self) -> None:
        self._claimed: set[str] = set()

    async def claim(self, key: str) -> bool:
        """As the protocol says."""
        first = key not in self._claimed
        self._claimed.add(key)
        return first

    async def release(self, key: str) -> None:
        """As the protocol says."""
        self._claimed.discard(key)
