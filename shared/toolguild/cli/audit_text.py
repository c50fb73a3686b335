"""The chain in words: the verdict of a verification, and the account of a task."""

from collections.abc import Iterator
from typing import Any

from toolguild.chain.export import head_of, head_text
from toolguild.chain.walk import Walk
from toolguild.client.account import Account, Told


def verdict_lines(walk: Walk, more: dict[str, Any]) -> Iterator[str]:
    """Yield what a verification found: faults first."""
    for fault in walk.faults:
        yield f"BROKEN  {fault}"
    if walk.more:
        yield f"BROKEN  and {walk.more} more"
    for gap in walk.gaps:
        yield f"gap     entry {gap.entry}: {gap.what}"
    size = f"{walk.entries} entries in {walk.pages} pages"
    left = f", {walk.left_out} left out of this part" if walk.left_out else ""
    if not walk.pages:
        yield "There is no chain yet." if walk.whole else "There is no page that can be read."
        return
    yield f"{'whole' if walk.whole else 'BROKEN'}: {size}{left}"
    if "compared" in more:
        yield f"{more['compared']} messages that log and dead letters still hold are as they were recorded"
    if more.get("unrecorded"):
        yield f"{more['unrecorded']} messages are not in the chain yet; does an auditor run?"
    if walk.head is not None:
        yield f"head: {head_text(head_of(walk.head))}"


def account_lines(found: Account) -> Iterator[str]:
    """Yield the account of a task, build or tool as a person reads it."""
    yield f"{found.about}: {len(found.actions)} actions, {len(found.decisions)} decisions"
    yield ""
    yield "Actions, each with its outcome"
    for action in found.actions:
        yield _line(action.told)
        for outcome in action.outcomes:
            took = f" after {outcome.seconds:.2f} s" if outcome.seconds is not None else ""
            yield f"      -> {outcome.what}{took}  (entry {outcome.entry})"
        if not action.outcomes:
            yield "      -> no answer is recorded"
    yield from _part("Decisions, each with its reasons", _decisions(found))
    yield from _part("Tools", map(_tool, found.tools))
    yield from _part("Calls of models", map(_call, found.model_calls))
    yield from _part("Executions", map(_execution, found.executions))
    yield from _part("Files", map(_file, found.files))
    if found.unread:
        yield ""
        yield f"What {len(found.unread)} entries say is not in the chain, only its digest."


def _part(title: str, lines: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if not number:
            yield ""
            yield title
        yield line


def _line(told: Told) -> str:
    return f"  {told.entry:>5}  {told.at[:23]}  {told.who}: {told.what}"


def _decisions(found: Account) -> Iterator[str]:
    for one in found.decisions:
        yield _line(one)
        for reason in one.reasons:
            yield f"         {' '.join(reason.split())}"
        if one.signature:
            yield f"         {one.signature}"


def _tool(one: dict[str, Any]) -> str:
    if "draft" in one:
        wrote = f"written by {one['written_by']} with {one['model']} ({one['model_source']})"
        return f"  {one['entry']:>5}  {one['name']}: {wrote}, draft {one['draft'][:12]}"
    how = "published" if one["made"] else "used in place of a twin"
    return f"  {one['entry']:>5}  {one['title']}: {how} by {one['published_by']}, tool {one['tool'][:12]}"


def _call(one: dict[str, Any]) -> str:
    tokens = f"{one['input_tokens']} + {one['output_tokens']} tokens"
    cost = f"{tokens}, ${one['usd']:.4f}, {one['seconds']:.2f} s"
    return f"  {one['entry']:>5}  {one['role']}/{one['prompt']}: {one['model']} ({one['source']}), {cost}"


def _execution(one: dict[str, Any]) -> str:
    used = one.get("used") or one.get("peak") or {}
    figures = ", ".join(f"{name} {value}" for name, value in used.items())
    hosts = "; ".join(f"{x['host']} {x['verdict']}" for x in one.get("requests", ()))
    outcome = one.get("outcome") or ("passed" if one.get("passed") else "failed")
    return f"  {one['entry']:>5}  {one['what']}: {outcome}; {figures}" + (
        f"; hosts: {hosts}" if hosts else ""
    )


def _file(one: dict[str, Any]) -> str:
    return f"  {one['entry']:>5}  {one['how']} {one['name']}: {one['bytes']} bytes, SHA-256 {one['sha256']}"
