"""What has to work before a service is ready, each as a check that says what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import nats.errors

from toolguild import telemetry
from toolguild.agent import Agent, Gate, Scribe
from toolguild.errors import ToolguildError
from toolguild.runtime.bus import Bus
from toolguild.runtime.health import Check
from toolguild.runtime.topology import AUDIT, GOALS, consumer_name, stream_of
from toolguild.sandbox.interface import Sandbox

WITHIN = 2.0  # seconds; a probe that waits longer counts as failed anyway


def connected(bus: Bus) -> Check:
    """Check that the connection stands, that what is sent is taken, and that no permission has been refused."""

    async def check() -> str:
        if not bus.client.is_connected:
            return "not connected to NATS"
        return bus.line.refused or bus.line.trouble

    return check


def consumers(bus: Bus, service: str, agents: Sequence[Agent]) -> Check:
    """Check that what every agent reads from exists; notes the length of its queue on the way."""

    async def check() -> str:
        for agent in agents:
            name = consumer_name(service, agent)
            try:
                async with asyncio.timeout(WITHIN):
                    if isinstance(agent, Gate):  # under way or not: each user has a consumer
                        goals = (await bus.js.stream_info(GOALS)).state.messages
                        telemetry.queue_seen(name, waiting=goals, under_way=0)
                        continue
                    if isinstance(agent, Scribe):  # it reads without one that stays
                        await bus.js.stream_info(AUDIT)
                        continue
                    info = await bus.js.consumer_info(stream_of(agent), name)
            except (TimeoutError, nats.errors.Error) as error:
                return f"consumer {name}: {str(error) or 'no answer'}"
            telemetry.queue_seen(
                name, waiting=info.num_pending or 0, under_way=info.num_ack_pending or 0
            )
        return ""

    return check


def sandbox(opened: Callable[[], Awaitable[Sandbox]]) -> Check:
    """Check that the sandbox opens: its self-test runs when it does."""

    async def check() -> str:
        try:
            await opened()
        except ToolguildError as error:
            return str(error)
        return ""

    return check
