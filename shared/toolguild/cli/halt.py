"""`toolguild halt`, and the `resume` of what was halted: kill switches of the guild."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json, User
from toolguild.errors import Misconfigured, UsageError

if TYPE_CHECKING:
    from toolguild.cli.door import Door
    from toolguild.client.halt import Answered
    from toolguild.messages.safety import Halted
    from toolguild.runtime.halts import Orders

app = typer.Typer(
    help=(
        "Kill switches: stop a run, a tool, an agent, the executor pool, or everything, at once.\n\n"
        "What is under way is killed and done later; nothing of it starts until `toolguild resume`, also after "
        "a restart of everything. Each order is signed with your key, and the policy says who may give one "
        "(monitoring.halters).\n\n"
        "Exit codes: 0 every process has done so, 1 some has not answered or something is still there, 5 "
        "refused. JSON: orders[{target, on, by, reason, at, outcome, stopped, left, seconds, processes, "
        "missing, detail}]."
    ),
    no_args_is_help=True,
)
Reason = Annotated[str, typer.Option("--reason", help="Why; everybody who waits sees it.")]
KINDS = ("run", "tool", "agent", "pool", "all")


@app.command("run")
def run(
    task: Annotated[str, typer.Argument(help="The task's id, t-...")],
    reason: Reason,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Kill the calls of one task now, and hold what it orders until it goes on.

    \b
    toolguild halt run t-0123456789abcdef --reason "it deletes the wrong files"
    """
    return _halt("run", task, reason, user, as_json=as_json)


