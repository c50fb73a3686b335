"""The guild's registry: tools in a JetStream bucket, read from a local catalog that follows it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from nats.js import JetStreamContext
from pydantic import ValidationError

from toolguild.canonical import Digest
from toolguild.errors import Conflict, Forged, PermanentError, TemporaryError, UsageError
from toolguild.registry.bucket import Bucket, Stored, bind, name_key, name_of, tool_key, tool_of
from toolguild.registry.catalog import Catalog
from toolguild.registry.entry import NameEntry, encode, new_entry, with_status
from toolguild.registry.follow import Follower
from toolguild.tool import Published, Signature, Tool
from toolguild.tool.record import Status

_log = logging.getLogger(__name__)
_TRIES = 20  # lost races in a row before the caller hears of it


class JetStreamRegistry(Catalog):
    """A catalog that follows the bucket, and the writes to it. A tool is written before its name, so that a
    name never points at nothing; publishing again after a crash completes what is missing."""

    def __init__(
        self,
        bucket: Bucket,
        *,
        index_path: Path | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(index_path)
        self.unreadable: dict[str, str] = {}  # key -> why; nothing of it is used
        self.changes = 0  # how often an entry has changed here
        self._bucket = bucket
        self._now = now or (lambda: datetime.now(UTC))
        self._revisions: dict[str, int] = {}
        self._follower: Follower | None = None
        self._changed = asyncio.Event()

    @property
    def behind_seconds(self) -> float:
        """How long ago the catalog was last known to be in step with the bucket; infinite if nothing follows."""
        return self._follower.behind_seconds if self._follower else float("inf")

    async def learn(self, *tools: Digest) -> None:
        """See `guild.Registry.learn`."""
        asked: set[Digest] = set()
        wanted = list(tools)
        while wanted:
            tool = wanted.pop()
            if tool in asked:
                continue
            asked.add(tool)
            entry = self.get(tool)
            if entry is None and (stored := await self._bucket.get(tool_key(tool))) is not None:
                self.apply(tool_key(tool), stored.body, stored.revision)
                entry = self.get(tool)
            if entry is not None:
                wanted += entry.tool.draft.uses.values()

    async def changed(self, since: int) -> int:
        """Return `changes` as soon as it is not `since` any more, so that nothing between two calls is missed."""
        while self.changes == since:
            await self._changed.wait()
        return self.changes

    def followed_by(self, check_seconds: float, reread_seconds: float) -> Follower:
        """Return the follower that keeps this registry in step once it runs."""
        self._follower = Follower(
            self._bucket, self, check_seconds=check_seconds, reread_seconds=reread_seconds
        )
        return self._follower

    async def publish(self, tool: Tool, publication: Signature) -> Published:
        """Write a new tool. Idempotent by digest: a tool that is there keeps its status.

        Raises Conflict when another tool has the version, which `versions` then knows; Refused when the
        signature is for something else or the record is too large; TemporaryError when the registry cannot
        be reached.
        """
        try:
            return await self._publish(tool, publication)
        except Conflict:
            await self._learn(tool.name)
            raise

    async def _publish(self, tool: Tool, publication: Signature) -> Published:
        wanted = new_entry(tool, publication, self._now())
        body, key = encode(wanted), tool_key(tool.digest)
        (await self._name(tool.name))[0].with_version(tool)  # known before anything is written
        stored = await self._bucket.get(key)
        mine = stored is None
        if stored is None:
            with contextlib.suppress(Conflict):  # somebody wrote the same bytes just now
                stored = await self._bucket.save(key, body, over=None)
            stored = stored or await self._bucket.get(key)
        if stored is None:
            raise Conflict(key)
        try:
            await self._change_name(tool.name, lambda entry: entry.with_version(tool))
        except Conflict:
            if mine:
                with contextlib.suppress(Conflict):
                    await self._bucket.drop(key, over=stored)
            raise
        self.apply(key, stored.body, stored.revision)
        return Published.model_validate_json(stored.body)

    async def set_status(self, tool: Digest, status: Status, reason: str) -> Published:
        """Change a tool's status. Raises UsageError for an unknown tool, Refused when it is revoked.

        Where somebody has forged its entry, a tool that is known here can still be revoked; else Forged is raised.
        """
        key = tool_key(tool)
        for _ in range(_TRIES):
            forged = False
            try:
                stored = await self._bucket.get(key)
            except Forged as error:
                forged = True
                if status != "revoked" or (known := self.get(tool)) is None:
                    raise
                stored = Stored(encode(known), error.revision)
            if stored is None:
                raise UsageError(f"there is no tool {tool} in the registry")
            before = Published.model_validate_json(stored.body)
            after = with_status(before, status, reason)
            if after == before and not forged:
                self.apply(key, stored.body, stored.revision)
                return after
            with contextlib.suppress(Conflict):
                self._saved(key, await self._bucket.save(key, encode(after), over=stored))
                return after
        raise Conflict(key)

    async def pin(self, name: str, version: str | None) -> None:
        """Make a version the one that its name stands for, as a roll-back does; None frees the name.

        Raises UsageError for an unknown name or version, Refused for one that may not run.
        """
        self.check_pin(name, version)
        await self._change_name(name, lambda entry: entry.with_pin(name, version))

    def apply(self, key: str, body: bytes | None, revision: int) -> None:
        """Take in an entry of the bucket. See `follow.Mirror`."""
        if self._revisions.get(key, -1) >= revision:
            return
        self._revisions[key] = revision
        self.unreadable.pop(key, None)
        try:
            self._put(key, body)
        except ValueError as error:
            _log.error("the registry's entry %s is unreadable and not used: %s", key, error)
            self.unreadable[key] = str(error)
            self._put(key, None)
        self._tell()

    def distrust(self, key: str) -> None:
        """See `Mirror.distrust`."""
        self.unreadable[key] = (
            "its record is signed by nobody who may write it, or with a key that was revoked"
        )

    def distrusted(self, name: str) -> str | None:
        """Return why the entry of a tool, by name or digest, is not used; None where it is, or there is none."""
        return self.unreadable.get(name_key(name)) or self.unreadable.get(tool_key(Digest(name)))

    def keep_only(self, keys: set[str], revision: int) -> None:
        """Forget entries that the bucket no longer has. See `follow.Mirror`."""
        for key in [
            key for key, known in self._revisions.items() if key not in keys and known <= revision
        ]:
            self._put(key, None)
            self.unreadable.pop(key, None)
            del self._revisions[key]
            self._tell()

    def _tell(self) -> None:
        self.changes += 1
        self._changed.set()  # wakes who waits now
        self._changed = asyncio.Event()

    def _put(self, key: str, body: bytes | None) -> None:
        if (tool := tool_of(key)) is not None:
            self.drop_tool(tool) if body is None else self.put_tool(tool, body)
        elif (name := name_of(key)) is not None:
            self.drop_name(name) if body is None else self.put_name(
                name, NameEntry.model_validate_json(body)
            )

    async def _learn(self, name: str) -> None:
        """Take in all versions of a name as they are now, without waiting for the watch."""
        entry, stored = await self._name(name)
        for key in (tool_key(tool) for tool in entry.versions.values()):
            if key not in self._revisions and (known := await self._bucket.get(key)):
                self.apply(key, known.body, known.revision)
        if stored is not None and stored.body:
            self._saved(name_key(name), stored)

    async def _name(self, name: str) -> tuple[NameEntry, Stored | None]:
        """Return a name's entry; where somebody has forged it, what was last known of it is to be written over."""
        try:
            stored = await self._bucket.get(name_key(name))
        except Forged as error:
            if not (known := self.name_entry(name)).versions:
                raise
            return known, Stored(b"", error.revision)
        if stored is None:
            return NameEntry(), None
        try:
            return NameEntry.model_validate_json(stored.body), stored
        except ValidationError as error:
            raise PermanentError(
                f"the registry's entry of the name {name} is unreadable: {error}"
            ) from error

    async def _change_name(self, name: str, change: Callable[[NameEntry], NameEntry]) -> None:
        for _ in range(_TRIES):
            before, stored = await self._name(name)
            after = change(before)
            if after == before and stored is not None and stored.body:
                self._saved(name_key(name), stored)
                return
            with contextlib.suppress(Conflict):
                self._saved(
                    name_key(name),
                    await self._bucket.save(name_key(name), encode(after), over=stored),
                )
                return
        raise Conflict(name_key(name))

    def _saved(self, key: str, stored: Stored) -> None:
        self.apply(key, stored.body, stored.revision)  # who writes sees it at once


