"""Work that stops when its task ends, stands still while it is paused, and is over at its deadline."""

import asyncio
from collections.abc import Awaitable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from toolguild.messages import Brief, Command, Event, Message
from toolguild.messages.events import PutBack, Steered, WorkFailed
from toolguild.messages.narrow import moment
from toolguild.runtime.drive import Clock
from toolguild.runtime.ending import ended
from toolguild.runtime.halting import LogHalts
from toolguild.runtime.halts import Targets, of_command
from toolguild.runtime.steering import LogSteering


class Stopped(Exception):
    """The task or build that the work is for has ended."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Overdue(Exception):
    """The time for the work is over."""


class Watch:
    """How one command has to be worked on, from what the steering says of its task or build, and from halts."""

    def __init__(
        self,
        steering: LogSteering,
        command: Command,
        halts: LogHalts | None = None,
        targets: Targets = frozenset(),
    ) -> None:
        self._steering = steering
        self._command = command
        self._halts = halts
        self._targets = targets | of_command(command)

    def _newest(self) -> Steered | None:
        """What holds for the command. What carries no brief is the guild's own housekeeping, which nobody
        steers: the result of a task that was cancelled is still released, and its files are still pruned."""
        if not isinstance(getattr(self._command, "brief", None), Brief):
            return None
        return self._steering.newest(self._command.key)

    @property
    def deadline(self) -> str | None:
        """When the work must be done, ISO 8601; a pause, a halt or a person may have moved it."""
        steered = self._newest()
        moved = steered.deadline if steered else None
        deadline = moved or deadline_of(self._command)
        brief = getattr(self._command, "brief", None)
        started = brief.started if isinstance(brief, Brief) else None
        if self._halts is None or deadline is None or started is None:
            return deadline
        stood = self._halts.stood(self._targets, started)
        if not stood:
            return deadline
        later = moment(deadline) + timedelta(seconds=stood)
        return later.isoformat(timespec="milliseconds")

    def refusal(self) -> Event | None:
        """Return the answer to a command that must not be begun now, else None.

        Raises Held while it is halted, unless what it is for has ended.
        """
        steered = self._newest()
        if self._halts is not None and (steered is None or steered.state != "ended"):
            self._halts.check(self._targets)
        if steered is None or steered.state == "going":
            return None
        if steered.state == "paused":
            return PutBack(about_key=self._command.key, command=self._command, order=steered.order)
        return WorkFailed(
            about_key=self._command.key,
            of=str(self._command.kind),
            ref=self._command.ref,
            code="cancelled",
            reason=steered.why or "what it was for has ended",
        )

    def left(self, grace: float, now: Clock) -> float | None:
        """Return the seconds until the deadline and `grace` are over; None: no end, or it stands still."""
        steered = self._newest()
        frozen = steered is not None and steered.state == "paused" and steered.freeze
        if self.deadline is None or frozen:
            return None
        return (moment(self.deadline) - moment(now())).total_seconds() + grace

    async def over(self, work: Awaitable[Event], grace: float, now: Clock) -> Event:
        """Return what the work gives. Raises Stopped, Overdue or Held once the work is cancelled and gone."""
        halted = nullcontext() if self._halts is None else self._halts.under_way(self._targets)
        with halted:
            return await self._over(asyncio.ensure_future(work), grace, now)

    async def _over(self, doing: asyncio.Future[Event], grace: float, now: Clock) -> Event:
        try:
            while not doing.done():
                something = await self._something(doing, self.left(grace, now))
                if doing.done():
                    break
                self._check()
                if not something:
                    raise Overdue
            return doing.result()
        finally:
            if not doing.done():
                # A request of the work may forget that it was cancelled, and the work would run to its end.
                await ended((doing,))

    def _check(self) -> None:
        """Raise Stopped when what the work is for has ended, Held when it is halted."""
        steered = self._newest()
        if steered is not None and steered.state == "ended":
            raise Stopped(steered.why or "what it was for has ended")
        if self._halts is not None:
            self._halts.check(self._targets)

    async def _something(self, doing: asyncio.Future[Event], left: float | None) -> bool:
        """Wait for the end of the work or the next word of a person; False: neither in so many seconds."""
        words: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(self._steering.changed(self._command.key))
        ]
        if self._halts is not None:
            words.append(asyncio.ensure_future(self._halts.changed()))
        try:
            await asyncio.sleep(0)  # they listen from here on; what was said before is seen now
            if not doing.done():
                self._check()
            wait = None if left is None else max(0.0, left)
            done, _ = await asyncio.wait(
                (doing, *words), timeout=wait, return_when=asyncio.FIRST_COMPLETED
            )
            return bool(done)
        finally:
            for word in words:
                word.cancel()


def deadline_of(command: Message) -> str | None:
    """Return the deadline that a command came with."""
    brief = getattr(command, "brief", None)
    return brief.deadline if isinstance(brief, Brief) else None
