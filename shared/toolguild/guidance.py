"""Which hints of people stood in requests to models while one piece of work was done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from toolguild.messages import Hint

_TAKEN: ContextVar[list[Hint] | None] = ContextVar("taken_hints", default=None)


@contextmanager
def collected() -> Iterator[Sequence[Hint]]:
    """Collect the hints that are taken within the block."""
    taken: list[Hint] = []
    token = _TAKEN.set(taken)
    try:
        yield taken
    finally:
        _TAKEN.reset(token)


def taken(hints: Sequence[Hint]) -> None:
    """Say that these hints stand in a request that a model gets now."""
    collecting = _TAKEN.get()
    if collecting is not None:
        collecting += hints
