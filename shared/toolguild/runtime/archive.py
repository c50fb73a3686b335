"""What is kept of tasks that have ended, and how it is removed."""

from collections.abc import Iterable, Sequence
from functools import partial

from nats.js.api import RawStreamMsg

from toolguild.errors import PermanentError
from toolguild.guild import Removed
from toolguild.messages import BuildId, Event, TaskId
from toolguild.messages.events import ResultReleased, ToolWanted
from toolguild.runtime.bus import Bus, Unreadable
from toolguild.runtime.reading import messages_on, newest_on
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import ARTIFACTS, LOG

OF_TASK = ("tasks", "releases", "budgets")  # buckets with a record under the task's id
RELEASED = "toolguild.fact.result-released"


class LogArchive:
    """Implements `toolguild.guild.Archive` over the log, the buckets and the object store."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def remove(self, task: TaskId, builds: Sequence[BuildId]) -> Removed:
        """As the protocol says. Each step may be the last before a crash: the next attempt does the rest."""
        at = await self._ended_at(task)
        gone = [build for build in builds if not await self._wanted_by_others(build, task)]
        size = await self._let_go((task, *gone), kept=frozenset())
        messages = 0
        for key in (task, *gone):
            for subject in (
                f"toolguild.fact.*.{key}",
                f"toolguild.seen.*.{key}",
                f"toolguild.later.*.{key}.*",
            ):
                messages += await self._purge(LOG, subject)
        for bucket in OF_TASK:
            await self._purge(f"KV_{bucket}", f"$KV.{bucket}.{task}")
        for build in gone:
            await self._purge("KV_builds", f"$KV.builds.{build}")
        shared = sorted(set(builds) - set(gone))
        why = f"other tasks share the builds {', '.join(shared)}" if shared else ""
        return Removed(messages, size, at, why)

    async def remove_files(self, task: TaskId) -> Removed:
        """As the protocol says."""
        released = await self._newest(f"{RELEASED}.{task}")
        kept = (
            frozenset(file.sha256 for file in released.result.files)
            if isinstance(released, ResultReleased)
            else frozenset()
        )
        size = await self._let_go((task,), kept=kept)
        return Removed(0, size, await self._ended_at(task), "")

    async def size(self) -> int:
        """As the protocol says."""
        total = 0
        for stream in (LOG, f"OBJ_{ARTIFACTS}"):
            look = partial(self._bus.js.stream_info, stream)
            info = await retried(look, "look for room")
            total += info.state.bytes
        return total

    async def ended(self, limit: int) -> Sequence[TaskId]:
        """As the protocol says."""
        found: list[TaskId] = []
        async for raw in messages_on(self._bus, LOG, f"{RELEASED}.*"):
            found.append(TaskId((raw.subject or "").rpartition(".")[2]))
            if len(found) >= limit:
                break
        return found

    async def _wanted_by_others(self, build: BuildId, task: TaskId) -> bool:
        """Whether a task that is still kept has waited for the same build."""
        async for raw in messages_on(self._bus, LOG, f"toolguild.fact.tool-wanted.{build}"):
            body = await self._body(raw)
            if isinstance(body, ToolWanted) and body.task != task:
                facts = f"toolguild.fact.*.{body.task}"
                look = partial(self._bus.js.stream_info, LOG, subjects_filter=facts)
                info = await retried(look, "look for a task")
                left = set(info.state.subjects or {}) - {f"toolguild.fact.task-pruned.{body.task}"}
                if left:
                    return True
        return False

    async def _let_go(self, keys: Iterable[str], kept: frozenset[str]) -> int:
        """Delete what only these hold, and return the bytes."""
        ours, holders, size = set(keys), self._bus.objects.holders, 0
        for key in sorted(ours):
            for name in sorted(await holders.held_by(key) - kept):
                if not await holders.holders_of(name) - ours:
                    size += await self._bus.objects.delete(name)
                await holders.release(name, key)
        return size

    async def _purge(self, stream: str, subject: str) -> int:
        info = await retried(
            lambda: self._bus.js.stream_info(stream, subjects_filter=subject), "count messages"
        )
        many = sum((info.state.subjects or {}).values())
        if many:
            await retried(
                lambda: self._bus.js.purge_stream(stream, subject=subject), f"purge {subject}"
            )
        return many

    async def _ended_at(self, task: TaskId) -> str:
        raw = await newest_on(self._bus, LOG, f"{RELEASED}.{task}")
        return str(raw.time or "") if raw else ""

    async def _newest(self, subject: str) -> Event | None:
        raw = await newest_on(self._bus, LOG, subject)
        return await self._body(raw) if raw else None

    async def _body(self, raw: RawStreamMsg) -> Event | None:
        try:
            body = (await self._bus.read(raw.data or b"")).body
        except (Unreadable, PermanentError):
            return None
        return body if isinstance(body, Event) else None
