"""A scribe at work over a real server, and what it has written."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from toolguild.agent import Scribe
from toolguild.chain.checkpoint import Keys, signs
from toolguild.client.audit import Found, items, verify
from toolguild.identity import Ed25519Signer
from toolguild.messages import Envelope, Event, TaskId, commands, events
from toolguild.policy.model import AuditRules
from toolguild.runtime.bus import Bus
from toolguild.runtime.scribe import write_chain

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
KEYS: Keys = {"auditor": (PUBLIC,)}
RULES = AuditRules(page=8, page_seconds=0.02)
# Pages that are closed when they are full, however slowly the machine fills them, and the last one after a second.
FULL = AuditRules(page=8, page_seconds=1.0)
WITHIN = 60.0


def scribe(rules: AuditRules = RULES) -> Scribe:
    signer = Ed25519Signer("auditor", KEY)
    return Scribe(
        name="scribe",
        rules=rules,
        sign=lambda over: signer.sign("checkpoint", over),
        own=lambda one: (
            one.key == PUBLIC and signs({k: str(v) for k, v in one.model_dump().items()})
        ),
    )


def fact(number: int, task: str = "") -> Envelope:
    name = task or f"t-{number:04d}"
    body: Event = events.WorkFailed(
        about_key=name, of="run-tool", code="failed", reason=f"why {number}"
    )
    return Envelope(id=uuid5(UUID(int=1), f"{name}:{number}"), body=body, source="planner/task")


def order(number: int) -> Envelope:
    body = commands.UndoTask(task=TaskId(f"t-{number:04d}"))
    return Envelope(id=uuid5(UUID(int=2), str(number)), body=body, source="planner/task")


@dataclass
class Desk:
    """One scribe under way."""

    bus: Bus
    stop: asyncio.Event
    task: "asyncio.Task[None]"

    async def recorded(
        self, wanted: Callable[[Sequence[dict[str, Any]]], bool]
    ) -> list[dict[str, Any]]:
        return await until(self.bus, wanted)


@asynccontextmanager
async def writing(bus: Bus, one: Scribe | None = None) -> AsyncIterator[Desk]:
    """Have a scribe write for as long as the block lasts, and let it end in order."""
    stop = asyncio.Event()
    task = asyncio.create_task(write_chain(bus, "auditor", one or scribe(), stop=stop))
    try:
        yield Desk(bus, stop, task)
    finally:
        stop.set()
        done, _ = await asyncio.wait((task,), timeout=WITHIN)
        assert done
        if not task.cancelled():  # else it was killed
            task.result()


async def written(bus: Bus) -> list[dict[str, Any]]:
    """Return the entries of the chain."""
    return [item.entry async for _, item in items(bus, KEYS)]


async def until(
    bus: Bus, wanted: Callable[[Sequence[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    """Return the entries once they are what is waited for."""
    deadline = time.monotonic() + WITHIN
    while not wanted(found := await written(bus)):
        assert time.monotonic() < deadline, found[-5:]
        await asyncio.sleep(0.05)
    return found


def messages(count: int) -> Callable[[Sequence[dict[str, Any]]], bool]:
    """Whether so many messages are recorded."""
    return lambda found: sum(one["kind"] == "message" for one in found) >= count


def of_kind(kind: str) -> Callable[[Sequence[dict[str, Any]]], bool]:
    return lambda found: any(one["kind"] == kind for one in found)


async def checked(bus: Bus) -> Found:
    return await verify(bus, KEYS)


async def whole(bus: Bus) -> Found:
    """Verify the chain; it has to be whole, and nothing may be in it twice."""
    found = await checked(bus)
    assert [str(one) for one in found.walk.faults] == []
    places = [(x["stream"], x["seq"]) for x in await written(bus) if x["kind"] == "message"]
    assert len(places) == len(set(places))
    return found
