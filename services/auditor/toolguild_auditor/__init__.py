"""Keeps the record and looks at what leaves.

Reads TaskEnded, WorkFailed; sends FilterResult, ResultReleased. The record itself is TOOLGUILD_LOG, into
which the server writes every command and event in one order.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toolguild.agent import Agent, Service
from toolguild.guild import Guild


@asynccontextmanager
async def _open(guild: Guild) -> AsyncIterator[Sequence[Agent]]:
    from toolguild_auditor.ledger import ledger
    from toolguild_auditor.pruning import pruners
    from toolguild_auditor.release import releaser
    from toolguild_auditor.retention import retention_process

    yield (ledger, releaser, retention_process(guild.policy.retention), *pruners(guild))


service = Service(
    name="auditor",
    description="Sees every task to its release and filters what leaves.",
    open=_open,
)
