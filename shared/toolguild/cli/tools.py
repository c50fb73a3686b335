"""`toolguild tools`: the registry that all tasks, users and machines share."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from toolguild.cli import exits
from toolguild.cli.options import Inputs, Json, User
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.cli.door import Door
    from toolguild.client.baseline import Seen
    from toolguild.messages.events import ToolRan
    from toolguild.policy import Policy
    from toolguild.registry import JetStreamRegistry
    from toolguild.tool import Published
    from toolguild.tool.record import Status

app = typer.Typer(help="List, search, show, call and govern tools.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A tool, or its digest.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; everybody sees it.")]
T = TypeVar("T")
COLUMNS = ("tool", "status", "language", "digest", "description")


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List the newest version of every tool. JSON: tools[{name, version, digest, status, ...}].

    \b
    toolguild tools list
    """
    return _print_all(asyncio.run(_read(lambda registry: list(registry.all()))), as_json=as_json)


@app.command("search")
def search(
    query: Annotated[str, typer.Argument(help="What it should do, in words.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=100)] = 10,
    as_json: Json = False,
) -> int:
    """Find tools by words: names, descriptions, aliases; best first. JSON: as `list`.

    \b
    toolguild tools search "sum by column"
    """
    if not query.strip():
        raise UsageError("say what to search for: toolguild tools search WORDS")
    found = asyncio.run(_read(lambda registry: list(registry.search(query, limit=limit))))
    return _print_all(found, as_json=as_json)


@app.command("show")
def show(
    name: Name,
    code: Annotated[bool, typer.Option("--code", help="Show its code as well.")] = False,
    as_json: Json = False,
) -> int:
    """Show a tool: what it takes and gives, how it was proved, where it comes from, how its runs went.

    \b
    toolguild tools show sum_by_column --code
    toolguild tools show sum_by_column@1.0 --json
    """
    from toolguild.cli.baseline import lines
    from toolguild.cli.output import say, say_json
    from toolguild.report.tooling import beside, facts

    entry, versions, seen, policy = asyncio.run(_with_versions(name))
    draft = entry.tool.draft
    if as_json:
        whole = entry.tool.model_dump(mode="json")
        if not code:
            whole["draft"].pop("source")
        say_json(
            {
                **_shape(entry),
                "versions": list(versions),
                "tool": whole,
                "runs": seen.runs,
                "alerts": seen.alerts,
            }
        )
        return exits.SUCCEEDED
    say(f"{entry.tool.title}  {entry.tool.digest}")
    say(draft.description)
    say(f"  takes       {json.dumps(draft.input_schema, ensure_ascii=False)}")
    say(f"  gives       {json.dumps(draft.output_schema, ensure_ascii=False)}")
    say(f"  versions    {', '.join(versions)}")
    for label, text in facts(entry):
        say(f"  {label:11s} {text}")
    say("  uses        declared / measured in its tests")
    for label, declared, measured in beside(entry):
        say(f"    {label:10s} {declared} / {measured}")
    for line in lines(seen, policy):
        say(line)
    for alias, digest in draft.uses.items():
        say(f"  calls       {alias} ({digest[:12]})")
    if entry.reason:
        say(f"  reason      {entry.reason}")
    if code:
        say()
        say(draft.source)
    return exits.SUCCEEDED


@app.command("call")
def call(
    name: Name,
    args: Annotated[
        str, typer.Option("--args", metavar="JSON", help="Its arguments, a JSON object.")
    ] = "{}",
    inputs: Inputs = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Where the files that it makes go."),
    ] = None,
    user: User = "local",
    as_json: Json = False,
) -> int:
    """Call a tool once, in the sandbox, without a model. An argument may name an --input file.

    JSON: tool, outcome, value (only when the call ended well), files, usage, error.

    \b
    toolguild tools call sum_by_column --args '{"path": "sales.csv", "column": "amount"}' -i sales.csv
    """
    from toolguild.cli.arguments import read_arguments
    from toolguild.client.delivery import check_output

    arguments = read_arguments(args)
    if output is not None:
        check_output(output)
    files = tuple(path.absolute() for path in inputs or ())
    return asyncio.run(_call(name, arguments, files, output, user, as_json=as_json))


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="NAME[@VERSION] or digest.")],
    after: Annotated[str, typer.Argument(metavar="B", help="NAME[@VERSION] or digest.")],
    as_json: Json = False,
) -> int:
    """Show what differs between two tools: manifest and code. JSON: a, b, diff.

    \b
    toolguild tools diff sum_by_column@1.0 sum_by_column@1.1
    """
    from toolguild.cli.output import say, say_json
    from toolguild.registry.diff import diff as compare

    pair = asyncio.run(_read(lambda registry: (find(registry, before), find(registry, after))))
    changes = compare(pair[0].tool, pair[1].tool)
    if as_json:
        say_json({"a": _shape(pair[0]), "b": _shape(pair[1]), "diff": changes})
    else:
        say(changes or "they are the same")
    return exits.SUCCEEDED


