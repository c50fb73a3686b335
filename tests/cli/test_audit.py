"""`toolguild audit`: what a person, and somebody who has never seen the guild, can find out."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from tests.audit import desk
from tests.audit.desk import fact, messages, order, until, writing
from tests.cli.conftest import Shell

from toolguild.agent import Scribe
from toolguild.chain.checkpoint import AUDITOR
from toolguild.identity import KeyDirectory
from toolguild.policy.model import AuditRules
from toolguild.runtime.bus import connect
from toolguild.runtime.server import nats_server
from toolguild.runtime.topology import ensure_streams


@pytest.fixture
def data(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A guild's data with a chain of 13 entries in several pages."""
    data = shell.folder.parent / "data"
    directory = KeyDirectory(data / "keys")
    signer = directory.signer(AUDITOR)
    scribe = Scribe(
        name="scribe",
        rules=AuditRules(page=4, page_seconds=0.02),
        sign=lambda over: signer.sign("checkpoint", over),
        own=lambda one: one.key in directory.good(AUDITOR),
    )

    async def write() -> None:
        async with nats_server(data / "nats") as server, connect(server.url) as bus:
            await ensure_streams(bus.js)
            for number in range(10):
                await bus.publish(fact(number % 3 + 10 * (number // 3), f"t-{number % 3}"))
            for number in range(2):
                await bus.publish(order(number))
            async with writing(bus, scribe):
                await until(bus, messages(12))

    monkeypatch.setattr(desk, "KEYS", {AUDITOR: tuple(directory.good(AUDITOR))})
    asyncio.run(write())
    return data


def test_the_chain_is_verified_exported_and_verified_elsewhere_with_the_keys_alone(
    shell: Shell, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = shell.run("audit", "verify", "--json")
    assert live.code == 0
    assert (live.json["whole"], live.json["entries"], live.json["compared"]) == (True, 13, 12)
    exported = shell.run("audit", "export", "all.jsonl.gz", "--json")
    assert exported.json == {
        "file": "all.jsonl.gz",
        "pages": live.json["pages"],
        "entries": 13,
        "head": live.json["head"],
    }
    keys = shell.run("audit", "keys")
    Path("keys.json").write_text(keys.out)
    assert set(keys.json["keys"]) == {"auditor"}

    monkeypatch.setenv("TOOLGUILD_DATA_DIR", str(data.parent / "elsewhere"))
    there = ("audit", "verify", "all.jsonl.gz", "--keys", "keys.json")
    told = shell.run(*there, "--head", live.json["head"], "--json")
    assert told.code == 0
    assert (told.json["whole"], told.json["entries"], told.json["partial"]) == (True, 13, False)
    assert not (data.parent / "elsewhere").exists()
    said = shell.run(*there)
    assert said.out.splitlines() == [
        f"whole: 13 entries in {live.json['pages']} pages",
        f"head: {live.json['head']}",
    ]


def test_a_changed_export_ends_with_1_and_the_entry_is_named(shell: Shell, data: Path) -> None:
    shell.run("audit", "export", "all.jsonl")
    lines = Path("all.jsonl").read_bytes().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if b'"n":7' in line)
    lines[place] = lines[place].replace(b"planner", b"plannet", 1)
    Path("changed.jsonl").write_bytes(b"".join(lines))

    told = shell.run("audit", "verify", "changed.jsonl")
    assert told.code == 1
    assert told.out.startswith("BROKEN  entry 7: ")
    as_json = shell.run("audit", "verify", "changed.jsonl", "--json")
    assert (as_json.code, as_json.json["faults"][0]["where"]) == (1, "entry 7")


def test_a_packed_export_that_is_damaged_or_cut_is_told_and_no_error_of_ours(
    shell: Shell, data: Path
) -> None:
    shell.run("audit", "export", "all.jsonl.gz")
    packed = Path("all.jsonl.gz").read_bytes()
    for name, content in {
        "cut": packed[: len(packed) // 2],
        "flipped": packed[:60] + bytes([packed[60] ^ 255]) + packed[61:],
        "none": b"no gzip at all",
        "empty": gzip.compress(b""),
    }.items():
        Path(f"{name}.gz").write_bytes(content)
        told = shell.run("audit", "verify", f"{name}.gz", "--json")
        assert told.code == 1, name
        assert told.json["faults"], name


def test_a_copy_that_was_cut_back_is_told_by_the_head(shell: Shell, data: Path) -> None:
    head = shell.run("audit", "head").out.strip()
    shell.run("audit", "export", "early.jsonl", "--to", "4")
    late = shell.run("audit", "verify", "early.jsonl", "--head", head)

    assert late.code == 1
    assert "it was cut off" in late.out
    wrong = shell.run("audit", "verify", "early.jsonl", "--head", "what")
    assert wrong.code == 2


def test_a_part_verifies_and_says_how_much_it_leaves_out(shell: Shell, data: Path) -> None:
    shell.run("audit", "export", "one.jsonl", "--task", "t-1")
    told = shell.run("audit", "verify", "one.jsonl", "--json").json
    assert (told["whole"], told["partial"], told["selection"]) == (True, True, {"task": "t-1"})
    assert told["entries"] == 3
    lines = [json.loads(line) for line in Path("one.jsonl").read_text().splitlines()]
    subjects = {one["entry"]["subject"] for one in lines if "entry" in one}
    assert subjects == {"toolguild.fact.work-failed.t-1"}

    shell.run("audit", "export", "bare.jsonl", "--no-bodies")
    assert "why 0" not in Path("bare.jsonl").read_text()
    assert shell.run("audit", "verify", "bare.jsonl").code == 0


def test_entries_are_found_by_words_kind_task_and_who(shell: Shell, data: Path) -> None:
    def found(*wanted: str) -> int:
        return len(shell.run("audit", "search", *wanted, "--json").json["entries"])

    assert found("why 11") == 1
    assert found("--kind", "undo-task") == 2
    assert found("--kind", "began", "--kind", "undo-task") == 3
    assert found("--task", "t-1", "--kind", "work-failed") == 3
    assert found("--who", "planner") == 12
    assert found("--since", "2100-01-01") == 0
    assert found("--until", "2100-01-01") == 13
    limited = shell.run("audit", "search", "--limit", "2", "--json").json
    assert (len(limited["entries"]), limited["more"]) == (2, True)
    assert "2 hours" in shell.run("audit", "search", "--since", "2 hours").err
    assert "nothing about t-77" in shell.run("audit", "show", "t-77").err
    shown = shell.run("audit", "show", "t-1")
    assert "run-tool failed (failed): why 1" in shown.out


def test_keys_that_cannot_be_used_are_told_with_what_to_do(shell: Shell, data: Path) -> None:
    shell.run("audit", "export", "all.jsonl")
    Path("bad.json").write_text('{"v": 1, "keys": {"auditor": ["xyz"]}}')
    Path("empty").mkdir()
    for wrong in ("bad.json", "none.json", "empty"):
        told = shell.run("audit", "verify", "all.jsonl", "--keys", wrong)
        assert told.code == 2
        assert wrong in told.err
    assert shell.run("audit", "verify", "none.jsonl").code == 2
