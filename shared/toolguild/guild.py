"""What the guild gives to its agents: protocols only, so that a test can stand in with a few lines.

The runtime builds one `Guild` for each service and passes it to `Service.open`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from toolguild.budget.ledger import Ledgers
from toolguild.canonical import Digest
from toolguild.messages import Artifact, Brief, BuildId, ModelUsage, TaskId
from toolguild.messages.events import HostAsked, InputFlagged
from toolguild.policy import Level, Policy
from toolguild.policy.usage import Usage
from toolguild.sandbox.interface import Reins, Sandbox
from toolguild.tool import Published, Signature, Tool, ToolSpec
from toolguild.tool.draft import ModelSource
from toolguild.tool.record import Purpose

A = TypeVar("A")
Role = Literal["planner", "synthesizer", "examiner", "reviewer", "judge"]


class Artifacts(Protocol):
    """Files by the SHA-256 of their bytes, in the guild's object store."""

    async def put(self, name: str, content: bytes | Path, *, holder: str = "") -> Artifact:
        """Store a file, streamed when it is a path, and return what names it. Idempotent.

        `holder` is the task that needs it: it is kept for at least as long as that one.
        """
        ...

    async def path(self, artifact: Artifact) -> Path:
        """Return a local read-only copy, checked against its digest and cached. Raises PermanentError if gone."""
        ...

    async def head(self, artifact: Artifact, limit: int = 65536) -> bytes:
        """Return the first bytes of a file without fetching the rest."""
        ...


