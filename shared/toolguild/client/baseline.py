"""What monitoring knows of a tool, read from the auditor's records."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from toolguild.canonical import Digest
from toolguild.runtime.bus import Bus
from toolguild.runtime.store import BucketStore, bucket

RECORDS = "baselines"  # the bucket


class _Measure(BaseModel):
    model_config = ConfigDict(extra="ignore")

    most: float = 0.0
    mean: float = 0.0


class _Runs(BaseModel):
    """The part of the auditor's record that others may rely on."""

    model_config = ConfigDict(extra="ignore")

    runs: int = 0
    cpu: _Measure = _Measure()
    memory: _Measure = _Measure()
    wall: _Measure = _Measure()
    biggest: int = 0
    read: int = 0
    written: int = 0
    processes: int = 1
    hosts: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    outcomes: dict[str, int] = {}


class _Alert(BaseModel):
    model_config = ConfigDict(extra="ignore")

    rule: str
    task: str
    message: str
    action: str


class _State(BaseModel):
    model_config = ConfigDict(extra="ignore")

    baseline: _Runs = _Runs()
    alerts: int = 0
    newest: tuple[_Alert, ...] = ()


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore")

    state: _State


@dataclass(frozen=True)
class Seen:
    """What was usual in the runs of one tool, and the newest alerts about others. JSON names are the keys."""

    baseline: dict[str, Any]
    alerts: int = 0
    newest: list[dict[str, Any]] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """How many runs were learned."""
        return int(self.baseline["runs"])


async def baseline(bus: Bus, tool: Digest) -> Seen:
    """Return what is known of a tool; of one that never ran, nothing. Raises TemporaryError."""
    raw, _ = await BucketStore(bucket(bus.js, RECORDS), bus.objects).load(tool)
    state = _State() if raw is None else _Record.model_validate_json(raw).state
    return Seen(
        state.baseline.model_dump(mode="json"),
        state.alerts,
        [one.model_dump(mode="json") for one in state.newest],
    )
