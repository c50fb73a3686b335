"""`toolguild tasks`: what the guild is and was working on."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli.options import Json, Output, User

if TYPE_CHECKING:
    from pydantic import JsonValue

    from toolguild.client.overview import TaskLine

STATES = (
    *("queued", "running", "waiting", "succeeded", "partial", "failed", "stuck"),
    *("refused", "out_of_budget", "cancelled"),
)
app = typer.Typer(help="List, show, follow and cancel tasks.", no_args_is_help=True)
Task = Annotated[str, typer.Argument(help="The task's id, t-...")]
Followed = Annotated[bool, typer.Option("--follow", help="Go on until the task ends.")]


@app.command("list")
def list_(
    most: Annotated[int, typer.Option("--most", min=1, help="Show at most so many.")] = 50,
    user: Annotated[str | None, typer.Option("--user", help="Only tasks of this user.")] = None,
    status: Annotated[
        str | None,
        typer.Option(
            "--status", help="queued, running, waiting, or how tasks ended: succeeded, ..."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """List tasks, newest first. JSON: tasks[{task, status, user, at, goal, ahead}].

    A goal is queued while so many tasks of its user are under way as the policy allows
    (users.*.tasks_at_once); `ahead` counts the goals of that user that come first.

    \b
    toolguild tasks list
    toolguild tasks list --user ana --status queued
    """
    if status is not None and status not in STATES:
        raise typer.BadParameter(f"{status}: one of {', '.join(STATES)}", param_hint="--status")
    return asyncio.run(_list(most, user, status, as_json=as_json))


async def _list(most: int, user: str | None, status: str | None, *, as_json: bool) -> int:
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.output import say_json, table
    from toolguild.client.overview import tasks

    async with open_door(settings_of(), ()) as door:
        lines = (await tasks(door.bus, user=user, status=status))[:most]
    if as_json:
        found: list[JsonValue] = [asdict(line) for line in lines]
        say_json({"tasks": found})
    else:
        rows = [(x.task, _status(x), x.user, x.at[:19], x.goal[:80]) for x in lines]
        empty = 'No task yet; toolguild run "GOAL" gives one.'
        if user is not None or status is not None:
            empty = "No such task."
        table(("task", "status", "user", "given", "goal"), rows, empty=empty)
    return 0


def _status(line: "TaskLine") -> str:
    return f"queued ({line.ahead} before)" if line.status == "queued" else line.status


@app.command("show")
def show(task: Task, as_json: Json = False) -> int:
    """Show one task: its result, or how far it is. JSON: as `run --json`, files without path.

    \b
    toolguild tasks show t-0123456789abcdef
    """
    return asyncio.run(_show(task, as_json=as_json))


async def _show(task: str, *, as_json: bool) -> int:
    from dataclasses import replace

    from toolguild.cli import result as results
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.live import foot
    from toolguild.cli.output import say, say_json
    from toolguild.client.progress import View, fold
    from toolguild.client.summary import progress, summary
    from toolguild.client.task import Noted, completed, follow
    from toolguild.messages import TaskId

    view = View()
    first: Noted | None = None
    async with open_door(settings_of(), ()) as door:
        async for noted in follow(door.bus, TaskId(task), live=False):
            first = first or noted
            view = fold(view, noted.envelope)
            if view.result is not None:
                view = replace(view, result=completed(view.result, first, noted))
    if as_json:
        ended = view.result
        say_json(progress(task, view) if ended is None else summary(ended, paths=None, report=None))
    elif view.result is not None:
        results.show(view.result, None)
    else:
        say(view.goal)
        for step in view.steps:
            say(f"  {step.state:8s} {step.id}  {step.purpose}  {step.title}")
        for work in view.work.values():
            say(f"  {work.agent:12s} {work.said}")
        if view.waits:
            say(f"  waiting for a person: {view.waits}")
        if view.paused:
            say(f"  paused {view.paused}; go on with: toolguild resume {task}")
        say(foot(view, task, 0.0))
    return 0


@app.command("events")
def events(task: Task, follow: Followed = False, as_json: Json = False) -> int:
    """Print what happened in a task, one line each. JSON: events[{sequence, at, kind, key, text}].

    With --follow and --json there is one JSON object on each line, as it happens.

    \b
    toolguild tasks events t-0123456789abcdef --follow
    """
    return asyncio.run(_events(task, live=follow, as_json=as_json))


async def _events(task: str, *, live: bool, as_json: bool) -> int:
    import json

    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.output import say, say_json
    from toolguild.client.task import follow
    from toolguild.client.tell import tell
    from toolguild.messages import TaskId

    found: list[JsonValue] = []
    async with open_door(settings_of(), ()) as door:
        async for noted in follow(door.bus, TaskId(task), live=live and door.standing):
            body = noted.envelope.body
            said = tell(body)
            line: dict[str, Any] = {
                "sequence": noted.sequence,
                "at": noted.at,
                "kind": body.kind,
                "key": body.key,
                "text": said,
            }
            if as_json and live:
                say(json.dumps(line, ensure_ascii=False))
            elif as_json:
                found.append(line)
            elif said is not None:
                say(f"{noted.at[11:23]}  {body.kind:16s} {said}")
    if as_json and not live:
        say_json({"events": found})
    return 0


@app.command("wait")
def wait(task: Task, output: Output = None, user: User = "local", as_json: Json = False) -> int:
    """Go on watching a task and bring its result home, as `run` does; the same exit codes.

    \b
    toolguild tasks wait t-0123456789abcdef --output result
    """
    return asyncio.run(_wait(task, output, user, as_json=as_json))


async def _wait(task: str, output: Path | None, user: str, *, as_json: bool) -> int:
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.result import bring_home
    from toolguild.cli.watch import interruptible, watch
    from toolguild.messages import TaskId

    with interruptible() as interrupted:
        async with open_door(settings_of()) as door:
            within = door.policy.budget.ceiling.wall_seconds
            watched = await watch(
                door, TaskId(task), interrupted=interrupted, within=within, user=user
            )
            return await bring_home(door, watched, output, as_json=as_json)


@app.command("cancel")
def cancel_(
    task: Task,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log.")] = "",
    user: User = "local",
    as_json: Json = False,
) -> int:
    """End a task: the same as `toolguild cancel`.

    \b
    toolguild tasks cancel t-0123456789abcdef --reason "wrong file"
    """
    from toolguild.cli.intervene import cancel

    return cancel(task, reason, user, as_json)
