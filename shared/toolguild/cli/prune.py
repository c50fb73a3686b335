"""`toolguild tasks prune`: remove ended tasks before the rules of retention do."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli.options import Json, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.cli.door import Door
    from toolguild.messages.events import TaskPruned

WITHIN = 60.0  # seconds for the removal of one task


def prune(
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="TASK...", help="Ended tasks.")
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option("--older-than", min=0, metavar="DAYS", help="All that ended before."),
    ] = None,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Remove the messages, records and files of tasks that have ended; tools stay.

    What other tasks need stays too. By itself the guild does this by the policy's `retention`.
    JSON: pruned[{task, status, goal, ended_at, removed, bytes, kept}].

    \b
    toolguild tasks prune t-0123456789abcdef
    toolguild tasks prune --older-than 7
    """
    from toolguild.cli.output import say_json, table

    if not tasks and older_than is None:
        raise UsageError("name tasks, or say --older-than DAYS")
    gone = asyncio.run(_prune(tasks or (), older_than, user))
    if as_json:
        say_json({"pruned": [one.model_dump(mode="json", exclude={"kind"}) for one in gone]})
    else:
        rows = [(one.task, one.status, str(one.removed), str(one.bytes), one.kept) for one in gone]
        table(
            ("task", "ended", "messages", "bytes of files", "stays"),
            rows,
            empty="Nothing to remove.",
        )
    return 0


async def _prune(names: Sequence[str], older_than: float | None, user: str) -> "list[TaskPruned]":
    from datetime import UTC, datetime, timedelta

    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client import retention
    from toolguild.messages import TaskId

    async with open_door(settings_of(), ("auditor",)) as door:
        wanted = [TaskId(name) for name in names]
        if older_than is not None:
            moment = datetime.now(UTC) - timedelta(days=older_than)
            wanted += [one async for one in retention.ended_before(door.bus, moment)]
        wanted = list(dict.fromkeys(wanted))
        for task in wanted:
            await retention.prune(door.bus, task, by=user)
        return [await _gone(door, task) for task in wanted]


async def _gone(door: "Door", task: str) -> "TaskPruned":
    from toolguild.client import log
    from toolguild.messages.events import TaskPruned

    subject = f"toolguild.fact.{TaskPruned.kind_name()}.{task}"
    try:
        async with asyncio.timeout(WITHIN):
            async for entry in log.entries(door.bus, [subject], live=True):
                noted = await log.envelope(door.bus, entry)
                if noted is not None and isinstance(noted.body, TaskPruned):
                    return noted.body
    except TimeoutError:
        pass
    raise UsageError(
        f"{task} is to be removed, but was not in {WITHIN:g} s; does an auditor run? (`toolguild status`)"
    )
