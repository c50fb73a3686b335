"""`toolguild sandbox`: one call of a file in the sandbox, and the proof that the sandbox holds."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli import exits
from toolguild.cli.options import Backend, BackendOption, Inputs, Json

if TYPE_CHECKING:
    from pydantic import JsonValue

    from toolguild.sandbox.checks import CheckResult
    from toolguild.sandbox.interface import Call, Ran

app = typer.Typer(help="Run code in the sandbox; test the sandbox.", no_args_is_help=True)


@app.command("run")
def run(
    file: Annotated[Path, typer.Argument(help="A Python or JavaScript file.")],
    call: Annotated[str, typer.Option("--call", metavar="NAME", help="The function to call.")],
    args: Annotated[
        str, typer.Option("--args", metavar="JSON", help="Its arguments, a JSON object.")
    ] = "{}",
    inputs: Inputs = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Copy the files it writes here."),
    ] = None,
    backend: BackendOption = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.01, max=3600, help="Time limit.")
    ] = 30.0,
    memory: Annotated[
        int, typer.Option("--memory", metavar="MB", min=16, max=65536, help="Memory limit.")
    ] = 512,
    as_json: Json = False,
) -> int:
    """Call one function of an UNREVIEWED file in the sandbox.

    Input files appear as /data/NAME; what the code writes below /output comes back.
    JSON: outcome, value (only when the call ended well), files, usage, error.

    \b
    toolguild sandbox run double.py --call double --args '{"x": 2}'
    toolguild sandbox run top.js --call top --args '{"path": "/data/a.csv"}' --input a.csv
    """
    from toolguild.cli.output import note
    from toolguild.client.delivery import check_output

    if output is not None:
        check_output(output)
    wanted = _call(file, call, args, tuple(inputs or ()), seconds, memory)
    note(f"toolguild: {file.name} was not reviewed; nothing about it is known to be safe or right")
    ran = asyncio.run(_run(wanted, backend))
    paths = _keep(ran, output)
    _show(ran, paths, as_json=as_json)
    return exits.SUCCEEDED if ran.outcome == "ok" else exits.FAILED


@app.command("check")
def check(backend: BackendOption = None, as_json: Json = False) -> int:
    """Run the conformance and escape suite of the sandbox on this machine.

    Every attack names what stops it; at the end stands what nothing here stops.
    Exit 0 when every check passes, 1 otherwise. JSON: sandbox, isolation, passed, checks (name, group, passed,
    detail; of an attack also family, stopped, how), limits (name, what, helps).

    \b
    toolguild sandbox check
    toolguild sandbox check --backend docker --json
    """
    from dataclasses import asdict

    from toolguild.cli.output import note, say, say_json
    from toolguild.sandbox.limits import LIMITS

    name, isolation, results = asyncio.run(_check(backend, quiet=as_json))
    passed = bool(results) and all(one.passed for one in results)
    if as_json:
        checks: list[JsonValue] = [_check_shape(one) for one in results]
        limits: list[JsonValue] = [asdict(limit) for limit in LIMITS]
        say_json(
            {
                "sandbox": name,
                "isolation": isolation,
                "passed": passed,
                "checks": checks,
                "limits": limits,
            }
        )
    else:
        note("what nothing here stops:")
        for limit in LIMITS:
            note(f"     {limit.name}: {limit.what}. Helps: {limit.helps}.")
        stopped = [one.passed for one in results if one.group == "escape"]
        held = sum(one.passed for one in results)
        say(
            f"{name} ({isolation}): {held} of {len(results)} checks hold;"
            f" {sum(stopped)} of {len(stopped)} attacks stopped"
        )
    return exits.SUCCEEDED if passed else exits.PROBLEM


def _check_shape(one: "CheckResult") -> "dict[str, JsonValue]":
    shape: dict[str, JsonValue] = {
        "name": one.name,
        "group": one.group,
        "passed": one.passed,
        "detail": one.detail,
    }
    attack: dict[str, JsonValue] = {"family": one.family, "stopped": one.passed, "how": one.how}
    return shape | attack if one.group == "escape" else shape


def _call(
    file: Path, entry: str, args: str, inputs: tuple[Path, ...], seconds: float, memory: int
) -> "Call":
    from toolguild.capability import Limits
    from toolguild.cli.arguments import language_of, read_arguments, read_source
    from toolguild.client.task import check_files
    from toolguild.errors import UsageError
    from toolguild.policy import Policy
    from toolguild.sandbox.interface import Call, Code

    if not entry.isidentifier():
        raise UsageError(f"--call {entry}: is no name of a function")
    language, source = language_of(file), read_source(file)
    check_files(inputs, Policy.default())
    return Call(
        code=Code(language, source, entry),
        arguments=read_arguments(args),
        inputs={path.name: path.absolute() for path in inputs},
        limits=Limits(wall_seconds=seconds, cpu_seconds=seconds, memory_mb=memory),
        imports=_imports(source) if language == "python" else (),
    )


def _imports(source: str) -> tuple[str, ...]:
    """Name the libraries that the source imports and the sandbox can have."""
    import ast

    from toolguild.sandbox.libraries import DEFAULT

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()  # the sandbox reports it with its line
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named.add(node.module.partition(".")[0])
    return tuple(name for name in DEFAULT if name in named)


async def _run(call: "Call", backend: Backend | None) -> "Ran":
    from toolguild.sandbox.opening import open_sandbox

    sandbox = await open_sandbox(backend, size=1)
    try:
        return await sandbox.run(call)
    finally:
        await sandbox.close()


def _keep(ran: "Ran", output: Path | None) -> list[Path | None]:
    if output is None:
        return [None for _ in ran.files]
    places: list[Path | None] = []
    for file in ran.files:
        place = output / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.part")
        part.write_bytes(file.content)
        places.append(part.replace(place))
    return places


def shape(ran: "Ran", paths: "list[Path | None]") -> "dict[str, Any]":
    """Return the JSON of a call; `value` is there only when the call ended well."""
    from hashlib import sha256
    from typing import cast

    from toolguild.client.summary import fault_shape, usage_shape

    value = {"value": cast("JsonValue", ran.value)} if ran.outcome == "ok" else {}
    return {
        "outcome": ran.outcome,
        **value,
        "files": [
            {
                "name": file.name,
                "path": str(path) if path else None,
                "bytes": len(file.content),
                "sha256": sha256(file.content).hexdigest(),
            }
            for file, path in zip(ran.files, paths, strict=True)
        ],
        "usage": usage_shape(ran.usage),
        "error": fault_shape(ran.fault),
    }


def _show(ran: "Ran", paths: "list[Path | None]", *, as_json: bool) -> None:
    import json

    from toolguild.cli.output import note, say, say_json

    if ran.printed:
        note(ran.printed.rstrip("\n"))
    if as_json:
        say_json(shape(ran, paths))
        return
    if ran.outcome == "ok":
        say(json.dumps(ran.value, ensure_ascii=False, indent=2))
    elif ran.fault is not None:
        where = f" (line {ran.fault.line}: {ran.fault.source_line})" if ran.fault.line else ""
        note(f"toolguild: {ran.outcome}: {ran.fault.type}: {ran.fault.message}{where}")
    else:
        note(f"toolguild: {ran.outcome}")
    for file, path in zip(ran.files, paths, strict=True):
        note(f"file {path or file.name}, {len(file.content)} bytes")
    note(f"{ran.usage.wall_seconds * 1000:.1f} ms, {ran.usage.peak_memory_mb:.0f} MB at most")


def _by(result: "CheckResult") -> str:
    return f"- {result.how}" if result.how else ""


async def _check(backend: Backend | None, *, quiet: bool) -> "tuple[str, str, list[CheckResult]]":
    from toolguild.cli.output import note
    from toolguild.sandbox import checks, conformance, escapes
    from toolguild.sandbox.opening import open_sandbox

    sandbox = await open_sandbox(backend, size=1)
    try:
        results: list[CheckResult] = []
        for case in (*conformance.checks(), *escapes.checks()):
            result = await checks.run(sandbox, case)
            results.append(result)
            if not quiet or not result.passed:
                mark, what = "ok  " if result.passed else "FAIL", case.family or case.group
                note(f"{mark} {what}: {case.name} {result.detail or _by(result)}".rstrip())
        return sandbox.name, sandbox.isolation, results
    finally:
        await sandbox.close()
