"""Who needs which object: an object goes when nobody holds it any more.

One empty entry for each pair, on the subject `$KV.holders.<sha256>.<key>`, so that the server lists both what a
task holds and who holds an object.
"""

from collections import OrderedDict
from collections.abc import Iterable

from nats.js import JetStreamContext

from toolguild.runtime.retry import retried
from toolguild.runtime.topology import HOLDERS

REMEMBERED = 10_000  # pairs that this process has written and need not write again


class Holders:
    """The pairs of object and holder. A holder is the id of a task or build."""

    def __init__(self, js: JetStreamContext) -> None:
        self._js = js
        self._written: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def hold(self, names: Iterable[str], key: str) -> None:
        """Say that a task or build needs these objects. Idempotent. Say so before storing or naming one."""
        for name in names:
            if (name, key) in self._written:
                continue
            subject = _subject(name, key)
            await retried(lambda subject=subject: self._js.publish(subject, b""), "hold an object")  # type: ignore[misc]
            self._written[name, key] = None
            if len(self._written) > REMEMBERED:
                self._written.popitem(last=False)

    async def held_by(self, key: str) -> frozenset[str]:
        """Return the names of all objects that a task or build holds."""
        return frozenset(one.split(".")[2] for one in await self._subjects(_subject("*", key)))

    async def holders_of(self, name: str) -> frozenset[str]:
        """Return the ids of the tasks and builds that hold an object."""
        return frozenset(one.split(".")[3] for one in await self._subjects(_subject(name, "*")))

    async def release(self, name: str, key: str) -> None:
        """Say that a task or build needs this object no longer."""
        self._written.pop((name, key), None)
        subject = _subject(name, key)
        await retried(
            lambda: self._js.purge_stream(f"KV_{HOLDERS}", subject=subject), "release an object"
        )

    async def _subjects(self, pattern: str) -> list[str]:
        info = await retried(
            lambda: self._js.stream_info(f"KV_{HOLDERS}", subjects_filter=pattern), "list holders"
        )
        return list(info.state.subjects or {})


def _subject(name: str, key: str) -> str:
    return f"$KV.{HOLDERS}.{name}.{key}"
