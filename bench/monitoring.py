"""How often monitoring is wrong about tools that are well, and how soon it notices one that turns bad.

    python -m bench.monitoring [--tools N] [--json]

Simulated runs with the shipped policy. Well: families of tools whose cost follows the size of their input in
several ways, on inputs whose sizes are spread over five orders of magnitude, with noise, 40 runs of each tool:
most false alerts come early. "Held out" are families that were written before the rules were tried on them, and
on which nothing was tuned. Bad: after 30 usual runs, one that does something else, as data may make it.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from toolguild.canonical import Digest
from toolguild.messages import TaskId
from toolguild.messages.events import Alerted, ToolRan
from toolguild.policy import Policy
from toolguild.sandbox.interface import Request, Seen, Usage
from toolguild_auditor.watch import Watched, advance

TOOL = Digest("a" * 64)
BAR_FALSE, BAR_FOUND = 0.01, 0.95  # of runs; of tools that turn bad
USUAL, LIFE = 30, 40  # runs before one turns bad; runs of one that is well
LEAST, MOST = 1e3, 1e8  # bytes of input

Cost = Callable[[float, random.Random], tuple[float, float]]  # bytes -> seconds, MB


def _linear(size: float, by: random.Random) -> tuple[float, float]:
    return 0.02 + size / 5e6, 20 + size / 2e5


def _constant(size: float, by: random.Random) -> tuple[float, float]:
    return 0.8, 60


def _sorting(size: float, by: random.Random) -> tuple[float, float]:
    return 0.05 + size * len(f"{int(size):b}") / 1e8, 25 + size / 1e5


def _quadratic(size: float, by: random.Random) -> tuple[float, float]:
    return 0.01 + (size / 2e7) ** 2, 15 + size / 1e6


def _by_content(size: float, by: random.Random) -> tuple[float, float]:
    """What counts is how many groups there are, and the size tells little of it."""
    groups = 10 ** by.uniform(0, 4)
    return 0.1 + groups / 2e3, 20 + groups / 50


def _seldom_slow(size: float, by: random.Random) -> tuple[float, float]:
    return (6.0, 300) if by.random() < 0.03 else (0.3, 40)


def _waves(size: float, by: random.Random) -> tuple[float, float]:
    return 0.1 + abs(by.gauss(1, 1)), 50 + abs(by.gauss(0, 40))


def _cubes(size: float, by: random.Random) -> tuple[float, float]:
    return 0.02 + (size / 4e7) ** 3, 30 + size / 4e5


TUNED: dict[str, Cost] = {"linear": _linear, "constant": _constant, "sorting": _sorting}
HELD_OUT: dict[str, Cost] = {
    "quadratic": _quadratic,
    "cubic": _cubes,
    "by content": _by_content,
    "seldom slow": _seldom_slow,
    "noisy": _waves,
}


@dataclass(frozen=True)
class Report:
    """What was measured."""

    runs: int  # of tools that are well
    false_tuned: float  # alerts for each run of tools that are well
    false_held_out: float
    worst: str  # the family with most alerts
    worst_rate: float
    found: float  # share of the tools that turned bad which were noticed at once
    missed: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether both bars are met."""
        return max(self.false_tuned, self.false_held_out) <= BAR_FALSE and self.found >= BAR_FOUND


def ran(
    number: int, seconds: float, mb: float, given: int | None = None, **more: object
) -> ToolRan:
    """Return one run; each is of a task of its own."""
    base: dict[str, object] = {
        "task": TaskId(f"t-{number:x}"),
        "step": "s1",
        "tool": TOOL,
        "title": "simulated@1.0",
        "outcome": "ok",
        "used": Usage(wall_seconds=seconds, cpu_seconds=seconds, peak_memory_mb=mb),
        "given_bytes": given,
        "seen": Seen(),
    }
    return ToolRan.model_validate(base | more)


