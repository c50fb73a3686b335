"""`toolguild up`, `status` and `down`: a guild that stays."""

import asyncio
import importlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.importing import importing
from toolguild.cli.options import Json, PolicyFile
from toolguild.errors import Misconfigured, ToolguildError, UsageError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from toolguild.cli.rolling import Answer, Request
    from toolguild.cli.state import State
    from toolguild.messages.safety import Halted
    from toolguild.settings import Settings

START_WITHIN = 100.0  # seconds for a guild in the background to be ready
ASKED_WITHIN = 5.0  # seconds for the log to say what is halted
END_WITHIN = 30.0  # seconds beyond the grace for it to end in order


def up(
    executors: Annotated[
        int | None, typer.Option("--executors", min=1, max=1000, help="Executor processes.")
    ] = None,
    foreground: Annotated[
        bool, typer.Option("--foreground/--detach", help="Stay in this terminal until Ctrl-C.")
    ] = False,
    policy: PolicyFile = None,
    as_json: Json = False,
) -> int:
    """Run a guild to stay: nats-server and one process for each service, restarted when they die.

    Returns when every service is ready. Logs are below the data directory. JSON: as `status --json`.

    \b
    toolguild up --executors 4
    toolguild up --foreground --policy policy.yaml
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.state import read_state

    settings = settings_of(policy)
    if settings.policy is not None:
        from toolguild.policy import load_policy

        load_policy(settings.policy)
    if executors is not None:
        settings = settings.model_copy(update={"executors": executors})
    if read_state(settings) is not None:
        raise UsageError(
            f"a guild runs already with its data in {settings.data_dir}; `toolguild status` shows "
            "it, `toolguild down` ends it"
        )
    if foreground:
        from toolguild.cli.stay import stay

        return stay(settings, as_json=as_json)
    state = _detach(settings)
    return asyncio.run(_report(settings, state, as_json=as_json))


def status(as_json: Json = False) -> int:
    """Say which guild runs, and how each of its processes does. Exit 1 when it is not all ready.

    JSON: running, data_dir, nats, members[{name, service, pid, health, restarts, ready}].

    \b
    toolguild status --json
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.state import read_state

    settings = settings_of()
    return asyncio.run(_report(settings, read_state(settings), as_json=as_json))


def restart(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SERVICE]...", help="Services, or processes as `status` names them."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Restart the processes of the guild that `up` started, one after another, while it goes on working.

    A new process takes messages before the old one is told to stop, and the next one waits for both. JSON:
    restarted[{name, pid, ready_seconds, settled_seconds}].

    \b
    toolguild restart
    toolguild restart executor planner
    """
    from toolguild.cli import rolling
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say, say_json
    from toolguild.cli.state import read_state

    settings = settings_of()
    state = read_state(settings)
    if state is None or not state.ready:
        raise UsageError(
            f"no guild runs with its data in {settings.data_dir}; `toolguild up` starts one"
        )
    known = {one.name for one in state.members} | {one.service for one in state.members}
    if unknown := sorted(set(names or ()) - known):
        raise UsageError(
            f"no such service: {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    request = rolling.ask(settings, names or ())
    os.kill(state.pid, signal.SIGHUP)
    told = until_answered(settings, request)
    if as_json and not told.error:
        say_json({"restarted": [vars(one) for one in told.replaced]})
    elif not as_json:
        for one in told.replaced:
            took = f"ready after {one.ready_seconds:.1f} s, the old one ended {one.settled_seconds:.1f} s later"
            say(f"{one.name}: process {one.pid}, {took}")
    if told.error:
        raise Misconfigured(f"not all is restarted, the old processes stay: {told.error}")
    return exits.SUCCEEDED


def until_answered(settings: "Settings", request: "Request") -> "Answer":
    """Wait for as long as the guild is there: every step of a restart has its own bound."""
    from toolguild.cli import rolling
    from toolguild.cli.state import is_held

    while (told := rolling.answered(settings, request)) is None:
        if not is_held(settings):
            raise Misconfigured("the guild has ended before it was done")
        time.sleep(0.05)
    return told


def down(
    now: Annotated[
        bool,
        typer.Option("--now", help="Do not wait for what is under way; the next guild does it."),
    ] = False,
    as_json: Json = False,
) -> int:
    """End the guild that `up` started. What is under way is settled; nothing is lost. JSON: ended.

    \b
    toolguild down
    toolguild down --now
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say, say_json
    from toolguild.cli.state import is_held, read_state

    settings = settings_of()
    state = read_state(settings)
    if state is not None:
        os.kill(state.pid, signal.SIGTERM)
        within = settings.grace_seconds + END_WITHIN
        deadline = time.monotonic() + within
        if now:
            time.sleep(0.2)  # two signals at once count as one
            with suppress(ProcessLookupError):
                os.kill(state.pid, signal.SIGTERM)
        while is_held(settings):
            if time.monotonic() > deadline:
                raise Misconfigured(
                    f"the guild (process {state.pid}) has not ended in {within:g} s; "
                    f"look into {settings.data_dir / 'logs'}"
                )
            time.sleep(0.05)
    if as_json:
        say_json({"ended": state is not None})
    else:
        say("the guild has ended" if state is not None else "no guild was running")
    return exits.SUCCEEDED


