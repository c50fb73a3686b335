"""All that the log has of one task and of the builds that it waited for, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from toolguild.canonical import Digest
from toolguild.client import log
from toolguild.client.retention import unknown
from toolguild.messages import Command, Envelope, Event, Message, TaskId, events
from toolguild.runtime.bus import Bus

PUBLISHED = f"toolguild.fact.{events.ToolPublished.kind_name()}.*"
WANTED = f"toolguild.fact.{events.ToolWanted.kind_name()}.*"


@dataclass(frozen=True)
class Said:
    """One message with its place in the log."""

    sequence: int
    envelope: Envelope

    @property
    def body(self) -> Message:
        """The message itself."""
        return self.envelope.body


@dataclass(frozen=True)
class History:
    """What was said about a task and its builds, each message once, oldest first."""

    task: TaskId
    keys: frozenset[str]  # the task and its builds
    said: tuple[Said, ...]
    published: tuple[tuple[int, Digest], ...]  # in the whole guild: when each tool came

    @property
    def events(self) -> tuple[Said, ...]:
        """The facts."""
        return tuple(one for one in self.said if isinstance(one.body, Event))

    @property
    def commands(self) -> tuple[Said, ...]:
        """The orders."""
        return tuple(one for one in self.said if isinstance(one.body, Command))

    @property
    def by_id(self) -> Mapping[UUID, Said]:
        """Every message by its id."""
        return {one.envelope.id: one for one in self.said}

    def unknown_at(self, sequence: int) -> frozenset[Digest]:
        """Return the tools that were not published yet when this message was said."""
        return frozenset(tool for at, tool in self.published if at > sequence)


async def history_of(bus: Bus, task: TaskId) -> History:
    """Read the history of a task. Raises UsageError if the log has none of it (any more)."""
    starts = (events.GoalGiven, events.TaskForked)
    found = [await log.newest(bus, f"toolguild.fact.{kind.kind_name()}.{task}") for kind in starts]
    if not any(found):
        raise await unknown(bus, task)
    keys, published = {str(task)}, []
    async for entry in log.entries(bus, [WANTED, PUBLISHED], live=False):
        noted = await log.envelope(bus, entry)
        match noted.body if noted else None:
            case events.ToolWanted(task=waiter, build=build) if waiter == task:
                keys.add(build)
            case events.ToolPublished(tool=tool):
                published.append((entry.sequence, tool))
            case _:
                pass
    said: dict[UUID, Said] = {}
    subjects = [f"toolguild.{verb}.*.{key}" for verb in ("fact", "seen") for key in sorted(keys)]
    async for entry in log.entries(bus, subjects, live=False):
        noted = await log.envelope(bus, entry)
        if noted is not None:  # sent twice, as after a crash, it counts once
            said.setdefault(noted.id, Said(entry.sequence, noted))
    first: dict[Digest, int] = {}
    for sequence, tool in published:
        first.setdefault(tool, sequence)
    news = tuple((sequence, tool) for tool, sequence in first.items())
    return History(task, frozenset(keys), tuple(said.values()), news)
