"""Keeping in step with the bucket: read it all, watch it, and notice when the watch has missed something."""

import asyncio
import contextlib
import logging
import time
from typing import Protocol

import nats.errors
from nats.js.kv import KV_DEL, KV_PURGE, KeyValue

from toolguild.errors import Forged, TemporaryError
from toolguild.registry.bucket import Bucket

_log = logging.getLogger(__name__)
_STALLED = 10.0  # seconds without an entry while everything is read for the first time


class Mirror(Protocol):
    """What follows the bucket."""

    def apply(self, key: str, body: bytes | None, revision: int) -> None:
        """Take in an entry, None when it was taken away. Older revisions than the known one change nothing."""
        ...

    def distrust(self, key: str) -> None:
        """Note that an entry is not genuine. What is known of it stays."""
        ...

    def keep_only(self, keys: set[str], revision: int) -> None:
        """Forget every entry that is not among `keys` and not newer than `revision`."""
        ...


class Follower:
    """Feeds a mirror. A watch resumes late after the server restarts, so its word alone is not trusted:
    the bucket's newest revision is asked for again and again, and a gap means reading everything anew."""

    def __init__(
        self,
        bucket: Bucket,
        mirror: Mirror,
        *,
        check_seconds: float = 0.25,
        reread_seconds: float = 600,
    ) -> None:
        self.ready = asyncio.Event()  # everything has been read once
        self._bucket = bucket
        self._mirror = mirror
        self._check = check_seconds
        self._reread = reread_seconds
        self._seen = 0
        self._in_step = float("-inf")

    @property
    def behind_seconds(self) -> float:
        """How long ago this was last known to be in step with the bucket."""
        return time.monotonic() - self._in_step

    async def run(self) -> None:
        """Follow until cancelled, through restarts of the server."""
        while True:
            try:
                await self._read_and_watch()
            except (TemporaryError, nats.errors.Error, TimeoutError, OSError) as error:
                _log.warning("lost sight of the tools, reading them again: %s", error)
                await asyncio.sleep(self._check)

    async def _read_and_watch(self) -> None:
        start = await self._bucket.last_revision()
        newest = await self._bucket.newest_entry()
        watcher = await self._bucket.watch()
        try:
            await self._read_all(watcher, start, newest)
            await self._watch(watcher)
        finally:
            with contextlib.suppress(nats.errors.Error, OSError):
                await watcher.stop()  # type: ignore[no-untyped-call]  # nats-py leaves it untyped

    async def _read_all(self, watcher: KeyValue.KeyWatcher, start: int, newest: int) -> None:
        """Read until the newest entry has come. The watcher's own end mark may come before any entry has."""
        keys: set[str] = set()
        reached = 0
        while reached < newest:
            entry = await _next(watcher, _STALLED)
            if entry is not None:
                self._take(entry)
                keys.add(entry.key)
                reached = entry.revision or 0
        self._mirror.keep_only(keys, start)
        self._saw(start)
        self.ready.set()

    async def _watch(self, watcher: KeyValue.KeyWatcher) -> None:
        """Take changes in until it is time to read everything again, or something was missed."""
        until = time.monotonic() + self._reread
        missed = False
        while time.monotonic() < until:
            try:
                entry = await _next(watcher, self._check)
            except TimeoutError:
                if await self._bucket.last_revision() <= self._seen:
                    self._in_step, missed = time.monotonic(), False
                elif missed:  # it had a whole check's time to arrive
                    _log.warning("the watch on the tools missed a change, reading them again")
                    return
                else:
                    missed = True
            else:
                if entry is not None:
                    self._take(entry)

    def _take(self, entry: KeyValue.Entry) -> None:
        gone = entry.operation in (KV_DEL, KV_PURGE)
        revision = entry.revision or 0
        if entry.operation == Forged.code:
            self._mirror.distrust(entry.key)
            self._saw(revision)
            return
        self._mirror.apply(entry.key, None if gone else entry.value or b"", revision)
        self._saw(revision)

    def _saw(self, revision: int) -> None:
        self._seen = max(self._seen, revision)
        self._in_step = time.monotonic()


async def _next(watcher: KeyValue.KeyWatcher, timeout: float) -> KeyValue.Entry | None:
    """Return the next entry, or None for the watcher's end mark. Raises TimeoutError.

    The watcher's own time-out is `asyncio.wait_for`, which on Python 3.11 can swallow a cancellation.
    """
    async with asyncio.timeout(timeout):
        async for entry in watcher:
            if entry is not None and not isinstance(entry, KeyValue.Entry):
                raise TypeError(f"the watch gave {entry!r}")
            return entry
    raise TemporaryError("the watch on the tools has ended")
