"""`toolguild reveal`: see what was taken out of a result, with your own key and on record."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.client.reveal import Look, Revealed


def reveal(
    task: Annotated[str, typer.Argument(help="The task's id, t-...", show_default=False)] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.")] = "",
    make_key: Annotated[
        bool,
        typer.Option(
            "--make-key",
            help="Only make your sealing key: what is taken out from now on opens with it.",
        ),
    ] = False,
    who: Annotated[bool, typer.Option("--who", help="Only list who has looked.")] = False,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """See what was taken out of a result before it left: personal data, secrets, what was withheld.

    It opens with your key alone, if the policy names you (output.revealers). Your signed word that you
    looked, and why, is in the log before anything is shown. JSON: task, by, withheld, answer,
    taken[{placeholder, kind, value, where}]; with --who: task, revealed[{at, by, reason}]; with --make-key:
    user, key.

    \b
    toolguild reveal t-0123456789abcdef --reason "the customer asked for a call" --user ana
    toolguild reveal t-0123456789abcdef --who
    toolguild reveal --make-key --user ana
    """
    from toolguild.cli.output import say, say_json, table

    if make_key:
        key = _make_key(user)
        if as_json:
            say_json({"user": user, "key": key})
        else:
            say(f"{user} has a sealing key: {key}")
        return exits.SUCCEEDED
    if not task:
        raise UsageError("reveal: name a task: toolguild reveal t-... --reason WHY")
    if who:
        seen_by = asyncio.run(_looks(task))
        if as_json:
            say_json({"task": task, "revealed": [vars(one) for one in seen_by]})
        else:
            lines = [(one.at[:19], one.by, one.reason) for one in seen_by]
            table(("at", "who", "why"), lines, empty="Nobody has looked.")
        return exits.SUCCEEDED
    if not reason.strip():
        raise UsageError("--reason: say why you have to see it; the log keeps it")
    seen = asyncio.run(_reveal(task, reason, user))
    if as_json:
        say_json(
            {
                "task": seen.task,
                "by": user,
                "withheld": seen.withheld,
                "answer": seen.answer,
                "taken": [dict(one) for one in seen.taken],
            }
        )
        return exits.SUCCEEDED
    rows = [(one["placeholder"], one["value"], one["where"]) for one in seen.taken]
    table(("place-holder", "stands for", "first in"), rows, empty="Nothing was replaced.")
    _show_answer(seen)
    return exits.SUCCEEDED


def _show_answer(seen: "Revealed") -> None:
    from toolguild.cli.output import note
    from toolguild.cli.result import show_answer

    note("The answer that was withheld:" if seen.withheld else "The answer as it was:")
    show_answer(seen.answer)


def _make_key(user: str) -> str:
    from toolguild.cli.chosen import settings_of
    from toolguild.identity import KeyDirectory
    from toolguild.sealing import SealKeys

    settings = settings_of()
    KeyDirectory(settings.keys).person(
        user
    )  # whoever looks also signs; refuses names that are none
    return SealKeys(settings.keys).private(user).public_key().public_bytes_raw().hex()


async def _looks(task: str) -> "list[Look]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.reveal import looks

    async with open_door(settings_of(), ()) as door:
        return await looks(door.bus, task)


async def _reveal(task: str, reason: str, user: str) -> "Revealed":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.reveal import reveal as opened

    async with open_door(settings_of(), ()) as door:
        return await opened(
            door.bus, door.artifacts, door.settings, door.policy, task, by=user, reason=reason
        )