@app.command("pin")
def pin(name: Name, as_json: Json = False) -> int:
    """Make a version the one that its name stands for: a roll-back. JSON: name, pin.

    \b
    toolguild tools pin sum_by_column@1.0
    """
    bare, version = split(name)
    if version is None:
        raise UsageError(f"say which version: toolguild tools pin {bare}@VERSION")
    return asyncio.run(_pin(bare, version, as_json=as_json))


@app.command("unpin")
def unpin(name: Name, as_json: Json = False) -> int:
    """Let a name stand for its newest version again. JSON: name, pin.

    \b
    toolguild tools unpin sum_by_column
    """
    return asyncio.run(_pin(split(name)[0], None, as_json=as_json))


@app.command("deprecate")
def deprecate(name: Name, reason: Reason, as_json: Json = False) -> int:
    """Take a version out of searches; plans that name it still run. JSON: as `list`.

    \b
    toolguild tools deprecate sum_by_column@1.0 --reason "1.1 reads large files"
    """
    return asyncio.run(_set_status(name, "deprecated", reason, as_json=as_json))


@app.command("revoke")
def revoke(name: Name, reason: Reason, as_json: Json = False) -> int:
    """Stop a version from running anywhere, for ever. JSON: as `list`.

    \b
    toolguild tools revoke sum_by_column@1.0 --reason "wrong for negative amounts"
    """
    return asyncio.run(_set_status(name, "revoked", reason, as_json=as_json))


@app.command("export")
def export(
    name: Name,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new or empty folder.")],
    as_json: Json = False,
) -> int:
    """Write a standalone Python package: the tool, its tests, its provenance. JSON: folder, files.

    \b
    toolguild tools export sum_by_column --to ./sum_by_column
    """
    from toolguild.cli.output import say, say_json
    from toolguild.registry.export import export_tool

    closure = asyncio.run(_closure(name))
    folder = export_tool(closure, to.absolute())
    files = [str(one.relative_to(folder)) for one in sorted(folder.rglob("*")) if one.is_file()]
    if as_json:
        say_json({"folder": str(folder), "files": files})
    else:
        say(f"{closure[-1].tool.title} is in {folder}: {', '.join(files)}")
    return exits.SUCCEEDED


def split(name: str) -> tuple[str, str | None]:
    """Take NAME[@VERSION] apart."""
    bare, found, version = name.partition("@")
    return bare, version if found else None


def bare_words(name: str) -> str:
    """Return a tool's name as words to search for."""
    return split(name)[0].replace("_", " ")


def find(registry: "JetStreamRegistry", name: str) -> "Published":
    """Return the entry that a person means. Raises UsageError with what there is instead."""
    from toolguild.canonical import Digest

    if len(name) == 64 and set(name) <= set("0123456789abcdef"):
        entry = registry.get(Digest(name))
    else:
        bare, version = split(name)
        entry = registry.find(bare, version)
        versions = registry.versions(bare)
        if entry is None and version is None and versions:
            return versions[-1]  # none of them runs: show the newest, with its status
        if entry is None and versions:
            known = ", ".join(one.tool.version for one in versions)
            raise UsageError(f"{bare} has no version {version}; it has: {known}")
    if entry is not None:
        return entry
    if (why := registry.distrusted(split(name)[0])) is not None:
        raise UsageError(
            f"{name} is not used: {why} (docs/safety/identity.md). Publish it again, or let a task make it anew"
        )
    names = [one.tool.name for one in registry.all()]
    words = registry.search(bare_words(name), limit=3)
    similar = get_close_matches(split(name)[0], names, 3)
    close = ", ".join(dict.fromkeys([*similar, *(one.tool.name for one in words)]))
    hint = f"; did you mean {close}" if close else ""
    raise UsageError(f"there is no tool {name}{hint}; `toolguild tools list` shows all")


@asynccontextmanager
async def _registry(
    services: Sequence[str] = (),
) -> "AsyncIterator[tuple[Door, JetStreamRegistry]]":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.registry import open_registry

    async with open_door(settings_of(), services) as door, open_registry(door.bus.js) as registry:
        yield door, registry


async def _read(read: "Callable[[JetStreamRegistry], T]") -> "T":
    async with _registry() as (_, registry):
        return read(registry)


