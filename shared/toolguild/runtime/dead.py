"""Dead letters: messages that nobody could handle, kept whole, so that a person can read and requeue them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from nats.js.errors import NotFoundError

from toolguild.errors import UsageError
from toolguild.runtime import claim
from toolguild.runtime.bus import Bus
from toolguild.runtime.retry import retried
from toolguild.runtime.topology import DEAD
from toolguild.tool.value import Value

REQUEUED = "toolguild-requeued"  # header: how often a person has sent the message again
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


@dataclass(frozen=True)
class Kept:
    """A dead letter with the number that a person names it by."""

    number: int
    letter: DeadLetter


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
    info = await retried(lambda: bus.js.stream_info(DEAD), "look at dead letters")
    found: list[Kept] = []
    number = info.state.first_seq
    while number <= info.state.last_seq and len(found) < limit:
        try:
            raw = await bus.js.get_msg(
                DEAD, seq=number, subject="toolguild.dead.>", direct=True, next=True
            )
        except NotFoundError:
            break
        number = raw.seq or number
        found.append(Kept(number, await _read(bus, raw.data or b"")))
        number += 1
    return found


async def dead_letter(bus: Bus, number: int) -> DeadLetter:
    """Return one dead letter. Raises UsageError if there is none of that number."""
    try:
        raw = await bus.js.get_msg(DEAD, seq=number)
    except NotFoundError as error:
        raise UsageError(
            f"there is no dead letter {number}; `toolguild dead list` shows those that there are"
        ) from error
    return await _read(bus, raw.data or b"")


async def requeue(bus: Bus, number: int) -> DeadLetter:
    """Send a dead letter's message again, as it was, and take the letter away. Returns the letter.

    The message keeps its envelope, so what follows from it keeps its ids; only the id that the stream
    checks for duplicates is new. Raises UsageError if there is no such letter.
    """
    letter = await dead_letter(bus, number)
    again = _again(letter.headers, number, letter.requeued + 1)
    await bus.send(letter.subject, letter.content, again)
    await retried(lambda: bus.js.delete_msg(DEAD, number), "take a dead letter away")
    return letter


def _again(headers: Mapping[str, str], number: int, times: int) -> dict[str, str]:
    kept = {
        name: value
        for name, value in headers.items()
        if not name.lower().startswith("nats-") and name != REQUEUED
    }
    original = headers.get("Nats-Msg-Id", "")
    return kept | {"Nats-Msg-Id": f"{original}.requeued.{number}", REQUEUED: str(times)}


async def _read(bus: Bus, data: bytes) -> DeadLetter:
    return DeadLetter.model_validate_json(await claim.unpack(bus.objects, data))
