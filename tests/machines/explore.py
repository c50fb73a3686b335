"""Walk a process through very many histories and keep every transition that it makes."""

from collections import defaultdict
from collections.abc import Mapping
from random import Random
from typing import Any

from tests.machines.walk_build import walked_build
from tests.machines.walk_task import walked_task

from toolguild.messages import Event
from toolguild_planner.state import Active, Over
from toolguild_synthesizer.state import Building

Labels = Mapping[str, str]  # what changes its state -> the state's name
Machine = dict[tuple[str, str], set[str]]  # from, to -> kinds of event
START = "[*]"


class Seen:
    """The transitions of one machine: of the whole, or of its steps or attempts."""

    def __init__(self) -> None:
        self.machine: Machine = defaultdict(set)

    def note(self, before: Labels, event: Event, after: Labels) -> None:
        """Keep what changed."""
        for name in {*before, *after}:
            old, new = before.get(name, START), after.get(name)
            if new is not None and old != new:
                self.machine[old, new].add(event.kind_name())


def task_label(state: Any) -> Labels:
    """Name the state of a task."""
    match state:
        case Active() if state.held is not None:
            return {"task": "paused"}
        case Active():
            return {"task": state.stage}
        case Over():
            return {"task": "over"}
        case _:
            return {}


def step_labels(state: Any) -> Labels:
    """Name the state of each step of the plan."""
    if not isinstance(state, Active):
        return {}
    return {name: step.phase for name, step in state.steps.items()}


def build_label(state: Any) -> Labels:
    """Name the state of a build."""
    if isinstance(state, Building):
        return {"build": "paused" if state.paused else "building"}
    return {} if state.phase == "new" else {"build": state.phase}


def attempt_labels(state: Any) -> Labels:
    """Name the state of each attempt of an effort."""
    if not isinstance(state, Building):
        return {}
    return {f"{state.first}:{one.number}": one.phase for one in state.attempts}


def tasks(histories: int) -> tuple[Seen, Seen]:
    """Walk tasks, and return the transitions of tasks and of their steps."""
    whole, parts = Seen(), Seen()
    for seed in range(histories):
        for before, event, after in walked_task(Random(seed)):
            whole.note(task_label(before), event, task_label(after))
            parts.note(step_labels(before), event, step_labels(after))
    return whole, parts


def builds(histories: int) -> tuple[Seen, Seen]:
    """Walk builds, and return the transitions of builds and of their attempts."""
    whole, parts = Seen(), Seen()
    for seed in range(histories):
        for before, event, after in walked_build(Random(seed)):
            whole.note(build_label(before), event, build_label(after))
            parts.note(attempt_labels(before), event, attempt_labels(after))
    return whole, parts
