"""What hostile code tries, from our own attacks on earlier versions and from what broke in other projects.

Every attack names the walls that are to stop it. After every one of them an innocent call has to come out well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from toolguild.sandbox.checks import Check, run
from toolguild.sandbox.escapes import (
    answers,
    exhaustion,
    files,
    kernel,
    leftovers,
    network,
    outputs,
    processes,
)
from toolguild.sandbox.interface import Sandbox
from toolguild.sandbox.walls import how


@dataclass(frozen=True)
class Attacked:
    """How one attack went on this machine."""

    name: str
    family: str
    stopped: bool  # with the right outcome, and the next call was none the worse for it
    how: str  # which walls stop it, the first one first
    detail: str  # what was seen instead; empty when it was stopped


def checks() -> list[Check]:
    """Return every attack."""
    parts = (files, processes, kernel, network, exhaustion, outputs, answers, leftovers)
    return [check for part in parts for check in part.checks()]


async def attack_all(sandbox: Sandbox, only: Sequence[str] = ()) -> list[Attacked]:
    """Try every attack on this sandbox, or those named, one after another. A broken sandbox counts as not stopped."""
    found = []
    for check in checks():
        if not only or check.name in only:
            result = await run(sandbox, check)
            found.append(
                Attacked(check.name, check.family, result.passed, how(check.by), result.detail)
            )
    return found
