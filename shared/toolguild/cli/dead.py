"""`toolguild dead`: messages that nobody could handle."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli.options import Json

if TYPE_CHECKING:
    from toolguild.runtime.dead import DeadLetter, Kept

app = typer.Typer(help="See and requeue messages that nobody could handle.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(min=1, help="Its number, from `toolguild dead list`.")]


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List dead letters, oldest first. JSON: dead[{number, at, agent, subject, code, reason}].

    \b
    toolguild dead list
    """
    from toolguild.cli.output import say_json, table

    kept = asyncio.run(_all())
    if as_json:
        say_json({"dead": [_shape(one.number, one.letter) for one in kept]})
    else:
        rows = [
            (str(x.number), x.letter.at[:19], x.letter.agent, x.letter.subject, x.letter.reason)
            for x in kept
        ]
        columns = ("number", "at", "agent", "subject", "reason")
        table(columns, rows, empty="No dead letters.")
    return 0


@app.command("show")
def show(number: Number, as_json: Json = False) -> int:
    """Show one dead letter whole: reason, traceback, headers, body.

    \b
    toolguild dead show 3
    """
    from toolguild.cli.output import say, say_json

    letter = asyncio.run(_one(number))
    body = letter.content.decode("utf-8", "replace")
    if as_json:
        headers: dict[str, Any] = dict(letter.headers)
        more = {"traceback": letter.traceback, "headers": headers, "body": body}
        say_json({**_shape(number, letter), **more})
        return 0
    say(f"{letter.subject}, given up by {letter.agent} at {letter.at}")
    say(f"after {letter.deliveries} deliveries ({letter.code}): {letter.reason}")
    say(letter.traceback)
    for name, value in letter.headers.items():
        say(f"{name}: {value}")
    say()
    say(body)
    return 0


@app.command("requeue")
def requeue(number: Number, as_json: Json = False) -> int:
    """Send one dead letter's message again, as it was. JSON: number, subject.

    \b
    toolguild dead requeue 3
    """
    from toolguild.cli.output import note, say, say_json

    letter, standing = asyncio.run(_requeue(number))
    if as_json:
        say_json({"number": number, "subject": letter.subject})
    else:
        say(f"sent again: {letter.subject}")
    if not standing:
        note("no guild runs now; the message is handled by the next one")
    return 0


async def _all() -> "list[Kept]":
    from toolguild.cli.door import open_door
    from toolguild.cli.result import settings_of
    from toolguild.runtime.dead import dead_letters

    async with open_door(settings_of(), ()) as door:
        return await dead_letters(door.bus)


async def _one(number: int) -> "DeadLetter":
    from toolguild.cli.door import open_door
    from toolguild.cli.result import settings_of
    from toolguild.runtime.dead import dead_letter

    async with open_door(settings_of(), ()) as door:
        return await dead_letter(door.bus, number)


async def _requeue(number: int) -> "tuple[DeadLetter, bool]":
    from toolguild.cli.door import open_door
    from toolguild.cli.result import settings_of
    from toolguild.runtime.dead import requeue as send_again

    async with open_door(settings_of(), ()) as door:
        return await send_again(door.bus, number), door.standing


def _shape(number: int, letter: "DeadLetter") -> "dict[str, Any]":
    return {
        "number": number,
        "at": letter.at,
        "agent": letter.agent,
        "subject": letter.subject,
        "code": letter.code,
        "reason": letter.reason,
        "deliveries": letter.deliveries,
        "requeued": letter.requeued,
    }
