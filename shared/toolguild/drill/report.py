"""What a drill found, as one JSON object and as a table. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolguild.drill.strikes import Strike
from toolguild.drill.takeover import Takeover

TAKEOVER_BAR = 8.0  # seconds


@dataclass(frozen=True)
class Seconds:
    """A distribution."""

    p50: float
    p95: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Seconds":
        """Return the distribution of values by nearest rank; all zero when there are none."""
        ranked = sorted(values)
        if not ranked:
            return cls(0.0, 0.0, 0.0)

        def rank(share: float) -> float:
            return round(ranked[max(0, math.ceil(share * len(ranked)) - 1)], 2)

        return cls(rank(0.5), rank(0.95), rank(1.0))


def by_kind(strikes: Iterable[Strike]) -> dict[str, int]:
    """Return how often each kind was struck."""
    return dict(sorted(Counter(one.kind for one in strikes).items()))


def counted(strikes: Iterable[Strike]) -> str:
    """Return the same in words."""
    return ", ".join(f"{kind} {many}" for kind, many in by_kind(strikes).items())


@dataclass(frozen=True)
class Found:
    """What is counted. Each list says what a number stands for, in words."""

    accepted: int
    ended: int
    strikes: tuple[Strike, ...]
    takeovers: tuple[Takeover, ...]
    lost: list[str] = field(default_factory=list)
    ended_twice: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    effects_twice: list[str] = field(default_factory=list)
    paid_twice: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    escalated: list[str] = field(default_factory=list)
    asked_again: int = 0
    model_calls: int = 0
    refused: int = 0
    calm_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def takeover(self) -> Seconds:
        """How long messages lay in dead hands."""
        return Seconds.of([one.seconds for one in self.takeovers])

    @property
    def lying(self) -> Seconds:
        """The same, counted from the holder's death though the server was killed after it."""
        return Seconds.of([one.lying for one in self.takeovers])

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(one.how == "kill" for one in self.strikes)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be, in words; empty when the guild held."""
        counted = {
            "lost": self.lost,
            "ended twice": self.ended_twice,
            "differing": self.differing,
            "effect twice": self.effects_twice,
            "paid twice": self.paid_twice,
            "dead letter": self.dead,
        }
        found = [f"{what}: {one}" for what, ones in counted.items() for one in ones]
        if self.takeover.max >= TAKEOVER_BAR:
            found.append(
                f"take-over took up to {self.takeover.max:g} s; the bar is {TAKEOVER_BAR:g} s"
            )
        return found

    def as_json(self) -> dict[str, Any]:
        """Return what `toolguild drill --json` prints."""
        taken = self.takeover
        return {
            "accepted": self.accepted,
            "ended": self.ended,
            "lost": len(self.lost),
            "ended_twice": len(self.ended_twice),
            "differing": len(self.differing),
            "effects_twice": len(self.effects_twice),
            "paid_twice": len(self.paid_twice),
            "takeover_seconds": {"p50": taken.p50, "p95": taken.p95, "max": taken.max},
            "dead": len(self.dead),
            "kills": self.kills,
            "kills_by_kind": by_kind(self.strikes),
            "takeovers": len(self.takeovers),
            "lying_seconds_max": self.lying.max,
            "escalated": len(self.escalated),
            "refused": self.refused,
            "model_calls": self.model_calls,
            "asked_again": self.asked_again,
            "seconds": round(self.seconds, 1),
            "calm_seconds": round(self.calm_seconds, 1),
            "wrong": self.wrong,
        }
