"""Calls of tools that a person may halt at any time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from toolguild.errors import Refused
from toolguild.guild import Halts
from toolguild.sandbox.interface import Ran
from toolguild.tool import Published


async def unless_halted(
    halts: Halts, tools: Sequence[Published], run: Callable[[], Awaitable[Ran]]
) -> Ran:
    """Return how a call ended that needs these tools.

    Raises Refused when one of them is halted: before the call, or once the call is killed and gone.
    """
    _check(halts, tools)
    with halts.calling(tools):
        running = asyncio.ensure_future(run())
        try:
            while not running.done():
                await _something(running, halts)
                if not running.done():
                    _check(halts, tools)
            return running.result()
        finally:
            if not running.done():
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


def _check(halts: Halts, tools: Sequence[Published]) -> None:
    why = halts.refusal(tools)
    if why is not None:
        raise Refused(f"{why}; `toolguild resume` lets it run again")


async def _something(running: asyncio.Future[Ran], halts: Halts) -> None:
    """Return when the call has ended, or a person has said something."""
    word = asyncio.ensure_future(halts.changed())
    try:
        await asyncio.wait((running, word), return_when=asyncio.FIRST_COMPLETED)
    finally:
        word.cancel()
