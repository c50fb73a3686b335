"""Files by the SHA-256 of their bytes: streamed into the object store, cached on disk on the way out."""

import asyncio
import contextlib
import hashlib
import mimetypes
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

from toolguild.canonical import digest_of_bytes
from toolguild.errors import TemporaryError, UsageError
from toolguild.messages import Artifact
from toolguild.runtime.objects import Objects

_READ = 1024 * 1024


class StoredArtifacts:
    """Artifacts in the object store, with a cache in a local directory that processes may share."""

    def __init__(self, objects: Objects, cache: Path) -> None:
        self._objects = objects
        self._cache = cache

    async def put(self, name: str, content: bytes | Path, *, holder: str = "") -> Artifact:
        """Store a file, streamed when it is a path, and return what names it. Idempotent.

        `holder` is the task that needs it: it is kept for at least as long as that one.

        Raises UsageError when the file cannot be read, TemporaryError when the store cannot be reached.
        """
        if isinstance(content, bytes):
            sha256, size = str(digest_of_bytes(content)), len(content)
        else:
            try:
                sha256, size = await asyncio.to_thread(_digest_of_file, content)
            except OSError as error:
                raise UsageError(f"{content}: cannot be read: {error.strerror}") from error
        await self._objects.put(sha256, content, holder)
        return Artifact(name=name, sha256=sha256, bytes=size, media_type=_media_type(name))

    async def path(self, artifact: Artifact) -> Path:
        """Return a local read-only copy, checked against its digest when it was fetched.

        Raises PermanentError if the file is gone or damaged, TemporaryError when it cannot be fetched now.
        """
        place = self._cache / artifact.sha256[:2] / artifact.sha256
        if not place.is_file() or place.stat().st_size != artifact.bytes:
            try:
                await self._fetch(artifact.sha256, place)
            except OSError as error:
                raise TemporaryError(f"{place}: cannot be written: {error.strerror}") from error
        return place

    async def head(self, artifact: Artifact, limit: int = 65536) -> bytes:
        """Return the first bytes of a file without fetching the rest."""
        found = bytearray()
        async with contextlib.aclosing(self._objects.chunks(artifact.sha256, limit)) as chunks:
            async for chunk in chunks:
                found += chunk
        return bytes(found[:limit])

    async def _fetch(self, sha256: str, place: Path) -> None:
        file = await asyncio.to_thread(_part_of, place)
        try:
            with file:
                async for chunk in self._objects.chunks(sha256):
                    await asyncio.to_thread(file.write, chunk)
            _finish(Path(file.name), place)
        finally:
            _remove(Path(file.name))


def _part_of(place: Path) -> BinaryIO:
    place.parent.mkdir(parents=True, exist_ok=True)
    return cast("BinaryIO", tempfile.NamedTemporaryFile(dir=place.parent, delete=False))


def _finish(part: Path, place: Path) -> None:
    part.chmod(0o444)
    part.replace(place)  # at once and whole: another process may be looking


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)


def _digest_of_file(path: Path) -> tuple[str, int]:
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(_READ):
            sha256.update(data)
            size += len(data)
    return sha256.hexdigest(), size


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
