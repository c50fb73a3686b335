"""One lock for each key, for as long as somebody holds or awaits it."""

import asyncio
from weakref import WeakValueDictionary


class Locks:
    """`async with locks.of(key)`: within this process, one at a time for each key."""

    def __init__(self) -> None:
        self._held: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Lock:
        """Return the lock of a key: the same one for all who hold or await it now."""
        return self._held.setdefault(key, asyncio.Lock())
