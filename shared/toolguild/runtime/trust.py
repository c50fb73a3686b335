"""What tools have earned, read from the auditor's records."""

from pydantic import BaseModel, ConfigDict

from toolguild.canonical import Digest
from toolguild.policy import Level, Policy
from toolguild.runtime.store import RecordStore


class _State(BaseModel):
    """The part of the auditor's record that others may rely on."""

    model_config = ConfigDict(extra="ignore")

    level: Level


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore")

    state: _State


class RecordedTrust:
    """Implements `toolguild.guild.Trust` over the bucket in which the auditor keeps its records."""

    def __init__(self, records: RecordStore, policy: Policy) -> None:
        self._records = records
        self._start = policy.autonomy.trust.start

    async def level(self, tool: Digest) -> Level:
        """As the protocol says; a tool without a record has the policy's level to start with."""
        raw, _ = await self._records.load(tool)
        return self._start if raw is None else _Record.model_validate_json(raw).state.level
