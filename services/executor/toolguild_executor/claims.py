"""Runs with effects outside the sandbox: each is begun once, however often its order is delivered."""

import asyncio
from collections.abc import Awaitable, Callable

from toolguild.errors import PermanentError
from toolguild.guild import Guild, Journal
from toolguild.messages.commands import RunTool
from toolguild.messages.events import ToolRan
from toolguild.sandbox.interface import NotStarted, Ran

Begin = Callable[[], Awaitable[None]]

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))  # methods that change nothing (RFC 9110)
_PATIENCE = 2.0  # seconds for which an outcome may still come from whoever began
_EVERY = 0.1


class Interrupted(PermanentError):
    """The run was begun and its outcome is not known, or it failed after an effect: it is not repeated."""

    code = "interrupted"


class _Begun(Exception):
    """Somebody has begun this run before."""


class _NotRecorded(Exception):
    """The journal has no outcome."""


async def once(
    guild: Guild, command: RunTool, run: Callable[[Begin], Awaitable[ToolRan]]
) -> ToolRan:
    """Return how this run ended, running it unless it was begun before.

    `run` awaits what it is given right before the tool starts. Raises Interrupted when another delivery of
    the same order began the run and no outcome of it is recorded: what it did outside may have happened. An
    order that a person gave again is another one.
    """
    key = f"run-tool:{command.task}:{command.ref}:{command.tool}:{command.again}"
    held = False

    async def begin() -> None:
        nonlocal held
        if held:
            return  # in another sandbox, after one that failed before the tool started
        if not await guild.claims.claim(key):
            raise _Begun
        held = True

    async def effect() -> bytes:
        try:
            return (await run(begin)).model_dump_json().encode()
        except NotStarted:
            if held:
                await guild.claims.release(key)
            raise

    try:
        outcome = await guild.journal.once(key, effect)
    except _Begun as error:
        recorded = await _recorded(guild.journal, key)
        if recorded is None:
            raise Interrupted(
                f"step {command.step} was interrupted: the tool had begun, may have changed something on "
                "a host that it may reach, and its outcome is lost. It is not run again by itself"
            ) from error
        outcome = recorded
    return ToolRan.model_validate_json(outcome)


def check_effects(command: RunTool, title: str, ran: Ran) -> None:
    """Raise Interrupted for a run that failed after it may have changed something on a host.

    To mend the tool and run it again would do that twice.
    """
    done = [one for one in ran.requests if one.verdict == "allowed" and one.method not in _SAFE]
    if ran.outcome == "ok" or not done:
        return
    told = ", ".join(dict.fromkeys(f"{one.method} {one.host}:{one.port}" for one in done))
    why = f"{ran.fault.type}: {ran.fault.message}" if ran.fault else ran.outcome
    raise Interrupted(
        f"step {command.step} was interrupted: {title} failed ({why[:500]}) after it had reached a host "
        f"({told[:500]}). What it did there is done, so it is not run again by itself"
    )


async def _recorded(journal: Journal, key: str) -> bytes | None:
    """Return the outcome if it is there, or comes soon: its run may be under way elsewhere."""

    async def nothing() -> bytes:
        raise _NotRecorded

    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE
    while True:
        try:
            return await journal.once(key, nothing)
        except _NotRecorded:
            if loop.time() > until:
                return None
        await asyncio.sleep(_EVERY)
