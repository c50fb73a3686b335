"""Five rounds of samples, each written before the review was tried on it: it holds there too.

How they came about, and what the first look gave, is in holdout/README.md. Nothing in them is run.
"""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from toolguild.capability import Language
from toolguild.policy import Policy
from toolguild.static import RULES, Verdict, review

FOLDER = Path(__file__).parent / "holdout"
POLICY = Policy.default()


class Sample(NamedTuple):
    """One program, and the family that it belongs to."""

    family: str
    code: str


def samples(name: str) -> list[Sample]:
    """Return the programs of a file, each after a line `--- family`."""
    parts = (FOLDER / name).read_text(encoding="utf-8").removeprefix("--- ").split("\n--- ")
    return [
        Sample(family, code.rstrip("\n") + "\n")
        for family, _, code in (p.partition("\n") for p in parts)
    ]


def language(name: str) -> Language:
    return "python" if name.endswith(".py.txt") else "javascript"


def verdicts(name: str) -> list[tuple[str, Verdict]]:
    """Review every program of a file; each finding names its place, rule, severity and policy entry."""
    judged = []
    for one in samples(name):
        found = review(one.code, language(name), POLICY)
        for finding in found.findings:
            assert finding.rule in RULES
            assert finding.severity == RULES[finding.rule].severity
            assert 1 <= finding.line <= one.code.count("\n") + 1
            assert finding.policy
        judged.append((one.family, found.verdict))
    return judged


@pytest.mark.parametrize(
    "name",
    [
        f"{part}dangerous.{suffix}.txt"
        for part in ("", "second.", "third.", "fourth.", "fifth.")
        for suffix in ("py", "js")
    ],
)
def test_of_dangerous_programs_at_least_95_in_100_are_noticed(name: str) -> None:
    judged = verdicts(name)
    missed = Counter(family for family, verdict in judged if verdict == "allow")

    assert len(judged) >= 46
    assert sum(missed.values()) <= 0.05 * len(judged), missed


@pytest.mark.parametrize(
    "name",
    [
        "benign.py.txt",
        "second.benign.py.txt",
        "third.benign.py.txt",
        "fourth.benign.py.txt",
        "fifth.benign.py.txt",
        "benign.js.txt",
        "third.benign.js.txt",
        "fourth.benign.js.txt",
    ],
)
def test_no_harmless_program_is_blocked_and_hardly_one_needs_a_person(name: str) -> None:
    judged = verdicts(name)
    asked = [family for family, verdict in judged if verdict == "ask"]

    assert "block" not in [verdict for _, verdict in judged]
    assert len(asked) <= 0.04 * len(judged)
    assert asked.count("simple") <= 2  # one imports inspect, one deletes a folder: the policy asks
