"""What is no longer kept. Facts."""

from typing import Literal

from toolguild.messages.base import (
    Event,
    TaskId,
)


class TaskPruned(Event):
    """What is left of a task whose messages and files were removed by the rules of retention."""

    kind: Literal["task-pruned"] = "task-pruned"
    task: TaskId
    status: str
    goal: str = ""
    user: str = ""
    ended_at: str = ""  # ISO 8601, UTC
    rule: str  # "retention.days", "retention.max_mb", or who asked
    removed: int = 0  # messages
    bytes: int = 0  # of files
    kept: str = ""  # what stays, and why


class PruneWanted(Event):
    """A rule of retention, or a person, wants an ended task removed."""

    kind: Literal["prune-wanted"] = "prune-wanted"
    task: TaskId
    rule: str  # "retention.max_mb", or who asked


class RoomChecked(Event):
    """Log and files were weighed against the policy's size when this task ended."""

    kind: Literal["room-checked"] = "room-checked"
    task: TaskId
    bytes: int
    limit: int
    over: tuple[TaskId, ...] = ()  # ended tasks that have to go, oldest first


class TaskUndone(Event):
    """The files of a cancelled task are gone, except those of its result and those that others need."""

    kind: Literal["task-undone"] = "task-undone"
    task: TaskId
    bytes: int = 0
