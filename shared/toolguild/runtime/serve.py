"""Make a worker durable: it answers each command with one event, whose id follows from the command's."""

from datetime import UTC, datetime
from typing import Any

from toolguild.agent import Worker
from toolguild.messages import Brief, Envelope, events
from toolguild.runtime.drive import Clock, Send


async def serve(
    worker: Worker[Any], cause: Envelope, *, send: Send, source: str, now: Clock
) -> None:
    """Do the work of one command and send its answer. Work done twice is answered once.

    A command past its deadline is answered with WorkFailed, and no work starts.
    """
    late = overdue(cause, now())
    answer = work_failed(cause, "out_of_budget", late) if late else await worker.work(cause.body)
    await send(cause.consequence(0, answer, source=source, at=now()))


def overdue(cause: Envelope, now: str) -> str:
    """Return why a command is too late to be worked on, or "" if it is not."""
    brief = getattr(cause.body, "brief", None)
    if not isinstance(brief, Brief) or brief.deadline is None:
        return ""
    if _moment(brief.deadline) > _moment(now):
        return ""
    return f"the deadline {brief.deadline} has passed before {cause.body.kind} could start"


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
