"""What docs/state-machines.md draws is what the code does."""

import re
from pathlib import Path
from typing import get_args

import pytest
from tests.machines.draw import machines
from tests.machines.explore import Machine

from toolguild_planner.state import StepPhase
from toolguild_synthesizer.attempt import Phase

DOCUMENT = Path(__file__).parents[2] / "docs" / "state-machines.md"


def drawn() -> dict[str, Machine]:
    """Read the tables of the page back."""
    found: dict[str, Machine] = {}
    for part in DOCUMENT.read_text().split("\n## ")[1:]:
        title, _, rest = part.partition("\n")
        rows = re.findall(r"^\| (\S+) \| (\S+) \| (.+) \|$", rest, re.M)
        found[title] = {
            (old, new): set(re.findall(r"`([a-z-]+)`", kinds))
            for old, new, kinds in rows
            if kinds != "on" and old != "---"
        }
    return found


@pytest.fixture(scope="module")
def walked() -> dict[str, Machine]:
    return {title: seen.machine for title, seen in machines(150).items()}


def test_every_transition_that_is_made_is_drawn(walked: dict[str, Machine]) -> None:
    """After a change on purpose, from the root: `make machines`."""
    for title, machine in walked.items():
        page = drawn()[title]
        for edge, kinds in machine.items():
            assert kinds <= page.get(edge, set()), f"{title}: {edge} on {kinds} is not drawn"


def test_every_state_of_the_code_is_drawn() -> None:
    page = drawn()
    for title, phases in (("A step of a plan", StepPhase), ("An attempt of a build", Phase)):
        names = {name for edge in page[title] for name in edge}
        assert set(get_args(phases)) <= names, title


def test_nothing_leads_out_of_the_end() -> None:
    assert not [old for old, _ in drawn()["A task"] if old == "over"]
