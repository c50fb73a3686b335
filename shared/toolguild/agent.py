"""How an agent and a service are declared.

A process remembers and does no work: `advance(state, event)` is pure. A worker works and remembers
nothing: one command in, one event out. A service is a package that brings one or more agents; the
runtime finds it by the entry point group `toolguild.services` and gives its agents what they ask for.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from uuid import UUID

from toolguild.canonical import Digest
from toolguild.messages import Command, Envelope, Event, Message
from toolguild.policy.model import AuditRules
from toolguild.tool import Signature
from toolguild.tool.value import Value

if TYPE_CHECKING:
    from toolguild.guild import Guild

S = TypeVar("S")
C = TypeVar("C", bound=Command)

REMEMBERED = (
    512  # ids of applied messages that a record keeps; older repeats find their work settled
)


class Record(Value, Generic[S]):
    """All that a process keeps of one task or build: its state, what it applied, what it still has to send."""

    state: S
    applied: tuple[UUID, ...] = ()
    outbox: tuple[Envelope, ...] = ()  # decided, perhaps not yet sent

    def after(
        self, cause: Envelope, state: S, messages: Sequence[Message], *, source: str, at: str
    ) -> "Record[S]":
        """Return the record once `cause` has been applied, with its consequences in the outbox."""
        new = tuple(
            cause.consequence(n, body, source=source, at=at) for n, body in enumerate(messages)
        )
        applied = (*self.applied, cause.id)[-REMEMBERED:]
        return type(self)(state=state, applied=applied, outbox=self.outbox + new)


@dataclass(frozen=True)
class Process(Generic[S]):
    """Remembers. Its records live in `bucket`, one for each key of the events that it reads."""

    name: str
    bucket: str
    reads: tuple[type[Event], ...]
    record: type[Record[S]]
    start: S
    advance: Callable[[S, Event], tuple[S, Sequence[Message]]]
    key: Callable[[Event], str] = attrgetter("key")  # of the record that an event concerns
    # goes on when everything is halted: what only records, lets people decide, or protects
    through_halts: bool = False
    # with which a record nearly always begins: none is looked for before it is made
    begins: tuple[type[Event], ...] = ()


@dataclass(frozen=True)
class Worker(Generic[C]):
    """Works. `at_once` is how many commands one replica takes in parallel."""

    name: str
    reads: type[C]
    work: Callable[[C], Awaitable[Event]]
    at_once: int = 4
    through_halts: bool = False  # as a process


@dataclass(frozen=True)
class Gate:
    """Lets goals in: the oldest of each user first, at most `at_once(user)` tasks of a user at a time.

    A goal leaves its user's queue when its task has ended, or waits for a person.
    """

    name: str
    at_once: Callable[[str], int]
    # goals of a user within a minute beyond which it is noted; None: it never is
    alert: Callable[[str], int] | None = None


@dataclass(frozen=True)
class Scribe:
    """Writes down all that is on the bus, in one order, as pages of the audit chain.

    Of several replicas one writes, and the others stand by. A halt of agents does not stop it: that halt is
    one of the things that it writes down.
    """

    name: str
    rules: AuditRules
    sign: Callable[[Digest], Signature]
    own: Callable[[Signature], bool]  # whether a signature is the guild's own for a page


Reader = Process[Any] | Worker[Any]  # one durable consumer feeds all its replicas
Agent = Reader | Gate | Scribe


@dataclass(frozen=True)
class Duty:
    """What one agent reads, said before it is opened: its consumer is made, and its rights are given, by this."""

    agent: str  # its name
    reads: tuple[type[Message], ...]  # one kind of command for a worker, events for a process
    bucket: str = ""  # in which a process keeps its records


Need = Literal["model", "sandbox", "registry", "publish", "goals", "archive", "audit", "journal"]


@dataclass(frozen=True)
class Service:
    """A deployable package of agents.

    `open` gets the guild's resources and yields the agents; what it opens, it closes. `needs` names what it
    uses: "model", "sandbox" and "registry" must work before the service is ready; "publish" lets it write the
    registry, "goals" lets goals in, "archive" removes what is no longer kept, "audit" reads everything and
    writes the chain, "journal" remembers what it did once.

    `duties` and `sends` are what the service may do on the bus, and nothing else: its credentials are made
    from them, and a message of a kind that `sends` does not name is refused by the server and by whoever
    reads it. What the runtime itself says for any agent, such as WorkFailed, is not to be named.
    """

    name: str
    description: str
    open: "Callable[[Guild], AbstractAsyncContextManager[Sequence[Agent]]]"
    needs: frozenset[Need] = field(default_factory=frozenset)
    version: str = "0.1.0"
    duties: tuple[Duty, ...] = ()
    sends: tuple[type[Message], ...] = ()
