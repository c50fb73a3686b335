from typing import Literal

from pydantic import Field

from toolguild.canonical import Digest
from toolguild.messages import Command, Event, TaskId
from toolguild.tool import Value


class FindTool(Command):
    """Find published tools for a question in plain words."""

    kind: Literal["find-tool"] = "find-tool"
    task: TaskId
    question: str = Field(min_length=1, max_length=1000)
    limit: int = Field(default=5, ge=1, le=50)


class Hit(Value):
    """One tool that may help."""

    title: str
    tool: Digest
    description: str


class ToolFound(Event):
    """What the shelves hold, best first; empty when nothing fits."""

    kind: Literal["tool-found"] = "tool-found"
    task: TaskId
    question: str
    hits: tuple[Hit, ...]
