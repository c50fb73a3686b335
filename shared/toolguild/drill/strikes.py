"""What was done to the guild: which process was struck, how, and when. Pure."""

from dataclasses import dataclass
from typing import Literal

SERVER, SANDBOX = "nats", "sandbox"
DYING = 0.25  # seconds


@dataclass(frozen=True)
class Strike:
    """One process killed, or stopped for a while. Times are seconds of the wall clock."""

    at: float
    how: Literal["kill", "cut"]
    service: str  # or "nats", or "sandbox"
    name: str  # of the process: "executor-2"
    pid: int
    until: float | None = None  # of a cut: when it went on; of a kill: when it was surely sent

    @property
    def kind(self) -> str:
        """What it is counted under."""
        return self.service if self.how == "kill" else f"cut {self.service}"


def struck(strikes: "tuple[Strike, ...]", pid: int, first: float, last: float) -> bool:
    """Whether a process was killed, or stood still at any moment, between two times.

    Who is killed lives on for a moment: what it did within `DYING` seconds of the kill, it did before.
    """
    return any(
        one.pid == pid and one.at <= last and (one.until or one.at) + _dying(one) >= first
        for one in strikes
    )


def _dying(strike: Strike) -> float:
    return DYING if strike.how == "kill" else 0.0
