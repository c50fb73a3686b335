"""Keeps the record and looks at what leaves.

Reads TaskEnded; sends FilterResult, ResultReleased. Besides, it sees every message on the bus and writes
the audit chain.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Service
from toolguild.guild import Guild


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_auditor.ledger import ledger
    from toolguild_auditor.release import releaser

    yield (ledger, releaser(guild))


service = Service(
    name="auditor",
    description="Records every action and filters what leaves.",
    open=_open,
)
