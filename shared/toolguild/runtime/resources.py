"""The guild's resources in one process: each is opened when the first service asks, and closed at the end."""

import asyncio
import importlib
import os
import time
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, cast

from toolguild import telemetry
from toolguild.agent import Service
from toolguild.budget.ledgers import JetStreamLedgers
from toolguild.errors import Misconfigured
from toolguild.guild import Guild, Models, Registry
from toolguild.identity import KeyDirectory
from toolguild.policy import Policy
from toolguild.policy.usage_file import read_usage
from toolguild.runtime.archive import LogArchive
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.asked import AskTeller
from toolguild.runtime.bus import Bus
from toolguild.runtime.claims import BucketClaims
from toolguild.runtime.counted_sandbox import CountedSandbox
from toolguild.runtime.flagged import FlagTeller
from toolguild.runtime.halting import LogHalts
from toolguild.runtime.journal import BucketJournal
from toolguild.runtime.modelcalls import ModelCallTeller
from toolguild.runtime.steering import LogSteering
from toolguild.runtime.store import BucketStore, bucket
from toolguild.runtime.trust import RecordedTrust
from toolguild.sandbox.interface import Sandbox
from toolguild.sealing import SealKeys
from toolguild.settings import Settings


class Resources:
    """What all services of one process share. Use as an async context manager."""

    def __init__(self, bus: Bus, settings: Settings, policy: Policy, process: str = "") -> None:
        self._bus = bus
        self._settings = settings
        self._policy = policy
        self._usage = read_usage(settings.usage)
        self._flagged = FlagTeller(bus)
        self._journal = BucketJournal(bucket(bus.js, "journal"), bus.objects)
        self._claims = BucketClaims(bucket(bus.js, "claims"))
        self._keys = KeyDirectory(settings.keys)
        self.steering = LogSteering()  # followed while the resources are open, as halts are
        self.halts = LogHalts(self._keys, policy.monitoring, process)
        self._ledgers = JetStreamLedgers(bus.js)
        self._trust = RecordedTrust(BucketStore(bucket(bus.js, "trust"), bus.objects), policy)
        self._opened: dict[str, Any] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Resources":
        self._stop = asyncio.Event()
        followers = (self.steering.follow, self.halts.follow)
        self._following = [asyncio.create_task(one(self._bus, self._stop)) for one in followers]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._stop.set()
        for following in self._following:
            following.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        await self._stack.aclose()

    async def guild(self, service: Service) -> Guild:
        """Return the resources of one service. Those that it does not name in `needs` refuse to be used."""
        registry = models = None
        if "registry" in service.needs:
            registry = await self._once("registry", self._open_registry)
        if "model" in service.needs:
            models = await self._once("model", self._open_models)
        return Guild(
            service=service.name,
            policy=self._policy,
            artifacts=StoredArtifacts(self._bus.objects, self._settings.cache),
            journal=self._journal,
            claims=self._claims,
            registry=cast("Registry", registry or _Absent(service.name, "registry")),
            models=cast("Models", models or _Absent(service.name, "model")),
            signer=self._keys.signer(service.name),
            keyring=self._keys,
            sandbox=partial(self.sandbox),
            ledgers=self._ledgers,
            steering=self.steering,
            trust=self._trust,
            archive=LogArchive(self._bus),
            halts=self.halts,
            readers=SealKeys(self._settings.keys).readers,
            calls_at_once=self._settings.sandboxes,
            usage=self._usage,
            flagged=self._flagged,
            asked=AskTeller(self._bus),
        )

    async def sandbox(self) -> Sandbox:
        """Return the sandbox, opened on first use. Raises SandboxUnavailable when none works here."""
        return cast("Sandbox", await self._once("sandbox", self._open_sandbox))

    async def _once(self, name: str, open_: Any) -> Any:
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._opened:
                self._opened[name] = await open_()
            return self._opened[name]

    # Imported when they are needed: a service without models does not pay for them, nor have them.

    async def _open_registry(self) -> Any:
        module = importlib.import_module("toolguild.registry")
        return await self._stack.enter_async_context(module.open_registry(self._bus.js))

    async def _open_models(self) -> Any:
        opening = importlib.import_module("toolguild.model.open")
        choice = importlib.import_module("toolguild.model.settings").ModelSettings
        chosen = choice.from_environment({**os.environ, **self._settings.environment()})
        models = opening.open_models(
            chosen,
            self._policy,
            self._journal,
            ledgers=self._ledgers,
            steering=self.steering,
            tell=ModelCallTeller(self._bus),
            flagged=self._flagged,
        )
        self._stack.push_async_callback(models.aclose)
        return models

    async def _open_sandbox(self) -> Any:
        module = importlib.import_module("toolguild.sandbox.opening")
        backend = None if self._settings.sandbox == "auto" else self._settings.sandbox
        began = time.perf_counter()
        sandbox = CountedSandbox(await module.open_sandbox(backend, size=self._settings.sandboxes))
        self._stack.push_async_callback(sandbox.close)
        telemetry.sandbox_started(sandbox.name, time.perf_counter() - began)
        return sandbox


class _Absent:
    """Stands for a resource that a service did not ask for."""

    def __init__(self, service: str, resource: str) -> None:
        self._why = (
            f'service {service} uses the {resource} without naming "{resource}" in its needs'
        )

    def __getattr__(self, name: str) -> Any:
        raise Misconfigured(self._why)
