"""Where processes keep their records: a JetStream bucket, or memory in tests."""

from typing import Any, Protocol

from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NoKeysError
from nats.js.kv import KeyValue

from toolguild.errors import Conflict
from toolguild.runtime import claim
from toolguild.runtime.claim import Bodies
from toolguild.runtime.retry import retried


class RecordStore(Protocol):
    """Records by key, each with a revision. A write names the revision that it replaces."""

    async def load(self, key: str) -> tuple[bytes | None, int]:
        """Return the record and its revision; None and 0 if there is none."""
        ...

    async def save(self, key: str, record: bytes, revision: int) -> int:
        """Return the new revision. Raises Conflict if `revision` is no longer the newest."""
        ...

    async def keys(self) -> list[str]:
        """Return the keys of all records, sorted."""
        ...


def bucket(js: JetStreamContext, name: str) -> KeyValue:
    """Return a bucket of the topology without asking the server whether it exists."""
    return KeyValue(name=name, stream=f"KV_{name}", pre=f"$KV.{name}.", js=js, direct=False)


async def keys_of(kv: KeyValue) -> list[str]:
    """Return the keys of a bucket, in no order.

    On a busy machine nats-py calls a bucket empty whose entries it was sent, and had not looked at yet: so what it
    says of an empty one is held against what the server counts.
    """
    while True:
        try:
            return list(await kv.keys())
        except NoKeysError:
            if not await _has_any(kv):
                return []


async def _has_any(kv: KeyValue) -> bool:
    """Whether a bucket has an entry that is not deleted. Raises TimeoutError when it is not told."""
    watcher: Any = await kv.watchall(meta_only=True)  # nats-py leaves its methods untyped
    try:
        told = await watcher._sub.consumer_info()
        left = (told.num_pending or 0) + (told.delivered.consumer_seq if told.delivered else 0)
        while left > 0:
            entry = await watcher.updates()
            if entry is None:  # all that has been looked at by now
                continue
            if entry.operation is None:
                return True
            left -= 1
        return False
    finally:
        await watcher.stop()


class BucketStore:
    """Records in a bucket; large ones in the object store, which the bucket then refers to."""

    def __init__(self, kv: KeyValue, bodies: Bodies) -> None:
        self._kv = kv
        self._bodies = bodies

    async def load(self, key: str) -> tuple[bytes | None, int]:
        try:
            entry = await retried(lambda: self._kv.get(key), f"load record {key}")
        except KeyNotFoundError as error:
            return None, (error.entry.revision or 0) if error.entry else 0
        return await claim.unpack(self._bodies, entry.value or b""), entry.revision or 0

    async def save(self, key: str, record: bytes, revision: int) -> int:
        """Save; a repeat of a save whose answer was lost ends in Conflict, and loading again shows why."""
        packed = await claim.pack(self._bodies, record, key)
        try:
            return await retried(
                lambda: self._kv.update(key, packed, last=revision), f"save record {key}"
            )
        except KeyWrongLastSequenceError as error:
            raise Conflict(key) from error

    async def keys(self) -> list[str]:
        return sorted(await retried(lambda: keys_of(self._kv), "list records"))


class MemoryStore:
    """Records in memory, with the same promises."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[bytes, int]] = {}

    async def load(self, key: str) -> tuple[bytes | None, int]:
        return self._records.get(key, (None, 0))

    async def save(self, key: str, record: bytes, revision: int) -> int:
        if revision != self._records.get(key, (b"", 0))[1]:
            raise Conflict(key)
        self._records[key] = record, revision + 1
        return revision + 1

    async def keys(self) -> list[str]:
        return sorted(self._records)
