"""One delivery: read it, handle it while telling the stream that we are at work, say how it went."""

import asyncio
import base64
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import nats.errors
from nats.aio.msg import Msg

from toolguild import telemetry
from toolguild.errors import (
    MAX_DELIVERIES,
    GiveUp,
    PermanentError,
    Retry,
    TemporaryError,
    Unavailable,
    Wait,
    verdict,
)
from toolguild.messages import Command, Envelope
from toolguild.runtime import clock
from toolguild.runtime.access.seal import Forged
from toolguild.runtime.bus import Bus, Unreadable
from toolguild.runtime.dead import REQUEUED, DeadLetter, bury
from toolguild.runtime.halts import Held
from toolguild.runtime.serve import work_failed
from toolguild.runtime.topology import ACK_WAIT
from toolguild.telemetry import trace

log = logging.getLogger(__name__)
T = TypeVar("T")
Handle = Callable[[Envelope], Awaitable[None]]
Aside = Callable[[Held], Awaitable[None]]  # returns when the message may be handled after all
# Deliveries that ended without a word: whoever took the message died of it, or lost the network each time.
UNSETTLED = 2 * MAX_DELIVERIES
UNREAD = (
    2 * UNSETTLED
)  # deliveries after which it is not even read: reading may be what ends the service
# A command that ends so is answered, and the answer reaches a person: there is nothing to mend or send again.
ANSWERED = frozenset({"refused", "out_of_budget", "usage", "cancelled", "interrupted"})


@dataclass(frozen=True)
class Post:
    """Where deliveries of one agent are settled."""

    bus: Bus
    agent: str  # the consumer's name: "planner-task"
    source: str  # as it stands in envelopes: "planner/task"
    ack_wait: float = ACK_WAIT


async def _lifted(held: Held) -> None:
    await held.lifted()


async def settle(post: Post, msg: Msg, handle: Handle, *, aside: Aside = _lifted) -> None:
    """Handle one delivery and tell the stream how it went. Raises nothing but cancellation.

    While streams and buckets take nothing, or what it is for is halted, it keeps the message and waits: no
    delivery is counted against it. Cancelled, it hands the message back; with NATS away it says nothing, and
    the message comes again.
    """
    started = time.monotonic()
    kind = msg.subject.split(".")[2] if msg.subject.count(".") > 2 else "unknown"
    if msg.metadata.num_delivered > 1:
        telemetry.message_redelivered(post.agent)
    try:
        async with _at_work(msg, post.ack_wait / 3):
            outcome = await _settled(post, msg, handle, aside)
        post.bus.line.trouble = ""
    except asyncio.CancelledError:
        with suppress(nats.errors.Error, OSError):
            await msg.nak()  # we are ending: somebody else may start at once
        raise
    except (TimeoutError, TemporaryError, nats.errors.Error, OSError) as error:
        log.warning("%s: %s is not settled, it will come again: %s", post.agent, msg.subject, error)
        outcome = "interrupted"
    except Exception:  # a bug of ours must not take the service down: the message comes again
        log.exception("%s: %s is not settled, it will come again", post.agent, msg.subject)
        outcome = "interrupted"
    telemetry.message_handled(post.agent, kind, outcome, time.monotonic() - started)


@asynccontextmanager
async def _at_work(msg: Msg, every: float) -> AsyncIterator[None]:
    """Tell the stream for as long as the block lasts that we have the message."""
    heartbeat = asyncio.create_task(_heartbeat(msg, every))
    try:
        yield
    finally:
        heartbeat.cancel()


