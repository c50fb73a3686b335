"""Claims: who may begin an effect that must never happen twice."""

import secrets
from functools import partial

from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from toolguild.canonical import digest_of_bytes
from toolguild.runtime.retry import retried

_WRONG_LAST = (10071, 10164)  # error codes of JetStream, which nats-py maps for writes only


class BucketClaims:
    """Claims in a bucket: written by compare-and-swap, so that of all replicas exactly one is first."""

    def __init__(self, kv: KeyValue) -> None:
        self._kv = kv

    async def claim(self, key: str) -> bool:
        """As the protocol says. Raises TemporaryError when the bucket cannot be reached, Forged when what is
        there, a claim or that it was taken back, is not from one who may write it."""
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
        while (entry := await self._entry(name)) is not None:
            try:
                await retried(partial(self._delete, name, entry.revision or 0), "take back a claim")
            except KeyWrongLastSequenceError:
                continue  # it is gone, if only the answer to a first attempt was lost
            return

    async def _delete(self, name: str, revision: int) -> None:
        try:
            await self._kv.delete(name, last=revision)
        except APIError as error:
            if error.err_code in _WRONG_LAST:
                raise KeyWrongLastSequenceError(description=error.description) from error
            raise

    async def _holder(self, name: str) -> bytes | None:
        entry = await self._entry(name)
        return None if entry is None else entry.value

    async def _entry(self, name: str) -> KeyValue.Entry | None:
        try:
            return await retried(lambda: self._kv.get(name), "read a claim")
        except KeyNotFoundError:
            return None


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
