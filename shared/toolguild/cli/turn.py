"""Telling a person that a goal waits for its turn."""

import asyncio

from toolguild.cli.live import Progress
from toolguild.client.overview import ahead_of
from toolguild.errors import TemporaryError
from toolguild.messages import TaskId
from toolguild.runtime.bus import Bus

AFTER, AGAIN = 1.0, 3.0  # seconds until the first look, and between two


async def tell_turn(bus: Bus, task: TaskId, progress: Progress) -> None:
    """Say how many goals of the same person come first, for as long as the task has not started."""
    await asyncio.sleep(AFTER)
    while not progress.view.goal:
        try:
            ahead = await ahead_of(bus, task)
        except TemporaryError:
            ahead = None
        progress.queued(None if ahead is None else place_text(ahead))
        await asyncio.sleep(AGAIN)
    progress.queued(None)


def place_text(ahead: int) -> str:
    """Say where in its user's queue a goal is."""
    if ahead == 0:
        return "queued: the next goal of yours to start, as soon as a task of yours has ended"
    return f"queued behind {ahead} {'goal' if ahead == 1 else 'goals'} of yours"
