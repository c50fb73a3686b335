"""`toolguild doctor`: what works on this machine, and what to do about what does not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json
from toolguild.errors import ToolguildError

if TYPE_CHECKING:
    from toolguild.policy import Policy
    from toolguild.settings import Settings

MARKS = {"ok": "ok  ", "warning": "warn", "broken": "FAIL"}
MODEL_SECONDS = 20.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `broken`: something that is needed does not work."""

    name: str
    state: str  # ok, warning, broken
    detail: str
    advice: str = ""


def doctor(
    model: Annotated[
        bool, typer.Option("--model/--no-model", help="Ask each configured model for one word.")
    ] = True,
    as_json: Json = False,
) -> int:
    """Look at versions, NATS, sandboxes, Node, services and models; say what to do about problems.

    Exit 1 when something that is needed does not work. JSON: ok, checks[{name, state, detail, advice}].

    \b
    toolguild doctor
    toolguild doctor --no-model --json
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say, say_json

    found = asyncio.run(_examine(settings_of(), ask=model, tell=not as_json))
    broken = [one for one in found if one.state == "broken"]
    if as_json:
        checks = [
            {"name": x.name, "state": x.state, "detail": x.detail, "advice": x.advice}
            for x in found
        ]
        say_json({"ok": not broken, "checks": checks})
    else:
        say(
            f"{len(broken)} of {len(found)} need attention"
            if broken
            else "all that is needed works"
        )
    return exits.PROBLEM if broken else exits.SUCCEEDED


async def _examine(settings: "Settings", *, ask: bool, tell: bool) -> list[Finding]:
    from toolguild.cli.output import say

    found = []
    async for one in examine(settings, ask=ask):
        found.append(one)
        if tell:
            say(f"{MARKS[one.state]}  {one.name:22s} {one.detail}")
            if one.advice:
                say(f"      {'':22s} -> {one.advice}")
    return found


async def examine(settings: "Settings", *, ask: bool) -> AsyncIterator[Finding]:
    """Yield what is found, one after another. Never raises for what does not work."""
    for one in (*_versions(), *_policy(settings), *_usage(settings), *_services()):
        yield one
    yield await _nats(settings)
    for backend in await _sandboxes(settings):
        yield backend
    yield await _node()
    if ask:
        for one in await _models():
            yield one


def _versions() -> list[Finding]:
    import platform
    from importlib.metadata import version

    python = platform.python_version()
    where = f"{platform.system()} {platform.machine()}"
    new_enough = tuple(int(part) for part in python.split(".")[:2]) >= (3, 11)
    state = "ok" if new_enough else "broken"
    advice = "" if new_enough else "install Python 3.11 or newer"
    return [
        Finding("toolguild", "ok", version("toolguild")),
        Finding("python", state, f"{python} on {where}", advice),
    ]


def _policy(settings: "Settings") -> list[Finding]:
    from toolguild.policy.load import read_policy

    where = str(settings.policy or "the shipped policy")
    try:
        policy = read_policy(settings.policy)
    except ToolguildError as error:
        return [
            Finding("policy", "broken", str(error), "mend the file that TOOLGUILD_POLICY names")
        ]
    return [Finding("policy", "ok", where), *credentials(policy)]


def credentials(policy: "Policy") -> list[Finding]:
    """Say of each credential of the policy whether it has a value here, and where from; never the value."""
    import os

    from toolguild.credentials import source

    found = []
    for name, one in policy.credentials.items():
        try:
            said = f"for {one.host}, value from {source(name, os.environ)}"
            found.append(Finding(f"credential {name}", "ok", said))
        except ToolguildError as error:
            advice = "a tool that needs it fails until it has a value in the executor's environment"
            found.append(Finding(f"credential {name}", "warning", str(error), advice))
    return found


def _usage(settings: "Settings") -> list[Finding]:
    from toolguild.policy.usage_file import read_usage

    try:
        found = read_usage(settings.usage)
    except ToolguildError as error:
        advice = "mend the file that TOOLGUILD_USAGE names"
        return [Finding("usage policy", "broken", str(error), advice)]
    told = f"{settings.usage or 'the shipped usage policy'}: {len(found.categories)} categories"
    return [Finding("usage policy", "ok", told)]


def _services() -> list[Finding]:
    from toolguild.runtime.services import installed, load_service

    found = []
    names = list(installed())
    for name in names:
        try:
            load_service(name)
        except ToolguildError as error:
            advice = "install what it needs, or uninstall it"
            found.append(Finding(f"service {name}", "broken", str(error), advice))
    missing = {"planner", "synthesizer", "reviewer", "executor", "auditor"} - set(names)
    if missing:
        said = f"not installed: {', '.join(sorted(missing))}"
        found.append(Finding("services", "broken", said, "pip install 'toolguild[all]'"))
    elif not found:
        found.append(Finding("services", "ok", ", ".join(names)))
    return found


async def _nats(settings: "Settings") -> Finding:
    from toolguild.cli.state import standing_url
    from toolguild.runtime.access.login import Login
    from toolguild.runtime.bus import connect, redacted
    from toolguild.runtime.server import nats_server, running

    url = settings.nats_url or standing_url(settings)
    directory = settings.data_dir / "nats"
    try:
        if url is not None:
            async with connect(url, name="toolguild doctor", login=Login.of(settings)) as bus:
                version = str(bus.client.connected_server_version)
                return Finding("nats", "ok", f"nats-server {version} at {redacted(url)}")
        if await asyncio.to_thread(running, directory) is not None:
            return Finding("nats", "ok", f"in use by another command over {settings.data_dir}")
        async with (
            nats_server(directory, port=settings.nats_port) as server,
            connect(server.url, name="toolguild doctor") as bus,
        ):
            version = str(bus.client.connected_server_version)
        return Finding("nats", "ok", f"nats-server {version} starts, data in {settings.data_dir}")
    except ToolguildError as error:
        said, _, advice = str(error).partition("; ")
        return Finding("nats", "broken", said, advice)


async def _sandboxes(settings: "Settings") -> list[Finding]:
    """Look at every backend; the one that the settings ask for, or else any one, has to work."""
    from toolguild.sandbox.opening import BACKENDS, open_sandbox

    found, working = [], []
    for name in BACKENDS:
        try:
            sandbox = await open_sandbox(name, size=1)
        except ToolguildError as error:
            found.append(Finding(f"sandbox {name}", "warning", str(error)))
        else:
            await sandbox.close()
            working.append(name)
            found.append(Finding(f"sandbox {name}", "ok", f"{sandbox.isolation}; self-test passed"))
    if not working:
        advice = "make one of them work: allow user namespaces (bubblewrap), or start Docker"
        found.append(Finding("sandbox", "broken", "none works, so no tool can run", advice))
    elif settings.sandbox not in ("auto", *working):
        said = f"TOOLGUILD_SANDBOX={settings.sandbox} does not work, so no tool can run"
        advice = f"make it work, or set TOOLGUILD_SANDBOX={working[0]} or unset it"
        found.append(Finding("sandbox", "broken", said, advice))
    return found


async def _node() -> Finding:
    import shutil

    place = shutil.which("node")
    if place is None:
        advice = "install Node 18 or newer for tools in JavaScript"
        return Finding("node", "warning", "not found: Python tools only", advice)
    process = await asyncio.create_subprocess_exec(
        place, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    return Finding("node", "ok", said.decode(errors="replace").strip())


async def _models() -> list[Finding]:
    import os

    from toolguild.model.check import check_models
    from toolguild.model.settings import ModelSettings
    from toolguild.report.labels import SOURCES

    try:
        reports = await check_models(
            ModelSettings.from_environment(os.environ), timeout=MODEL_SECONDS
        )
    except ToolguildError as error:
        return [Finding("model", "warning", str(error))]
    found = []
    for one in reports:
        roles = ", ".join(one.roles)
        if one.ok:
            said = f"{one.model} ({SOURCES.get(one.source, one.source)}) for {roles}"
            found.append(Finding("model", "ok", f"{said}, {one.seconds:.1f} s"))
        else:
            said, _, advice = one.problem.partition(". Choose")
            advice = f"choose{advice}" if advice else ""
            state = "warning" if one.model == "none" else "broken"
            found.append(Finding("model", state, f"{one.model} for {roles}: {said}", advice))
    return found
