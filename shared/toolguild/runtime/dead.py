"""Dead letters: messages that nobody could handle, kept whole, so that a person can decide about them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from nats.js.errors import NotFoundError

from toolguild.errors import PermanentError, UsageError
from toolguild.messages import Envelope, Event
from toolguild.messages.events import DeadLetterDiscarded, DeadLetterRequeued
from toolguild.runtime import claim, clock
from toolguild.runtime.bus import Bus, Unreadable
from toolguild.runtime.reading import messages_on
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import DEAD, LOG
from toolguild.tool.value import Value

REQUEUED = "toolguild-requeued"  # header: how often a person has sent the message again
_AGAIN = ".requeued."  # in the Nats-Msg-Id of a message that was sent again
_NAMESPACE = UUID("6c1d2f4e-3f5b-5c7a-9d52-0e4c5f3a1b77")


class DeadLetter(Value):
    """One message with why it was given up."""

    agent: str
    code: str
    reason: str
    traceback: str = ""
    subject: str
    headers: dict[str, str]
    body: str  # base64: an unreadable message may be any bytes
    deliveries: int
    requeued: int = 0  # how often it had been sent again before
    at: str  # ISO 8601, UTC

    @property
    def content(self) -> bytes:
        """The body as it was sent."""
        return base64.b64decode(self.body)

    @property
    def message(self) -> str:
        """The id of the message, the same however often it was sent again."""
        return self.headers.get("Nats-Msg-Id", "").partition(_AGAIN)[0]

    @property
    def key(self) -> str:
        """The id of the task or build that it is about: the last token of its subject."""
        return self.subject.rpartition(".")[2]


@dataclass(frozen=True)
class Kept:
    """A dead letter with the number that a person names it by."""

    number: int
    letter: DeadLetter


@dataclass(frozen=True)
class Past:
    """What became of a message once before: given up by an agent, then decided about by a person."""

    number: int  # of the dead letter that it was
    agent: str
    code: str
    reason: str
    died_at: str  # ISO 8601, UTC
    decision: str  # "requeued", "discarded"
    by: str
    at: str  # ISO 8601, UTC
    why: str = ""


async def bury(bus: Bus, letter: DeadLetter) -> None:
    """Keep a dead letter. The same message given up again by the same agent is kept once."""
    name = letter.headers.get("Nats-Msg-Id", "") + letter.body
    letter_id = uuid5(_NAMESPACE, f"{letter.agent}:{letter.requeued}:{name}")
    packed = await claim.pack(bus.objects, letter.model_dump_json().encode())
    await bus.send(
        f"toolguild.dead.{letter.agent}.{letter.code}", packed, {"Nats-Msg-Id": str(letter_id)}
    )


async def dead_letters(bus: Bus, *, limit: int = 1000) -> list[Kept]:
    """Return the dead letters, oldest first."""
    found: list[Kept] = []
    async for raw in messages_on(bus, DEAD, "toolguild.dead.>"):
        found.append(Kept(raw.seq or 0, await _read(bus, raw.data or b"")))
        if len(found) == limit:
            break
    return found


async def dead_letter(bus: Bus, number: int) -> DeadLetter:
    """Return one dead letter. Raises UsageError if there is none of that number."""
    try:
        raw = await retried(lambda: bus.js.get_msg(DEAD, seq=number), "read a dead letter")
    except NotFoundError as error:
        raise UsageError(
            f"there is no dead letter {number}; `toolguild dead list` shows those that there are"
        ) from error
    return await _read(bus, raw.data or b"")


async def message_of(bus: Bus, letter: DeadLetter) -> bytes:
    """Return the message as it was before a large body went into the object store, or what is left of it."""
    try:
        return await claim.unpack(bus.objects, letter.content)
    except (ValueError, PermanentError):
        return letter.content


async def history(bus: Bus, letter: DeadLetter) -> list[Past]:
    """Return what became of a letter's message before, oldest first, as the log tells it."""
    past: list[Past] = []
    for kind in (DeadLetterRequeued, DeadLetterDiscarded):
        async for raw in messages_on(bus, LOG, f"toolguild.fact.{kind.kind_name()}.{letter.key}"):
            try:
                envelope = await bus.read(raw.data or b"")
            except (Unreadable, PermanentError):
                continue
            body = envelope.body
            if isinstance(body, DeadLetterRequeued | DeadLetterDiscarded) and (
                body.message == letter.message
            ):
                past.append(_past(body, envelope.at))
    return sorted(past, key=lambda one: one.at)


def _past(body: DeadLetterRequeued | DeadLetterDiscarded, at: str) -> Past:
    discarded = isinstance(body, DeadLetterDiscarded)
    return Past(
        number=body.number,
        agent=body.agent,
        code=body.code,
        reason=body.reason,
        died_at=body.died_at,
        decision="discarded" if discarded else "requeued",
        by=body.by,
        at=at,
        why=body.why if isinstance(body, DeadLetterDiscarded) else "",
    )


async def requeue(bus: Bus, number: int, *, by: str) -> DeadLetter:
    """Send a dead letter's message again, as it was, and take the letter away. Returns the letter.

    The message keeps its envelope, so what follows from it keeps its ids; only the id that the stream
    checks for duplicates is new. The log tells who did it. Raises UsageError if there is no such letter.
    """
    letter = await dead_letter(bus, number)
    told = DeadLetterRequeued(**_account(letter, number), by=by)
    await _tell(bus, told, letter)
    again = _again(letter.headers, number, letter.requeued + 1)
    await bus.send(letter.subject, letter.content, again)
    await _take_away(bus, number)
    return letter


async def discard(bus: Bus, number: int, *, by: str, why: str) -> DeadLetter:
    """Take a dead letter away for good. The log tells who did it and why.

    Raises UsageError if there is no such letter.
    """
    letter = await dead_letter(bus, number)
    told = DeadLetterDiscarded(**_account(letter, number), by=by, why=why)
    await _tell(bus, told, letter)
    await _take_away(bus, number)
    return letter


def _account(letter: DeadLetter, number: int) -> dict[str, Any]:
    """Return what a decision about a letter tells of it."""
    return {
        "about_key": letter.key,
        "message": letter.message,
        "number": number,
        "agent": letter.agent,
        "code": letter.code,
        "reason": letter.reason,
        "died_at": letter.at,
    }


async def _tell(bus: Bus, body: Event, letter: DeadLetter) -> None:
    """Write down the decision, before it is carried out: a repeat after a crash is told once."""
    name = uuid5(_NAMESPACE, f"{body.kind}:{letter.at}:{body.model_dump_json()}")
    await bus.publish(Envelope(id=name, body=body, source="client", at=clock.now()))


async def _take_away(bus: Bus, number: int) -> None:
    await retried(lambda: bus.js.delete_msg(DEAD, number), "take a dead letter away")


def _again(headers: Mapping[str, str], number: int, times: int) -> dict[str, str]:
    kept = {
        name: value
        for name, value in headers.items()
        if not name.lower().startswith("nats-") and name != REQUEUED
    }
    original = headers.get("Nats-Msg-Id", "").partition(_AGAIN)[0]
    return kept | {"Nats-Msg-Id": f"{original}{_AGAIN}{number}", REQUEUED: str(times)}


async def _read(bus: Bus, data: bytes) -> DeadLetter:
    return DeadLetter.model_validate_json(await claim.unpack(bus.objects, data))
