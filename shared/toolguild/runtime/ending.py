"""End tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN = 5.0  # seconds for a task to put things in order before it is cancelled once more


async def ended(tasks: Iterable["asyncio.Future[Any]"], *, again: float = AGAIN) -> list[Any]:
    """Cancel tasks until every one has ended; return what each returned or raised, in their order.

    Once is not enough: asyncio.wait_for (Python 3.11), and with it every request of nats-py, forgets a
    cancellation that comes together with its result, and a task that loops then goes on for ever.
    """
    every = tuple(tasks)
    while left := [task for task in every if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=again)
    return await asyncio.gather(*every, return_exceptions=True)
