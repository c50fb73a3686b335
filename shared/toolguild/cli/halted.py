"""Telling a person who waits that what they wait for is halted, by whom and why."""

from contextlib import aclosing, suppress
from datetime import datetime

from toolguild.cli.door import Door
from toolguild.cli.live import Progress
from toolguild.client import log
from toolguild.client.halt import ORDERS
from toolguild.errors import Refused
from toolguild.identity import KeyDirectory
from toolguild.messages import TaskId
from toolguild.messages.safety import Halted
from toolguild.runtime.halts import Orders, first, told


async def tell_halts(door: Door, task: TaskId, progress: Progress) -> None:
    """Show what of the guild is halted that the task needs, as it is said, until cancelled."""
    known = Orders(KeyDirectory(door.settings.keys), door.policy.monitoring)
    async with aclosing(log.entries(door.bus, [f"{ORDERS}.*"], live=True)) as entries:
        async for entry in entries:
            noted = await log.envelope(door.bus, entry)
            if noted is None or not isinstance(noted.body, Halted):
                continue
            with suppress(Refused):
                known.take(noted.body, datetime.fromisoformat(entry.at))
            progress.halt(halted_text(known, task))


def halted_text(known: Orders, task: TaskId) -> str:
    """Say what keeps a task from going on, or "": the guild, the pool, an agent, or the task itself."""
    holding = [
        one
        for one in known.holding()
        if one.target in ("all", "pool", f"run-{task}") or one.target.startswith("agent-")
    ]
    order = first(holding)
    return "" if order is None else told(order)
