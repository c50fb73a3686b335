"""Handing a goal in, with the progress of large files on the way into the object store."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from toolguild.cli.door import Door
from toolguild.cli.output import note
from toolguild.cli.signing import person
from toolguild.client.task import Order, brief_of, check_files, submit
from toolguild.messages import TaskId
from toolguild.report.labels import bytes_text
from toolguild.runtime.topology import ARTIFACTS

LARGE = 32 * 1024 * 1024  # bytes above which storing is worth telling
GRACE = 120.0  # seconds after a task's deadline in which its result must come


async def submitted(door: Door, order: Order, task: TaskId) -> float:
    """Submit and return for how many seconds it makes sense to wait for the result.

    Raises UsageError for input that cannot be used, TemporaryError when it cannot be stored.
    """
    check_files(order.files, door.policy)
    size = sum(path.stat().st_size for path in order.files)
    async with _telling(door, size):
        signer = person(door.settings, order.user)
        await submit(door.bus, door.artifacts, order, door.policy, task=task, signer=signer)
    now = datetime.now(UTC)
    deadline = brief_of(order, task, door.policy, now).deadline
    left = (datetime.fromisoformat(deadline) - now).total_seconds() if deadline else 0.0
    return left + GRACE


@asynccontextmanager
async def _telling(door: Door, size: int) -> AsyncIterator[None]:
    """Tell how far storing is, once a second, while the block lasts."""
    if size < LARGE:
        yield
        return
    note(f"toolguild: storing {bytes_text(size)} of input")
    telling = asyncio.create_task(_tell(door, size, await _stored(door)))
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def _tell(door: Door, size: int, before: int) -> None:
    while True:
        await asyncio.sleep(1.0)
        done = max(0, min(size, await _stored(door) - before))
        end = "\r" if sys.stderr.isatty() else "\n"
        what = "reading" if done == 0 else f"{100 * done // size:3d} % stored"
        sys.stderr.write(f"toolguild: {what} ({bytes_text(done)} of {bytes_text(size)}){end}")
        sys.stderr.flush()


async def _stored(door: Door) -> int:
    return (await door.bus.js.stream_info(f"OBJ_{ARTIFACTS}")).state.bytes or 0
