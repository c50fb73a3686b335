"""Let goals in: of each user the oldest first, and so many at a time.

The server counts: all gates share one consumer for a user's queue, which gives out no more messages than that
user may have tasks under way. The message of a goal is held from when the task starts to when it has ended, or
waits for a person. Nothing but where to tell so is kept of it here, and of a goal that waits nothing at all.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from toolguild import telemetry
from toolguild.agent import Gate
from toolguild.errors import PermanentError, TemporaryError, Unavailable
from toolguild.messages import Envelope, Event, events
from toolguild.messages.commands import AdmitGoal
from toolguild.runtime import clock, goals
from toolguild.runtime.bus import Bus, Unreadable
from toolguild.runtime.flagged import FlagTeller
from toolguild.runtime.halting import LogHalts
from toolguild.runtime.halts import Targets, of_agent
from toolguild.runtime.reading import newest_on
from toolguild.runtime.retry import retried
from toolguild.runtime.settle import UNSETTLED, Post, settle
from toolguild.runtime.topology import (
    ACK_WAIT,
    GOALS,
    LOG,
    consumer_name,
    ensure_queue,
    goal_subject,
    queue_name,
)
from toolguild.screen.pace import Pace

log = logging.getLogger(__name__)
FETCH = 1.0  # seconds: a request that a restarted server has forgotten costs no more than this
PAUSE = 0.2  # seconds between attempts while NATS is away
LINGER = 20.0  # seconds for which an empty queue is attended: the next goal is let in at once
LOOK = 30.0  # seconds between looks for what a message that got lost would have told
NOTICES = (
    4096  # messages that may wait in this process; of those that are dropped, the next look tells
)
OVERTIME = 120.0  # seconds after its time is over in which a task has to have ended

ENDED = frozenset({"result-released", "task-pruned"})
WAITS = frozenset({"task-waits", "run-held"})
PERHAPS = frozenset({"escalated", "steered"})  # whether the task waits is in the message


def waits(event: Event) -> bool:
    """Whether a task stands still until a person says something. Pure."""
    match event:
        case events.Escalated(holds=holds):
            return holds
        case events.Steered(state=state):
            return state == "paused"
        case _:
            return event.kind in WAITS


@dataclass
class _Held:
    """A goal that takes up one of its user's places."""

    reply: str  # where the server is told of it
    until: float  # by the monotonic clock: by then the task has ended, or never will


async def admit(
    bus: Bus,
    service: str,
    gate: Gate,
    *,
    stop: asyncio.Event,
    ack_wait: float = ACK_WAIT,
    halts: LogHalts | None = None,
) -> None:
    """Let goals in until `stop` is set; what is under way then is handed to the other gates.

    NATS may go away and come back, and consumers may be deleted: it carries on. `ack_wait` is how many
    seconds of silence it takes for another gate to look after what this one held. While the gate is halted it
    lets nothing in, and looks after what is under way.
    """
    post = Post(bus, consumer_name(service, gate), f"{service}/{gate.name}", ack_wait)
    await _Admission(post, gate, stop, halts, of_agent(service, gate.name)).run()


