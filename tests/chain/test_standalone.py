"""The verifier that needs nothing of Toolguild comes to the same verdict as the one that is built in."""

import ast
import gzip
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from toolguild.chain.checkpoint import document_of
from toolguild.chain.export import closing, head_of, head_text, lines_of, opening

from .chains import OTHER, chain, exported, faults, keys

SCRIPT = Path(__file__).parents[2] / "docs" / "safety" / "verify_audit.py"
PAGES = chain(3, 1, 2)
LINES = exported(PAGES)


@pytest.fixture(scope="module")
def verdict() -> Callable[..., Any]:
    spec = importlib.util.spec_from_file_location("verify_audit", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    verify: Callable[..., Any] = module.verify
    return verify


def written(place: Path, lines: Sequence[bytes]) -> str:
    content = b"".join(lines)
    place.write_bytes(gzip.compress(content) if place.suffix == ".gz" else content)
    return str(place)


def test_it_imports_nothing_of_toolguild() -> None:
    tree = ast.parse(SCRIPT.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [one.name for one in node.names] if isinstance(node, ast.Import) else [str(node.module)]
        )
    }

    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_it_runs_by_itself_and_its_exit_code_tells(tmp_path: Path) -> None:
    place = written(tmp_path / "a.jsonl.gz", LINES)
    known = tmp_path / "keys.json"
    known.write_text(json.dumps(document_of(keys())))
    head = head_text(head_of(PAGES[1]))

    good = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), place, str(known), head],
        capture_output=True,
        text=True,
        check=False,
    )
    known.write_text(json.dumps(document_of(keys(OTHER))))
    bad = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), place, str(known)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (good.returncode, good.stderr) == (0, "")
    assert "whole (the whole chain): 7 entries in 3 pages" in good.stdout
    assert bad.returncode == 1
    assert "a key that is not the auditor's" in bad.stdout


def test_it_agrees_on_what_was_dropped_doubled_swapped_and_changed(
    tmp_path: Path, verdict: Callable[..., Any]
) -> None:
    cases: list[list[bytes]] = [LINES]
    for at in range(len(LINES)):
        cases.append([*LINES[:at], *LINES[at + 1 :]])
        cases.append([*LINES[: at + 1], *LINES[at:]])
        cases.append([*LINES[:at], *LINES[at + 1 : at + 2], LINES[at], *LINES[at + 2 :]])
        for byte in range(7, len(LINES[at]), 31):
            changed = bytearray(LINES[at])
            changed[byte] ^= 1
            cases.append([*LINES[:at], bytes(changed), *LINES[at + 1 :]])
    cases += [LINES[:-1], [*exported(PAGES[:2])[:-1], LINES[-1]], exported(PAGES[:2])]
    known = document_of(keys())

    for number, lines in enumerate(cases):
        found = verdict(written(tmp_path / "case.jsonl", lines), known)
        assert bool(found.faults) == bool(faults(lines)), (number, found.faults, faults(lines))


def test_it_reads_a_part_and_knows_a_head_that_is_gone(
    tmp_path: Path, verdict: Callable[..., Any]
) -> None:
    lines = [opening(PAGES[0].header["chain"], {"task": "t-1"})]
    for page in PAGES:
        lines += lines_of(page, page.items[:1], whole=False)
    place = written(tmp_path / "part.jsonl", [*lines, closing(PAGES[-1], 3, 3)])

    part = verdict(place, document_of(keys()))
    cut = verdict(
        written(tmp_path / "cut.jsonl", exported(PAGES[:2])),
        document_of(keys()),
        head_text(head_of(PAGES[2])),
    )

    assert (part.faults, part.partial) == ([], True)
    assert cut.faults == ["the head: no page of this file ends at entry 7 with that digest"]
