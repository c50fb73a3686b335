"""The object store, read chunk by chunk with direct gets.

nats-py's own reader answers flow control on a poll of 250 ms (10 MB took 523 ms) and does not survive
a reconnect. A direct get is one request for one chunk: it can be repeated, and it reads ahead of nobody.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import ObjectInfo, ObjectMetaOptions
from nats.js.errors import NotFoundError
from nats.js.object_store import ObjectStore

from toolguild.errors import PermanentError
from toolguild.runtime.holders import Holders
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import ARTIFACTS

CHUNK = 512 * 1024  # bytes; one disk write each
_ROLLUP = {"Nats-Rollup": "sub"}  # the last word on a name replaces those before it


class Objects:
    """Named immutable bytes in one object store. Names are the SHA-256 of the content."""

    def __init__(
        self, js: JetStreamContext, bucket: str = ARTIFACTS, *, purges: bool = True
    ) -> None:
        self._purges = purges  # whether we may: else a chunk is replaced by nothing
        self._js = js
        self._bucket = bucket
        self._stream = f"OBJ_{bucket}"
        self.holders = Holders(js)
        self._store = ObjectStore(name=bucket, stream=self._stream, js=js)

    async def _known(self, name: str) -> ObjectInfo | None:
        try:
            return await self._store.get_info(name)
        except NotFoundError:
            return None

    async def put(self, name: str, content: bytes | Path, holder: str = "") -> None:
        """Store content under its SHA-256, unless it is there. A file is read in chunks.

        `holder` is the task or build that needs it from now on.

        Raises TemporaryError when the store cannot be reached or has no room, PermanentError when
        the content is not what its name says.
        """

        if holder:  # before looking: what is held is not deleted
            await self.holders.hold((name,), holder)
        if await retried(lambda: self._known(name), f"look up object {name[:12]}") is None:
            await self._put(name, content)

    async def _put(self, name: str, content: bytes | Path) -> None:
        """Write chunks and then what names them, each again under its id until the server has it.

        nats-py's own `put` takes the chunks away again when the answer to the last message is late, though
        that message may be in the store by then: an object that is there and has lost its content.
        """
        nuid = uuid4().hex
        sha, size, chunks = hashlib.sha256(), 0, 0
        try:
            async for chunk in _chunks_of(content):
                chunks, size = chunks + 1, size + len(chunk)
                sha.update(chunk)
                await self._write(f"C.{nuid}", chunk, f"{nuid}.{chunks}", name)
            if sha.hexdigest() != name:
                raise PermanentError("a file changed while it was being stored; try again")
        except BaseException:
            with suppress(
                TimeoutError, nats.errors.Error
            ):  # nothing names them: they are only in the way
                await self._clear(f"$O.{self._bucket}.C.{nuid}")
            raise
        info = ObjectInfo(
            name=name,
            bucket=self._bucket,
            nuid=nuid,
            size=size,
            chunks=chunks,
            digest=f"SHA-256={base64.urlsafe_b64encode(sha.digest()).decode()}",
            options=ObjectMetaOptions(max_chunk_size=CHUNK),
            mtime=datetime.now(UTC).isoformat(),
        )
        named = f"M.{base64.urlsafe_b64encode(name.encode()).decode()}"
        await self._write(named, json.dumps(info.as_dict()).encode(), nuid, name, _ROLLUP)

    async def _clear(self, subject: str) -> None:
        if self._purges:
            await self._js.purge_stream(self._stream, subject=subject)
        else:
            await self._js.publish(subject, b"", headers=_ROLLUP)

    async def _write(
        self, subject: str, data: bytes, id_: str, name: str, more: Mapping[str, str] | None = None
    ) -> None:
        headers = {"Nats-Msg-Id": id_, **(more or {})}
        await retried(
            lambda: self._js.publish(f"$O.{self._bucket}.{subject}", data, headers=headers),
            f"store object {name[:12]}",
        )

    async def delete(self, name: str) -> int:
        """Delete an object and return how many bytes it had; 0 if it is not there."""
        info = await retried(lambda: self._known(name), f"look up object {name[:12]}")
        if info is None or info.deleted:
            return 0
        await retried(lambda: self._store.delete(name), f"delete object {name[:12]}")
        return info.size or 0

    async def get(self, name: str) -> bytes:
        """Return a whole object. Raises as `chunks` does."""
        return b"".join([chunk async for chunk in self.chunks(name)])

    async def chunks(self, name: str, limit: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield an object's bytes; with `limit`, stop after that many. A whole object is checked.

        Raises PermanentError if it is not there or not what its name says, TemporaryError if the
        store cannot be reached.
        """
        info = await retried(lambda: self._known(name), f"look up object {name[:12]}")
        if info is None:
            raise PermanentError(f"object {name[:12]} is not in the store")
        subject = f"$O.{self._bucket}.C.{info.nuid}"
        sequence, size, sha = 1, 0, hashlib.sha256()
        for _ in range(info.chunks or 0):
            data, at = await self._next(subject, sequence)
            sequence, size = at + 1, size + len(data)
            sha.update(data)
            yield data
            if limit is not None and size >= limit:
                return
        if sha.hexdigest() != name:
            raise PermanentError(f"object {name[:12]} is damaged in the store")

    async def _next(self, subject: str, sequence: int) -> tuple[bytes, int]:
        async def read() -> tuple[bytes, int]:
            raw = await self._js.get_msg(
                self._stream, seq=sequence, subject=subject, direct=True, next=True
            )
            return raw.data or b"", raw.seq or 0

        try:
            return await retried(read, "read a chunk")
        except NotFoundError as error:
            raise PermanentError("an object in the store has lost a chunk") from error


async def _chunks_of(content: bytes | Path) -> AsyncGenerator[bytes, None]:
    if isinstance(content, bytes):
        for start in range(0, len(content), CHUNK):
            yield content[start : start + CHUNK]
        return
    file = await asyncio.to_thread(content.open, "rb")
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
