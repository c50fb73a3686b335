"""Halting and going on: a person's signed order, and what each process of the guild says of it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import nats.errors

from toolguild.client import log
from toolguild.errors import Refused, UsageError
from toolguild.guild import Keyring
from toolguild.identity import Ed25519Signer
from toolguild.messages import Envelope, Message
from toolguild.messages.safety import Halted, HaltRefused, HaltTaken
from toolguild.policy import Policy
from toolguild.registry import JetStreamRegistry
from toolguild.runtime.bus import Bus
from toolguild.runtime.halts import Orders

SOURCE = "client"
ORDERS = f"toolguild.fact.{Halted.kind_name()}"
LISTEN = 0.3  # seconds in which the processes that are there say so
TAKEN_WITHIN = 12.0  # seconds for every process to have ended what it halts


@dataclass(frozen=True)
class Answered:
    """What became of an order."""

    order: Halted
    taken: tuple[HaltTaken, ...] = ()
    missing: tuple[str, ...] = ()  # processes that are there and have not answered
    refused: str = ""  # why nobody follows it

    @property
    def stopped(self) -> int:
        """How many calls and handlers were ended."""
        return sum(one.stopped for one in self.taken)

    @property
    def left(self) -> int:
        """How many of them were still there when the guild answered."""
        return sum(one.left for one in self.taken)

    @property
    def seconds(self) -> float:
        """How long the slowest process took."""
        return max((one.seconds for one in self.taken), default=0.0)


async def orders(bus: Bus, keyring: Keyring, policy: Policy) -> Orders:
    """Return what holds now, verified as the guild's own processes verify it."""
    found = Orders(keyring, policy.monitoring)
    async with aclosing(log.entries(bus, [f"{ORDERS}.*"], live=False)) as entries:
        async for entry in entries:
            noted = await log.envelope(bus, entry)
            if noted is not None and isinstance(noted.body, Halted):
                with suppress(Refused):
                    found.take(noted.body, datetime.fromisoformat(entry.at))
    return found


def order(
    known: Orders, target: str, *, on: bool, by: str, signer: Ed25519Signer, reason: str = ""
) -> Halted:
    """Return a signed order. It comes after the one that holds now, however this machine's clock goes."""
    at, before = datetime.now(UTC), known.newest(target)
    if before is not None:
        at = max(at, datetime.fromisoformat(before.at) + timedelta(milliseconds=1))
    said = Halted(
        target=target, on=on, by=by, reason=reason, at=at.isoformat(timespec="milliseconds")
    )
    return said.model_copy(update={"signature": signer.sign("halt", said.signed)})


async def give(
    bus: Bus, said: Halted, *, within: float = TAKEN_WITHIN, listen: float = LISTEN
) -> Answered:
    """Publish an order and return what every process that is there makes of it.

    It is stored either way and holds for processes that start later, too. Raises TemporaryError when it could
    not be stored. The answer is there as soon as the last process has ended what it halts.
    """
    asking = asyncio.create_task(_processes(bus, listen))
    noted = Envelope(id=uuid4(), body=said, source=SOURCE, at=said.at)
    await bus.publish(noted)
    taken: dict[str, HaltTaken] = {}
    refused = ""
    subjects = [
        f"toolguild.fact.{kind.kind_name()}.{said.target}" for kind in (HaltTaken, HaltRefused)
    ]
    there: frozenset[str] | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(within), aclosing(_answers(bus, subjects, noted)) as answers:
            there = await asking
            if there:
                async for body in answers:
                    if isinstance(body, HaltRefused):
                        refused = body.why
                        break
                    if isinstance(body, HaltTaken):
                        taken[body.process] = body
                    if there <= taken.keys():
                        break
    missing = () if refused else tuple(sorted((there or frozenset()) - taken.keys()))
    return Answered(said, tuple(taken.values()), missing, refused)


async def _answers(
    bus: Bus, subjects: Sequence[str], to: Envelope
) -> AsyncGenerator[Message, None]:
    async with aclosing(log.entries(bus, subjects, live=True)) as entries:
        async for entry in entries:
            noted = await log.envelope(bus, entry)
            if noted is not None and noted.cause == to.id:
                yield noted.body


async def _processes(bus: Bus, listen: float) -> frozenset[str]:
    """Return the names of the guild's processes that answer now, as HaltTaken names them."""
    present = await _present(bus, listen)
    return frozenset(str(one["metadata"].get("process", "")) for one in present) - {""}


async def agents(bus: Bus) -> frozenset[str]:
    """Return the names that `agent NAME` may have: services that answer now, and their agents."""
    found: set[str] = set()
    for one in await _present(bus, LISTEN):
        service = str(one.get("name", ""))
        found |= {service, *(f"{service}-{name}" for name in one["metadata"] if name != "process")}
    return frozenset(found - {""})


async def _present(bus: Bus, listen: float) -> list[dict[str, Any]]:
    """Return what services say of themselves that answer within so many seconds."""
    found: list[dict[str, Any]] = []
    inbox = bus.client.new_inbox()
    answers = await bus.client.subscribe(inbox)
    try:
        await bus.client.publish("$SRV.PING", b"", reply=inbox)
        with suppress(TimeoutError, nats.errors.Error):
            async with asyncio.timeout(listen):
                while True:
                    data = (await answers.next_msg(timeout=listen)).data
                    if not data:
                        break  # the server says that nobody listens
                    said = _read(data)
                    if isinstance(said.get("metadata"), dict):
                        found.append(said)
    finally:
        with suppress(nats.errors.Error):
            await answers.unsubscribe()
    return found


def _read(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def tool_targets(registry: JetStreamRegistry, name: str) -> tuple[str, ...]:
    """Return the targets that NAME, NAME@VERSION or a digest means: a name alone stands for all its versions.

    Raises UsageError for a tool that nobody has.
    """
    bare, asked, version = name.partition("@")
    if asked:
        found = [one for one in registry.versions(bare) if one.tool.version == version]
        if not found:
            known = ", ".join(one.tool.version for one in registry.versions(bare)) or "no such tool"
            raise UsageError(f"{name}: there is no such version; there are: {known}")
        return (f"tool-{found[0].tool.digest}",)
    if registry.versions(bare):
        return (f"toolname-{bare}",)
    entries = [one for one in registry.all() if one.tool.digest.startswith(name)]
    if len(name) < 6 or len(entries) != 1:
        raise UsageError(f"{name}: there is no such tool; `toolguild tools list` lists them")
    return (f"tool-{entries[0].tool.digest}",)