@app.command("tool")
def tool(
    name: Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A tool, or its digest.")],
    reason: Reason,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Kill the calls of a tool everywhere, and of tools that use it; refuse new ones. A name means every version.

    \b
    toolguild halt tool sum_by_column --reason "it counts twice"
    """
    return _halt("tool", name, reason, user, as_json=as_json)


@app.command("agent")
def agent(
    name: Annotated[str, typer.Argument(help="A service, or one of its agents.")],
    reason: Reason,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Stop a service, such as synthesizer, or one agent of it, such as reviewer-review.

    \b
    toolguild halt agent synthesizer --reason "its model answers nonsense"
    """
    return _halt("agent", name, reason, user, as_json=as_json)


@app.command("pool")
def pool(reason: Reason, user: User = "local", as_json: Json = False) -> int:
    """Stop all executors: no code of any tool runs.

    \b
    toolguild halt pool --reason "moving the machines"
    """
    return _halt("pool", "", reason, user, as_json=as_json)


@app.command("all")
def everything(reason: Reason, user: User = "local", as_json: Json = False) -> int:
    """Stop everything. Goals are still accepted, and wait. The record is kept on, and people may decide.

    \b
    toolguild halt all --reason "a key has leaked"
    """
    return _halt("all", "", reason, user, as_json=as_json)


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List what is halted now. JSON: halts[{target, by, reason, at}].

    \b
    toolguild halt list
    """
    from toolguild.cli.output import say_json, table

    halts = asyncio.run(_holding())
    if as_json:
        say_json({"halts": [shape(one) for one in halts]})
        return exits.SUCCEEDED
    rows = [(one.target, one.by, one.at[:19], one.reason) for one in halts]
    table(("halted", "by", "since", "why"), rows, empty="Nothing is halted.")
    return exits.SUCCEEDED


def resume(words: Sequence[str], reason: str, user: str, *, as_json: bool) -> int:
    """Let what was halted go on: `run TASK`, `tool NAME`, `agent NAME`, `pool` or `all`."""
    kind, name = words[0], words[1] if len(words) > 1 else ""
    return _ordered(kind, name, reason, user, on=False, as_json=as_json)


def is_of_halts(words: Sequence[str]) -> bool:
    """Whether the words after `resume` name what was halted, and not a paused task. Raises UsageError."""
    if words[0] not in KINDS:
        if len(words) > 1:
            raise UsageError(f"resume {' '.join(words)}: say a task, or one of {', '.join(KINDS)}")
        return False
    alone = words[0] in ("pool", "all")
    if len(words) != (1 if alone else 2):
        raise UsageError(
            f"resume {words[0]}: say {words[0]}" + ("" if alone else " and which: one name")
        )
    return True


def shape(order: "Halted") -> dict[str, str]:
    """Return a halt for --json."""
    return {"target": order.target, "by": order.by, "reason": order.reason, "at": order.at}


async def holding(door: "Door") -> "tuple[Halted, ...]":
    """Return the halts that hold in a guild, oldest first."""
    return (await _known(door)).holding()


def _halt(kind: str, name: str, reason: str, user: str, *, as_json: bool) -> int:
    if not reason.strip():
        raise UsageError("--reason: say why; those who wait see it, and the log keeps it")
    return _ordered(kind, name, reason, user, on=True, as_json=as_json)


def _ordered(kind: str, name: str, reason: str, user: str, *, on: bool, as_json: bool) -> int:
    return _show(asyncio.run(_give(kind, name, reason, user, on=on)), as_json=as_json)


async def _give(kind: str, name: str, reason: str, user: str, *, on: bool) -> "list[Answered]":
    from toolguild.cli.signing import person
    from toolguild.client.halt import give, order

    async with _open() as door:
        signer = person(door.settings, user)
        known = await _known(door)
        targets = await _targets(door, kind, name, known, on=on)
        said = [
            order(known, target, on=on, by=user, signer=signer, reason=reason) for target in targets
        ]
        if not door.standing:  # nobody is there who could refuse it
            for one in said:
                known.take(one, datetime.now(UTC))
        return [await give(door.bus, one) for one in said]


@asynccontextmanager
async def _open() -> "AsyncIterator[Door]":
    """Reach the guild, also one that another command runs for itself; without any, the order is stored.

    Raises Misconfigured when a guild runs whose server cannot be reached: then nobody would hear.
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.cli.state import read_state
    from toolguild.runtime.server import running

    settings = settings_of()
    url = settings.nats_url or await asyncio.to_thread(running, settings.data_dir / "nats")
    if url is None and read_state(settings) is not None:
        raise Misconfigured(
            "the NATS server of the guild is down, so nobody would hear the order, and it was not given; try "
            "again in a moment, or end all processes of this machine with `toolguild down --now`"
        )
    async with open_door(settings.model_copy(update={"nats_url": url}), ()) as door:
        yield door


async def _known(door: "Door") -> "Orders":
    from toolguild.client.halt import orders
    from toolguild.identity import KeyDirectory

    return await orders(door.bus, KeyDirectory(door.settings.keys), door.policy)


async def _holding() -> "tuple[Halted, ...]":
    async with _open() as door:
        return await holding(door)


async def _targets(
    door: "Door", kind: str, name: str, known: "Orders", *, on: bool
) -> Iterable[str]:
    """Return what an order is about. Raises UsageError for what there is not, or is not halted."""
    match kind:
        case "run":
            targets: Sequence[str] = [f"run-{await _task(door, name)}"]
        case "tool":
            targets = await _tools(door, name, known, on=on)
        case "agent":
            targets = [f"agent-{await _agent(door, name, on=on)}"]
        case _:
            targets = [kind]
    halted = {one.target for one in known.holding()}
    if not on and not halted & set(targets):
        told = ", ".join(sorted(halted)) or "nothing"
        raise UsageError(f"{kind} {name}".strip() + f" is not halted; halted: {told}")
    return targets if on else [one for one in targets if one in halted]


async def _task(door: "Door", task: str) -> str:
    from toolguild.client.picture import picture

    return (await picture(door.bus, task)).task


async def _tools(door: "Door", name: str, known: "Orders", *, on: bool) -> Sequence[str]:
    """Return a tool's targets; what lets a name go on lets each of its versions go on as well."""
    from toolguild.client.halt import tool_targets
    from toolguild.registry import open_registry

    async with open_registry(door.bus.js) as registry:
        targets = tool_targets(registry, name)
        if on or not targets[0].startswith("toolname-"):
            return targets
        versions = [f"tool-{one.tool.digest}" for one in registry.versions(name)]
    halted = {one.target for one in known.holding()}
    return [*targets, *(one for one in versions if one in halted)]


async def _agent(door: "Door", name: str, *, on: bool) -> str:
    from toolguild.client.halt import agents
    from toolguild.runtime.services import installed

    there = await agents(door.bus) | set(installed())
    if on and name not in there:
        raise UsageError(f"agent {name}: there is none; there are {', '.join(sorted(there))}")
    return name


def _show(answers: "Sequence[Answered]", *, as_json: bool) -> int:
    from toolguild.cli.output import note, say, say_json

    shapes = [_told(one) for one in answers]
    if as_json:
        say_json({"orders": shapes})
    for told in () if as_json else shapes:
        verb = "halted" if told["on"] else "goes on"
        line = f"{told['target']}: {told['detail'] or verb}"
        (note if told["outcome"] == "refused" else say)(line)
    outcomes = {str(told["outcome"]) for told in shapes}
    if "refused" in outcomes:
        return exits.REFUSED
    return exits.PROBLEM if "partly" in outcomes else exits.SUCCEEDED


def _told(one: "Answered") -> "dict[str, object]":
    done = "halted" if one.order.on else "goes on"
    if one.refused:
        outcome, detail = "refused", f"refused: {one.refused}"
    elif one.missing or one.left:
        outcome = "partly"
        left = f"; {one.left} calls or handlers are still there" if one.left else ""
        silent = f"; no answer from {', '.join(one.missing)}" if one.missing else ""
        detail = f"{done} in {len(one.taken)} processes{left}{silent}"
    elif not one.taken:
        outcome, detail = "stored", f"{done}: stored, and holds as soon as a guild runs"
    else:
        ended = f", {one.stopped} calls and handlers ended in {one.seconds:.2f} s"
        outcome = "taken"
        detail = f"{done} in {len(one.taken)} processes" + (ended if one.order.on else "")
    return {
        **shape(one.order),
        "on": one.order.on,
        "outcome": outcome,
        "stopped": one.stopped,
        "left": one.left,
        "seconds": one.seconds,
        "processes": [
            {"process": each.process, "stopped": each.stopped, "seconds": each.seconds}
            for each in one.taken
        ],
        "missing": list(one.missing),
        "detail": detail,
    }
