"""Giving jobs to a guild and waiting for their ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from toolguild.client import log
from toolguild.client import task as client
from toolguild.client.task import Order
from toolguild.drill.guild import DrillGuild
from toolguild.drill.jobs import Job
from toolguild.errors import TemporaryError
from toolguild.policy import Policy

USERS = 6  # on whose behalf tasks are given, by turns
AT_ONCE = 16  # tasks under way
LOOK = 0.1
ENDS = ("toolguild.fact.result-released.*",)
WITHIN = 900.0  # seconds that a task may take: far more than any takes


class Work:
    """Jobs on their way through a guild. `accepted` are those that the guild has taken, by task."""

    def __init__(self, guild: DrillGuild, *, at_once: int = AT_ONCE) -> None:
        self._guild = guild
        self._policy = Policy.default()
        self._free = asyncio.Semaphore(at_once)
        self.accepted: dict[str, Job] = {}
        self.ended: set[str] = set()
        self.refused = 0  # submissions that were not acknowledged: nothing was promised
        self.last_change = time.monotonic()

    @property
    def open(self) -> int:
        """How many tasks are under way."""
        return len(self.accepted.keys() - self.ended)

    async def give(self, jobs: Sequence[Job], may: Callable[[int], Awaitable[None]]) -> None:
        """Give all jobs, at most so many under way at once. `may` returns when the n-th may be given."""
        for number, job in enumerate(jobs):
            await may(number)
            await self._free.acquire()
            await self._give(job)

    async def follow(self) -> None:
        """Note each end, for ever. Survives restarts of the server."""
        async for entry in log.entries(self._guild.bus, ENDS, live=True):
            if entry.key in self.ended or entry.key not in self.accepted:
                continue
            self.ended.add(entry.key)
            self.last_change = time.monotonic()
            self._free.release()

    async def all_ended(self, giving: "asyncio.Task[None]", *, patience: float) -> None:
        """Return when all is given and has ended, or when nothing has ended for so many seconds.

        Raises what giving raised.
        """
        while not giving.done() or self.open:
            if self.open and time.monotonic() - self.last_change > patience:
                return
            await asyncio.sleep(LOOK)
        await giving

    async def _give(self, job: Job) -> None:
        files = await asyncio.to_thread(_written, self._guild.directory / "jobs", job)
        order = Order(
            goal=job.goal, files=files, user=f"drill-{job.number % USERS}", max_seconds=WITHIN
        )
        task = client.new_task_id()
        self.last_change = time.monotonic()
        self.accepted[task] = (
            job  # before: its end may be there before the answer to the submission
        )
        try:
            await client.submit(
                self._guild.bus, self._guild.artifacts, order, self._policy, task=task
            )
        except TemporaryError:
            del self.accepted[task]
            self.refused += 1
            self._free.release()


def _written(folder: Path, job: Job) -> tuple[Path, ...]:
    place = folder / str(job.number)
    place.mkdir(parents=True, exist_ok=True)
    for name, content in job.files.items():
        (place / name).write_bytes(content)
    return tuple(place / name for name in job.files)
