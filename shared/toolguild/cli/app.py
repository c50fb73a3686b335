"""The commands and their groups."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from toolguild.cli import (
    audit,
    baseline,
    batch,
    dead,
    demo,
    doctor,
    drill,
    halt,
    inbox,
    intervene,
    keys,
    nats,
    operate,
    policy,
    prune,
    replay,
    reveal,
    review,
    run,
    safety,
    sandbox,
    tasks,
    tools,
    trust,
)


class Commands(TyperGroup):
    """The commands. A Ctrl-C leaves them as Abort: of itself, Typer ends without a word."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # click's own, vendored
        """Run a command. Raises typer.Abort when a person stopped it."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise typer.Abort from error


app = typer.Typer(
    name="toolguild",
    cls=Commands,
    help=(
        "A guild of agents that make tools for each other.\n\n"
        "Give it a goal and files; it plans, makes the tools that are missing, proves them in a "
        "sandbox, runs them, and keeps them for the next task.\n\n"
        "\b\n"
        "toolguild demo\n"
        'toolguild run "Sum the amounts by region" --input sales.csv --model openai/gpt-4o\n'
        "toolguild tools list\n\n"
        "Every command says more with --help."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"toolguild {version('toolguild')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Hold the options of `toolguild` itself."""


app.command("run")(run.run)
app.command("demo")(demo.demo)
for known in (baseline.baseline, baseline.quarantine, baseline.release):
    tools.app.command(known.__name__)(known)
app.add_typer(tools.app, name="tools")
tasks.app.command("prune")(prune.prune)
app.add_typer(tasks.app, name="tasks")
inbox.app.command("batch")(batch.batch)
app.add_typer(inbox.app, name="inbox")
app.add_typer(trust.app, name="trust")
app.add_typer(audit.app, name="audit")
app.command("pause")(intervene.pause)
app.command("resume")(intervene.resume)
app.add_typer(halt.app, name="halt")
app.command("cancel")(intervene.cancel)
app.command("override")(intervene.override)
app.command("constrain")(intervene.constrain)
app.command("guide")(intervene.guide)
app.add_typer(dead.app, name="dead")
app.add_typer(keys.app, name="keys")
app.add_typer(nats.app, name="nats")
app.command("replay")(replay.replay)
app.command("reveal")(reveal.reveal)
app.command("up")(operate.up)
app.command("status")(operate.status)
app.command("restart")(operate.restart)
app.command("down")(operate.down)
app.command("doctor")(doctor.doctor)
app.command("drill")(drill.drill)
app.command("review")(review.review)
app.add_typer(policy.app, name="policy")
app.add_typer(safety.app, name="safety")
app.add_typer(sandbox.app, name="sandbox")
