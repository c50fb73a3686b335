"""Ledgers in memory, for tests and one-process programs; held to the durable ones' suite."""

from collections.abc import Callable

from toolguild.budget.ledger import Ledger
from toolguild.messages import TaskId


class MemoryLedgers:
    """Ledgers that end with the process."""

    def __init__(self) -> None:
        self.ledgers: dict[TaskId, Ledger] = {}

    async def change(self, task: TaskId, step: Callable[[Ledger], Ledger]) -> Ledger:
        """Apply a step; nothing runs in between, so it is atomic."""
        new = step(self.ledgers.get(task, Ledger()))
        self.ledgers[task] = new
        return new
