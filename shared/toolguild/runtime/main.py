"""Run services from start to SIGTERM: one in a process of its own, or several in one process."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

from toolguild import telemetry
from toolguild.agent import Agent, Gate, Process, Reader, Scribe, Service
from toolguild.errors import Misconfigured, ToolguildError
from toolguild.identity import KeyDirectory
from toolguild.messages import Envelope, Event
from toolguild.policy.load import read_policy
from toolguild.runtime import clock, readiness
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.recorded import RecordSeals
from toolguild.runtime.access.seal import Seals, signed_since
from toolguild.runtime.admit import admit
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.consume import Handle, consume
from toolguild.runtime.discovery import discoverable
from toolguild.runtime.drive import drive
from toolguild.runtime.ending import ended
from toolguild.runtime.halting import LogHalts, this_process
from toolguild.runtime.halts import Targets, of_agent
from toolguild.runtime.health import Check, health_server
from toolguild.runtime.locks import Locks
from toolguild.runtime.remembered import RememberedStore
from toolguild.runtime.resources import Resources
from toolguild.runtime.scribe import write_chain
from toolguild.runtime.serve import serve
from toolguild.runtime.server import running
from toolguild.runtime.services import check_duties, known_services
from toolguild.runtime.steering import LogSteering
from toolguild.runtime.store import BucketStore, bucket
from toolguild.runtime.tally import tally
from toolguild.runtime.topology import ensure_consumer, ensure_streams
from toolguild.settings import Settings, load_settings

log = logging.getLogger(__name__)


def main(service: Service) -> None:
    """Run one service until SIGTERM or SIGINT, then exit with 0; with 2 when the operator must act.

    What is under way is settled within `grace_seconds`. A second signal drops it: the stream gives it to
    another process, and this one exits at once, with 0 too.
    """
    try:
        settings = load_settings()
        telemetry.configure_logs(settings.log_level, settings.log_format)
        telemetry.configure_traces(service.name, endpoint=settings.otlp_endpoint)
        asyncio.run(_until_signal(service, settings))
    except ToolguildError as error:
        sys.stderr.write(f"toolguild {service.name}: {error}\n")
        raise SystemExit(2) from None
    finally:
        telemetry.flush_traces()


async def _until_signal(service: Service, settings: Settings) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    run = asyncio.create_task(run_services([service], settings, stop))

    def signalled() -> None:
        if stop.is_set():
            log.warning("%s: told again to stop; what is under way is left to others", service.name)
            run.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled)
    with suppress(asyncio.CancelledError):
        await run


async def run_services(
    services: Sequence[Service],
    settings: Settings,
    stop: asyncio.Event,
    *,
    ready: Callable[[], None] | None = None,
) -> None:
    """Run services in this process until `stop` is set and what is under way is settled.

    `ready` is called once every agent takes messages. Work that outlasts `settings.grace_seconds` is
    dropped, and the stream gives it to somebody else. Raises UsageError or Misconfigured when something
    has to be mended first, and whatever brought an agent down.
    """
    url = settings.nats_url or await asyncio.to_thread(running, settings.data_dir / "nats")
    if url is None:
        raise Misconfigured(
            f"no guild runs with its data in {settings.data_dir}; start one with `toolguild up`, "
            "or set TOOLGUILD_NATS_URL"
        )
    names = ", ".join(service.name for service in services)
    policy = read_policy(settings.policy)
    async with AsyncExitStack() as stack:
        login = Login.of(settings)
        bus = await stack.enter_async_context(connect(url, name=f"toolguild {names}", login=login))
        if not bus.binds:
            await ensure_streams(bus.js, replicas=settings.nats_replicas)
        keys, own = KeyDirectory(settings.keys), [service.name for service in services]
        known = known_services(services)
        since = await asyncio.to_thread(signed_since, settings.keys)
        later = await asyncio.to_thread(signed_since, settings.keys, "records")  # and orders
        bus = replace(bus, seals=Seals(keys, own, known, since, ordered_since=later))
        bus = bus.sealed(RecordSeals(keys, own, lambda: known, later))
        process = this_process([service.name for service in services])
        resources = await stack.enter_async_context(Resources(bus, settings, policy, process))
        running_agents: list[tuple[Service, Sequence[Agent]]] = []
        for service in services:
            agents = await stack.enter_async_context(service.open(await resources.guild(service)))
            running_agents.append((service, agents))
            check_duties(service, agents)
            for agent in agents:
                if not isinstance(agent, Gate | Scribe):  # a gate's come with the users
                    await ensure_consumer(bus.js, service.name, agent, binds=bus.binds)
            await stack.enter_async_context(discoverable(bus, service, agents, process))
        if not settings.http_port and any("sandbox" in service.needs for service in services):
            # Nobody will ask whether this process is ready: say now that no tool can run, before models are paid.
            await resources.sandbox()
        if settings.http_port:
            queues = [readiness.consumers(bus, one.name, agents) for one, agents in running_agents]
            checks = _checks(bus, resources, running_agents)
            await stack.enter_async_context(
                health_server(settings.http_host, settings.http_port, checks, queues)
            )
        await resources.halts.caught_up()  # what is halted does not start, not for a moment
        if ready is not None:
            ready()
        log.info("%s: ready", names)
        await _consume_all(bus, running_agents, resources, settings, stop)
    log.info("%s: stopped", names)


async def _consume_all(
    bus: Bus,
    running_agents: Sequence[tuple[Service, Sequence[Agent]]],
    resources: Resources,
    settings: Settings,
    stop: asyncio.Event,
) -> None:
    tasks = [
        asyncio.create_task(
            _labelled(bus, service, agent, resources, stop), name=f"{service.name}/{agent.name}"
        )
        for service, agents in running_agents
        for agent in agents
    ]
    stopping = asyncio.create_task(_stopped(stop, bus))
    try:
        await asyncio.wait((stopping, *tasks), return_when=asyncio.FIRST_COMPLETED)
        stop.set()  # an agent that fell takes the others down, in order
        if tasks:
            await asyncio.wait(tasks, timeout=settings.grace_seconds)
    finally:
        ends = await ended((stopping, *tasks))
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _stopped(stop: asyncio.Event, bus: Bus) -> None:
    closing = asyncio.ensure_future(bus.line.closed.wait())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((closing, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            raise Misconfigured("the connection to NATS is closed for good: access was refused")
    finally:
        closing.cancel()
        stopping.cancel()


async def _labelled(
    bus: Bus, service: Service, agent: Agent, resources: Resources, stop: asyncio.Event
) -> None:
    steering, halts = resources.steering, resources.halts
    with telemetry.bound(service=service.name):
        if isinstance(agent, Gate):
            await admit(bus, service.name, agent, stop=stop, halts=halts)
            return
        if isinstance(agent, Scribe):
            await write_chain(bus, service.name, agent, stop=stop)
            return
        handle = handler(bus, service.name, agent, steering, halts)
        await consume(bus, service.name, agent, handle, stop=stop, halts=halts)


def handler(
    bus: Bus,
    service: str,
    agent: Reader,
    steering: LogSteering | None = None,
    halts: LogHalts | None = None,
) -> Handle:
    """Return what handles one envelope for an agent, durably. It raises Held while that is halted."""
    source = f"{service}/{agent.name}"
    targets = of_agent(service, agent.name, through=agent.through_halts)
    if isinstance(agent, Process):
        return _driver(bus, agent, source, halts, targets)
    return partial(
        serve,
        agent,
        send=bus.publish,
        source=source,
        now=clock.now,
        steering=steering,
        halts=halts,
        targets=targets,
    )


def _driver(
    bus: Bus, process: Process[Any], source: str, halts: LogHalts | None, targets: Targets
) -> Handle:
    store = RememberedStore(BucketStore(bucket(bus.js, process.bucket), bus.objects))
    locks = Locks()

    async def handle(envelope: Envelope) -> None:
        if halts is not None:
            halts.check(targets)  # a step that has begun is done in a moment, and is not cut off
        # Events of one record, such as the many results of a foreach, would only lose races to each other.
        async with locks.of(process.key(cast("Event", envelope.body))):
            await drive(process, envelope, store=store, send=send, source=source, now=clock.now)

    async def send(envelope: Envelope) -> None:
        await bus.publish(envelope)
        tally(envelope.body)

    return handle


def _checks(
    bus: Bus, resources: Resources, running_agents: Sequence[tuple[Service, Sequence[Agent]]]
) -> dict[str, Check]:
    checks: dict[str, Check] = {"nats": readiness.connected(bus)}
    for service, agents in running_agents:
        checks[f"consumers of {service.name}"] = readiness.consumers(bus, service.name, agents)
        if "sandbox" in service.needs:
            checks["sandbox"] = readiness.sandbox(resources.sandbox)
    return checks