class _Admission:
    def __init__(
        self,
        post: Post,
        gate: Gate,
        stop: asyncio.Event,
        halts: LogHalts | None = None,
        targets: Targets = frozenset(),
    ) -> None:
        self._halts, self._targets = halts, targets
        self._post, self._gate, self._stop = post, gate, stop
        self._bus = post.bus
        self._pace = Pace()
        self._held: dict[str, _Held] = {}  # by task
        self._attended: dict[str, asyncio.Task[None]] = {}  # by token of the user
        self._noticed: set[str] = set()  # tokens with a new goal since their queue was last empty

    async def run(self) -> None:
        try:
            async with self._listening(), asyncio.TaskGroup() as group:
                self._group = group
                keepers = [
                    group.create_task(self._beat()),
                    group.create_task(self._look()),
                ]
                await self._stop.wait()
                for task in (*keepers, *self._attended.values()):
                    task.cancel()
        finally:
            for held in self._held.values():  # somebody else may start at once
                await self._say(held, b"-NAK")

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        heard = {goal_subject("*"): self._goal_came}
        heard |= {f"toolguild.fact.{kind}.*": self._heard for kind in ENDED | WAITS | PERHAPS}
        subscriptions = [
            await self._bus.client.subscribe(subject, cb=heard_of, pending_msgs_limit=NOTICES)
            for subject, heard_of in heard.items()
        ]
        try:
            yield
        finally:
            for subscription in subscriptions:
                with suppress(nats.errors.Error):
                    await subscription.unsubscribe()

    # Queues: one task attends each that is not empty.

    async def _goal_came(self, msg: Msg) -> None:
        await self._attend(msg.subject.split(".")[2], msg)

    async def _attend(self, token: str, msg: Msg | None = None) -> None:
        """See to it that a queue is attended."""
        self._noticed.add(token)
        if token in self._attended or self._stop.is_set():
            return
        queue = self._serve(token, msg)
        self._attended[token] = self._group.create_task(queue, name=f"{self._post.agent}-{token}")

    async def _serve(self, token: str, first: Msg | None) -> None:
        """Let the goals of one queue in, until it has been empty for a while."""
        empty_since = time.monotonic()
        while not self._stop.is_set():
            try:
                async with self._inbox(token, first) as inbox:
                    while not self._stop.is_set():  # cancelling may not do: see `ended`
                        await self._free()
                        try:
                            (msg,) = await inbox.fetch(1, timeout=FETCH)
                        except TimeoutError:
                            if token in self._noticed or not await self._empty(token):
                                empty_since = time.monotonic()
                            elif time.monotonic() - empty_since > LINGER:
                                del self._attended[token]
                                return
                            continue
                        if self._halted or self._stop.is_set():
                            await msg.nak()
                        else:
                            await self._take(msg)
            except nats.errors.ConnectionClosedError:
                raise
            except (TemporaryError, NotFoundError, nats.errors.Error, OSError) as error:
                log.info("%s: no goals of %s for now: %s", self._post.agent, token, error)
                await asyncio.sleep(PAUSE)

    @property
    def _halted(self) -> bool:
        return self._halts is not None and self._halts.holding(self._targets) is not None

    async def _free(self) -> None:
        """Return when goals may be let in."""
        if self._halts is not None:
            await self._halts.lifted(self._targets)

    @asynccontextmanager
    async def _inbox(
        self, token: str, first: Msg | None
    ) -> AsyncIterator[JetStreamContext.PullSubscription]:
        at_once = self._gate.at_once(await self._user(token, first))
        await ensure_queue(self._bus.js, token, at_once, ack_wait=self._post.ack_wait)
        inbox = await self._bus.js.pull_subscribe_bind(consumer=queue_name(token), stream=GOALS)
        try:
            yield inbox
        finally:
            with suppress(nats.errors.Error):
                await inbox.unsubscribe()

    async def _user(self, token: str, first: Msg | None) -> str:
        """Return the user whom a token stands for; a name that was hashed is read from a goal."""
        if not token.startswith(goals.HASHED):
            return token
        data = first.data if first is not None else None
        if data is None:
            subject = goal_subject(token)
            try:
                data = (
                    await retried(lambda: self._bus.js.get_last_msg(GOALS, subject), subject)
                ).data
            except NotFoundError:
                return ""
        try:
            body = (await self._bus.read(data or b"")).body
        except (Unreadable, PermanentError):
            return ""
        return body.brief.user if isinstance(body, AdmitGoal) else ""

    async def _empty(self, token: str) -> bool:
        """Whether nothing of a queue waits or is under way. Raises NotFoundError when its consumer is gone."""
        self._noticed.discard(token)
        info = await self._bus.js.consumer_info(GOALS, queue_name(token))
        return not info.num_pending and not info.num_ack_pending and token not in self._noticed

    # Goals: taken, held, let go.

    async def _take(self, msg: Msg) -> None:
        """Start the task of a goal, unless it has been started, or has ended before."""
        task = msg.subject.rpartition(".")[2]
        known = self._held.get(task)
        if known is not None:  # our heartbeats were late
            known.reply = msg.reply
            return
        self._held[task] = _Held(msg.reply, time.monotonic() + OVERTIME)
        while True:
            try:
                await self._start(task, msg)
                self._bus.line.trouble = ""
                return
            except Unavailable as error:
                self._bus.line.trouble = str(error)
                await asyncio.sleep(error.after)
            except Exception as error:  # whatever it is: what becomes of the message, settling says
                why = error
                break
        self._held.pop(task, None)

        async def fail(envelope: Envelope) -> None:
            raise why

        await settle(self._post, msg, fail)

    async def _start(self, task: str, msg: Msg) -> None:
        kinds = await self._kinds(task)
        if await self._over(task, kinds):
            await self._let_go(task)
            return
        given_before = events.GoalGiven.kind_name() in kinds
        if not given_before and msg.metadata.num_delivered > UNSETTLED:
            raise TemporaryError("perhaps reading it is what ends the service")
        envelope = await self._bus.read(msg.data)
        if not isinstance(envelope.body, AdmitGoal):
            raise PermanentError(f"{envelope.body.kind} is no goal")
        limit = goals.allowed(envelope.body, envelope.at)
        if task in self._held:
            self._held[task].until += limit.total_seconds() if limit else float("inf")
        if given_before:
            return
        began = time.monotonic()
        with telemetry.consuming(
            self._post.agent, msg.subject, msg.headers or {}, str(envelope.id), task
        ):
            now = clock.now()
            given = goals.let_in(envelope.body, envelope.at, now)
            answer = envelope.consequence(0, given, source=self._post.source, at=now)
            await self._bus.publish(answer)
            await self._note_pace(envelope.body, envelope.at)
        took = time.monotonic() - began
        telemetry.message_handled(self._post.agent, envelope.body.kind, "done", took)

    async def _note_pace(self, goal: AdmitGoal, at: str) -> None:
        """Note it where a user gives more goals in a minute than the policy takes for usual."""
        if self._gate.alert is None:
            return
        user = goal.brief.user
        flag = self._pace.given(user, at, self._gate.alert(user))
        if flag is not None:
            log.warning("%s: %s", self._post.agent, flag.message)
            noted = events.InputFlagged(task=goal.task, where="goal", flags=(flag,), action="noted")
            await FlagTeller(self._bus)(noted)

    async def _heard(self, msg: Msg) -> None:
        """Let a task's place go when a message says that it has ended, or waits for a person."""
        _, _, kind, task = msg.subject.split(".")
        if task not in self._held:
            if kind in ENDED and b'"cancelled"' in msg.data:
                await self._drop(task)
            return
        if kind in PERHAPS and not waits(cast("Event", (await self._bus.read(msg.data)).body)):
            return
        await self._let_go(task)

    async def _let_go(self, task: str) -> None:
        held = self._held.pop(task, None)
        if held is not None:
            # Should it get lost, the goal comes again, and is found to have ended.
            await self._say(held, b"+ACK")

    async def _drop(self, task: str) -> None:
        """Take a goal out of its queue that was cancelled before it was let in."""
        with suppress(TemporaryError, NotFoundError):
            if events.GoalGiven.kind_name() not in await self._kinds(task):
                where = goal_subject("*", task)
                await retried(
                    lambda: self._bus.js.purge_stream(GOALS, subject=where), "drop a goal"
                )

    async def _say(self, held: _Held, what: bytes) -> None:
        with suppress(nats.errors.Error, OSError):
            await self._bus.client.publish(held.reply, what)

    async def _kinds(self, task: str) -> Mapping[str, str]:
        """Return the subjects of all events of a task by their kinds."""
        where = f"toolguild.fact.*.{task}"
        info = await retried(
            lambda: self._bus.js.stream_info(LOG, subjects_filter=where), f"look at task {task}"
        )
        return {subject.split(".")[2]: subject for subject in info.state.subjects or {}}

    async def _over(self, task: str, kinds: Mapping[str, str]) -> bool:
        """Whether a task with events of these kinds takes up no place (any more)."""
        if not (ENDED | WAITS).isdisjoint(kinds):
            return True
        for kind in PERHAPS & kinds.keys():
            subject = kinds[kind]
            raw = await newest_on(self._bus, LOG, subject)
            if raw is None:
                continue
            if waits(cast("Event", (await self._bus.read(raw.data or b"")).body)):
                return True
        return False

    # What keeps all that is held, and finds what was not heard of.

    async def _beat(self) -> None:
        """Tell the server, again and again, that we look after what is held."""
        while not self._stop.is_set():
            await asyncio.sleep(self._post.ack_wait / 3)
            if self._halted:  # what is under way stands still, and so does its time
                for held in self._held.values():
                    held.until += self._post.ack_wait / 3
            for number, held in enumerate(tuple(self._held.values())):
                await self._say(held, b"+WPI")
                if number % 256 == 255:
                    await self._bus.client.flush()

    async def _look(self) -> None:
        """Look for queues and ends that nobody told us of: at first, after each reconnection, and now and then."""
        while not self._stop.is_set():
            connection = self._bus.client.stats["reconnects"]
            with suppress(TemporaryError, TimeoutError, nats.errors.Error):
                await self._look_once()
            for _ in range(int(LOOK / PAUSE)):
                await asyncio.sleep(PAUSE)
                if self._bus.client.stats["reconnects"] != connection:
                    break

    async def _look_once(self) -> None:
        every = goal_subject("*")
        info = await retried(
            lambda: self._bus.js.stream_info(GOALS, subjects_filter=every), "look for goals"
        )
        for token in {subject.split(".")[2] for subject in info.state.subjects or {}}:
            await self._attend(token)
        for task, held in tuple(self._held.items()):
            late = time.monotonic() > held.until
            if late:
                log.error("%s: task %s has not ended in its time", self._post.agent, task)
            if late or await self._over(task, await self._kinds(task)):
                await self._let_go(task)
