"""The executor runs nothing whose chain of signatures does not hold, by keys as a guild has them on disk."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolguild.canonical import Digest
from toolguild.errors import Refused
from toolguild.guild import Guild
from toolguild.identity import KeyDirectory
from toolguild.messages import TaskId
from toolguild.messages.commands import RunTool, TryTool
from toolguild.registry import MemoryRegistry
from toolguild.testing import samples
from toolguild.testing.keys import SampleKeys
from toolguild.tool import Published, Signature, Tool
from toolguild.tool.record import Purpose
from toolguild_executor.testing import test_draft as sit
from toolguild_executor.trying import try_tool

from .support import BRIEF, TableSandbox, guild, ok, order, ran_of


class Keys(SampleKeys):
    """Keys of a guild in a directory, with what the samples need to sign with."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = KeyDirectory(directory)

    def signer(self, by: str) -> Any:
        return self.directory.signer(by)

    def sign(self, purpose: Purpose, over: Digest, *, by: str) -> Signature:
        return self.directory.signer(by).sign(purpose, over)

    def verify(self, signature: Signature, *, purpose: str, by: str, over: Digest) -> None:
        self.directory.verify(signature, purpose=purpose, by=by, over=over)


OTHER = samples.draft(source="def sum_column(rows, column):\n    return 5\n")


def nothing(signature: Signature) -> Signature:
    return signature.model_copy(update={"signature": ""})


Bend = Callable[[Keys, Published], Published]


def _of_tool(**changes: Callable[[Keys, Tool], Signature]) -> Bend:
    """Bend a signature inside the tool, whose publication is then signed as it should be."""

    def bend(keys: Keys, entry: Published) -> Published:
        made = {name: change(keys, entry.tool) for name, change in changes.items()}
        tool = entry.tool.model_copy(update=made)
        return samples.published(tool, keys=keys)

    return bend


def _publication(change: Callable[[Keys, Published], Signature]) -> Bend:
    return lambda keys, entry: entry.model_copy(update={"publication": change(keys, entry)})


def _revoked(service: str) -> Bend:
    def bend(keys: Keys, entry: Published) -> Published:
        old = keys.directory.keys(service)[0][0]
        keys.directory.rotate(service)
        keys.directory.revoke(old)
        return entry

    return bend


BENDS: dict[str, Bend] = {
    "no clearance": _of_tool(clearance=lambda k, t: nothing(t.clearance)),
    "no report signature": _of_tool(report_signature=lambda k, t: nothing(t.report_signature)),
    "no publication": _publication(lambda k, e: nothing(e.publication)),
    "a clearance by its author": _of_tool(
        clearance=lambda k, t: k.sign("clearance", t.draft.digest, by="synthesizer")
    ),
    "a clearance by the planner": _of_tool(
        clearance=lambda k, t: k.sign("clearance", t.draft.digest, by="planner")
    ),
    "a clearance of another draft": _of_tool(
        clearance=lambda k, t: k.sign("clearance", OTHER.digest, by="reviewer")
    ),
    "a clearance for another purpose": _of_tool(
        clearance=lambda k, t: k.sign("publication", t.draft.digest, by="reviewer")
    ),
    "a report by the reviewer": _of_tool(
        report_signature=lambda k, t: k.sign("report", t.report.digest, by="reviewer")
    ),
    "a report of another draft": _of_tool(
        report_signature=lambda k, t: k.sign("report", samples.report(OTHER).digest, by="executor")
    ),
    "a publication by the executor": _publication(
        lambda k, e: k.sign("publication", e.tool.digest, by="executor")
    ),
    "a publication by a person": _publication(
        lambda k, e: k.sign("publication", e.tool.digest, by="person:ana")
    ),
    "a publication of another tool": _publication(
        lambda k, e: k.sign("publication", samples.tool(OTHER, keys=k).digest, by="reviewer")
    ),
    "a clearance where the publication belongs": _publication(lambda k, e: e.tool.clearance),
    "a stranger's key in the reviewer's name": _publication(
        lambda k, e: k.sign("publication", e.tool.digest, by="stranger").model_copy(
            update={"by": "reviewer"}
        )
    ),
    "a revoked key of the reviewer": _revoked("reviewer"),
    "a revoked key of the executor": _revoked("executor"),
    "the status revoked": lambda k, e: e.model_copy(update={"status": "revoked"}),
    "the status quarantined": lambda k, e: e.model_copy(update={"status": "quarantined"}),
}


class Shelf(MemoryRegistry):
    """A registry that holds an entry as it is, as one would that somebody has written to past its owner."""

    def __init__(self, entry: Published) -> None:
        super().__init__()
        self.entry = entry

    def get(self, tool: Digest) -> Published | None:
        return self.entry if tool == self.entry.tool.digest else None

    def closure(self, tool: Digest) -> tuple[Published, ...]:
        return (self.entry,)

    def runnable(self, tool: Digest) -> bool:
        return True


def here(keys: Keys, folder: Path, box: TableSandbox, entry: Published) -> Guild:
    return replace(guild("executor", folder, sandbox=box, registry=Shelf(entry)), keyring=keys)


def run(tool: Digest) -> RunTool:
    return RunTool(
        task=TaskId("t-1"),
        brief=BRIEF,
        attempt=1,
        step="s1",
        tool=tool,
        arguments={"rows": [], "column": "a"},
    )


async def test_a_whole_chain_runs_also_after_its_keys_were_changed(tmp_path: Path) -> None:
    keys, box = Keys(tmp_path / "keys"), TableSandbox(lambda call: ok(0))
    entry = samples.published(keys=keys)
    for service in ("reviewer", "executor"):
        keys.directory.rotate(service)
    ended = await ran_of(here(keys, tmp_path, box, entry), run(entry.tool.digest))
    assert ended.outcome == "ok"
    assert len(box.calls) == 1


@pytest.mark.parametrize("how", BENDS)
async def test_a_chain_that_does_not_hold_runs_nothing(tmp_path: Path, how: str) -> None:
    keys, box = Keys(tmp_path / "keys"), TableSandbox(lambda call: ok(0))
    entry = BENDS[how](keys, samples.published(keys=keys))
    where = here(keys, tmp_path, box, entry)
    with pytest.raises(Refused):
        await ran_of(where, run(entry.tool.digest))
    request = samples.spec()
    trial = TryTool(
        task=TaskId("t-1"), brief=BRIEF, step="s1", tool=entry.tool.digest, request=request
    )
    assert not (await try_tool(where, trial)).passed
    assert box.calls == []


@pytest.mark.parametrize("by", ["synthesizer", "planner", "executor", "person:ana", "reviewer"])
async def test_a_draft_without_the_reviewers_own_clearance_is_not_tested(
    tmp_path: Path, by: str
) -> None:
    """The reviewer's own counts for the draft that it is over, and no longer once its key is revoked."""
    keys, box = Keys(tmp_path / "keys"), TableSandbox(lambda call: ok(5))
    entry = samples.published(keys=keys)
    clearance = keys.sign("clearance", samples.draft().digest, by=by)
    if by == "reviewer":
        keys.directory.rotate(by)
        keys.directory.revoke(clearance.key)
    command = order(samples.draft(), samples.exam(), clearance=clearance)
    with pytest.raises(Refused):
        await sit(here(keys, tmp_path, box, entry), command)
    assert box.calls == []
