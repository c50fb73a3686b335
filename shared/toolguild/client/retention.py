"""Tasks that are no longer kept."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import uuid4

from toolguild.client import log
from toolguild.errors import UsageError
from toolguild.messages import Envelope, TaskId, events
from toolguild.runtime.bus import Bus
from toolguild.runtime.clock import now


async def pruned(bus: Bus, task: TaskId) -> events.TaskPruned | None:
    """Return what is left to know of a task that was removed; None if it was not."""
    entry = await log.newest(bus, f"toolguild.fact.{events.TaskPruned.kind_name()}.{task}")
    noted = await log.envelope(bus, entry) if entry else None
    return noted.body if noted and isinstance(noted.body, events.TaskPruned) else None


async def ended_before(bus: Bus, moment: datetime) -> AsyncIterator[TaskId]:
    """Yield the tasks whose result was released before a moment, oldest first."""
    subjects = [f"toolguild.fact.{events.ResultReleased.kind_name()}.*"]
    async for entry in log.entries(bus, subjects, live=False):
        if datetime.fromisoformat(entry.at) >= moment:
            return
        yield TaskId(entry.key)


async def prune(bus: Bus, task: TaskId, *, by: str) -> None:
    """Ask for the removal of a task that has ended. Raises UsageError if it has not, or never was."""
    kinds = ("fact.goal-given", "fact.task-forked")
    if not any([await log.newest(bus, f"toolguild.{kind}.{task}") for kind in kinds]):
        raise await unknown(bus, task)
    if await log.newest(bus, f"toolguild.fact.{events.ResultReleased.kind_name()}.{task}") is None:
        raise UsageError(f"{task} has not ended; `toolguild cancel {task}` ends it")
    wanted = events.PruneWanted(task=task, rule=by)
    await bus.publish(Envelope(id=uuid4(), body=wanted, source="client", at=now()))


async def unknown(bus: Bus, task: TaskId) -> UsageError:
    """Return the error for a task of which the log has no goal: it was removed, or never was."""
    gone = await pruned(bus, task)
    if gone is None:
        return UsageError(
            f"there is no task {task}; `toolguild tasks list` shows those that there are"
        )
    return UsageError(
        f"task {task} of {gone.user or 'somebody'} ended {gone.status} on {gone.ended_at[:10]} and was removed "
        f"({gone.rule}): {gone.goal}"
    )