class Journal(Protocol):
    """Remembers the outcome of effects, so that a message delivered again does not pay again."""

    async def once(self, key: str, effect: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return what `effect` gave when it first succeeded under this key; run it if it never did."""
        ...


class Steering(Protocol):
    """Knows how the work for each task or build has to behave now; a watch on the log keeps it fresh."""

    def reins(self, key: str) -> Reins:
        """Return what steers sandboxed calls for this task or build; the same object for all of them."""
        ...

    def narrowed(self, brief: Brief, key: str) -> Brief:
        """Return the brief within the bounds that hold now for its task and for this task or build."""
        ...


class Halts(Protocol):
    """Knows what people have halted. Agents are held by the runtime; calls of tools by who makes them."""

    def refusal(self, tools: Sequence[Published]) -> str | None:
        """Return why a call that needs these tools may not run now, or None."""
        ...

    def calling(self, tools: Sequence[Published]) -> AbstractContextManager[None]:
        """Count what the block does as a call that needs these tools: a halt waits for its end."""
        ...

    async def changed(self) -> None:
        """Return at the next order to halt or to go on."""
        ...


class Trust(Protocol):
    """What tools have earned."""

    async def level(self, tool: Digest) -> Level:
        """Return the level at which a tool may run by its record; read anew each time.

        Raises TemporaryError when the record cannot be read: no record is never taken for a good one.
        """
        ...


@dataclass(frozen=True)
class Removed:
    """What was removed of an ended task."""

    messages: int
    bytes: int  # of files
    ended_at: str  # ISO 8601, UTC; "" when nobody knows any more
    kept: str  # what stays, and why


class Archive(Protocol):
    """All that is kept of tasks that have ended."""

    async def remove(self, task: TaskId, builds: Sequence[BuildId]) -> Removed:
        """Remove a task's messages, records and files, and those of builds that no other kept task waited for.

        What others need stays. Idempotent. Tools, and the audit chain, are no part of it.
        """
        ...

    async def remove_files(self, task: TaskId) -> Removed:
        """Remove a task's files that nobody else needs, except those of its result."""
        ...

    async def size(self) -> int:
        """Return how many bytes the log and all files take together."""
        ...

    async def ended(self, limit: int) -> Sequence[TaskId]:
        """Return the tasks that ended first, oldest first."""
        ...


class Claims(Protocol):
    """Who may begin an effect that must never happen twice."""

    async def claim(self, key: str) -> bool:
        """Return True to the first who asks for this key, in all replicas, and False to everybody after."""
        ...

    async def release(self, key: str) -> None:
        """Take back a claim whose effect certainly did not begin."""
        ...


class Signer(Protocol):
    """Signs for one service."""

    def sign(self, purpose: Purpose, over: Digest) -> Signature:
        """Return this service's signature."""
        ...


class Keyring(Protocol):
    """Knows the public keys of the guild's services."""

    def verify(self, signature: Signature, *, purpose: str, by: str, over: Digest) -> None:
        """Return if the signature is `by`'s, for this purpose, over this digest. Raises Refused otherwise."""
        ...


class Registry(Protocol):
    """The guild's shared tools. Reads come from a local index that a watch keeps fresh."""

    def search(self, query: str, *, limit: int = 5) -> Sequence[Published]:
        """Return the best runnable tools for the words of a query, best first."""
        ...

    def fitting(self, spec: ToolSpec, *, limit: int = 5) -> Sequence[Published]:
        """Return runnable tools whose input and output could serve this request, best first."""
        ...

    def get(self, tool: Digest) -> Published | None:
        """Return the entry of this digest, whatever its status, or None if there never was one."""
        ...

    async def learn(self, *tools: Digest) -> None:
        """Take in these tools and all that they use, as the registry has them now, where they are not known here.

        After a restart of the server the news of a tool may come later than the order to run it. Raises
        TemporaryError when the registry cannot be reached.
        """
        ...

    def find(self, name: str, version: str | None = None) -> Published | None:
        """Return the pinned or else newest runnable version of a name, or exactly the version asked for."""
        ...

    def versions(self, name: str) -> Sequence[Published]:
        """Return every version of a name, oldest first."""
        ...

    def all(self) -> Sequence[Published]:
        """Return the newest version of every name."""
        ...

    def runnable(self, tool: Digest) -> bool:
        """Whether a tool and all tools that it uses are known, and neither quarantined nor revoked."""
        ...

    def closure(self, tool: Digest) -> Sequence[Published]:
        """Return a tool and all that it uses, used ones first. Raises Refused if one is missing or may not run."""
        ...

    async def publish(self, tool: Tool, publication: Signature) -> Published:
        """Write a new tool by compare-and-swap. Idempotent by digest. Raises Conflict if the version is taken."""
        ...

    async def set_status(
        self,
        tool: Digest,
        status: Literal["published", "deprecated", "quarantined", "revoked"],
        reason: str,
    ) -> Published:
        """Change a tool's status by compare-and-swap. A revoked tool stays revoked: raises Refused."""
        ...

    async def pin(self, name: str, version: str | None) -> None:
        """Make a version the one that its name stands for; None frees the name.

        Raises UsageError if it is unknown, Refused if it may not run.
        """
        ...


@dataclass(frozen=True)
class Answer(Generic[A]):
    """A model's answer with where it came from and what it cost."""

    value: A
    model: str
    source: ModelSource
    prompt: Digest  # of the prompt file
    usage: ModelUsage


B = TypeVar("B", bound=BaseModel)


class Models(Protocol):
    """The one door to language models. Budget, journal, re-asking and labels are behind it."""

    async def ask(
        self,
        role: Role,
        prompt: str,
        values: Mapping[str, Any],
        answer: type[B],
        *,
        brief: Brief,
        key: str,
        sample: int = 0,
        schema: Mapping[str, Any] | None = None,
        check: Callable[[B], Sequence[str]] | None = None,
    ) -> Answer[B]:
        """Ask for a JSON answer that `answer` validates.

        `prompt` names a prompt file ("plan"), `values` fill it. `schema` narrows the JSON Schema sent to the
        model (an enumeration of tool names, for instance). `check` returns complaints about a valid answer;
        malformed or complained-about answers are asked again with the reasons, a bounded number of times.
        `key` names the question in the journal, whatever else it says: asked again, as after a crash, it
        is answered as it was. Give each question of a command its own. `sample` asks for another
        independent answer to the same prompt.
        Raises TemporaryError (busy, time-out), Misconfigured (no model, no key, refused key), OutOfBudget,
        PermanentError (answers stay unusable).
        """
        ...

    async def ask_code(
        self,
        role: Role,
        prompt: str,
        values: Mapping[str, Any],
        *,
        brief: Brief,
        key: str,
        sample: int = 0,
        check: Callable[[str], Sequence[str]] | None = None,
    ) -> Answer[str]:
        """Ask for source code as plain text; fences and prose around it are taken off."""
        ...


async def _unheard(said: InputFlagged | HostAsked) -> None:
    """Stands for a guild that nobody listens to."""


@dataclass(frozen=True)
class Guild:
    """The resources of one service."""

    service: str
    policy: Policy
    artifacts: Artifacts
    journal: Journal
    claims: Claims
    registry: Registry
    models: Models
    signer: Signer
    keyring: Keyring
    sandbox: Callable[[], Awaitable[Sandbox]]  # opened on first use, closed by the runtime
    ledgers: Ledgers  # what each task has spent and promised
    steering: Steering
    trust: Trust
    archive: Archive
    halts: Halts
    readers: Callable[[], Mapping[str, str]] = dict  # people's public sealing keys, by name
    calls_at_once: int = 2  # in the sandboxes of this process; what is beyond waits
    usage: Usage = field(default_factory=Usage.default)  # what the guild may be used for
    flagged: Callable[[InputFlagged], Awaitable[None]] = _unheard  # hears what screening notices
    asked: Callable[[HostAsked], Awaitable[None]] = _unheard  # hears of requests before they go out
