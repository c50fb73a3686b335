"""`toolguild audit`: the signed chain of everything that was on the bus."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli.options import Json
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.chain.checkpoint import Keys
    from toolguild.chain.walk import Walk
    from toolguild.client.account import Account
    from toolguild.client.audit import Exported, Found, Query, Selection

app = typer.Typer(
    help="Verify, export, read and search the signed chain of all that was on the bus.",
    no_args_is_help=True,
)
KeysOf = Annotated[
    str | None,
    typer.Option(
        "--keys",
        metavar="FILE|DIR|-",
        help="Public keys, as `toolguild audit keys` writes them.",
        show_default="those of this guild",
    ),
]
EVERY = 0.5  # seconds between words about progress


@app.command("verify")
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An export.", show_default="the guild")
    ] = None,
    keys: KeysOf = None,
    head: Annotated[
        str | None,
        typer.Option("--head", help="A head that was noted before: it must still stand there."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Verify the chain of this guild, also against what its log still holds; or an export, with keys alone.

    Exit code 0: whole. 1: broken, and each place that is wrong is named.
    JSON: whole, faults[{where, what}], gaps[{entry, kind, what}], pages, entries, left_out, head, partial.

    \b
    toolguild audit verify
    toolguild audit verify audit.jsonl.gz --keys keys.json --head 4012:9f86d081...
    """
    from toolguild.chain.export import read_head

    try:
        noted = read_head(head) if head else None
    except ValueError as error:
        raise UsageError(f"--head {head}: {error}") from error
    if file is not None:
        return _verify_file(file, _keys(keys), noted, as_json=as_json)
    known = _keys(keys)
    found = asyncio.run(_verified(known))
    more = {"compared": found.compared, "unrecorded": found.unrecorded, "partial": False}
    return _told(found.walk, noted, more, as_json=as_json)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Where to; packed when it ends with .gz.")],
    first: Annotated[int, typer.Option("--from", min=0, help="Number of the first entry.")] = 0,
    last: Annotated[int, typer.Option("--to", min=0, help="Number of the last entry.")] = 0,
    task: Annotated[str, typer.Option("--task", help="Only what is about a task.")] = "",
    bodies: Annotated[
        bool, typer.Option("--bodies/--no-bodies", help="With what the messages say.")
    ] = True,
    as_json: Json = False,
) -> int:
    """Write the chain, or a part of it, to a file that verifies with nothing but the public keys.

    Of what a part leaves out there are the digests. Note the head that it prints: with it, `verify --head` tells
    a copy that was cut off later. JSON: file, pages, entries, head.

    \b
    toolguild audit export audit.jsonl.gz
    toolguild audit export one.jsonl --task t-5f0c9a
    """
    from toolguild.client.audit import Selection

    told = asyncio.run(_exported(file, Selection(first, last, task, bodies)))
    head = _head_of(told.head)
    if as_json:
        from toolguild.cli.output import say_json

        parts = {"file": str(file), "pages": told.pages, "entries": told.entries, "head": head}
        say_json(parts)
    else:
        from toolguild.cli.output import say

        say(f"{file}: {told.entries} entries of {told.pages} pages")
        say(f"head of the chain: {head or 'there is no chain yet'}")
    return 0


@app.command("show")
def show(
    about: Annotated[
        str, typer.Argument(help="A task, a build, or a tool (digest, name@version).")
    ],
    keys: KeysOf = None,
    as_json: Json = False,
) -> int:
    """Tell what was done for a task, build or tool: each action with its outcome, each decision with its reasons.

    JSON: about, actions[{told, outcomes[]}], decisions[], model_calls[], executions[], files[], tools[], unread[].

    \b
    toolguild audit show t-5f0c9a
    toolguild audit show csv_totals@1.0 --json
    """
    from dataclasses import asdict

    found = asyncio.run(_account(about, _keys(keys)))
    if not found.actions and not found.decisions:
        raise UsageError(
            f"the chain has nothing about {about}; `toolguild audit search` finds words"
        )
    if as_json:
        from toolguild.cli.output import say_json

        say_json(asdict(found))
    else:
        from toolguild.cli.audit_text import account_lines
        from toolguild.cli.output import say

        for line in account_lines(found):
            say(line)
    return 0


