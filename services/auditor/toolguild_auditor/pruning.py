"""Remove what is no longer kept of tasks that have ended."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from toolguild.agent import Worker
from toolguild.guild import Archive, Guild
from toolguild.messages import commands, events
from toolguild.policy import Retention

MB = 1024 * 1024
AT_ONCE = 50  # tasks that go at once, oldest first, when there is too little room


async def prune(archive: Archive, command: commands.PruneTask) -> events.TaskPruned:
    """Remove a task's messages, records and files, and answer with what is left to know of it."""
    removed = await archive.remove(command.task, command.builds)
    return events.TaskPruned(
        task=command.task,
        status=command.status,
        goal=command.goal,
        user=command.user,
        ended_at=removed.ended_at,
        rule=command.rule,
        removed=removed.messages,
        bytes=removed.bytes,
        kept=removed.kept,
    )


async def undo(archive: Archive, command: commands.UndoTask) -> events.TaskUndone:
    """Remove a cancelled task's files that nobody else needs; those of its result stay."""
    removed = await archive.remove_files(command.task)
    return events.TaskUndone(task=command.task, bytes=removed.bytes)


async def keep_room(
    archive: Archive, rules: Retention, command: commands.KeepRoom
) -> events.RoomChecked:
    """Name the oldest ended tasks, if log and files together are over the policy's size."""
    size, limit = await archive.size(), rules.max_mb * MB
    over = await archive.ended(AT_ONCE) if size > limit else ()
    others = tuple(task for task in over if task != command.task)
    return events.RoomChecked(task=command.task, bytes=size, limit=limit, over=others)


def pruners(guild: Guild) -> Sequence[Worker[Any]]:
    """Return the workers over the guild's archive."""
    rules = guild.policy.retention
    return (
        Worker(name="pruner", reads=commands.PruneTask, work=partial(prune, guild.archive)),
        Worker(name="undoer", reads=commands.UndoTask, work=partial(undo, guild.archive)),
        Worker(
            name="roomkeeper",
            reads=commands.KeepRoom,
            work=partial(keep_room, guild.archive, rules),
            at_once=1,
        ),
    )
