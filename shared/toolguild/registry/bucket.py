"""The `tools` bucket: compare-and-swap on its entries, with errors that say what happens next."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import (
    APIError,
    BucketNotFoundError,
    InvalidKeyError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NotFoundError,
)
from nats.js.kv import KeyValue

from toolguild.canonical import Digest
from toolguild.errors import Conflict, Forged, Misconfigured, TemporaryError

BUCKET = "tools"
_TOOL, _NAME = "tool.", "name."


@dataclass(frozen=True)
class Stored:
    """The bytes of an entry and the revision that a compare-and-swap has to name; no bytes where it is forged."""

    body: bytes
    revision: int


class Bucket:
    """Entries by key. Whatever is not an answer of the server raises TemporaryError: never "there is none"."""

    def __init__(self, js: JetStreamContext, kv: KeyValue) -> None:
        self._js = js
        self._kv = kv

    async def get(self, key: str) -> Stored | None:
        """Return an entry, or None when the server says that there is none.

        Raises Forged for one that is not from who may write it, as every reading of a bucket does.
        """
        async with _wrapped(key):
            try:
                entry = await self._kv.get(key)
            except (KeyNotFoundError, InvalidKeyError):
                return None
            return Stored(entry.value or b"", entry.revision or 0)

    async def save(self, key: str, body: bytes, *, over: Stored | None) -> Stored:
        """Write an entry over the one that was read, or a new one. Raises Conflict when it has changed since."""
        async with _wrapped(key):
            try:
                if over is None:
                    revision = await self._kv.create(key, body)
                else:
                    revision = await self._kv.update(key, body, last=over.revision)
            except KeyWrongLastSequenceError as error:
                raise Conflict(key) from error
            return Stored(body, revision)

    async def drop(self, key: str, *, over: Stored) -> None:
        """Take an entry away, unless it has changed since it was read: then Conflict is raised."""
        async with _wrapped(key):
            try:
                await self._kv.delete(key, last=over.revision)
            except (KeyWrongLastSequenceError, APIError) as error:
                raise Conflict(key) from error

    async def last_revision(self) -> int:
        """Return the revision of the newest write to any entry."""
        async with _wrapped("the bucket"):
            return (await self._kv.status()).stream_info.state.last_seq

    async def newest_entry(self) -> int:
        """Return the revision of the newest entry that a watch will give, 0 when there is none."""
        async with _wrapped("the bucket"):
            try:
                message = await self._js.get_last_msg(f"KV_{BUCKET}", f"$KV.{BUCKET}.>")
            except NotFoundError:
                return 0
            except Forged as error:
                return error.revision  # the watch gives it all the same
            return message.seq or 0

    async def watch(self) -> KeyValue.KeyWatcher:
        """Return every entry as it is, oldest write first, then every change; None somewhere in between.

        One that is forged comes with the operation "forged".
        """
        async with _wrapped("the bucket"):
            return await self._kv.watchall()


async def bind(js: JetStreamContext) -> Bucket:
    """Return the bucket. Raises Misconfigured when nobody has made it."""
    async with _wrapped("the bucket"):
        try:
            return Bucket(js, await js.key_value(BUCKET))
        except (BucketNotFoundError, NotFoundError) as error:
            raise Misconfigured(
                f"there is no key-value bucket {BUCKET!r} on this NATS server; `toolguild up` makes it"
            ) from error


def tool_key(tool: Digest) -> str:
    """Return the key of a tool's entry."""
    return f"{_TOOL}{tool}"


def name_key(name: str) -> str:
    """Return the key of a name's entry."""
    return f"{_NAME}{name}"


def tool_of(key: str) -> Digest | None:
    """Return the digest that a key is about, if it is about a tool."""
    return Digest(key.removeprefix(_TOOL)) if key.startswith(_TOOL) else None


def name_of(key: str) -> str | None:
    """Return the name that a key is about, if it is about a name."""
    return key.removeprefix(_NAME) if key.startswith(_NAME) else None


@asynccontextmanager
async def _wrapped(key: str) -> AsyncIterator[None]:
    try:
        yield
    except (nats.errors.Error, TimeoutError, OSError) as error:
        why = str(error) or type(error).__name__
        raise TemporaryError(f"the registry cannot be reached ({key}): {why}", after=1.0) from error
