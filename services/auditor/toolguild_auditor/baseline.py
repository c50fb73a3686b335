"""What the runs of one tool were like, and in what way a new one is unlike them. Pure.

A run is judged by the most that the runs before it used, with a factor of the policy on top, and never below
the policy's floor. For larger input than any before, the limit grows in proportion to its size; it never shrinks
for smaller input, since what a call costs does not have to follow its size. A single enormous run does not open
the door to all later ones: what counts as the most is at most ten times the mean.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from toolguild.messages.events import ToolRan
from toolguild.policy.model import MonitoringRules
from toolguild.sandbox.interface import Outcome
from toolguild.tool import Value

SPREAD = 10.0  # times the mean: the most that counts as the most seen
NAMES = 128  # hosts, and programs, that a baseline remembers
FILES = 10  # files written: fewer are never unusual
Rule = Literal["cpu", "memory", "hosts", "files", "programs", "processes", "outcome"]
ATTACKS: frozenset[Outcome] = frozenset({"forged", "beyond"})
FAULTS: frozenset[Outcome] = frozenset({"exited", "disk", "printed"})
LIMITS: frozenset[Outcome] = frozenset({"timeout", "memory"})


class Deviation(NamedTuple):
    """In what way a run was unlike those before; `attack`: it tried what no tool may."""

    rule: Rule
    message: str
    attack: bool = False


class Measure(Value):
    """One quantity over all runs that were learned."""

    most: float = 0.0
    mean: float = 0.0

    def with_one(self, value: float, runs: int) -> "Measure":
        """Return it with one more value, the `runs`-th."""
        return Measure(
            most=max(self.most, value), mean=round(self.mean + (value - self.mean) / runs, 9)
        )

    @property
    def reference(self) -> float:
        """What a run is compared with."""
        return min(self.most, SPREAD * self.mean)


class Baseline(Value):
    """What the runs of one tool were like."""

    title: str = ""
    runs: int = 0  # that ended by themselves
    cpu: Measure = Measure()  # seconds
    memory: Measure = Measure()  # MB
    wall: Measure = (
        Measure()
    )  # seconds; shown, and no reason for an alert: a busy host is not the tool's doing
    biggest: int = 0  # bytes of input
    read: int = 0  # the most files of one run
    written: int = 0
    processes: int = 1
    hosts: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    outcomes: dict[str, int] = {}

    def known(self, rules: MonitoringRules) -> bool:
        """Whether enough runs were seen to judge another one by them."""
        return self.runs >= rules.baseline_runs

    def growth(self, given: int | None) -> float:
        """Return how many times larger the input is than any before, at least 1."""
        return max(1.0, given / self.biggest) if given and self.biggest else 1.0


def deviations(rules: MonitoringRules, base: Baseline, event: ToolRan) -> list[Deviation]:
    """Return in what ways a run was unlike those before; what no tool may is told of the first run, too."""
    found = [*_attacks(base, event), *_faults(event)]
    if base.known(rules):
        found += [*_usage(rules, base, event), *_behaviour(rules, base, event)]
    first: dict[str, Deviation] = {}
    for one in found:
        first.setdefault(one.rule, one)
    return list(first.values())


def learned(base: Baseline, event: ToolRan, strange: frozenset[Rule] = frozenset()) -> Baseline:
    """Return the baseline with one more run. What was strange of it is not taken for usual.

    New hosts and programs are, once they have been told: a person has heard of them.
    """
    outcomes = {**base.outcomes, event.outcome: base.outcomes.get(event.outcome, 0) + 1}
    title = event.title or base.title
    base = base.model_copy(update={"outcomes": outcomes, "title": title})
    if event.outcome not in ("ok", "error"):
        return base  # it was ended: what it used says little
    runs, used, seen = base.runs + 1, event.used, event.seen
    usual: dict[str, object] = {"runs": runs, "wall": base.wall.with_one(used.wall_seconds, runs)}
    if "cpu" not in strange:
        usual["cpu"] = base.cpu.with_one(used.cpu_seconds, runs)
    if "memory" not in strange:
        usual["memory"] = base.memory.with_one(used.peak_memory_mb, runs)
    if not {"cpu", "memory"} & strange:
        usual["biggest"] = max(base.biggest, event.given_bytes or 0)
    if seen is not None:
        usual["read"] = max(base.read, len(seen.read or ()))
        if "files" not in strange:
            usual["written"] = max(base.written, len(seen.written or ()))
        if "processes" not in strange:
            usual["processes"] = max(base.processes, seen.processes or 1)
        usual["programs"] = _more(base.programs, seen.programs or ())
    usual["hosts"] = _more(base.hosts, tuple(_reached(event)))
    return base.model_copy(update=usual)


def _attacks(base: Baseline, event: ToolRan) -> Iterator[Deviation]:
    refused = sorted(
        {f"{one.host}:{one.port}" for one in event.requests if one.verdict == "denied"}
        - set(base.hosts)
        - set(_reached(event))
    )
    if refused:
        yield Deviation("hosts", f"it asked for {_listed(refused)}, which it may not reach", True)
    if event.outcome in ATTACKS:
        yield Deviation("outcome", _ended(event), True)


def _faults(event: ToolRan) -> Iterator[Deviation]:
    if event.outcome in FAULTS:
        yield Deviation("outcome", _ended(event))


def _usage(rules: MonitoringRules, base: Baseline, event: ToolRan) -> Iterator[Deviation]:
    growth, used = base.growth(event.given_bytes), event.used
    for rule, now, measure, least, unit, what in (
        ("cpu", used.cpu_seconds, base.cpu, rules.least_seconds, "s", "CPU time"),
        ("memory", used.peak_memory_mb, base.memory, rules.least_mb, "MB", "memory"),
    ):
        if now > max(least, rules.factor * growth * measure.reference):
            larger = f", for input {growth:.3g} times larger than any before" if growth > 1 else ""
            message = (
                f"it used {now:.3g} {unit} of {what}{larger}; in {base.runs} runs before, "
                f"{measure.most:.3g} at most and {measure.mean:.3g} on average"
            )
            yield Deviation("cpu" if rule == "cpu" else "memory", message)
    if event.outcome in LIMITS and event.outcome not in base.outcomes and growth <= rules.factor:
        yield Deviation("outcome", f"{_ended(event)}, which none of {base.runs} runs before did")


def _behaviour(rules: MonitoringRules, base: Baseline, event: ToolRan) -> Iterator[Deviation]:
    hosts = sorted(set(_reached(event)) - set(base.hosts))
    if hosts and len(base.hosts) < NAMES:
        yield Deviation("hosts", f"it reached {_listed(hosts)}; before: {_listed(base.hosts)}")
    seen = event.seen
    if seen is None:
        return
    programs = sorted(set(seen.programs or ()) - set(base.programs))
    if programs and len(base.programs) < NAMES:
        message = f"it started {_listed(programs)}; before: {_listed(base.programs)}"
        yield Deviation("programs", message)
    written = len(seen.written or ())
    if written > max(FILES, rules.factor * max(1, base.written)):
        message = f"it wrote {written} files; in {base.runs} runs before, {base.written} at most"
        yield Deviation("files", message)
    alone = base.processes <= 1
    processes = seen.processes or 1
    if processes > (1 if alone else rules.factor * base.processes):
        message = f"{processes} processes ran at once; in {base.runs} runs before, {base.processes} at most"
        yield Deviation("processes", message)


def _reached(event: ToolRan) -> Iterator[str]:
    """Yield the hosts that a run was let through to, be they there or not."""
    for one in event.requests:
        if one.verdict in ("allowed", "failed"):
            yield f"{one.host}:{one.port}"


def _ended(event: ToolRan) -> str:
    said = f": {event.fault.message[:300]}" if event.fault else ""
    return f"it ended as {event.outcome}{said}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(name[:200] for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "") or "none"


def _more(known: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*known, *new}))[:NAMES]