def _detach(settings: "Settings") -> "State":
    """Start the guild in a session of its own and return when it is ready."""
    from toolguild.cli.seat import last_line, log_of
    from toolguild.cli.state import read_state

    log = log_of(settings, "guild")
    pid = _spawn({**os.environ, **settings.environment()}, log)
    deadline = time.monotonic() + START_WITHIN
    with importing():
        importlib.import_module("toolguild.cli.door")  # to report; the guild gets ready meanwhile
    while time.monotonic() < deadline:
        state = read_state(settings)
        if state is not None and state.ready:
            return state
        ended, how = os.waitpid(pid, os.WNOHANG)
        if ended:
            said = f"the guild did not start: {last_line(log).removeprefix('toolguild: ')}"
            usage = os.waitstatus_to_exitcode(how) == exits.USAGE
            raise UsageError(said) if usage else Misconfigured(said)
        time.sleep(0.02)
    os.kill(pid, signal.SIGTERM)
    raise Misconfigured(f"the guild was not ready in {START_WITHIN:g} s; look into {log}")


def _spawn(environment: dict[str, str], log: Path) -> int:
    """Start the guild's own process, which outlives this one, and return its id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    opened = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "toolguild.cli.stay"],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), opened, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


async def _report(settings: "Settings", state: "State | None", *, as_json: bool) -> int:
    from urllib.parse import urlsplit

    from toolguild.cli.halt import shape
    from toolguild.cli.output import say, say_json, table
    from toolguild.cli.seat import is_ready
    from toolguild.cli.state import standing_url

    members = state.members if state else ()
    url = standing_url(settings)
    shown = _shown(url) if url else None
    async with asyncio.TaskGroup() as group:  # each looks at every queue it reads before it answers
        ports = [urlsplit(one.health).port or 0 for one in members]
        asked = [group.create_task(is_ready(port)) for port in ports]
        halts = await _halts(settings) if url else ()
    ready = [one.result() for one in asked]
    whole = state is not None and url is not None and all(ready)
    if as_json:
        every: list[JsonValue] = [
            {
                "name": one.name,
                "service": one.service,
                "pid": one.pid,
                "health": one.health,
                "restarts": one.restarts,
                "ready": well,
            }
            for one, well in zip(members, ready, strict=True)
        ]
        say_json(
            {
                "running": state is not None,
                "ready": whole,
                "data_dir": str(settings.data_dir),
                "nats": shown,
                "members": every,
                "halts": [dict(shape(one)) for one in halts],
            }
        )
    elif state is None:
        say(f"no guild runs with its data in {settings.data_dir}; `toolguild up` starts one")
    else:
        say(f"guild over {settings.data_dir}, NATS at {shown or 'nowhere'}")
        columns = ("process", "pid", "ready", "restarts", "health and metrics")
        rows = [
            (one.name, str(one.pid), "yes" if well else "NO", str(one.restarts), one.health)
            for one, well in zip(members, ready, strict=True)
        ]
        table(columns, rows, empty="it has no services")
        _say_halted(halts)
    return exits.SUCCEEDED if whole else exits.PROBLEM


def _shown(url: str) -> str:
    from toolguild.runtime.bus import redacted

    return redacted(url)


def _say_halted(halts: "Sequence[Halted]") -> None:
    from toolguild.cli.output import say
    from toolguild.runtime.halts import told

    for one in halts:
        say(f"HALTED: {told(one)}")


async def _halts(settings: "Settings") -> "Sequence[Halted]":
    """Return what is halted; nothing when the guild cannot be asked, which its readiness tells."""
    from toolguild.cli.door import open_door
    from toolguild.cli.halt import holding

    try:
        async with asyncio.timeout(ASKED_WITHIN), open_door(settings, ()) as door:
            return await holding(door)
    except (ToolguildError, TimeoutError):
        return ()
