"""Draw the state machines: `make machines`."""

import sys

from tests.machines.explore import START, Machine, Seen, builds, tasks

HISTORIES = 3000
_INTRO = """
# State machines

Drawn from the code by `make machines`, which walks the pure processes through thousands of
lives, in which workers answer well or badly and people step in at any moment, and keeps every transition.
A test walks again and fails on a transition that is not drawn here. Events that change no state are left
out; `[*]` is where a record begins.
"""
_PARTS = {
    "A task": "The process `planner/planner`. It is `paused` by a person or by a rule of escalation.",
    "A step of a plan": "One for each step. A plan that is made anew keeps the steps that are done.",
    "A build": "The process `synthesizer/builder`: one effort to make a tool, whoever waits for it.",
    "An attempt of a build": "One draft on its way through review, exam and judgement.",
}


def machines(histories: int) -> dict[str, Seen]:
    """Walk all of them and return the transitions by title."""
    return dict(zip(_PARTS, (*tasks(histories), *builds(histories)), strict=True))


def document(found: dict[str, Seen]) -> str:
    """Return the page."""
    parts = [_INTRO]
    for title, seen in found.items():
        parts += [f"## {title}", _PARTS[title], diagram(seen.machine), table(seen.machine)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def diagram(machine: Machine) -> str:
    """Return a Mermaid diagram without labels: the table below it has them."""
    lines = [f"    {_name(old)} --> {_name(new)}" for old, new in sorted(machine)]
    return "\n".join(("```mermaid", "stateDiagram-v2", *lines, "```"))


def table(machine: Machine) -> str:
    """Return the events of every transition."""
    rows = [
        f"| {old} | {new} | {', '.join(f'`{kind}`' for kind in sorted(kinds))} |"
        for (old, new), kinds in sorted(machine.items())
    ]
    return "\n".join(("| from | to | on |", "| --- | --- | --- |", *rows))


def _name(label: str) -> str:
    return label if label == START else label.replace("-", "_")


if __name__ == "__main__":
    sys.stdout.write(document(machines(HISTORIES)))
