"""One door to a task's budget for all that costs something: reserve, spend, settle."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from toolguild.budget.ledger import Amount, Ledger, Ledgers
from toolguild.errors import Promised, TemporaryError
from toolguild.messages import Brief, TaskId
from toolguild.policy import Budget, Policy

log = logging.getLogger(__name__)
LEAST_CPU = 0.05  # seconds: with less than this left, no call is begun
WAIT = 30.0  # seconds to wait in place for what others have promised
PATIENCE = 30.0  # seconds for which settling is tried again while the store is away

Wish = Amount | Callable[[Amount], Amount]
"""What a call may cost, or how that follows from what is already spent."""


class Reservation:
    """What was promised to one call. Settled once; a second time counts for nothing."""

    def __init__(self, ledgers: Ledgers, task: TaskId, name: str, amount: Amount) -> None:
        self.amount = amount
        self.settled = False
        self._ledgers = ledgers
        self._task = task
        self._name = name

    async def settle(self, cost: Amount) -> None:
        """Say what the call really cost.

        Raises nothing when the ledgers stay away: the call is done, and then counts with all it was promised.
        """
        self.settled = True
        await self._change(lambda ledger: ledger.settle(self._name, cost))

    async def release(self) -> None:
        """Say that the call cost nothing."""
        self.settled = True
        await self._change(lambda ledger: ledger.release(self._name))

    async def _change(self, step: Callable[[Ledger], Ledger]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        await self._ledgers.change(self._task, step)
                        return
                    except TemporaryError as error:
                        await asyncio.sleep(min(error.after, 1.0))
        except TimeoutError:
            log.warning("budget of %s: %s counts as promised", self._task, self._name)


def allowed(policy: Policy, brief: Brief) -> Budget:
    """Return what a task may use up: what its brief asks for, within the policy."""
    return policy.budget.allowed(
        usd=brief.max_usd,
        tokens=brief.max_tokens,
        model_calls=brief.max_model_calls,
        cpu_seconds=brief.max_cpu_seconds,
    )


def cpu(wanted: float, limits: Budget) -> Wish:
    """Wish for so many seconds of CPU, or for what is left of the limit if that is less.

    Hold the call to `Reservation.amount.cpu_seconds`. With next to nothing left, reserving it is refused.
    """

    def wish(spent: Amount) -> Amount:
        left = limits.cpu_seconds - spent.cpu_seconds
        return Amount(cpu_seconds=min(wanted, left) if left >= LEAST_CPU else wanted)

    return wish


@asynccontextmanager
async def reserved(
    ledgers: Ledgers, task: TaskId, name: str, amount: Wish, limits: Budget, *, wait: float = WAIT
) -> AsyncIterator[Reservation]:
    """Promise an amount to a call for as long as the block runs, and settle it inside the block.

    While others have it promised, it waits in place, up to `wait` seconds: raises Promised then (try again
    soon), OutOfBudget when it is really spent, Unavailable when ledgers cannot be reached. A block that
    raises without having settled cost nothing; one that is cut short, or ends without a word, all it was
    promised. `name` is the effect's: the same effect again takes over its own reservation.
    """
    held = Reservation(
        ledgers, task, name, await _promised(ledgers, task, name, amount, limits, wait)
    )
    try:
        yield held
    except Exception:
        if not held.settled:
            await held.release()
        raise
    except BaseException:
        if not held.settled:
            await asyncio.shield(asyncio.ensure_future(held.settle(held.amount)))
        raise
    if not held.settled:
        await held.settle(held.amount)


async def _promised(
    ledgers: Ledgers, task: TaskId, name: str, wish: Wish, limits: Budget, wait: float
) -> Amount:
    """Reserve, waiting for others, and return what was promised."""

    def step(ledger: Ledger) -> Ledger:
        wanted = wish if isinstance(wish, Amount) else wish(ledger.spent)
        return ledger.reserve(name, wanted, limits)

    until = asyncio.get_running_loop().time() + wait
    while True:
        try:
            return (await ledgers.change(task, step)).reserved[name]
        except Promised as error:
            if asyncio.get_running_loop().time() >= until:
                raise
            await asyncio.sleep(error.after * random.uniform(0.5, 1.5))
