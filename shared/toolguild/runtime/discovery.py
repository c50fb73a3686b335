"""The NATS micro-service protocol: standard tooling lists the guild by $SRV.PING, INFO and STATS."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from nats.micro import add_service

from toolguild.agent import Agent, Process, Service
from toolguild.runtime.bus import Bus


@asynccontextmanager
async def discoverable(bus: Bus, service: Service, agents: Sequence[Agent]) -> AsyncIterator[None]:
    """Answer discovery requests for as long as the block lasts."""
    listed = await add_service(
        bus.client,
        name=service.name,
        version=service.version,
        description=service.description,
        metadata={agent.name: _reads(agent) for agent in agents},
    )
    try:
        yield
    finally:
        if bus.client.is_connected:
            await listed.stop()


def _reads(agent: Agent) -> str:
    kinds = agent.reads if isinstance(agent, Process) else (agent.reads,)
    return "reads " + ", ".join(kind.kind_name() for kind in kinds)
