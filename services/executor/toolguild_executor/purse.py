"""Processor time for the calls of one command: promised by the task's ledger before it is used."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from toolguild.budget.ledger import Amount, Ledgers
from toolguild.budget.spending import LEAST_CPU, Reservation, cpu, reserved
from toolguild.messages import TaskId
from toolguild.policy import Budget


@dataclass
class Grant:
    """What one call may use. Whoever made the call says what it did use."""

    seconds: float
    used: float | None = None  # None: nobody knows, so as much as time went by


class Purse:
    """Seconds that the calls of one command share. They are reserved for several calls at once.

    A call gets all that it may use by its limits, or all that the task has left.
    """

    def __init__(self, ledgers: Ledgers, task: TaskId, name: str, at_once: int) -> None:
        """`name` is the command's: done again, it takes over what it had promised before."""
        self._ledgers, self._task, self._name, self._at_once = ledgers, task, name, at_once
        self._stack = AsyncExitStack()
        self._held: Reservation | None = None
        self._count = 0
        self._used = self._promised = 0.0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def grant(self, wanted: float, limits: Budget) -> AsyncIterator[Grant]:
        """Give a call up to so many seconds for as long as the block runs.

        Raises OutOfBudget when the task has none left, TemporaryError when the ledgers cannot be reached.
        """
        seconds = await self._take(wanted, limits)
        began = asyncio.get_running_loop().time()
        grant = Grant(seconds)
        try:
            yield grant
        finally:
            passed = asyncio.get_running_loop().time() - began
            used = min(seconds, passed) if grant.used is None else grant.used
            self._promised -= seconds
            self._used += used
            await self._tell()

    async def close(self) -> None:
        """Settle with what was used. Idempotent."""
        if self._held is not None:
            held, self._held = self._held, None
            await held.settle(Amount(cpu_seconds=self._used))
            self._used = 0.0
        await self._stack.aclose()

    async def _take(self, wanted: float, limits: Budget) -> float:
        async with self._freed:
            while True:
                if self._held is not None:
                    left = self._held.amount.cpu_seconds - self._used
                    free = left - self._promised
                    if free >= min(wanted, left) >= LEAST_CPU:
                        break
                if self._promised == 0:
                    await self._renew(wanted, limits)
                    continue
                await self._freed.wait()
            seconds = min(wanted, free)
            self._promised += seconds
            return seconds

    async def _renew(self, wanted: float, limits: Budget) -> None:
        await self.close()
        self._stack = AsyncExitStack()
        name = f"{self._name}:{self._count}" if self._count else self._name
        self._count += 1
        wish = cpu(wanted * self._at_once, limits)
        self._held = await self._stack.enter_async_context(
            reserved(self._ledgers, self._task, name, wish, limits)
        )

    async def _tell(self) -> None:
        async with self._freed:
            self._freed.notify_all()
