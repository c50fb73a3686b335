"""Giving a goal, watching the task, stepping in."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from toolguild import telemetry
from toolguild.client import log
from toolguild.client.intervene import enveloped, intervention
from toolguild.client.progress import follows
from toolguild.client.retention import unknown
from toolguild.errors import Refused, TemporaryError, Unavailable, UsageError
from toolguild.goal import Goal
from toolguild.guild import Artifacts
from toolguild.identity import Ed25519Signer
from toolguild.messages import Artifact, Brief, Envelope, Event, Result, TaskId, commands, events
from toolguild.policy import Level, Policy
from toolguild.runtime import goals
from toolguild.runtime.bus import Bus
from toolguild.runtime.clock import now

ALL = ("toolguild.fact.>", "toolguild.seen.>")  # every event and every command
# What concerns a task though its subject does not say so.
JOINING = (
    "toolguild.fact.tool-wanted.*",
    "toolguild.fact.decision-asked.*",
    "toolguild.fact.alerted.*",
)
SOURCE = "client"
COUNT_WITHIN = 2.0  # seconds to count a user's goals
COPIED_WITHIN = 10.0  # seconds in which the log has its copy of a goal
LISTED_WITHIN = 2.0  # seconds for which whoever gives a goal waits for that


@dataclass(frozen=True)
class Order:
    """What a person asks for, with the bounds they set. The policy is the ceiling of every bound."""

    goal: Goal
    files: tuple[Path, ...] = ()
    user: str = "local"
    model: str | None = None
    autonomy: Level | None = None
    max_usd: float | None = None
    max_tokens: int | None = None
    max_seconds: float | None = None


@dataclass(frozen=True)
class Noted:
    """A message of a task with its place in the log and the time when it got there (ISO 8601, UTC)."""

    sequence: int
    at: str
    envelope: Envelope
    trace_id: str = ""


def new_task_id() -> TaskId:
    """Return an id that no other task has."""
    return TaskId(f"t-{uuid4().hex[:16]}")


def brief_of(order: Order, task: TaskId, policy: Policy, at: datetime) -> Brief:
    """Return on whose behalf and within which bounds the task runs. Pure."""
    budget = policy.budget.allowed(
        usd=order.max_usd, tokens=order.max_tokens, wall_seconds=order.max_seconds
    )
    return Brief(
        task=task,
        user=order.user,
        deadline=(at + timedelta(seconds=budget.wall_seconds)).isoformat(timespec="milliseconds"),
        max_usd=budget.usd,
        max_tokens=budget.tokens,
        model=order.model,
        autonomy=policy.autonomy.allowed(order.autonomy),
    )


def check_files(files: Sequence[Path], policy: Policy) -> None:
    """Raise UsageError when a file is missing, no file, unreadable, too large, or two have one name."""
    if len(files) > policy.input.max_files:
        raise UsageError(f"{len(files)} input files; the policy allows {policy.input.max_files}")
    names: dict[str, Path] = {}
    for path in files:
        if path.is_dir():
            raise UsageError(f"--input {path}: is a folder; name the files in it one by one")
        if not path.exists():
            raise UsageError(f"--input {path}: there is no such file")
        if not path.is_file():
            raise UsageError(f"--input {path}: is no regular file; copy its content into one")
        _check_readable(path)
        limit = policy.input.max_file_mb
        if path.stat().st_size > limit * 1024 * 1024:
            raise UsageError(f"--input {path}: is over {limit} MB (policy: input.max_file_mb)")
        if path.name in names:
            raise UsageError(
                f"--input {path}: {names[path.name]} has the same name; rename one, "
                "since a tool sees both in one folder"
            )
        names[path.name] = path


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise UsageError(f"--input {path}: cannot be read: {error.strerror}") from error


async def submit(
    bus: Bus,
    artifacts: Artifacts,
    order: Order,
    policy: Policy,
    *,
    task: TaskId | None = None,
    signer: Ed25519Signer | None = None,
) -> TaskId:
    """Store the files, give the goal and return the new task's id. The task starts when it is its user's turn.

    Whoever looks for the task afterwards finds it, in lists too.

    Raises UsageError as `check_files` does, Refused when too many goals of this user wait already, Unavailable
    when the goal is not taken: NATS stays away or has no room. Should it have been taken after all, unheard, it is
    cancelled with the person's signature; without a `signer` it then runs.
    """
    check_files(order.files, policy)
    await _check_room(bus, order.user, policy)
    task = task or new_task_id()
    try:
        return await _given(bus, artifacts, order, policy, task)
    except Unavailable as error:
        if signer is not None:
            why = "the goal could not be given"
            said = intervention(task, "cancel", by=order.user, signer=signer, reason=why)
            await bus.post(enveloped(said))
        raise Unavailable(f"the goal was not taken, and nothing was started: {error}") from error


async def _check_room(bus: Bus, user: str, policy: Policy) -> None:
    """Raise Refused when so many goals of a user wait that the policy takes no further one."""
    most = policy.users.of(user).queued
    try:
        async with asyncio.timeout(COUNT_WITHIN):
            ahead = await goals.waiting(bus, user)
    except (TimeoutError, Unavailable):
        return  # giving the goal will tell what is wrong
    if ahead >= most:
        key = f"users.named.{user}.queued" if user in policy.users.named else "users.default.queued"
        raise Refused(
            f"{ahead} goals of {user} are waiting, and the policy takes no more than {most} ({key}); give this "
            "one again when some have been let in, or cancel some (`toolguild tasks list --status queued`)"
        )


async def _given(
    bus: Bus, artifacts: Artifacts, order: Order, policy: Policy, task: TaskId
) -> TaskId:
    stored: list[Artifact] = [
        await artifacts.put(path.name, path, holder=task) for path in order.files
    ]
    brief = brief_of(order, task, policy, datetime.now(UTC))
    admit = commands.AdmitGoal(task=task, brief=brief, goal=order.goal, files=tuple(stored))
    with telemetry.workflow(task):
        await bus.publish(goals.QueuedGoal(id=uuid4(), body=admit, source=SOURCE, at=now()))
    with suppress(TemporaryError):  # the goal is taken, whatever can be read now
        await _copied(bus, task)
    return task


async def _copied(bus: Bus, task: TaskId) -> None:
    """Return once the log, which lists are read from, has its copy of a goal; or when that takes too long.

    The server makes the copy by itself, a moment after it has taken the goal; it makes none without room.
    """
    deadline = asyncio.get_running_loop().time() + LISTED_WITHIN
    while await log.newest(bus, f"toolguild.seen.admit-goal.{task}") is None:
        if asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(0.005)


async def send(bus: Bus, body: Event) -> None:
    """Publish an event that a person caused."""
    await bus.publish(_caused(body))


def _caused(body: Event) -> Envelope:
    return Envelope(id=uuid4(), body=body, source=SOURCE, at=now())


async def cancel(
    bus: Bus, task: TaskId, *, by: str, signer: Ed25519Signer, reason: str = ""
) -> None:
    """Ask for the end of a task, signed as this person. It ends with a result, which `follow` yields."""
    await bus.publish(enveloped(intervention(task, "cancel", by=by, signer=signer, reason=reason)))


async def _beginning(bus: Bus, task: TaskId) -> log.Entry | None:
    """Return the first message of a task in the log; None when there is no such task.

    The log's copy of a goal comes a moment after the goal is accepted: until then it is waited for.
    """
    deadline = asyncio.get_running_loop().time() + COPIED_WITHIN
    while True:
        queued = await goals.is_queued(
            bus, task
        )  # before the log: it is in one of them at any time
        for subject in ("fact.goal-given", "seen.admit-goal", "fact.task-forked"):
            found = await log.newest(bus, f"toolguild.{subject}.{task}")
            if found is not None:
                return found
        if not queued or asyncio.get_running_loop().time() > deadline:
            return None
        await asyncio.sleep(0.02)


async def follow(bus: Bus, task: TaskId, *, live: bool = True) -> AsyncIterator[Noted]:
    """Yield every message of a task and of its builds, oldest first, to its result or, if not `live`, till now.

    Of a task that waits for its turn there is nothing before it starts. Raises UsageError when nobody ever gave
    that task.
    """
    given = await _beginning(bus, task)
    if given is None:
        raise await unknown(bus, task)
    builds: frozenset[str] = frozenset()
    position, known = given.sequence, None
    while known != builds:
        known = builds
        subjects = (*JOINING, *(f"toolguild.*.*.{key}" for key in (task, *sorted(builds))))
        async with aclosing(log.entries(bus, subjects, first=position, live=live)) as entries:
            async for entry in entries:
                position = entry.sequence + 1
                noted = await log.envelope(bus, entry)
                watched = None if noted is None else follows(builds, task, noted.body)
                if noted is None or watched is None or isinstance(noted.body, commands.AdmitGoal):
                    continue
                yield Noted(entry.sequence, entry.at, noted, entry.trace_id)
                if isinstance(noted.body, events.ResultReleased):
                    return
                builds = watched
                if builds != known:
                    break  # from here on, what is said about that build concerns the task too


def completed(result: Result, first: Noted, last: Noted) -> Result:
    """Return a result with its time and its trace, which the log knows better than the guild. Pure.

    `first` and `last` are the first and the last message of the task.
    """
    took = datetime.fromisoformat(last.at) - datetime.fromisoformat(first.at)
    return result.model_copy(
        update={
            "seconds": result.seconds or round(took.total_seconds(), 3),
            "trace_id": result.trace_id or first.trace_id,
        }
    )


async def result_of(bus: Bus, task: TaskId, *, within: float) -> Result | None:
    """Wait up to so many seconds for a task's result; None when it is not there by then."""
    first: Noted | None = None
    try:
        async with asyncio.timeout(within):
            async for noted in follow(bus, task):
                first = first or noted
                if isinstance(noted.envelope.body, events.ResultReleased):
                    return completed(noted.envelope.body.result, first, noted)
    except TimeoutError:
        return None
    return None
