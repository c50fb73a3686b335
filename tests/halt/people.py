"""People who halt, and their signed orders."""

from datetime import UTC, datetime, timedelta
from typing import Any

from toolguild.messages.safety import Halted
from toolguild.testing.keys import SampleKeys

KEYS = SampleKeys()
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def order(target: str, seconds: float, *, on: bool = True, by: str = "ana", **more: Any) -> Halted:
    """Return an order that was signed so many seconds after noon."""
    said = Halted.model_validate(
        {"target": target, "on": on, "by": by, "reason": "why", "at": at(seconds)} | more
    )
    return said.model_copy(update={"signature": KEYS.sign("halt", said.signed, by=f"person:{by}")})