@asynccontextmanager
async def open_registry(
    js: JetStreamContext,
    *,
    index_path: Path | None = None,
    check_seconds: float = 0.25,
    reread_seconds: float = 600,
    load_seconds: float = 120,
) -> AsyncIterator[JetStreamRegistry]:
    """Give a registry that has read every tool once and stays in step until the block ends.

    Raises Misconfigured when the bucket is missing, TemporaryError when it cannot be read in `load_seconds`.
    """
    bucket = await bind(js)
    registry = JetStreamRegistry(bucket, index_path=index_path)
    follower = registry.followed_by(check_seconds, reread_seconds)
    following = asyncio.create_task(follower.run(), name="follow the tools")
    ready = asyncio.create_task(follower.ready.wait())
    try:
        await asyncio.wait(
            {following, ready}, timeout=load_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if following.done():
            following.result()
        if not ready.done():
            raise TemporaryError(f"the registry could not be read within {load_seconds:g} s")
        yield registry
    finally:
        ready.cancel()
        while (
            not following.done()
        ):  # a wait inside nats-py may swallow one cancellation on Python 3.11
            following.cancel()
            await asyncio.wait({following}, timeout=0.5)
        registry.close()
        if not following.cancelled():
            following.result()  # a bug of ours must not pass unseen
