"""Which command is being worked on here: what is said on the way can name it as its cause."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple
from uuid import UUID


class UnderWay(NamedTuple):
    """The command's id, and who works on it: "planner/plan"."""

    cause: UUID | None
    source: str


_current: ContextVar[UnderWay | None] = ContextVar("toolguild_under_way", default=None)


@contextmanager
def working_on(cause: UUID, source: str) -> Iterator[None]:
    """Let what happens in the block know its command."""
    token = _current.set(UnderWay(cause, source))
    try:
        yield
    finally:
        _current.reset(token)


def under_way() -> UnderWay:
    """Return the command that is being worked on, if this is any agent's work."""
    return _current.get() or UnderWay(None, "")
