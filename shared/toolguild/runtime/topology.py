"""Streams, buckets and consumers of the guild, as data; and one function that makes them exist."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RePublish,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import BadRequestError, NotFoundError

from toolguild.agent import Agent, Duty, Process, Reader, Service
from toolguild.errors import TemporaryError
from toolguild.messages import Command, Message
from toolguild.runtime.retry import retried

WORK = "TOOLGUILD_WORK"  # commands, each until it is done
GOALS = "TOOLGUILD_GOALS"  # goals that wait or are under way, each in the queue of its user
LOG = "TOOLGUILD_LOG"  # events, and a copy of every command, in one order
DEAD = "TOOLGUILD_DEAD"  # what nobody could handle
AUDIT = "TOOLGUILD_AUDIT"  # the auditor's chain

HOLDERS = "holders"  # who needs which object

BUCKETS = (
    "tasks",
    "builds",
    "tools",
    "journal",
    "claims",
    "budgets",
    "releases",
    "inbox",
    "trust",
    "baselines",
    "retention",
    HOLDERS,
)
ARTIFACTS = "artifacts"  # the object store

LATER = "toolguild.later.>"  # events that the server brings into the log when their time has come

DAY = 86_400.0
DUPLICATE_WINDOW = 600.0  # seconds for which the server drops a message whose id it has seen
ACK_WAIT = 5.0  # seconds without a heartbeat after which a message moves on to another replica
# Without end: the runtime counts deliveries itself, and what it gives up it keeps as a dead letter. A message
# over a limit of the server would be left lying, unseen.
MAX_DELIVER = -1
# Of all replicas together, including messages that wait for a retry. What one replica holds is
# bounded by its slots: each asks for one message at a time.
MAX_ACK_PENDING = 4096
MOST_GOALS = 1_000_000  # of all users; the limit of each is the policy's
QUEUE_FORGOTTEN = (
    300.0  # seconds after which the server drops the consumer of a user who wants nothing
)

_NAME_IN_USE = 10058  # error code: the stream exists with another configuration


@dataclass
class Scheduling(StreamConfig):
    """A stream that takes messages for later: header Nats-Schedule, NATS 2.12 and up (ADR-51)."""

    def as_dict(self) -> dict[str, object]:
        """Return the configuration for the server, with what nats-py does not know yet."""
        return {**super().as_dict(), "allow_msg_schedules": True}


def streams(replicas: int = 1) -> tuple[StreamConfig, ...]:
    """Return the configuration of every stream, those behind buckets and the object store included."""
    work = StreamConfig(
        name=WORK,
        subjects=["toolguild.do.>"],
        retention=RetentionPolicy.WORK_QUEUE,
        republish=RePublish(src="toolguild.do.>", dest="toolguild.seen.>"),
    )
    # The log gets a copy of each goal, as of each command, so that who gave it finds it there while it waits.
    goals = StreamConfig(
        name=GOALS,
        subjects=["toolguild.goal.*.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        max_msgs=MOST_GOALS,
        discard=DiscardPolicy.NEW,
        republish=RePublish(
            src="toolguild.goal.*.*", dest="toolguild.seen.admit-goal.{{wildcard(2)}}"
        ),
    )
    # Nothing ages out of it: tasks are pruned one by one, by the policy.
    log = Scheduling(name=LOG, subjects=["toolguild.fact.>", "toolguild.seen.>", LATER])
    dead = StreamConfig(name=DEAD, subjects=["toolguild.dead.>"], max_age=90 * DAY)
    audit = StreamConfig(
        name=AUDIT, subjects=["toolguild.audit.>"], deny_delete=True, deny_purge=True
    )
    plain = (
        replace(config, duplicate_window=DUPLICATE_WINDOW, allow_direct=True)
        for config in (work, goals, log, dead, audit)
    )
    every = (*plain, *(_bucket(name) for name in BUCKETS), _objects(ARTIFACTS))
    return tuple(
        replace(config, storage=StorageType.FILE, num_replicas=replicas) for config in every
    )


# A claim outlives the outcome that the journal keeps of it: without either, a run would happen again.
_MAX_AGE = {"journal": 30 * DAY, "claims": 60 * DAY}


def _bucket(name: str) -> StreamConfig:
    return StreamConfig(
        name=f"KV_{name}",
        subjects=[f"$KV.{name}.>"],
        max_msgs_per_subject=1,
        max_age=_MAX_AGE.get(name, 0),
        # With it, one message that somebody has the server send could take every record of a bucket away.
        allow_rollup_hdrs=False,
        deny_delete=True,
        discard=DiscardPolicy.NEW,
        duplicate_window=120.0,
        # Reads come from the leader: a stale record would lose its race at once.
        allow_direct=False,
    )


def _objects(name: str) -> StreamConfig:
    return StreamConfig(
        name=f"OBJ_{name}",
        subjects=[f"$O.{name}.C.>", f"$O.{name}.M.>"],
        allow_rollup_hdrs=True,
        discard=DiscardPolicy.NEW,
        duplicate_window=120.0,
        allow_direct=True,
    )


def goal_subject(token: str, task: str = "*") -> str:
    """Return where a user's goal waits; without a task: where all of that user's do."""
    return f"toolguild.goal.{token}.{task}"


def queue_name(token: str) -> str:
    """Return the name of the consumer that all gates share for one user's queue."""
    return f"gate-{token}"


