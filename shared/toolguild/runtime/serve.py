"""Make a worker durable: it answers each command with one event, whose id follows from the command's."""

from collections.abc import Sequence
from typing import Any, cast

from toolguild import guidance
from toolguild.agent import Worker
from toolguild.errors import TemporaryError
from toolguild.messages import Brief, Command, Envelope, Event, Hint, events
from toolguild.messages.events import GuidanceTaken
from toolguild.messages.narrow import moment
from toolguild.runtime.drive import Clock
from toolguild.runtime.halting import LogHalts
from toolguild.runtime.halts import Targets
from toolguild.runtime.outbox import Send
from toolguild.runtime.steering import LogSteering
from toolguild.runtime.tally import tally
from toolguild.runtime.underway import working_on
from toolguild.runtime.watched import Overdue, Stopped, Watch, deadline_of

# Seconds after the deadline until work is cut off: what ends itself by then can say more about why.
LAST_WORD = 1.0


async def serve(
    worker: Worker[Any],
    cause: Envelope,
    *,
    send: Send,
    source: str,
    now: Clock,
    steering: LogSteering | None = None,
    halts: LogHalts | None = None,
    targets: Targets = frozenset(),
) -> None:
    """Do the work of one command and send its answer. Work done twice is answered once.

    A command past its deadline is answered with WorkFailed, and no work starts; so is one whose work
    is still under way then, or that could only be tried again after it. While its task or build is paused
    it is put back unbegun; when that has ended, work stops at once. `targets` are those whose halt stops the
    worker; while one of them or the command's task is halted, work ends at once and Held is raised.
    """
    command = cast("Command", cause.body)
    watch = Watch(steering or LogSteering(), command, halts, targets)
    answer: Event | None = watch.refusal()
    with guidance.collected() as taken, working_on(cause.id, source):
        if answer is None:
            answer = await _answer(worker, cause, watch, now)
    await send(cause.consequence(0, answer, source=source, at=now()))
    for n, receipt in enumerate(receipts(command, taken), 1):
        await send(cause.consequence(n, receipt, source=source, at=now()))
    tally(answer)


async def _answer(worker: Worker[Any], cause: Envelope, watch: Watch, now: Clock) -> Event:
    try:
        late = overdue(cause, now(), watch.deadline)
        if late:
            return _too_late(cause, late)
        return await watch.over(worker.work(cause.body), LAST_WORD, now)
    except Stopped as stopped:
        return work_failed(cause, "cancelled", stopped.why)
    except Overdue:
        ended = f"the task's time was over ({watch.deadline}) before {cause.body.kind} was done"
        return _too_late(cause, ended)
    except TemporaryError as error:
        left = watch.left(LAST_WORD, now)
        if left is None or error.after < left:
            raise
        return _too_late(cause, f"no time is left to try {cause.body.kind} again: {error}")


def receipts(command: Command, taken: Sequence[Hint]) -> Sequence[GuidanceTaken]:
    """Return what tells a person that their hints stood in a request to a model."""
    brief = getattr(command, "brief", None)
    if not taken or not isinstance(brief, Brief):
        return ()
    hints = tuple(dict.fromkeys(hint.id for hint in taken))
    return (
        GuidanceTaken(about_key=command.key, task=brief.task, hints=hints, of=str(command.kind)),
    )


def overdue(cause: Envelope, now: str, deadline: str | None = None) -> str:
    """Return why a command is too late to be worked on, or "" if it is not."""
    deadline = deadline or deadline_of(cause.body)
    if deadline is None or moment(deadline) > moment(now):
        return ""
    return f"the deadline {deadline} has passed before {cause.body.kind} could start"


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
