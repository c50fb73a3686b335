"""`toolguild pause|resume|cancel|override|constrain|guide`: a person steps into a task that runs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli import exits
from toolguild.cli.options import Autonomy, Json, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.cli.door import Door
    from toolguild.client.intervene import Action
    from toolguild.client.picture import Picture
    from toolguild.messages.events import Intervened, InterventionTaken

    # What is said besides who says it, checked against the task before anything is sent.
    Say = Callable[[Door, Picture], Awaitable[dict[str, Any]]]

Task = Annotated[str, typer.Argument(help="The task's id, t-...")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the log.")]
WITHIN = 20.0  # seconds for the guild to answer
ENDED_WITHIN = 30.0  # seconds for a cancelled task to end


def pause(
    task: Task,
    freeze: Annotated[
        bool,
        typer.Option("--freeze", help="Calls under way stand still; else they may finish."),
    ] = False,
    reason: Reason = "",
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Hold a task: nothing new starts until `toolguild resume`. Its deadline moves by as long as it waits.

    A pause survives a restart of everything. Exit 5 when the guild refuses, with the reason.
    JSON, of all six: task, action, id, outcome (applied, refused, stored), agent, detail.

    \b
    toolguild pause t-0123456789abcdef --freeze --reason "looking at the data first"
    """
    return _step_in(task, "pause", _just(freeze=freeze), reason, user, as_json=as_json)


def resume(
    what: Annotated[
        list[str],
        typer.Argument(metavar="TASK|run TASK|tool NAME|agent NAME|pool|all", help="What goes on."),
    ],
    reason: Reason = "",
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Let a paused task go on where it was; or, named as for `toolguild halt`, what was halted.

    JSON of what was halted: as `toolguild halt`.

    \b
    toolguild resume t-0123456789abcdef
    toolguild resume run t-0123456789abcdef
    toolguild resume all --reason "the key is changed"
    """
    from toolguild.cli import halt

    if halt.is_of_halts(what):
        return halt.resume(what, reason, user, as_json=as_json)
    return _step_in(what[0], "resume", _just(), reason, user, as_json=as_json)


def cancel(task: Task, reason: Reason = "", user: User = "local", as_json: Json = False) -> int:
    """End a task now: every process of its calls is killed, its partial results are kept.

    Ends with 0 also when the task had ended already. JSON: status as well, how the task ended.

    \b
    toolguild cancel t-0123456789abcdef --reason "wrong file"
    """
    return asyncio.run(_cancel(task, reason, user, as_json=as_json))


def override(
    task: Task,
    step: Annotated[str, typer.Option("--step", metavar="ID", help="The step concerned.")] = "",
    tool: Annotated[
        str, typer.Option("--tool", metavar="TOOL", help="NAME, NAME@VERSION or a digest.")
    ] = "",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="A=B", help="The plan's argument A is the tool's B."),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option("--value", metavar="JSON", help="The step's result, or @FILE with it."),
    ] = None,
    replace: Annotated[
        Path | None,
        typer.Option("--replace", metavar="STEP.JSON", help="Another step of the same id."),
    ] = None,
    answer: Annotated[
        str | None,
        typer.Option("--answer", metavar="JSON", help="The task's answer, or @FILE with it."),
    ] = None,
    draft: Annotated[
        str, typer.Option("--draft", metavar="DIGEST", help="A draft, by the start of its digest.")
    ] = "",
    verdict: Annotated[
        str, typer.Option("--verdict", metavar="allow|block", help="In place of the review's.")
    ] = "",
    reason: Reason = "",
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Put something in place of what the guild decided: a tool, a result, a step, the answer, a verdict.

    What was built on it is done again; all of it is marked as a person's. Nothing is widened: a tool has to
    be published and runnable, and code that a verdict lets pass still has to pass its exam.

    \b
    toolguild override TASK --step total --tool sum_by_column@1.2 --map file=path
    toolguild override TASK --step total --value '{"north": 7}'
    toolguild override TASK --replace step.json
    toolguild override TASK --answer @answer.json
    toolguild override TASK --draft 3f9a --verdict allow --reason "I have read it"
    """
    from toolguild.cli.overriding import Wish

    wish = Wish(step, tool, tuple(mapping or ()), value, replace, answer, draft, verdict)
    wish.check()
    return _step_in(task, "override", wish.chosen, reason, user, as_json=as_json)


def constrain(
    task: Task,
    max_usd: Annotated[float | None, typer.Option("--max-usd", min=0)] = None,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", min=0)] = None,
    max_model_calls: Annotated[int | None, typer.Option("--max-model-calls", min=0)] = None,
    max_cpu_seconds: Annotated[
        float | None,
        typer.Option("--max-cpu-seconds", min=0, help="Of all calls of tools together."),
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option("--max-seconds", min=1, help="From now, for the whole task.")
    ] = None,
    deadline: Annotated[
        str | None, typer.Option("--deadline", metavar="TIME", help="ISO 8601, instead.")
    ] = None,
    wall_seconds: Annotated[
        float | None, typer.Option("--wall-seconds", help="Of one call of a tool; as those below.")
    ] = None,
    cpu_seconds: Annotated[float | None, typer.Option("--cpu-seconds")] = None,
    memory_mb: Annotated[int | None, typer.Option("--memory-mb")] = None,
    disk_mb: Annotated[int | None, typer.Option("--disk-mb")] = None,
    processes: Annotated[int | None, typer.Option("--processes")] = None,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="NAME:PORT", help="Only these, of those granted."),
    ] = None,
    no_hosts: Annotated[bool, typer.Option("--no-hosts", help="No network at all.")] = False,
    autonomy: Annotated[Autonomy | None, typer.Option("--autonomy")] = None,
    reason: Reason = "",
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Narrow the bounds of a task, of what is running too. What would be wider than now is refused.

    A call that is past a new limit is killed at once.

    \b
    toolguild constrain t-0123456789abcdef --max-usd 0.10 --max-seconds 60
    toolguild constrain t-0123456789abcdef --memory-mb 128 --wall-seconds 5 --no-hosts --autonomy A
    """
    from toolguild.cli.narrowing import Narrower

    if host and no_hosts:
        raise UsageError("--host and --no-hosts: choose one")
    if max_seconds is not None and deadline is not None:
        raise UsageError("--max-seconds and --deadline: choose one")
    narrower = Narrower(
        bounds={
            "usd": max_usd,
            "tokens": max_tokens,
            "model_calls": max_model_calls,
            "cpu_seconds": max_cpu_seconds,
            "autonomy": autonomy.value if autonomy else None,
            "hosts": () if no_hosts else tuple(host) if host else None,
        },
        limits={
            "wall_seconds": wall_seconds,
            "cpu_seconds": cpu_seconds,
            "memory_mb": memory_mb,
            "disk_mb": disk_mb,
            "processes": processes,
        },
        seconds=max_seconds,
        deadline=deadline,
    )
    narrower.check()
    return _step_in(task, "constrain", narrower.chosen, reason, user, as_json=as_json)


def guide(
    task: Task,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to bear in mind.")],
    reason: Reason = "",
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Tell the agents how to go on. It stands in the next request to a model, and grants nothing.

    `toolguild tasks events TASK` shows the receipt: in which request it stood.

    \b
    toolguild guide t-0123456789abcdef "amounts are in cents; skip the header line"
    """
    if not text.strip():
        raise UsageError("TEXT: says nothing")
    return _step_in(task, "guide", _just(hint=text), reason, user, as_json=as_json)


