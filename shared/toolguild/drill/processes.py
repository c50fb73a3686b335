"""The processes of this machine as the kernel knows them (Linux)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Living:
    """One process; its id alone may be given to another one later."""

    pid: int
    parent: int
    started: int  # in ticks since the machine started


def living() -> dict[int, Living]:
    """Return all processes by id but those that have ended and wait for their parent to notice."""
    found: dict[int, Living] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *rest = place.read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue  # it ended just now
        if state not in "ZX":
            pid = int(place.parent.name)
            found[pid] = Living(pid, int(parent), int(rest[17]))
    return found


def descendants(pid: int) -> list[Living]:
    """Return all that descend from a process now, parents before their children."""
    every = living()
    found: list[Living] = []
    parents = {pid}
    while parents:
        children = [one for one in every.values() if one.parent in parents]
        found += children
        parents = {one.pid for one in children}
    return found


def alive(one: Living) -> bool:
    """Whether that very process still runs."""
    now = living().get(one.pid)
    return now is not None and now.started == one.started
