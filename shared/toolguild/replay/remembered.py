"""The resources of a replay: what was answered is answered again, and nothing is changed anywhere."""

from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any

from toolguild.budget import Price
from toolguild.canonical import Digest, digest_of_bytes
from toolguild.errors import PermanentError
from toolguild.guild import Artifacts
from toolguild.messages import Artifact
from toolguild.model.request import Call, Completion
from toolguild.registry import MemoryRegistry
from toolguild.registry.jetstream import JetStreamRegistry
from toolguild.runtime.journal import BucketJournal
from toolguild.tool.draft import ModelSource


class NotRemembered(PermanentError):
    """The journal has no answer to this request: it is another one than then, or too long ago."""

    code = "not_remembered"


class RememberedJournal:
    """The guild's journal, read only."""

    def __init__(self, journal: BucketJournal) -> None:
        self._journal = journal

    async def once(self, key: str, effect: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return what is remembered under this key. Raises NotRemembered if nothing is."""
        known = await self._journal.known(key)
        if known is None:
            raise NotRemembered(
                "the journal has no answer to this request: what it was made of has changed since "
                "(tools, prompts, policy), or the answer is no longer kept"
            )
        return known


class Nobody:
    """Stands where a model was: all that is asked has been answered, so it is never asked."""

    model = "nobody"
    source: ModelSource = "recorded"

    async def price(self) -> Price:
        """Cost nothing."""
        return Price()

    async def complete(self, call: Call) -> Completion:
        """Raise NotRemembered."""
        raise NotRemembered("a model would have to be asked")

    async def aclose(self) -> None:
        """Do nothing."""


class NamedFiles:
    """The guild's files; what is put is named, and not stored."""

    def __init__(self, files: Artifacts) -> None:
        self._files = files

    async def put(self, name: str, content: bytes | Path, *, holder: str = "") -> Artifact:
        """Return what names a file."""
        import mimetypes

        data = content if isinstance(content, bytes) else content.read_bytes()  # noqa: ASYNC240
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        sha256 = digest_of_bytes(data)
        return Artifact(name=name, sha256=sha256, bytes=len(data), media_type=kind)

    async def path(self, artifact: Artifact) -> Path:
        """Return a local copy."""
        return await self._files.path(artifact)

    async def head(self, artifact: Artifact, limit: int = 65536) -> bytes:
        """Return the first bytes."""
        return await self._files.head(artifact, limit)


class OnceClaimed:
    """Claims of runs that have happened: none is given again."""

    async def claim(self, key: str) -> bool:
        """Refuse."""
        return False

    async def release(self, key: str) -> None:
        """Do nothing: nothing was claimed."""


class Untouched:
    """Stands for what a replay must not use."""

    def __getattr__(self, name: str) -> Any:
        raise PermanentError(f"a replay changes nothing: {name} is not for it")


async def registry_without(
    registry: JetStreamRegistry, unknown: Collection[Digest]
) -> MemoryRegistry:
    """Return a registry of its own as it was before these tools came. A status is as it is today."""
    then = MemoryRegistry()
    known = (entry for one in registry.all() for entry in registry.versions(one.tool.name))
    for entry in known:
        if entry.tool.digest not in unknown:
            await then.publish(entry.tool, entry.publication)
            if entry.status != "published":
                await then.set_status(entry.tool.digest, entry.status, entry.reason)
    return then
