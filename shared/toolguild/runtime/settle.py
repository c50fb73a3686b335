"""One delivery: read it, handle it while telling the stream that we are at work, say how it went."""

import asyncio
import base64
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import nats.errors
from nats.aio.msg import Msg

from toolguild import telemetry
from toolguild.errors import (
    MAX_DELIVERIES,
    GiveUp,
    PermanentError,
    Retry,
    TemporaryError,
    verdict,
)
from toolguild.messages import Command, Envelope
from toolguild.runtime import clock
from toolguild.runtime.bus import Bus, Unreadable
from toolguild.runtime.dead import REQUEUED, DeadLetter, bury
from toolguild.runtime.serve import work_failed
from toolguild.runtime.topology import ACK_WAIT
from toolguild.telemetry import trace

log = logging.getLogger(__name__)
Handle = Callable[[Envelope], Awaitable[None]]
# Deliveries that ended without a word: whoever took the message died of it, or lost the network each time.
UNSETTLED = 2 * MAX_DELIVERIES


@dataclass(frozen=True)
class Post:
    """Where deliveries of one agent are settled."""

    bus: Bus
    agent: str  # the consumer's name: "planner-task"
    source: str  # as it stands in envelopes: "planner/task"
    ack_wait: float = ACK_WAIT


async def settle(post: Post, msg: Msg, handle: Handle) -> None:
    """Handle one delivery and tell the stream how it went. Raises nothing but cancellation.

    Cancelled, it hands the message back; with NATS away it says nothing, and the message comes again.
    """
    started = time.monotonic()
    kind = msg.subject.split(".")[2] if msg.subject.count(".") > 2 else "unknown"
    if msg.metadata.num_delivered > 1:
        telemetry.message_redelivered(post.agent)
    try:
        outcome = await _settled(post, msg, handle)
    except asyncio.CancelledError:
        with suppress(nats.errors.Error):
            await msg.nak()  # we are ending: somebody else may start at once
        raise
    except (TimeoutError, TemporaryError, nats.errors.Error) as error:
        log.warning("%s: %s is not settled, it will come again: %s", post.agent, msg.subject, error)
        outcome = "interrupted"
    telemetry.message_handled(post.agent, kind, outcome, time.monotonic() - started)


async def _settled(post: Post, msg: Msg, handle: Handle) -> str:
    deliveries = msg.metadata.num_delivered
    try:
        envelope = await post.bus.read(msg.data)
    except (Unreadable, PermanentError) as error:  # or its body is gone from the object store
        log.error("%s: unreadable message on %s: %s", post.agent, msg.subject, error)
        try:
            await bury(post.bus, _letter(post, msg, GiveUp("unreadable", str(error)), error))
            telemetry.dead_letter_written(post.agent, "unreadable")
        finally:
            await msg.term()  # whatever happened: it must not come back for ever
        return "unreadable"
    with (
        telemetry.bound(about=envelope.key),
        telemetry.consuming(
            post.agent, msg.subject, msg.headers or {}, str(envelope.id), envelope.key
        ) as span,
    ):
        if deliveries > UNSETTLED:
            why = f"delivered {deliveries} times and never settled: it may end its service"
            await _give_up(post, msg, envelope, GiveUp("unsettled", why), None)
            return "given_up"
        failure = await _attempt(post, msg, handle, envelope)
        if failure is None:
            await msg.ack_sync(timeout=2.0)
            return "done"
        trace.failed(span, failure)
        match verdict(failure, deliveries):
            case Retry(after):
                log.info("%s: %s again in %g s: %s", post.agent, msg.subject, after, failure)
                await msg.nak(delay=after)
                return "retried"
            case GiveUp() as end:
                await _give_up(post, msg, envelope, end, failure)
                return "given_up"


async def _attempt(post: Post, msg: Msg, handle: Handle, envelope: Envelope) -> Exception | None:
    """Return what the handler raised, or None. The stream hears of us for as long as it runs."""
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        heartbeat = group.create_task(_heartbeat(msg, post.ack_wait / 3))
        try:
            await handle(envelope)
        except Exception as error:
            failure = error
        finally:
            heartbeat.cancel()
    return failure


async def _heartbeat(msg: Msg, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await msg.in_progress()
        except nats.errors.Error as error:
            log.debug("a heartbeat is lost: %s", error)


async def _give_up(
    post: Post, msg: Msg, envelope: Envelope, end: GiveUp, error: Exception | None
) -> None:
    """Keep the message as a dead letter and, where somebody waits for an answer, say that none comes.

    Only a command is answered: for a failed event, a process would answer itself for ever.
    """
    log.error(
        "%s gave up on %s: %s",
        post.agent,
        msg.subject,
        end.reason,
        exc_info=error if end.code == "bug" else None,
    )
    await bury(post.bus, _letter(post, msg, end, error))
    telemetry.dead_letter_written(post.agent, end.code)
    if isinstance(envelope.body, Command):
        answer = work_failed(envelope, end.code, end.reason)
        await post.bus.publish(envelope.consequence(-1, answer, source=post.source, at=clock.now()))
    await msg.term()


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
