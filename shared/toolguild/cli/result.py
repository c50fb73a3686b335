"""The end of a task on the command line: files and reports in place, the answer on standard output."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolguild.canonical import Digest
from toolguild.cli import exits
from toolguild.cli.door import Door
from toolguild.cli.output import note, on_stdout, say, say_json, table
from toolguild.cli.watch import Watched
from toolguild.client.delivery import Delivered, deliver
from toolguild.client.summary import summary
from toolguild.messages import Result
from toolguild.report.block import block
from toolguild.report.labels import (
    STATUSES,
    label_of,
    layers_text,
    redacted_text,
    seconds_text,
    source_of,
)
from toolguild.tool import Published

if TYPE_CHECKING:
    from pydantic import JsonValue

ANSWER_ROWS = 40
UNFINISHED = ("waiting",)
# notes of the output filter that a person has to see at once
TOLD = ("stayed in", "personal data in", "does not agree", "note:", "what was taken out is gone")


def default_output(task: str) -> Path:
    """Return where a task's files go when nobody says where."""
    return Path("toolguild-output") / task


async def bring_home(door: Door, watched: Watched, output: Path | None, *, as_json: bool) -> int:
    """Deliver the files, print the result and return the exit code."""
    result = watched.result
    delivered = None
    if result.status not in UNFINISHED:
        folder = (output or default_output(result.task)).absolute()
        delivered = await delivered_to(door, watched, folder)
    if as_json:
        say_json(as_object(result, delivered))
    else:
        show(result, delivered)
    return exits.of_status(result.status)


async def delivered_to(door: Door, watched: Watched, folder: Path) -> Delivered:
    """Write the files and the reports of a task into a folder."""
    tools = await used_tools(door, watched.result)
    return await deliver(
        door.artifacts, watched.result, folder, tools=tools, timeline=watched.timeline
    )


def as_object(result: Result, delivered: Delivered | None) -> "dict[str, Any]":
    """Return what --json prints."""
    if delivered is None:
        return summary(result.model_copy(update={"files": ()}), paths=(), report=None)
    return summary(result, paths=delivered.files, report=delivered.report)


def show(result: Result, delivered: Delivered | None, *, answer: bool = True) -> None:
    """Print the result for a person: the answer on standard output, the rest on standard error."""
    if answer:
        show_answer(result.answer)
    note(f"{STATUSES[result.status]} in {seconds_text(result.seconds)} ({result.task})")
    if result.reason:
        note(f"  reason   {result.reason}")
    for one in result.criteria:
        verdict = {True: "met", False: "NOT MET", None: "unknown"}[one.met]
        note(f"  {verdict:8s} {one.text} ({one.judged_by}: {one.evidence})")
    for text in result.human:
        note(f"  human    {text}")
    if result.best is not None:
        note(f"  best     the best attempt at {result.best.name} is in the report")
    for how, uses in (("made", result.made), ("reused", result.reused)):
        for use in uses:
            note(f"  {how:8s} {use.name}@{use.version}  {use.digest[:12]}")
    note(f"  model    {label_of(source_of(result.usage))}; {_spent(result)}")
    if layers_text(result):
        note(f"  layers   {layers_text(result)}")
    if redacted_text(result):
        note(f"  redacted {redacted_text(result)}")
    for step in result.steps:
        if step.sources:
            note(f"  from     {step.step}: {', '.join(step.sources)}")
    for text in result.events:
        if text.startswith((*TOLD, "input of ")):
            note(f"  note     {text}")
    if delivered is not None:
        for path in delivered.files:
            note(f"  file     {path}")
        note(f"  report   {delivered.report}")


def show_answer(answer: "JsonValue") -> None:
    """Print an answer: a table where it is one, else the text or the JSON."""
    shown = block(answer)
    match shown.kind:
        case "nothing":
            return
        case "table" if on_stdout().is_terminal and len(shown.rows) <= ANSWER_ROWS:
            table(shown.columns or ("",) * len(shown.rows[0]), _texts(shown.rows), empty="")
        case "scalar" | "text" if isinstance(answer, str):
            say(answer)
        case _:
            say(json.dumps(answer, ensure_ascii=False, indent=2))


async def used_tools(door: Door, result: Result) -> Mapping[Digest, Published]:
    """Return the registry's entries of the tools that a task used, as far as they are there."""
    from toolguild.registry.bucket import bind, tool_key

    digests = {use.digest for use in (*result.made, *result.reused)}
    if not digests:
        return {}
    bucket = await bind(door.bus.js)
    found = {one: await bucket.get(tool_key(one)) for one in digests}
    return {
        one: Published.model_validate_json(stored.body)
        for one, stored in found.items()
        if stored is not None
    }


def _texts(rows: Sequence[Sequence[object]]) -> list[list[str]]:
    return [[str(getattr(cell, "text", cell)) for cell in row] for row in rows]


def _spent(result: Result) -> str:
    calls = sum(one.calls for one in result.usage)
    tokens = sum(one.input_tokens + one.output_tokens for one in result.usage)
    usd = sum(one.usd for one in result.usage)
    return f"{calls} calls, {tokens} tokens, ${usd:.4f}"
