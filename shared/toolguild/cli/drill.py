"""`toolguild drill`: does this guild lose anything, or do anything twice, when it is struck down at work?"""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.drill.report import Found
    from toolguild.drill.run import Orders


def drill(
    tasks: Annotated[int, typer.Option("--tasks", min=1, max=100_000, help="Tasks to give.")] = 50,
    kill: Annotated[
        str,
        typer.Option(
            "--kill", metavar="every=SECONDS", help="How often to strike, on average; at random."
        ),
    ] = "every=3.5",
    kills: Annotated[
        int | None,
        typer.Option(
            "--kills", min=0, help="Processes to kill.", show_default="two for five tasks"
        ),
    ] = None,
    executors: Annotated[
        int, typer.Option("--executors", min=1, max=64, help="Executor processes.")
    ] = 4,
    seed: Annotated[int, typer.Option("--seed", help="Of jobs, victims and moments.")] = 0,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep", metavar="DIR", help="Keep the guilds' data and logs in a new folder."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Kill a guild of separate processes again and again while it works, and count what went wrong.

    The guild is one of its own: temporary data, free ports, a scripted model with realistic delays, real
    sandboxes and files. It works through the tasks twice: undisturbed, then while SIGKILL takes by turns every
    kind of service, executors in the middle of a run, processes of sandboxes and the NATS server, and SIGSTOP
    cuts a process off for longer than its messages wait for it. Nothing of it is left behind.

    lost: accepted and never ended. ended_twice: two ends of one task, also where the stream hid one. differing:
    answer, status or files unlike the undisturbed run's, or unlike what a program works out. paid_twice: a model
    asked again what the journal had the answer to, or what a process that lived on had asked; a call that died
    with its process has to be made again and counts as asked_again. takeover_seconds: from a kill to the next
    delivery of a message that the dead process held, or from the server's kill if that came after it
    (lying_seconds_max counts from the process's death all the same).

    Exit 0 only when nothing was lost, ended twice, differs, happened twice, was paid twice or is a dead letter,
    and every take-over took less than 8 seconds; else 1.

    \b
    toolguild drill --tasks 20 --kills 8
    toolguild drill --tasks 500 --kills 200 --kill every=3.5 --json
    """
    from toolguild.cli.output import note, say_json
    from toolguild.drill.run import Orders

    orders = Orders(
        tasks=tasks,
        kills=tasks * 2 // 5 if kills is None else kills,
        every=_every(kill),
        executors=executors,
        seed=seed,
        keep=_new(keep),
    )
    try:
        found = asyncio.run(_drilled(orders))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None  # SIGTERM ends it as Ctrl-C does
    if as_json:
        say_json(found.as_json())
    else:
        _show(found)
    for one in found.wrong:
        note(f"toolguild: {one}")
    return exits.PROBLEM if found.wrong else exits.SUCCEEDED


async def _drilled(orders: "Orders") -> "Found":
    """Run the drill until it ends or SIGTERM or Ctrl-C cancels it."""
    from toolguild.cli.output import note
    from toolguild.drill.run import drill as run

    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    return await run(orders, note)


def _every(text: str) -> float:
    """Return the seconds of "every=SECONDS". Raises UsageError for anything else."""
    name, _, value = text.partition("=")
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if name != "every" or not 0.2 <= seconds <= 3600:
        raise UsageError(f"--kill {text}: must be every=SECONDS, from every=0.2 to every=3600")
    return seconds


def _new(keep: Path | None) -> Path | None:
    """Return the folder as an absolute path. Raises UsageError when something is there already."""
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise UsageError(f"--keep {keep}: is there already; name a new folder")
    return keep.absolute() if keep else None


def _show(found: "Found") -> None:
    from toolguild.cli.output import table

    told = found.as_json()
    taken = told.pop("takeover_seconds")
    told.pop("wrong")
    told |= {f"takeover {name}, s": value for name, value in taken.items()}
    told["kills_by_kind"] = ", ".join(f"{kind} {n}" for kind, n in told["kills_by_kind"].items())
    rows = [(name.replace("_", " "), str(value)) for name, value in told.items()]
    table(("what", "found"), rows, empty="")
