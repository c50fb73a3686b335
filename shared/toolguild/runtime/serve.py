"""Make a worker durable: it answers each command with one event, whose id follows from the command's."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from toolguild.agent import Worker
from toolguild.errors import TemporaryError
from toolguild.messages import Brief, Envelope, Event, events
from toolguild.runtime.drive import Clock, Send
from toolguild.runtime.tally import tally

# Seconds after the deadline until work is cut off: what ends itself by then can say more about why.
LAST_WORD = 1.0


async def serve(
    worker: Worker[Any], cause: Envelope, *, send: Send, source: str, now: Clock
) -> None:
    """Do the work of one command and send its answer. Work done twice is answered once.

    A command past its deadline is answered with WorkFailed, and no work starts; so is one whose work
    is still under way then, or that could only be tried again after it.
    """
    answer: Event
    try:
        async with asyncio.timeout(_left(cause, now())) as bound:
            late = overdue(cause, now())
            answer = _too_late(cause, late) if late else await worker.work(cause.body)
    except TimeoutError:
        if not bound.expired():
            raise
        ended = f"the task's time was over ({_deadline(cause)}) before {cause.body.kind} was done"
        answer = _too_late(cause, ended)
    except TemporaryError as error:
        left = _left(cause, now())
        if left is None or error.after < left:
            raise
        answer = _too_late(cause, f"no time is left to try {cause.body.kind} again: {error}")
    await send(cause.consequence(0, answer, source=source, at=now()))
    tally(answer)


def overdue(cause: Envelope, now: str) -> str:
    """Return why a command is too late to be worked on, or "" if it is not."""
    deadline = _deadline(cause)
    if deadline is None or _moment(deadline) > _moment(now):
        return ""
    return f"the deadline {deadline} has passed before {cause.body.kind} could start"


def _left(cause: Envelope, now: str) -> float | None:
    """Return the seconds for which work may go on; None: for ever."""
    deadline = _deadline(cause)
    if deadline is None:
        return None
    return max(0.0, (_moment(deadline) - _moment(now)).total_seconds()) + LAST_WORD


def _deadline(cause: Envelope) -> str | None:
    brief = getattr(cause.body, "brief", None)
    return brief.deadline if isinstance(brief, Brief) else None


def _too_late(cause: Envelope, reason: str) -> events.WorkFailed:
    return work_failed(cause, "out_of_budget", reason)


def work_failed(cause: Envelope, code: str, reason: str) -> events.WorkFailed:
    """Return the event that says a command will not be answered."""
    return events.WorkFailed(
        about_key=cause.key,
        of=cause.body.kind,
        ref=getattr(cause.body, "ref", ""),
        code=code,
        reason=reason,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
