"""Many calls at a time, each one owned: when one breaks, the others are ended before the error leaves."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 8  # calls under way for one command; the sandbox's own pool bounds them further


async def together(items: Sequence[T], work: Callable[[T], Awaitable[R]]) -> list[R]:
    """Return `work` of every item, in order. Raises the first error that any of them raised."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> R:
        async with slots:
            return await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except BaseExceptionGroup as several:
        raise _first(several) from several
    return [task.result() for task in tasks]


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
