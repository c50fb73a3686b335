"""The records that this process saved last, so that its next step need not ask the bucket for them.

A record that is remembered may be behind what another replica has saved since: then saving from it raises
Conflict, and what is loaded next is what the bucket holds. Nothing may be decided from it that is not saved.
"""

from collections import OrderedDict

from toolguild.runtime.store import RecordStore

MOST = 2 * 1024 * 1024  # bytes of records that one process agent remembers; the oldest go first


class RememberedStore:
    """A store that gives what it saved last, once: the load after that asks the store behind it.

    So a step that fails in any way, or that wants to be sure, has only to load again.
    """

    def __init__(self, store: RecordStore, most: int = MOST) -> None:
        self._store = store
        self._most = most
        self._saved: OrderedDict[str, tuple[bytes, int]] = OrderedDict()
        self._size = 0

    async def load(self, key: str) -> tuple[bytes | None, int]:
        """Return what was saved here last, for the first time since; else what the store holds."""
        return self._taken(key) or await self._store.load(key)

    async def save(self, key: str, record: bytes, revision: int) -> int:
        """As the protocol says. What could not be saved is not remembered, nor what was before it."""
        self._taken(key)
        new = await self._store.save(key, record, revision)
        if len(record) <= self._most:
            self._taken(key)  # of another save that came in between
            self._saved[key] = record, new
            self._size += len(record)
        while self._size > self._most:
            self._taken(next(iter(self._saved)))
        return new

    async def keys(self) -> list[str]:
        """As the protocol says."""
        return await self._store.keys()

    def _taken(self, key: str) -> tuple[bytes, int] | None:
        found = self._saved.pop(key, None)
        self._size -= len(found[0]) if found else 0
        return found
