"""Watching one task to its end, with a way out for the person who watches."""

import asyncio
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolguild.cli.door import Door
from toolguild.cli.halted import tell_halts
from toolguild.cli.live import Progress
from toolguild.cli.output import note
from toolguild.cli.signing import person
from toolguild.cli.turn import tell_turn
from toolguild.client.inbox import open_, undecided
from toolguild.client.task import Noted, cancel, completed, follow
from toolguild.client.tell import tell
from toolguild.errors import TemporaryError
from toolguild.messages import Command, Result, TaskId, events
from toolguild.report import Moment

FULL = 256 * 1024  # bytes of free space with which nothing more can be kept
LOOK, FULL_LOOKS = (
    1.0,
    10,
)  # seconds between two looks at the disk, and looks in a row that settle it
CANCELLED_WITHIN = 20.0  # seconds for a cancelled task to end in order


@dataclass
class Watched:
    """What was seen of a task: its result, and the events on the way."""

    result: Result
    timeline: list[Moment] = field(default_factory=list)


@contextmanager
def interruptible() -> Iterator[asyncio.Event]:
    """Turn the first Ctrl-C or SIGTERM into an event; the second one is not held back."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def first() -> None:
        event.set()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, first)
    try:
        yield event
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def watch(
    door: Door, task: TaskId, *, interrupted: asyncio.Event, within: float, user: str
) -> Watched:
    """Show a task until its result, until it waits for a person, or until it was cancelled by one.

    The time of a paused or halted task stands still, and so does that of a goal that waits for its turn. Raises
    TemporaryError when the guild gives no result within so many seconds, or its disk is full.
    """
    with Progress(task) as progress:
        timeline: list[Moment] = []
        following = asyncio.create_task(_follow(door, task, progress, timeline))
        stopping = asyncio.create_task(interrupted.wait())
        filling = asyncio.create_task(_full(door.settings.data_dir))
        queueing = asyncio.create_task(tell_turn(door.bus, task, progress))
        halting = asyncio.create_task(tell_halts(door, task, progress))
        try:
            await _any({following, stopping, filling}, within, progress)
            if filling.done() and not following.done() and not interrupted.is_set():
                raise TemporaryError(
                    f"the disk of {door.settings.data_dir} is full, so task {task} cannot go on; make "
                    f"room, then `toolguild tasks wait {task}`"
                )
            if interrupted.is_set() and not following.done():
                note("toolguild: cancelling the task; Ctrl-C again leaves at once")
                signer = person(door.settings, user)
                why = "cancelled from the command line"
                await cancel(door.bus, task, by=user, signer=signer, reason=why)
                await asyncio.wait({following}, timeout=CANCELLED_WITHIN)
                if not following.done():
                    return Watched(_cancelled(task, progress, user), timeline)
            if not following.done():
                raise TemporaryError(
                    f"task {task} gave no result within {within:g} s; `toolguild doctor` looks for "
                    f"the reason, `toolguild tasks wait {task}` goes on waiting"
                )
            return Watched(following.result(), timeline)
        finally:
            every = (following, stopping, filling, queueing, halting)
            for one in every:
                one.cancel()
            await asyncio.gather(*every, return_exceptions=True)


async def _any(ends: set[asyncio.Task[Any]], within: float, progress: Progress) -> None:
    """Return when one of these is done, or so many seconds are over; pauses and the queue do not count."""
    left = within
    while left > 0:
        step = min(LOOK, left)
        done, _ = await asyncio.wait(ends, timeout=step, return_when=asyncio.FIRST_COMPLETED)
        if done:
            return
        if not progress.view.paused and not progress.turn and not progress.halted:
            left -= step


async def _full(data_dir: Path) -> None:
    """Return once the disk that holds the guild's data is full and stays so."""
    seen = 0
    while seen < FULL_LOOKS:
        await asyncio.sleep(LOOK)
        try:
            free = await asyncio.to_thread(shutil.disk_usage, data_dir)
        except OSError:
            continue  # the guild is elsewhere
        seen = seen + 1 if free.free < FULL else 0


async def _follow(door: Door, task: TaskId, progress: Progress, timeline: list[Moment]) -> Result:
    first: Noted | None = None
    async for noted in follow(door.bus, task):
        first = first or noted
        progress.take(noted)
        body = noted.envelope.body
        if not isinstance(body, Command) and (said := tell(body)) is not None:
            timeline.append(Moment(noted.at, said))
        if isinstance(body, events.ResultReleased):
            return completed(body.result, first, noted)
        match body:
            case events.TaskWaits(draft=draft, why=why) if await undecided(door.bus, draft):
                return completed(_waiting(task, draft[:12], why, progress), first, noted)
            case events.DecisionAsked(item=item, ask=ask) if ask.blocks and await open_(
                door.bus, item
            ):
                return completed(_waiting(task, item, ask.why, progress), first, noted)
            case _:
                pass
    raise TemporaryError(f"the log ended before the result of task {task}")


def _waiting(task: TaskId, item: str, why: str, progress: Progress) -> Result:
    return Result(
        task=task,
        status="waiting",
        goal=progress.view.goal,
        usage=progress.view.spent,
        reason=(
            f"a person has to decide: {why}. Look with `toolguild inbox show {item}`, then "
            f"`toolguild inbox approve {item}` or `reject {item} --reason ...`, then "
            f"`toolguild tasks wait {task}`"
        ),
    )


def _cancelled(task: TaskId, progress: Progress, user: str) -> Result:
    return Result(
        task=task,
        status="cancelled",
        goal=progress.view.goal,
        user=user,
        usage=progress.view.spent,
        reason=f"cancelled by {user}",
    )
