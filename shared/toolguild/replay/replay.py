"""Build a task anew from the log, and say whether it comes to the same end."""

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from toolguild.agent import Process, Service
from toolguild.budget.memory import MemoryLedgers
from toolguild.canonical import Digest
from toolguild.guild import Archive, Guild
from toolguild.identity import KeyDirectory
from toolguild.messages import TaskId, events
from toolguild.model.ask import AskedModels
from toolguild.model.library import PromptLibrary
from toolguild.model.settings import ModelSettings
from toolguild.policy import Policy
from toolguild.registry import open_registry
from toolguild.registry.jetstream import JetStreamRegistry
from toolguild.replay.difference import Difference, differing
from toolguild.replay.history import History, history_of
from toolguild.replay.processes import advance_all
from toolguild.replay.remembered import (
    NamedFiles,
    Nobody,
    OnceClaimed,
    RememberedJournal,
    Untouched,
    registry_without,
)
from toolguild.replay.workers import Redone, crew_of, redo
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import Bus
from toolguild.runtime.journal import BucketJournal
from toolguild.runtime.store import BucketStore, bucket
from toolguild.runtime.trust import RecordedTrust
from toolguild.sandbox.interface import Sandbox
from toolguild.sandbox.opening import open_sandbox
from toolguild.settings import Settings
from toolguild.unhalted import Unhalted
from toolguild.unsteered import Unsteered

RANKS = 8  # models that a role may have had, one after another


@dataclass(frozen=True)
class Account:
    """What a replay came to."""

    task: TaskId
    status: str  # how the task ended, by the log; "running" if it has not
    events: int  # that processes took once more
    commands: int  # that workers did once more, with the same answer
    skipped: tuple[tuple[int, str, str], ...]  # sequence, kind of command, why
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether nothing parts from the log."""
        return not self.differences


async def replay(
    bus: Bus,
    services: Sequence[Service],
    settings: Settings,
    policy: Policy,
    task: TaskId,
    *,
    run: bool = True,
) -> Account:
    """Advance the processes by the task's events and do its commands once more; nothing is changed anywhere.

    Models are not asked: the journal has their answers. `run` False leaves the sandbox out. Raises UsageError
    for a task that the log does not have, SandboxUnavailable.
    """
    history = await history_of(bus, task)
    async with AsyncExitStack() as stack:
        registry = await stack.enter_async_context(open_registry(bus.js))
        sandbox: Sandbox | None = None
        if run:
            backend = None if settings.sandbox == "auto" else settings.sandbox
            sandbox = await open_sandbox(backend, size=settings.sandboxes)
            stack.push_async_callback(sandbox.close)
        open_ = partial(_guild, bus, settings, policy, registry, sandbox)
        crew = await stack.enter_async_context(crew_of(services))
        agents = await crew.agents(open_, frozenset())
        processes = [(source, one) for source, one in agents if isinstance(one, Process)]
        replayed = advance_all(history, processes, await _applied(bus, history, processes))
        redone = await redo(history, crew, open_, run=run, outside=_outside(registry, history))
    return _account(
        history, replayed.events, [*replayed.differences, *_ends(history, replayed.result)], redone
    )


def _account(
    history: History, many: int, differences: Sequence[Difference], redone: Redone
) -> Account:
    ended = [one.body for one in history.said if isinstance(one.body, events.TaskEnded)]
    every = sorted((*differences, *redone.differences), key=lambda one: one.sequence)
    return Account(
        task=history.task,
        status=ended[-1].status if ended else "running",
        events=many,
        commands=redone.same,
        skipped=tuple(redone.skipped),
        differences=tuple(every),
    )


def _ends(history: History, result: Any) -> list[Difference]:
    """Compare the end that the replay came to with the log's."""
    ended = [one for one in history.said if isinstance(one.body, events.TaskEnded)]
    if not ended:
        return []
    logged = cast("events.TaskEnded", ended[0].body).result
    if result is None:
        told = "the task ended; the replay does not come to an end"
        return [Difference(ended[0].sequence, "planner", told)]
    parted = differing(
        events.TaskEnded(task=history.task, status=logged.status, result=logged),
        events.TaskEnded(task=history.task, status=result.status, result=result),
    )
    if parted is None:
        return []
    told = f"the task comes to another end, at {parted[0]}"
    return [Difference(ended[0].sequence, "planner", told, *parted[1:])]


def _outside(registry: JetStreamRegistry, history: History) -> frozenset[Digest]:
    """Return the tools of the task that reach hosts."""
    used = {getattr(one.body, "tool", None) for one in history.commands}
    found = (registry.get(tool) for tool in used if tool is not None)
    return frozenset(
        entry.tool.digest for entry in found if entry and entry.tool.capabilities.hosts
    )


def _own_prompts(settings: Settings) -> Path | None:
    return ModelSettings.from_environment({**os.environ, **settings.environment()}).prompts


class _Applied(BaseModel):
    """The part of a record that tells in which order events were applied."""

    model_config = ConfigDict(extra="ignore")

    applied: tuple[UUID, ...] = ()


async def _applied(
    bus: Bus, history: History, processes: Sequence[tuple[str, Process[Any]]]
) -> dict[tuple[str, str], Sequence[UUID]]:
    """Read from the records that are still there in which order events were applied."""
    found: dict[tuple[str, str], Sequence[UUID]] = {}
    for source, process in processes:
        store = BucketStore(bucket(bus.js, process.bucket), bus.objects)
        for key in history.keys:
            raw, _ = await store.load(key)
            if raw is not None:
                found[source, key] = _Applied.model_validate_json(raw).applied
    return found


async def _guild(
    bus: Bus,
    settings: Settings,
    policy: Policy,
    registry: JetStreamRegistry,
    sandbox: Sandbox | None,
    service: Service,
    unknown: frozenset[Digest],
) -> Guild:
    """Return the resources of one service as they were before these tools came."""
    keys = KeyDirectory(settings.keys)
    journal = RememberedJournal(BucketJournal(bucket(bus.js, "journal"), bus.objects))
    nobody = tuple(Nobody() for _ in range(RANKS))
    ledgers = MemoryLedgers()

    async def the_sandbox() -> Sandbox:
        assert sandbox is not None, "what runs in the sandbox is left out"
        return sandbox

    return Guild(
        service=service.name,
        policy=policy,
        artifacts=NamedFiles(StoredArtifacts(bus.objects, settings.cache)),
        journal=journal,
        claims=OnceClaimed(),
        registry=await registry_without(registry, unknown),
        models=AskedModels(
            route=lambda role, override: nobody,
            prompts=PromptLibrary.installed(_own_prompts(settings)),
            policy=policy,
            journal=journal,
            ledgers=ledgers,
        ),
        signer=keys.signer(service.name),
        keyring=keys,
        sandbox=the_sandbox,
        ledgers=ledgers,
        steering=Unsteered(),
        trust=RecordedTrust(BucketStore(bucket(bus.js, "trust"), bus.objects), policy),
        archive=cast("Archive", Untouched()),
        halts=Unhalted(),
    )