def _just(**what: Any) -> "Say":
    async def say(door: "Door", seen: "Picture") -> dict[str, Any]:
        return what

    return say


def _step_in(
    task: str, action: "Action", say: "Say", reason: str, user: str, *, as_json: bool
) -> int:
    return asyncio.run(_said(task, action, say, reason, user, as_json=as_json))


async def _said(
    task: str, action: "Action", say: "Say", reason: str, user: str, *, as_json: bool
) -> int:
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.signing import person
    from toolguild.client.intervene import intervene, intervention
    from toolguild.client.picture import picture

    settings = settings_of()
    signer = person(settings, user)
    async with open_door(settings, ()) as door:
        seen = await picture(door.bus, task)
        if seen.ended:
            raise UsageError(f"task {task} has ended ({seen.ended}): nobody can step in any more")
        what = await say(door, seen)
        said = intervention(seen.task, action, by=user, signer=signer, reason=reason, **what)
        taken = await intervene(door.bus, said, within=WITHIN if door.standing else 0.0)
    return _show(said, taken, standing=door.standing, as_json=as_json)


async def _cancel(task: str, reason: str, user: str, *, as_json: bool) -> int:
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.signing import person
    from toolguild.client import task as client
    from toolguild.client.intervene import intervene, intervention
    from toolguild.client.picture import picture
    from toolguild.messages import TaskId

    settings = settings_of()
    signer = person(settings, user)
    async with open_door(settings) as door:
        seen = await picture(door.bus, task)
        said = intervention(TaskId(task), "cancel", by=user, signer=signer, reason=reason)
        taken = None
        if not seen.ended:
            taken = await intervene(door.bus, said, within=WITHIN)
        ended = await client.result_of(door.bus, TaskId(task), within=ENDED_WITHIN)
    status = ended.status if ended else seen.ended or "running"
    if seen.ended:
        return _say_ended(task, status, as_json=as_json)
    return _show(said, taken, standing=True, as_json=as_json, status=status)


def _say_ended(task: str, status: str, *, as_json: bool) -> int:
    from toolguild.cli.output import say, say_json

    if as_json:
        say_json({"task": task, "action": "cancel", "outcome": "ended", "status": status})
    else:
        say(f"{task} has ended already: {status}")
    return exits.SUCCEEDED


def _show(
    said: "Intervened",
    taken: "InterventionTaken | None",
    *,
    standing: bool,
    as_json: bool,
    status: str | None = None,
) -> int:
    """Say what became of it. Exit 5 when it was refused."""
    from toolguild.cli.output import note, say, say_json

    outcome = taken.outcome if taken else "stored"
    detail = taken.detail if taken else _stored(standing=standing)
    if as_json:
        told = {
            "task": said.task,
            "action": said.action,
            "id": said.id,
            "outcome": outcome,
            "agent": taken.agent if taken else None,
            "detail": detail,
        }
        say_json(told | ({} if status is None else {"status": status}))
    elif outcome == "refused":
        note(f"toolguild: {said.action} {said.task} was refused: {detail}")
    else:
        ended = f"; it ended as {status}" if status not in (None, "running") else ""
        say(f"{said.action} {said.task}: {outcome}{': ' + detail if detail else ''}{ended}")
    return exits.REFUSED if outcome == "refused" else exits.SUCCEEDED


def _stored(*, standing: bool) -> str:
    if standing:
        return f"no answer in {WITHIN:g} s; it counts as soon as the guild gets to it"
    return "no guild runs now; it counts as soon as one does (`toolguild up`, `toolguild tasks wait TASK`)"