def queue(token: str, at_once: int, *, ack_wait: float = ACK_WAIT) -> ConsumerConfig:
    """Return the consumer of one user's queue: what it has given out and not got back is under way."""
    return ConsumerConfig(
        durable_name=queue_name(token),
        filter_subjects=[goal_subject(token)],
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait,
        max_deliver=MAX_DELIVER,
        max_ack_pending=at_once,
        inactive_threshold=QUEUE_FORGOTTEN,
    )


def stream_of(agent: Reader) -> str:
    """Return the stream that an agent reads from."""
    return LOG if isinstance(agent, Process) else WORK


def consumer(service: str, agent: Reader, *, ack_wait: float = ACK_WAIT) -> ConsumerConfig:
    """Return the durable pull consumer that all replicas of an agent share."""
    kinds = agent.reads if isinstance(agent, Process) else (agent.reads,)
    return _consumer(consumer_name(service, agent), kinds, ack_wait)


def duty_stream(duty: Duty) -> str:
    """Return the stream that the agent of a duty reads from."""
    return WORK if issubclass(duty.reads[0], Command) else LOG


def _consumer(name: str, kinds: Sequence[type[Message]], ack_wait: float) -> ConsumerConfig:
    about = "do" if issubclass(kinds[0], Command) else "fact"
    return ConsumerConfig(
        durable_name=name,
        filter_subjects=[f"toolguild.{about}.{kind.kind_name()}.>" for kind in kinds],
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait,
        max_deliver=MAX_DELIVER,
        max_ack_pending=MAX_ACK_PENDING,
    )


def consumer_name(service: str, agent: Agent) -> str:
    """Return the name of an agent, which is that of its consumer too: "planner-task"."""
    return f"{service}-{agent.name}"


async def ensure_queue(
    js: JetStreamContext, token: str, at_once: int, *, ack_wait: float = ACK_WAIT
) -> None:
    """Make the consumer of a user's queue exist as configured. Idempotent."""
    config = queue(token, at_once, ack_wait=ack_wait)
    await retried(lambda: js.add_consumer(GOALS, config), f"make consumer {config.durable_name}")


async def ensure_guild(
    js: JetStreamContext, services: Iterable[Service], *, replicas: int = 1
) -> None:
    """Make everything exist that these services only bind to: streams, buckets, their agents' consumers.

    Idempotent. For the identity that may do so: see `toolguild.runtime.access`.
    """
    await ensure_streams(js, replicas=replicas)
    for service in services:
        for duty in service.duties:
            config = _consumer(f"{service.name}-{duty.agent}", duty.reads, ACK_WAIT)
            stream = duty_stream(duty)
            make = partial(js.add_consumer, stream, config)
            await retried(make, f"make consumer {config.durable_name}")


async def ensure_streams(js: JetStreamContext, *, replicas: int = 1) -> None:
    """Make every stream, bucket and object store exist as configured. Idempotent."""
    for config in streams(replicas):
        await retried(partial(_ensure_stream, js, config), f"make stream {config.name}")


async def _ensure_stream(js: JetStreamContext, config: StreamConfig) -> None:
    try:
        await js.add_stream(config)
    except BadRequestError as error:
        if error.err_code != _NAME_IN_USE:
            raise
        await js.update_stream(config)


async def ensure_consumer(
    js: JetStreamContext,
    service: str,
    agent: Reader,
    *,
    ack_wait: float = ACK_WAIT,
    binds: bool = False,
) -> None:
    """Make an agent's consumer exist as configured. Idempotent; keeps what it has already read.

    Who only binds looks whether it is there: raises TemporaryError when somebody still has to make it.
    """
    config = consumer(service, agent, ack_wait=ack_wait)
    if binds:
        await _find(js, stream_of(agent), str(config.durable_name))
        return
    await retried(
        lambda: js.add_consumer(stream_of(agent), config), f"make consumer {config.durable_name}"
    )


async def _find(js: JetStreamContext, stream: str, name: str) -> None:
    try:
        await retried(lambda: js.consumer_info(stream, name), f"look for consumer {name}")
    except NotFoundError as error:
        raise TemporaryError(
            f"there is no consumer {name} on the NATS server; `toolguild nats bootstrap` makes what services "
            "bind to, from the duties that they declare"
        ) from error
