"""The NATS micro-service protocol: standard tooling lists the guild by $SRV.PING, INFO and STATS."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from nats.errors import Error as NatsError
from nats.micro import add_service

from toolguild.agent import Agent, Gate, Process, Scribe, Service
from toolguild.runtime.bus import Bus

GOODBYE = 1.0  # seconds; the end of the connection ends the rest


@asynccontextmanager
async def discoverable(
    bus: Bus, service: Service, agents: Sequence[Agent], process: str = ""
) -> AsyncIterator[None]:
    """Answer discovery requests for as long as the block lasts; `process` is told as HaltTaken tells it."""
    listed = await add_service(
        bus.client,
        name=service.name,
        version=service.version,
        description=service.description,
        metadata={agent.name: _reads(agent) for agent in agents} | {"process": process},
    )
    try:
        yield
    finally:
        # The client drains its subscriptions, and may wait ten seconds for an answer that does not come.
        with suppress(TimeoutError, NatsError):
            async with asyncio.timeout(GOODBYE):
                await listed.stop()


def _reads(agent: Agent) -> str:
    if isinstance(agent, Gate):
        return "lets goals in"
    if isinstance(agent, Scribe):
        return "writes the audit chain"
    kinds = agent.reads if isinstance(agent, Process) else (agent.reads,)
    return "reads " + ", ".join(kind.kind_name() for kind in kinds)
