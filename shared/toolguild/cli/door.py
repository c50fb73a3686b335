"""Into the guild: the one that runs already, or one of our own for as long as a command lasts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolguild import telemetry
from toolguild.cli import state
from toolguild.cli.logs import log_to_file
from toolguild.cli.output import note
from toolguild.errors import UsageError
from toolguild.policy import Policy
from toolguild.policy.load import read_policy
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.people import as_operator
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.server import nats_server, running
from toolguild.runtime.services import installed, load_service
from toolguild.runtime.topology import ensure_streams
from toolguild.settings import Settings

if TYPE_CHECKING:
    from toolguild.runtime.access.tls import Certificates

WAIT = 600.0  # seconds that a command waits for another one to give the data free
LOOK = 0.2
# Seconds for work under way when a guild of our own ends. The task that it was there for has ended;
# what else was begun stays in the stream for the next guild.
GRACE = 2.0


@dataclass(frozen=True)
class Door:
    """A guild that this process can talk to. `standing`: it was there before and stays."""

    bus: Bus
    artifacts: StoredArtifacts
    settings: Settings
    policy: Policy
    standing: bool


@asynccontextmanager
async def open_door(
    settings: Settings, services: Sequence[str] | None = None
) -> AsyncIterator[Door]:
    """Give a guild: the one at TOOLGUILD_NATS_URL, the one that `toolguild up` runs, or one of our own.

    One of our own has only the `services` named; None stands for all that are installed. Raises UsageError
    or Misconfigured when there can be none, with what to do.
    """
    policy = read_policy(settings.policy)
    log_to_file(settings)
    telemetry.configure_traces("cli", endpoint=settings.otlp_endpoint)
    url = settings.nats_url or state.standing_url(settings)
    async with AsyncExitStack() as stack:
        standing = url is not None
        if url is None:
            url = await stack.enter_async_context(_own_server(settings))
        login = Login.of(settings)
        bus = await stack.enter_async_context(connect(url, name="toolguild cli", login=login))
        own = settings.model_copy(
            update={
                "nats_url": url,
                "nats_ca": login.ca,
                "http_port": 0,
                "grace_seconds": min(GRACE, settings.grace_seconds),
            }
        )
        if not standing:
            names = list(installed()) if services is None else services
            await ensure_streams(bus.js, replicas=settings.nats_replicas)
            await stack.enter_async_context(_own_services(names, own))
        bus = await asyncio.to_thread(as_operator, bus, settings)
        artifacts = StoredArtifacts(bus.objects, settings.cache)
        yield Door(bus, artifacts, own, policy, standing)


@asynccontextmanager
async def _own_server(settings: Settings) -> AsyncIterator[str]:
    directory = settings.data_dir / "nats"
    await _until_free(settings)
    async with nats_server(
        directory,
        port=settings.nats_port,
        store_mb=settings.nats_store_mb,
        tls=_tls(settings),
    ) as server:
        yield server.url


def _tls(settings: Settings) -> "Certificates | None":
    if not settings.nats_tls:
        return None
    from toolguild.runtime.access.tls import certificates  # takes a while, and most do without

    return certificates(settings.tls)


async def _until_free(settings: Settings) -> None:
    """Wait while another command of this user has a guild of its own over the same data."""
    directory = settings.data_dir / "nats"
    told = False
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT):
            while await asyncio.to_thread(running, directory) is not None:
                if not told:
                    note(
                        f"toolguild: another command uses {settings.data_dir}; waiting for its end "
                        "(`toolguild up` runs a guild that several commands share)"
                    )
                    told = True
                await asyncio.sleep(LOOK)
            return
    raise UsageError(
        f"{settings.data_dir}: another command still uses it; end that one, use `toolguild up`, "
        "or set TOOLGUILD_DATA_DIR to another directory"
    )


@asynccontextmanager
async def _own_services(names: Sequence[str], settings: Settings) -> AsyncIterator[None]:
    """Run services in this process for as long as the block lasts."""
    if not names:
        yield
        return
    from toolguild.runtime.main import run_services  # of which a guild that stands has no need

    services = [load_service(name) for name in names]
    stop, ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_services(services, settings, stop, ready=ready.set))
        try:
            await ready.wait()
            yield
        finally:
            stop.set()
