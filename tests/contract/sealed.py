"""A bus on which records are signed and checked, as services have it."""

from datetime import UTC, datetime
from pathlib import Path

from toolguild.identity import KeyDirectory
from toolguild.runtime.access.recorded import RecordSeals
from toolguild.runtime.bus import Bus
from toolguild.runtime.services import known_services


def sealed(bus: Bus, keys: Path, service: str) -> Bus:
    """Return the bus of one service, with its key in a directory."""
    since = datetime.min.replace(tzinfo=UTC)
    return bus.sealed(
        RecordSeals(KeyDirectory(keys), (service,), lambda: known_services(()), since)
    )