async def _heartbeat(msg: Msg, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await msg.in_progress()
        except (nats.errors.Error, OSError) as error:
            log.debug("a heartbeat is lost: %s", error)


async def _settled(post: Post, msg: Msg, handle: Handle, aside: Aside) -> str:
    deliveries = msg.metadata.num_delivered
    if deliveries > UNREAD:
        return await _give_up(post, msg, None, _unsettled(deliveries), None)
    try:
        envelope = await _available(post, lambda: post.bus.taken(msg))
    except Forged as error:  # not even answered: who sent it is not who waits
        return await _give_up(post, msg, None, GiveUp("forged", str(error)), error)
    except (Unreadable, PermanentError) as error:  # or its body is gone from the object store
        return await _give_up(post, msg, None, GiveUp("unreadable", str(error)), error)
    with (
        telemetry.bound(about=envelope.key),
        telemetry.consuming(
            post.agent, msg.subject, msg.headers or {}, str(envelope.id), envelope.key
        ) as span,
    ):
        if deliveries > UNSETTLED:
            return await _give_up(post, msg, envelope, _unsettled(deliveries), None)
        try:
            await _available(post, lambda: handle(envelope), aside)
        except Exception as error:
            trace.failed(span, error)
            return await _failed(post, msg, envelope, error)
        await msg.ack_sync(timeout=2.0)
        return "done"


async def _available(post: Post, step: Callable[[], Awaitable[T]], aside: Aside = _lifted) -> T:
    """Return what a step returns; do it again for as long as it cannot be done through no fault of the message.

    It waits here and not in the stream, since every delivery counts against a message.
    """
    while True:
        try:
            return await step()
        except Held as held:
            await aside(held)
        except Exception as error:
            match verdict(error, 1):
                case Wait(after):
                    if isinstance(error, Unavailable):
                        _troubled(post, error)
                    await asyncio.sleep(after)
                case _:
                    raise


def _troubled(post: Post, error: Unavailable) -> None:
    if not post.bus.line.trouble:
        log.warning("%s waits: %s", post.agent, error)
    post.bus.line.trouble = str(error)


async def _failed(post: Post, msg: Msg, envelope: Envelope, error: Exception) -> str:
    match verdict(error, msg.metadata.num_delivered):
        case GiveUp() as end:
            return await _give_up(post, msg, envelope, end, error)
        case Retry(after) | Wait(after):
            log.info("%s: %s again in %g s: %s", post.agent, msg.subject, after, error)
            await msg.nak(delay=after)
            return "retried"


def _unsettled(deliveries: int) -> GiveUp:
    why = f"delivered {deliveries} times and never settled: it may end its service"
    return GiveUp("unsettled", why)


async def _give_up(
    post: Post, msg: Msg, envelope: Envelope | None, end: GiveUp, error: Exception | None
) -> str:
    """Say that no answer comes where one is waited for, and keep what a person has to see as a dead letter.

    Only a command is answered: for a failed event, a process would answer itself for ever.
    """
    command = envelope if envelope and isinstance(envelope.body, Command) else None
    answered = command is not None and end.code in ANSWERED
    log.log(
        logging.INFO if answered else logging.ERROR,
        "%s gave up on %s (%s): %s",
        post.agent,
        msg.subject,
        end.code,
        end.reason,
        exc_info=error if end.code == "bug" else None,
    )
    if not answered:
        await _available(post, lambda: bury(post.bus, _letter(post, msg, end, error)))
        telemetry.dead_letter_written(post.agent, end.code)
    if command is not None:
        answer = work_failed(command, end.code, end.reason)
        last = command.consequence(-1, answer, source=post.source, at=clock.now())
        await _available(post, lambda: post.bus.publish(last))
    await msg.term()
    if answered:
        return "answered"
    return "unreadable" if end.code == "unreadable" else "given_up"


def _letter(post: Post, msg: Msg, end: GiveUp, error: Exception | None) -> DeadLetter:
    headers = {str(name): str(value) for name, value in (msg.headers or {}).items()}
    return DeadLetter(
        agent=post.agent,
        code=end.code,
        reason=end.reason,
        traceback="".join(traceback.format_exception(error)) if error else "",
        subject=msg.subject,
        headers=headers,
        body=base64.b64encode(msg.data).decode(),
        deliveries=msg.metadata.num_delivered,
        requeued=int(headers.get(REQUEUED, "0")),
        at=clock.now(),
    )
