"""Watching one task to its end, with a way out for the person who watches."""

import asyncio
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from toolguild.cli.door import Door
from toolguild.cli.live import Progress
from toolguild.cli.output import note
from toolguild.cli.signing import person
from toolguild.client.inbox import undecided
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

    Raises TemporaryError when the guild gives no result within so many seconds, or its disk is full.
    """
    with Progress(task) as progress:
        timeline: list[Moment] = []
        following = asyncio.create_task(_follow(door, task, progress, timeline))
        stopping = asyncio.create_task(interrupted.wait())
        filling = asyncio.create_task(_full(door.settings.data_dir))
        try:
            await asyncio.wait(
                {following, stopping, filling}, timeout=within, return_when=asyncio.FIRST_COMPLETED
            )
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
            for one in (following, stopping, filling):
                one.cancel()
            await asyncio.gather(following, stopping, filling, return_exceptions=True)


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
        if isinstance(body, events.TaskWaits) and await undecided(door.bus, body.draft):
            return completed(_waiting(body, progress), first, noted)
    raise TemporaryError(f"the log ended before the result of task {task}")


def _waiting(body: events.TaskWaits, progress: Progress) -> Result:
    short = body.draft[:12]
    return Result(
        task=body.task,
        status="waiting",
        goal=progress.view.goal,
        usage=progress.view.spent,
        reason=(
            f"a person has to decide: {body.why}. Look with `toolguild inbox show {short}`, then "
            f"`toolguild inbox approve {short}` or `reject {short} --reason ...`, then "
            f"`toolguild tasks wait {body.task}`"
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