async def _with_versions(name: str) -> "tuple[Published, tuple[str, ...], Seen, Policy]":
    from toolguild.client.baseline import baseline

    async with _registry() as (door, registry):
        entry = find(registry, name)
        versions = tuple(one.tool.version for one in registry.versions(entry.tool.name))
        return entry, versions, await baseline(door.bus, entry.tool.digest), door.policy


async def _closure(name: str) -> "tuple[Published, ...]":
    async with _registry() as (_, registry):
        return registry.closure(find(registry, name).tool.digest)


async def _pin(name: str, version: str | None, *, as_json: bool) -> int:
    from toolguild.cli.output import say, say_json

    async with _registry() as (_, registry):
        await registry.pin(name, version)
    if as_json:
        say_json({"name": name, "pin": version})
    else:
        say(f"{name} stands for {version or 'its newest version'}")
    return exits.SUCCEEDED


def change_status(name: str, status: "Status", reason: str, *, as_json: bool) -> int:
    """Change a tool's status and show it."""
    return asyncio.run(_set_status(name, status, reason, as_json=as_json))


async def _set_status(name: str, status: "Status", reason: str, *, as_json: bool) -> int:
    from toolguild.cli.output import say, say_json

    async with _registry() as (_, registry):
        entry = await registry.set_status(find(registry, name).tool.digest, status, reason)
    if as_json:
        say_json(_shape(entry))
    else:
        say(f"{entry.tool.title} is {entry.status}: {entry.reason}")
    return exits.SUCCEEDED


async def _call(
    name: str,
    arguments: "dict[str, Any]",
    files: tuple[Path, ...],
    output: Path | None,
    user: str,
    *,
    as_json: bool,
) -> int:
    from toolguild.cli.output import say_json
    from toolguild.client.calling import call_tool

    async with _registry(("executor",)) as (door, registry):
        entry = find(registry, name)
        ran = await call_tool(
            door.bus, door.artifacts, entry, arguments, files, policy=door.policy, user=user
        )
        paths = await _keep(door, ran, output)
    if as_json:
        tool = {"name": entry.tool.name, "version": entry.tool.version, "digest": ran.tool}
        say_json({"tool": tool, **_called(ran, paths)})
    else:
        _show_call(ran, paths)
    return exits.SUCCEEDED if ran.outcome == "ok" else exits.FAILED


async def _keep(door: "Door", ran: "ToolRan", output: Path | None) -> list[Path]:
    from toolguild.cli.result import default_output
    from toolguild.client.delivery import place

    if not ran.files:
        return []
    folder = (output or default_output(ran.task)).absolute()
    sources = [await door.artifacts.path(file) for file in ran.files]
    return list(place(ran.files, sources, folder))


def _called(ran: "ToolRan", paths: Sequence[Path]) -> "dict[str, Any]":
    from toolguild.client.summary import fault_shape, file_shape, usage_shape

    value = {"value": ran.value} if ran.outcome == "ok" else {}
    files = [file_shape(file, path) for file, path in zip(ran.files, paths, strict=True)]
    return {
        "outcome": ran.outcome,
        **value,
        "files": files,
        "usage": usage_shape(ran.used),
        "error": fault_shape(ran.fault),
    }


def _show_call(ran: "ToolRan", paths: Sequence[Path]) -> None:
    from toolguild.cli.output import note
    from toolguild.cli.result import show_answer

    if ran.printed:
        note(ran.printed.rstrip("\n"))
    if ran.outcome == "ok":
        show_answer(ran.value)
    else:
        fault = ran.fault
        where = f" (line {fault.line}: {fault.source_line})" if fault and fault.line else ""
        note(f"toolguild: {ran.outcome}: {fault.message if fault else ''}{where}")
    for path in paths:
        note(f"file {path}")


def _print_all(found: "Sequence[Published]", *, as_json: bool) -> int:
    from toolguild.cli.output import say_json, table

    if as_json:
        say_json({"tools": [_shape(one) for one in found]})
    else:
        rows = [
            (x.tool.title, x.status, x.tool.draft.language, x.tool.digest[:12], _first(x))
            for x in found
        ]
        table(COLUMNS, rows, empty="No tools; a task that needs one makes it.")
    return exits.SUCCEEDED


def _first(entry: "Published") -> str:
    return entry.tool.draft.description.split("\n", 1)[0][:80]


def _shape(entry: "Published") -> "dict[str, Any]":
    draft = entry.tool.draft
    return {
        "name": entry.tool.name,
        "version": entry.tool.version,
        "digest": entry.tool.digest,
        "status": entry.status,
        "reason": entry.reason,
        "language": draft.language,
        "description": draft.description,
        "input_schema": draft.input_schema,
        "output_schema": draft.output_schema,
        "published_at": entry.published_at,
    }