def alerts(policy: Policy, runs: Sequence[ToolRan]) -> list[int]:
    """Return the numbers of the runs that were told, in the order of the runs."""
    state, found = Watched(), []
    for number, one in enumerate(runs):
        state, said = advance(policy, state, one)
        found += [number for message in said if isinstance(message, Alerted)]
    return found


def usual(cost: Cost, count: int, by: random.Random, *, sized: bool = True) -> Iterator[ToolRan]:
    """Yield runs of a tool that is well. Sizes are spread evenly over their logarithm."""
    for number in range(count):
        size = LEAST * (MOST / LEAST) ** by.random()
        seconds, mb = cost(size, by)
        noise = by.lognormvariate(0, 0.3)
        yield ran(
            number, seconds * noise, mb * by.lognormvariate(0, 0.1), int(size) if sized else None
        )


BAD: dict[str, dict[str, object]] = {
    "burns CPU": {"seconds": 400.0},
    "grows memory": {"mb": 9000.0},
    "forges an answer": {"outcome": "forged"},
    "exits": {"outcome": "exited"},
    "fills the disk": {"outcome": "disk"},
    "never ends": {"outcome": "timeout"},
    "starts a program": {"seen": Seen(programs=("curl",))},
    "starts processes": {"seen": Seen(processes=8)},
    "writes many files": {"seen": Seen(written=tuple(f"f{n:03}" for n in range(60)))},
    "asks a new host": {
        "requests": (Request("new.example", 443, "CONNECT", "allowed", 9, 9, 0.1),)
    },
    "asks a refused host": {
        "requests": (Request("evil.example", 443, "CONNECT", "denied", 9, 0, 0.1),)
    },
}


def measure(tools: int, seed: int = 1) -> Report:
    """Simulate so many tools of each family that is well, with and without sizes, and each way of turning bad."""
    policy, by = Policy.default(), random.Random(seed)
    families = TUNED | HELD_OUT
    rates = {
        name: sum(
            len(alerts(policy, list(usual(cost, LIFE, by, sized=sized))))
            for sized in (True, False)
            for _ in range(tools)
        )
        / (2 * tools * LIFE)
        for name, cost in families.items()
    }
    missed = [
        f"{name}: {what}"
        for name, cost in families.items()
        for what, change in BAD.items()
        if USUAL not in alerts(policy, [*usual(cost, USUAL, by), _bad(change)])
    ]
    worst = max(rates, key=lambda name: rates[name])
    return Report(
        runs=2 * tools * LIFE * len(families),
        false_tuned=round(sum(rates[name] for name in TUNED) / len(TUNED), 5),
        false_held_out=round(sum(rates[name] for name in HELD_OUT) / len(HELD_OUT), 5),
        worst=worst,
        worst_rate=round(rates[worst], 5),
        found=round(1 - len(missed) / (len(BAD) * len(rates)), 4),
        missed=tuple(missed),
    )


def _bad(change: dict[str, object]) -> ToolRan:
    more = {name: value for name, value in change.items() if name not in ("seconds", "mb")}
    seconds, mb = change.get("seconds", 0.1), change.get("mb", 30.0)
    assert isinstance(seconds, float)
    assert isinstance(mb, float)
    return ran(USUAL, seconds, mb, 10_000, **more)


def main() -> int:
    """Measure, print, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--tools", type=int, default=200, help="of each family")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    report = measure(options.tools)
    if options.json:
        print(json.dumps({"bench": "monitoring", "met": report.met, **asdict(report)}))
    else:
        print(
            f"false alerts for each run: {report.false_tuned:.3%} of the families that the rules were made with, "
            f"{report.false_held_out:.3%} of those held out (most: {report.worst}, {report.worst_rate:.2%}); "
            f"bar {BAR_FALSE:.0%}\n"
            f"tools that turn bad, noticed at the first such run: {report.found:.1%}; bar {BAR_FOUND:.0%}"
            + "".join(f"\n  missed: {one}" for one in report.missed)
            + f"\n{'met' if report.met else 'MISSED'}"
        )
    return 0 if report.met else 1


if __name__ == "__main__":
    sys.exit(main())