@app.command("search")
def search(
    text: Annotated[str, typer.Argument(help="Words in subject or body.")] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="tool-ran, halted, gap, ... Several times: any."),
    ] = None,
    who: Annotated[str, typer.Option("--who", help="An agent, or a person's name.")] = "",
    task: Annotated[str, typer.Option("--task", help="About a task or build.")] = "",
    tool: Annotated[str, typer.Option("--tool", help="About a tool, by its digest.")] = "",
    since: Annotated[str, typer.Option("--since", help="A time: 2026-11-22T05:00.")] = "",
    until: Annotated[str, typer.Option("--until", help="A time.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="The most that are shown.")] = 1000,
    keys: KeysOf = None,
    as_json: Json = False,
) -> int:
    """Find entries of the chain. All conditions that are given have to hold.

    JSON: entries[{n, at, kind, subject, source, sha256, body}], more (whether there are others).

    \b
    toolguild audit search "api.example.com" --kind tool-ran
    toolguild audit search --who ana --since 2026-11-01
    """
    from toolguild.client.audit import Query

    queries = [
        Query(text, tuple(kind or ()), who, one, _time(since), _time(until)) for one in (task, tool)
    ]
    both = [one for one in queries if one.key] or queries[:1]
    found = asyncio.run(_searched(both, _keys(keys), limit + 1))
    shown = found[:limit]
    if as_json:
        from toolguild.cli.output import say_json

        say_json({"entries": shown, "more": len(found) > limit})
    else:
        from toolguild.cli.output import table

        rows = [(str(x["n"]), x["at"][:19], x["kind"], x["subject"], x["source"]) for x in shown]
        table(("entry", "at", "kind", "subject", "source"), rows, empty="Nothing of the kind.")
    return 0


@app.command("keys")
def keys_(keys: KeysOf = None, as_json: Json = False) -> int:
    """Print the public keys with which exports verify. Always JSON: {"v": 1, "keys": {NAME: [KEY, ...]}}.

    \b
    toolguild audit keys > keys.json
    """
    from toolguild.chain.checkpoint import document_of
    from toolguild.cli.output import say_json

    say_json(document_of(_keys(keys)))
    return 0


@app.command("head")
def head(as_json: Json = False) -> int:
    """Print the head of the chain: entry and digest. Kept elsewhere, it shows later that nothing was cut off.

    JSON: head.

    \b
    toolguild audit head
    """
    from toolguild.cli.output import say, say_json

    found = asyncio.run(_head())
    if as_json:
        say_json({"head": found})
    else:
        say(found or "There is no chain yet.")
    return 0


def _verify_file(file: Path, keys: "Keys", noted: tuple[int, str] | None, *, as_json: bool) -> int:
    from toolguild.cli.audit_file import read_export

    told = _progress()
    reading = read_export(file, keys, lambda count: told("lines", count))
    more = {"partial": reading.partial, "selection": reading.selection}
    return _told(reading.walk, noted, more, as_json=as_json)


def _told(
    walk: "Walk", noted: tuple[int, str] | None, more: dict[str, Any], *, as_json: bool
) -> int:
    from toolguild.cli import exits
    from toolguild.cli.audit_text import verdict_lines
    from toolguild.cli.output import say, say_json

    if noted is not None and (lacking := walk.lacks(noted)):
        walk.fault("the head", lacking)
    if as_json:
        say_json(_shape(walk) | more)
    else:
        for line in verdict_lines(walk, more):
            say(line)
    return exits.SUCCEEDED if walk.whole else exits.PROBLEM


def _shape(walk: "Walk") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "whole": walk.whole,
        "faults": [asdict(one) for one in walk.faults],
        "more_faults": walk.more,
        "gaps": [asdict(one) for one in walk.gaps],
        "pages": walk.pages,
        "entries": walk.entries,
        "left_out": walk.left_out,
        "head": _head_of(walk.head),
    }


def _head_of(page: Any) -> str:
    from toolguild.chain.export import head_of, head_text

    return head_text(head_of(page)) if page is not None else ""


def _keys(given: str | None) -> "Keys":
    from toolguild.cli.audit_file import directory_keys, read_keys
    from toolguild.cli.chosen import settings_of

    return read_keys(given) if given else directory_keys(settings_of().keys)


def _time(given: str) -> str:
    if not given:
        return ""
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise UsageError(f"{given!r} is no time; write 2026-11-22 or 2026-11-22T05:00") from error
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _progress() -> Callable[[str, int], None]:
    """Return what says on a terminal how far the work is, now and then."""
    last = time.monotonic()

    def told(what: str, count: int) -> None:
        nonlocal last
        if sys.stderr.isatty() and time.monotonic() - last > EVERY:
            last = time.monotonic()
            sys.stderr.write(f"\r{what}: {count} ...\x1b[K")
            sys.stderr.flush()

    return told


async def _verified(keys: "Keys") -> "Found":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.audit import verify as verified

    async with open_door(settings_of(), ()) as door:
        return await verified(door.bus, keys, _progress())


async def _exported(file: Path, selection: "Selection") -> "Exported":
    from toolguild.cli.audit_file import writing_export
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.audit import Exported, export_lines

    told = Exported()
    async with open_door(settings_of(), ()) as door:
        with writing_export(file) as out:
            async for line in export_lines(door.bus, selection, told, _progress()):
                out.write(line)
    return told


async def _account(about: str, keys: "Keys") -> "Account":
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.account import account
    from toolguild.client.audit import items

    async with open_door(settings_of(), ()) as door:
        found = [item async for _, item in items(door.bus, keys, _progress())]
        return account(about, found, keys)


async def _searched(queries: "list[Query]", keys: "Keys", limit: int) -> list[dict[str, Any]]:
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.audit import items, kind_of

    found: list[dict[str, Any]] = []
    async with open_door(settings_of(), ()) as door:
        async for _, item in items(door.bus, keys, _progress()):
            if not all(query.takes(item) for query in queries):
                continue
            entry = item.entry
            named = {name: entry.get(name, "") for name in ("at", "subject", "source", "sha256")}
            found.append(
                {"n": entry["n"], "kind": kind_of(entry), **named, "body": _body(item.body)}
            )
            if len(found) >= limit:
                break
    return found


def _body(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


async def _head() -> str:
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.door import open_door
    from toolguild.client.audit import head as newest

    async with open_door(settings_of(), ()) as door:
        return _head_of(await newest(door.bus))
