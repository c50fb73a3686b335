"""`toolguild safety`: how well each layer does, measured here."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json, PolicyFile
from toolguild.errors import UsageError

app = typer.Typer(help="Measure the layers of safety.", no_args_is_help=True)


@app.callback()
def safety() -> None:
    """Hold the group: with one command, Typer would leave its name out."""


@app.command("report")
def report(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="TABLE",
            help="Only this table; again for more: code, requests, injection, injected, personal, attacks.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            exists=True,
            file_okay=False,
            help="Folder with sets of your own, named as the shipped ones; absent ones are left out.",
        ),
    ] = None,
    backend: Annotated[
        list[str] | None,
        typer.Option("--backend", help="Sandbox to attack; again for more: bubblewrap, docker."),
    ] = None,
    run: Annotated[
        bool,
        typer.Option(
            "--run/--no-run", help="Run dangerous programs in the sandbox, among canaries."
        ),
    ] = True,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 when a bar is missed.")
    ] = False,
    policy: PolicyFile = None,
    as_json: Json = False,
) -> int:
    """Measure every layer on labelled sets, alone and together, beside what others do.

    Takes some minutes; what is under way is told on standard error. Nothing runs outside a sandbox.
    JSON: version, tables[{name, rows[{set, harmful, cells, bars}]}], missed.

    \b
    toolguild safety report > safety.md
    toolguild safety report --only code --no-run --json
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.logs import log_to_file
    from toolguild.cli.output import note, say, say_json
    from toolguild.policy.load import read_policy
    from toolguild.policy.usage_file import default_usage, load_usage
    from toolguild.safety.report import TABLES, Wanted, measure

    if unknown := sorted(set(only or ()) - set(TABLES)):
        raise UsageError(
            f"--only {unknown[0]}: there is no such table; there are {', '.join(TABLES)}"
        )
    settings = settings_of(policy)
    log_to_file(settings)
    wanted = Wanted(
        tables=tuple(only or TABLES),
        folder=data,
        backends=tuple(backend or ("bubblewrap",)),
        run=run,
    )
    usage = load_usage(settings.usage) if settings.usage else default_usage()
    told = asyncio.run(
        measure(wanted, read_policy(settings.policy), usage, lambda s: note(f"  {s}"))
    )
    if as_json:
        say_json(told.plain())
    else:
        say(told.markdown())
    return exits.PROBLEM if check and told.missed else exits.SUCCEEDED
