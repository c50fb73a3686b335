"""A whole guild in this process: real NATS, all installed services, real sandboxes, a scripted model."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from toolguild.client import task as client
from toolguild.client.task import Noted, Order
from toolguild.goal import Goal
from toolguild.guild import Artifacts
from toolguild.identity import KeyDirectory
from toolguild.messages import Envelope, Event, Result, events
from toolguild.policy import Policy
from toolguild.runtime.access.people import as_operator
from toolguild.runtime.access.seal import Seals
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.clock import now
from toolguild.runtime.main import run_services
from toolguild.runtime.server import NatsServer
from toolguild.runtime.services import installed, load_service
from toolguild.settings import Settings

OURS = ("auditor", "executor", "planner", "reviewer", "synthesizer")
WITHIN = 100.0  # seconds, on a machine with much else to do


@dataclass
class Hall:
    """The guild with a client's connection to it."""

    bus: Bus
    artifacts: Artifacts
    policy: Policy
    settings: Settings

    async def says(self, service: str, body: Event) -> None:
        """Publish an event as a service would, with that service's signature."""
        await says(self.bus, self.settings, service, body)

    async def run(
        self, goal: str | Goal, *files: Path, **bounds: Any
    ) -> tuple[Result, list[Noted]]:
        """Give a goal, wait for its result, and return it with every message of the task."""
        wish = goal if isinstance(goal, Goal) else Goal.of_text(goal)
        order = Order(goal=wish, files=files, **bounds)
        task = await client.submit(self.bus, self.artifacts, order, self.policy)
        seen: list[Noted] = []
        async with asyncio.timeout(WITHIN):
            async for noted in client.follow(self.bus, task):
                seen.append(noted)
                if isinstance(noted.envelope.body, events.ResultReleased):
                    return noted.envelope.body.result, seen
        raise AssertionError("the log ended before the result")


async def says(bus: Bus, settings: Settings, service: str, body: Event) -> None:
    """Publish an event as a service of the guild with these settings would, with its signature."""
    known = [load_service(name) for name in OURS]
    since = datetime.min.replace(tzinfo=UTC)
    seals = Seals(KeyDirectory(settings.keys), [service], known, since)
    envelope = Envelope(id=uuid4(), body=body, source=f"{service}/test", at=now())
    await replace(bus, seals=seals).publish(envelope)


@asynccontextmanager
async def open_hall(
    data_dir: Path, services: Sequence[str] = OURS, **settings: Any
) -> AsyncIterator[Hall]:
    """Start a guild with its data below a directory, and stop it in order."""
    server = NatsServer(data_dir / "nats")
    await server.start()
    try:
        chosen = {"model": "scripted:flow_script:answer"} | settings
        wanted = Settings(data_dir=data_dir, nats_url=server.url, **chosen)
        stop, ready = asyncio.Event(), asyncio.Event()
        assert set(services) <= set(installed())
        running = asyncio.create_task(
            run_services([load_service(name) for name in services], wanted, stop, ready=ready.set)
        )
        up = asyncio.create_task(ready.wait())
        await asyncio.wait((running, up), return_when=asyncio.FIRST_COMPLETED, timeout=WITHIN)
        if running.done():
            await running
        try:
            async with connect(server.url, name="test client") as bus:
                bus = as_operator(bus, wanted)
                artifacts = StoredArtifacts(bus.objects, data_dir / "client-cache")
                yield Hall(bus, artifacts, Policy.default(), wanted)
        finally:
            stop.set()
            up.cancel()
            async with asyncio.timeout(WITHIN):
                await running
    finally:
        await server.stop()
