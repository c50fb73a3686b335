"""The ledger of one task: when it ends, its result is looked through and then released. Pure."""

from collections.abc import Sequence
from typing import Literal

from toolguild.agent import Process, Record
from toolguild.messages import Event, Message, commands, events
from toolguild.tool import Value


class Account(Value):
    """How far the release of one task's result is."""

    phase: Literal["open", "filtering", "closed"] = "open"


def advance(account: Account, event: Event) -> tuple[Account, Sequence[Message]]:
    """Return the next state and what to order. A result that cannot be filtered is not released."""
    match account.phase, event:
        case "open", events.TaskEnded(task=task, result=result):
            return Account(phase="filtering"), [commands.FilterResult(task=task, result=result)]
        case "filtering", events.WorkFailed(of="filter-result", about_key=key, reason=reason):
            return Account(phase="closed"), [events.ResultReleased.withheld(key, reason)]
        case "filtering", events.ResultReleased():
            return Account(phase="closed"), []
        case _:
            return account, []


ledger = Process(
    name="ledger",
    bucket="releases",
    reads=(events.TaskEnded, events.ResultReleased, events.WorkFailed),
    record=Record[Account],
    start=Account(),
    advance=advance,
    begins=(events.TaskEnded,),
)
