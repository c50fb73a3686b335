"""`toolguild replay`: a task built anew from the log, or another task that goes on differently from a step."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json, Model, Output, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.replay.replay import Account


def replay(
    task: Annotated[str, typer.Argument(metavar="TASK")],
    from_step: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="STEP", help="Start a new task that goes on from this step."
        ),
    ] = None,
    model: Model = None,
    max_usd: Annotated[
        float | None, typer.Option("--max-usd", min=0, help="With --from: spend no more on models.")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option("--max-seconds", min=1, help="With --from: work no longer.")
    ] = None,
    output: Output = None,
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Leave out what runs in the sandbox.")
    ] = False,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Build a task anew from the log: does it come to the same end, and if not, where does it part?

    The processes take the task's events once more, and the workers its commands; where a model was asked,
    the journal answers. Nothing is changed, published or paid. What reaches hosts is left out. Exit code 0:
    the same; 1: it parts somewhere.

    With --from STEP a new task starts with the plan and the results before that step, and goes on by itself:
    with another model, or with what has changed since. It is followed as by `toolguild run`.

    \b
    JSON: task, same, status, events, commands, skipped[{sequence, kind, why}],
    differences[{sequence, agent, what, logged, replayed}].

    \b
    toolguild replay t-0123456789abcdef
    toolguild replay t-0123456789abcdef --from s2 --model openai/gpt-4o
    """
    if from_step is None:
        for name, given in (("--model", model), ("--output", output)):
            if given is not None:
                raise UsageError(f"{name} is for a new task: say --from STEP too")
        return asyncio.run(_replay(task, run=not no_run, as_json=as_json))
    return asyncio.run(
        _fork(task, from_step, model, max_usd, max_seconds, output, user, as_json=as_json)
    )


async def _replay(task: str, *, run: bool, as_json: bool) -> int:
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.output import say_json
    from toolguild.messages import TaskId
    from toolguild.replay.replay import replay
    from toolguild.runtime.services import installed, load_service

    services = [load_service(name) for name in installed()]
    async with open_door(settings_of(), ()) as door:
        account = await replay(
            door.bus, services, door.settings, door.policy, TaskId(task), run=run
        )
    if as_json:
        say_json(_shape(account))
    else:
        _show(account)
    return exits.SUCCEEDED if account.same else exits.PROBLEM


async def _fork(
    task: str,
    step: str,
    model: str | None,
    max_usd: float | None,
    max_seconds: float | None,
    output: Path | None,
    user: str,
    *,
    as_json: bool,
) -> int:
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.output import note
    from toolguild.cli.result import bring_home
    from toolguild.cli.store import GRACE
    from toolguild.cli.watch import interruptible, watch
    from toolguild.client.delivery import check_output
    from toolguild.client.task import Order
    from toolguild.goal import Goal
    from toolguild.messages import TaskId
    from toolguild.replay.fork import fork

    if output is not None:
        check_output(output)
    order = Order(
        goal=Goal.of_text("as before"),
        user=user,
        model=model,
        max_usd=max_usd,
        max_seconds=max_seconds,
    )
    async with open_door(settings_of()) as door:
        with interruptible() as interrupted:
            new = await fork(door.bus, door.policy, TaskId(task), step, order)
            note(f"toolguild: {new} goes on from step {step} of {task}")
            budget = door.policy.budget.allowed(wall_seconds=max_seconds)
            watched = await watch(
                door, new, interrupted=interrupted, within=budget.wall_seconds + GRACE, user=user
            )
            return await bring_home(door, watched, output, as_json=as_json)


def _show(account: "Account") -> None:
    from toolguild.cli.output import say, table

    same = "comes to the same end" if account.same else "parts from the log"
    say(
        f"{account.task} ({account.status}) {same}: {account.events} events taken and "
        f"{account.commands} commands done once more, {len(account.skipped)} left out"
    )
    if account.skipped:
        rows = [(str(sequence), kind, why) for sequence, kind, why in account.skipped]
        table(("log", "left out", "why"), rows, empty="")
    for one in account.differences:
        say(f"at {one.sequence}, {one.agent}: {one.what}")
        if one.logged or one.replayed:
            say(f"    log:    {one.logged}")
            say(f"    replay: {one.replayed}")


def _shape(account: "Account") -> "dict[str, object]":
    from dataclasses import asdict

    return {
        "task": account.task,
        "same": account.same,
        "status": account.status,
        "events": account.events,
        "commands": account.commands,
        "skipped": [
            {"sequence": sequence, "kind": kind, "why": why}
            for sequence, kind, why in account.skipped
        ],
        "differences": [asdict(one) for one in account.differences],
    }
