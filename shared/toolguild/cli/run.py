"""`toolguild run`: a goal goes in; the answer, the files and a report come out."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli.options import Autonomy, Inputs, Json, Model, Output, PolicyFile, User

if TYPE_CHECKING:
    from toolguild.client.task import Order
    from toolguild.settings import Settings


def run(
    goal: Annotated[str | None, typer.Argument(help="What you want, in words.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="GOAL.YAML", help="A goal with its criteria."),
    ] = None,
    inputs: Inputs = None,
    output: Output = None,
    model: Model = None,
    autonomy: Annotated[
        Autonomy | None,
        typer.Option(
            "--autonomy",
            help="A: a person approves code before it runs. B: a person watches. "
            "C: audited later. D: alone.",
            show_default="the policy's",
        ),
    ] = None,
    policy: PolicyFile = None,
    max_usd: Annotated[
        float | None, typer.Option("--max-usd", min=0, help="Spend no more on models.")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option("--max-seconds", min=1, help="Work no longer.")
    ] = None,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Work on a goal: plan, make the tools that are missing, prove and run them, report.

    Without a guild that runs (`toolguild up`), one runs for as long as the task does; the tools stay.
    Files and report.html go to --output. Progress and logs go to standard error.

    \b
    Exit codes: 0 succeeded, 2 bad usage or input, 3 partial, 4 failed or stuck, 5 refused by policy,
    6 waiting for a person, 7 out of budget, 130 cancelled.

    \b
    toolguild run "Sum the amounts by region" --input sales.csv --model openai/gpt-4o
    toolguild run -f goal.yaml --input a.json --output result --max-usd 0.50 --json
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.goal import read_goal
    from toolguild.client.delivery import check_output
    from toolguild.client.task import Order

    order = Order(
        goal=read_goal(goal, file),
        files=tuple(path.absolute() for path in inputs or ()),
        user=user,
        model=model,
        autonomy=autonomy.value if autonomy else None,
        max_usd=max_usd,
        max_seconds=max_seconds,
    )
    if output is not None:
        check_output(output)
    settings = settings_of(policy)
    return asyncio.run(
        _run(order, settings, output, own_policy=policy is not None, as_json=as_json)
    )


async def _run(
    order: "Order", settings: "Settings", output: Path | None, *, own_policy: bool, as_json: bool
) -> int:
    from toolguild.cli.before import check_before
    from toolguild.cli.door import open_door
    from toolguild.cli.result import bring_home
    from toolguild.cli.store import submitted
    from toolguild.cli.watch import interruptible, watch
    from toolguild.client.task import new_task_id
    from toolguild.errors import UsageError
    from toolguild.sealing import SealKeys

    await check_before(order, settings)
    task = new_task_id()
    async with open_door(
        settings
    ) as door:  # a Ctrl-C till then leaves at once: there is no task yet
        if door.standing and own_policy:
            raise UsageError(
                "--policy: the guild that runs has its own policy; start it with "
                "`toolguild up --policy FILE`, or end it with `toolguild down` first"
            )
        SealKeys(door.settings.keys).prepare(order.user)
        with interruptible() as interrupted:
            within = await submitted(door, order, task)
            watched = await watch(
                door, task, interrupted=interrupted, within=within, user=order.user
            )
            return await bring_home(door, watched, output, as_json=as_json)
