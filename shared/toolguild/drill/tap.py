"""Listening to a guild's bus beside its services: who got which message, who lived, which ends were told."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from nats.aio.msg import Msg

from toolguild.drill.takeover import Sign
from toolguild.messages import Envelope
from toolguild.runtime.bus import Bus, Unreadable, connect

ENDS = ("toolguild.fact.task-ended.*", "toolguild.fact.result-released.*")
LIMIT = 1 << 20  # messages that may wait in this process
Hear = Callable[[Msg], Awaitable[None]]
_SAID: dict[bytes, Literal["alive", "handed back", "done"]] = {
    b"+WPI": "alive",
    b"-NAK": "handed back",
    b"+ACK": "done",
    b"": "done",
    b"+TER": "done",
    b"+NXT": "done",
}


@dataclass
class Tap:
    """What was heard. What passed while the server was away was not heard."""

    signs: list[Sign] = field(default_factory=list)
    ends: list[Envelope] = field(default_factory=list)  # every publication, kept by the log or not
    _held: set[tuple[str, str, int]] = field(default_factory=set)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, sign: Sign | None) -> None:
        """Remember a sign, if it is one."""
        if sign is None:
            return
        self.signs.append(sign)
        about = (sign.consumer, sign.stream, sign.sequence)
        (self._held.add if sign.what in ("delivered", "alive") else self._held.discard)(about)
        self._heard.set()

    async def busy(self, consumers: frozenset[str]) -> None:
        """Return when a message of one of these consumers is in somebody's hands."""
        while not any(consumer in consumers for consumer, _, _ in self._held):
            self._heard.clear()
            await self._heard.wait()


@asynccontextmanager
async def tapped(url: str, services: frozenset[str]) -> AsyncIterator[Tap]:
    """Listen on a connection of its own for as long as the block lasts."""
    tap = Tap()
    async with connect(url, name="toolguild drill tap") as bus:
        for subject, hear in (
            ("_INBOX.>", _deliveries(tap, services)),
            ("$JS.ACK.>", _answers(tap, services)),
        ):
            await bus.client.subscribe(subject, cb=hear, pending_msgs_limit=LIMIT)
        for subject in ENDS:
            await bus.client.subscribe(subject, cb=_told(tap, bus), pending_msgs_limit=LIMIT)
        yield tap


def sign_of(
    subject: str,
    what: Literal["delivered", "alive", "handed back", "done"],
    at: float,
    services: frozenset[str],
) -> Sign | None:
    """Read the subject by which a delivery is acknowledged; None when it is of no agent of these services.

    `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>...`, with domain and account before the stream
    where the server has them.
    """
    tokens = subject.split(".")
    first = 2 if len(tokens) == 9 else 4
    if tokens[:2] != ["$JS", "ACK"] or len(tokens) < first + 4:
        return None
    stream, consumer, _, sequence = tokens[first : first + 4]
    if not any(consumer.startswith(f"{service}-") for service in services):
        return None
    return Sign(at, consumer, stream, int(sequence), what)


def _deliveries(tap: Tap, services: frozenset[str]) -> Hear:
    async def hear(msg: Msg) -> None:
        tap.note(sign_of(msg.reply, "delivered", time.time(), services))

    return hear


def _answers(tap: Tap, services: frozenset[str]) -> Hear:
    async def hear(msg: Msg) -> None:
        said = _SAID.get(msg.data[:4])
        tap.note(sign_of(msg.subject, said, time.time(), services) if said else None)

    return hear


def _told(tap: Tap, bus: Bus) -> Hear:
    async def hear(msg: Msg) -> None:
        try:
            tap.ends.append(await bus.read(msg.data))
        except Unreadable:
            return  # no message of ours

    return hear
