"""`toolguild dead`: messages that nobody could handle."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli.options import Json
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.runtime.bus import Bus
    from toolguild.runtime.dead import DeadLetter, Kept, Past

app = typer.Typer(
    help="See, requeue and discard messages that nobody could handle.", no_args_is_help=True
)
Number = Annotated[int, typer.Argument(min=1, help="Its number, from `toolguild dead list`.")]
Numbers = Annotated[
    list[int] | None, typer.Argument(min=1, help="Their numbers, from `toolguild dead list`.")
]
All = Annotated[bool, typer.Option("--all", help="All that there are.")]
By = Annotated[
    str,
    typer.Option("--by", "--user", envvar="TOOLGUILD_USER", help="Who decides; kept in the log."),
]


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List dead letters, oldest first.

    JSON: dead[{number, at, agent, subject, code, reason, deliveries, requeued}].

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
    """Show one dead letter whole: reason, history, traceback, headers, message.

    JSON: as `list`, and history[{number, agent, code, reason, died_at, decision, by, at, why}], traceback,
    headers, message (its JSON, or text when it is none).

    \b
    toolguild dead show 3
    """
    from toolguild.cli.output import say, say_json

    letter, past, raw = asyncio.run(_whole(number))
    message = _message(raw)
    if as_json:
        headers: dict[str, Any] = dict(letter.headers)
        more = {"traceback": letter.traceback, "headers": headers, "message": message}
        history: list[Any] = [asdict(one) for one in past]
        say_json({**_shape(number, letter), "history": history, **more})
        return 0
    say(f"{letter.subject}, given up by {letter.agent} at {letter.at}")
    say(f"after {letter.deliveries} deliveries ({letter.code}): {letter.reason}")
    for one in past:
        say(f"before: given up by {one.agent} at {one.died_at} ({one.code}): {one.reason};")
        say(f"        {one.decision} by {one.by} at {one.at}" + (one.why and f": {one.why}"))
    for part in (letter.traceback.rstrip(), _headers(letter), _text(message)):
        if part:
            say()
            say(part)
    return 0


@app.command("requeue")
def requeue(
    numbers: Numbers = None, all_: All = False, by: By = "local", as_json: Json = False
) -> int:
    """Send messages again, as they were. The log keeps who did it. JSON: requeued[{number, subject}].

    \b
    toolguild dead requeue 3 5
    toolguild dead requeue --all --by alice
    """
    from toolguild.runtime.dead import requeue as send_again

    async def one(bus: "Bus", number: int) -> "DeadLetter":
        return await send_again(bus, number, by=by)

    decided, standing = asyncio.run(_decide(numbers or [], all_, one))
    _told("requeued", "sent again", decided, as_json=as_json)
    if decided and not standing:
        from toolguild.cli.output import note

        note("no guild runs now; they are handled by the next one")
    return 0


@app.command("discard")
def discard(
    numbers: Numbers = None,
    all_: All = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.")] = "",
    by: By = "local",
    as_json: Json = False,
) -> int:
    """Take dead letters away for good. The log keeps who did it and why. JSON: discarded[{number, subject}].

    \b
    toolguild dead discard 3 --reason "the task was cancelled"
    """
    from toolguild.runtime.dead import discard as take_away

    if not reason.strip():
        raise UsageError("--reason: say why nothing is to be done; the log keeps it")

    async def one(bus: "Bus", number: int) -> "DeadLetter":
        return await take_away(bus, number, by=by, why=reason.strip())

    decided, _ = asyncio.run(_decide(numbers or [], all_, one))
    _told("discarded", "discarded", decided, as_json=as_json)
    return 0


async def _all() -> "list[Kept]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.runtime.dead import dead_letters

    async with open_door(settings_of(), ()) as door:
        return await dead_letters(door.bus)


async def _whole(number: int) -> "tuple[DeadLetter, list[Past], bytes]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.runtime.dead import dead_letter, history, message_of

    async with open_door(settings_of(), ()) as door:
        letter = await dead_letter(door.bus, number)
        return letter, await history(door.bus, letter), await message_of(door.bus, letter)


async def _decide(
    numbers: list[int], all_: bool, decide: "Callable[[Bus, int], Awaitable[DeadLetter]]"
) -> "tuple[list[Kept], bool]":
    """Decide about each letter, and return them with whether a guild runs. None is touched if one is unknown."""
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.runtime.dead import Kept, dead_letter, dead_letters

    if all_ == bool(numbers):
        raise UsageError("name the numbers from `toolguild dead list`, or give --all")
    async with open_door(settings_of(), ()) as door:
        if all_:
            numbers = [one.number for one in await dead_letters(door.bus)]
        for number in numbers:
            await dead_letter(door.bus, number)
        wanted = dict.fromkeys(numbers)
        decided = [Kept(number, await decide(door.bus, number)) for number in wanted]
        return decided, door.standing


def _told(name: str, verb: str, decided: "list[Kept]", *, as_json: bool) -> None:
    from toolguild.cli.output import say, say_json

    if as_json:
        shapes = [{"number": one.number, "subject": one.letter.subject} for one in decided]
        say_json({name: shapes})
        return
    for one in decided:
        say(f"{verb}: {one.number}, {one.letter.subject}")
    if not decided:
        say("No dead letters.")


def _message(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def _text(message: Any) -> str:
    if isinstance(message, str):
        return message
    return json.dumps(message, ensure_ascii=False, indent=2)


def _headers(letter: "DeadLetter") -> str:
    return "\n".join(f"{name}: {value}" for name, value in letter.headers.items())


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
