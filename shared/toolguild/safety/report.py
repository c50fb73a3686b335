"""All measurements of the safety layers, one table after another."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from toolguild.policy import Policy
from toolguild.policy.usage import Usage
from toolguild.safety import attacks, code, personal, requests, taken
from toolguild.safety.table import Table

TABLES = ("code", "requests", "injection", "injected", "personal", "attacks")


@dataclass(frozen=True)
class SafetyReport:
    """What was measured, with which version."""

    version: str
    python: str
    tables: Sequence[Table]

    @property
    def missed(self) -> tuple[str, ...]:
        """Every bar that is not reached."""
        return tuple(bar for table in self.tables for bar in table.missed)

    def markdown(self) -> str:
        """The report for people."""
        head = (
            f"Toolguild {self.version}, Python {self.python}. Shares with 95 % Wilson intervals.\n"
        )
        missed = "".join(f"* missed: {one}\n" for one in self.missed) or "Every bar is met.\n"
        return "\n".join((head, *(table.markdown() for table in self.tables), missed))

    def plain(self) -> dict[str, object]:
        """The report as JSON."""
        return {
            "version": self.version,
            "python": self.python,
            "tables": [table.plain() for table in self.tables],
            "missed": list(self.missed),
        }


@dataclass(frozen=True)
class Wanted:
    """What to measure, and on what."""

    tables: Sequence[str] = TABLES
    folder: Path | None = None  # other sets of the same form; None: the shipped ones
    backends: Sequence[str] = ("bubblewrap",)
    run: bool = True  # dangerous programs, in the sandbox


async def measure(
    wanted: Wanted, policy: Policy, usage: Usage, told: Callable[[str], None]
) -> SafetyReport:
    """Measure; `told` hears what is under way. Raises SandboxUnavailable, UsageError for unreadable sets."""
    tables = []
    for name in wanted.tables:
        told(name)
        tables.append(await _table(name, wanted, policy, usage, told))
    return SafetyReport(
        version("toolguild"), platform.python_version(), [one for one in tables if one.rows]
    )


async def _table(
    name: str, wanted: Wanted, policy: Policy, usage: Usage, told: Callable[[str], None]
) -> Table:
    match name:
        case "code":
            return await code.measure(policy, folder=wanted.folder, run=wanted.run, told=told)
        case "requests":
            return requests.measure_requests(usage, wanted.folder)
        case "injection":
            return requests.measure_injection(wanted.folder)
        case "injected":
            return await taken.measure(told)
        case "personal":
            return personal.measure(wanted.folder)
        case "attacks":
            return await attacks.measure(policy, wanted.backends)
        case _:
            raise ValueError(f"no table {name!r}")
