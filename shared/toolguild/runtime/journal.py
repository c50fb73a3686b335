"""The journal: an effect that succeeded once is remembered, so that a redelivery does not pay again."""

from collections.abc import Awaitable, Callable
from functools import partial

from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from toolguild.canonical import digest_of_bytes
from toolguild.errors import Forged
from toolguild.runtime import claim
from toolguild.runtime.claim import Bodies
from toolguild.runtime.locks import Locks
from toolguild.runtime.retry import retried

_TRIES = 5  # to put an outcome where somebody else writes again and again
Effect = Callable[[], Awaitable[bytes]]


class BucketJournal:
    """A journal in a bucket. Of two replicas that ran one effect at once, the first to write is right.

    What is there and not from the service that asks counts as nothing: to pay again is dear, to believe it is
    dangerous. It is then replaced.
    """

    def __init__(self, kv: KeyValue, bodies: Bodies) -> None:
        self._kv = kv
        self._bodies = bodies
        self._running = Locks()
        self._unwritten: dict[str, bytes] = {}  # what was paid for while the bucket took nothing

    async def once(self, key: str, effect: Effect) -> bytes:
        """Return what `effect` gave when it first succeeded under this key; run it if it never did.

        An outcome that could not be written is kept in memory, and only written when it is asked for
        again. Raises what `effect` raises, and TemporaryError when the journal cannot be reached.
        """
        name = digest_of_bytes(key.encode())
        # The same message may come again while its effect still runs: a restarted server, a late
        # heartbeat.
        async with self._running.of(name):
            known, revision = await self._read(name)
            if known is None:
                if name not in self._unwritten:
                    self._unwritten[name] = await effect()
                known = await self._write(name, self._unwritten[name], revision)
            self._unwritten.pop(name, None)
            return await claim.unpack(self._bodies, known)

    async def known(self, key: str) -> bytes | None:
        """Return what is remembered under a key, or None."""
        found, _ = await self._read(digest_of_bytes(key.encode()))
        return None if found is None else await claim.unpack(self._bodies, found)

    async def _read(self, name: str) -> tuple[bytes | None, int]:
        """Return what is remembered, and the revision to replace where nothing is."""
        try:
            entry = await retried(lambda: self._kv.get(name), "read the journal")
        except KeyNotFoundError as error:
            return None, (error.entry.revision or 0) if error.entry else 0
        except Forged as error:
            return None, error.revision
        return entry.value or b"", entry.revision or 0

    async def _write(self, name: str, outcome: bytes, revision: int) -> bytes:
        packed = await claim.pack(self._bodies, outcome)
        for _ in range(_TRIES):
            try:
                await retried(
                    partial(self._kv.update, name, packed, last=revision), "write the journal"
                )
            except KeyWrongLastSequenceError:
                theirs, revision = await self._read(name)
                if theirs is not None:
                    return theirs
            else:
                return packed
        return packed  # it is what happened, whoever keeps it from being remembered


class MemoryJournal:
    """A journal in memory, with the same promises."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        self._running = Locks()

    async def once(self, key: str, effect: Effect) -> bytes:
        """As the protocol says."""
        async with self._running.of(key):
            if key not in self._known:
                self._known[key] = await effect()
            return self._known[key]
