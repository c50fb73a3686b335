"""What a sandbox is: one call of untrusted code in, what happened out.

Every backend keeps these promises, and `checks.py` proves them on the machine at hand.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from toolguild.capability import Language, Limits
from toolguild.errors import Misconfigured, TemporaryError
from toolguild.sandbox.egress.responses import Response
from toolguild.sandbox.egress.terms import Terms

Outcome = Literal[
    "ok",  # the entry function returned a JSON value
    "error",  # the code raised; `fault` says what and where
    "timeout",  # killed at the wall clock limit or the CPU limit
    "memory",  # killed or refused memory at the memory limit
    "disk",  # more in scratch or /output than allowed
    "printed",  # printed more than allowed
    "result",  # returned more than allowed
    "exited",  # ended without an answer: exit, abort, a signal, a closed channel
    "forged",  # wrote to the supervisor's channel what the harness did not write
    "killed",  # ended from outside: cancelled, halted
    "beyond",  # it did more than its tool declares; found by comparing, whatever it answered
]

Verdict = Literal[
    "allowed",  # the request reached the host
    "failed",  # granted, but the host was not there
    "denied",  # not granted, malformed, or over a limit
    "declared",  # in an exam: answered by the case
    "unanswered",  # in an exam: the case declares no response to it
]


@dataclass(frozen=True)
class Ask:
    """A request to a host, as the proxy outside decided on it, before anything of it reached the host."""

    host: str
    port: int
    method: str  # CONNECT: a TLS tunnel
    granted: bool
    why: str = ""  # of a refusal
    credential: str = ""  # the name of the one that will be added


class SandboxUnavailable(Misconfigured):
    """This backend cannot isolate anything here. The text says why and what to do; nothing was run."""


class SandboxBroken(TemporaryError):
    """The sandbox itself failed, not the code in it. The sandbox is discarded; the call may be repeated."""


class NotStarted(SandboxBroken):
    """The sandbox failed before any of the tool's code ran: nothing has happened."""


@dataclass(frozen=True)
class Code:
    """Source text and the name of the function in it that is called with keyword arguments."""

    language: Language
    source: str
    entry: str


@dataclass(frozen=True)
class Call:
    """One call. Files in `inputs` appear read-only as /data/<name>; what is written below /output comes back."""

    code: Code
    arguments: Mapping[str, object] = field(default_factory=dict)
    inputs: Mapping[str, Path | bytes] = field(default_factory=dict)  # plain file names, no slashes
    limits: Limits = field(default_factory=Limits)
    imports: tuple[
        str, ...
    ] = ()  # libraries beyond the standard ones: decides which warm template serves it
    programs: tuple[str, ...] = ()  # programs it may start; none: it cannot start any process
    uses: Mapping[str, Code] = field(
        default_factory=dict
    )  # `from guild import alias`, `require("guild").alias`
    hosts: tuple[str, ...] = ()  # "name:port" that it may reach; none: it has no network at all
    credentials: tuple[str, ...] = ()  # names of what the proxy adds to requests for their hosts
    terms: Terms = field(
        default_factory=Terms
    )  # of the way out: how much, and the credentials themselves
    responses: tuple[Response, ...] | None = (
        None  # in an exam: these answer, and no host is reached
    )
    begin: Callable[[], Awaitable[None]] | None = (
        None  # awaited right before the code runs; what it raises ends the call unrun
    )
    asked: Callable[[Ask], Awaitable[None]] | None = (
        None  # hears of each request before it goes out; one that it raises for is refused
    )


@dataclass(frozen=True)
class Fault:
    """What the code did wrong, fit for showing to a person or a model."""

    kind: str  # the outcome's name
    type: str  # class of the exception, or the signal's name
    message: str
    line: int | None = None  # in the called source, 1-based
    source_line: str | None = None
    traceback: str = ""  # frames of the tool's own code only


@dataclass(frozen=True)
class Usage:
    """What the call used, measured outside the code that ran."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_mb: float


Names = tuple[str, ...] | None  # None: the sandbox could not look
MOST_NAMES = 256  # of each kind, in the order of their names: what is seen travels in messages


@dataclass(frozen=True)
class Seen:
    """What a call was seen to do, from outside the code that ran.

    Names are sorted, each once, at most MOST_NAMES of a kind. None is never "nothing": it says that this
    sandbox could not look.
    """

    read: Names = ()  # files below /data that were opened
    written: Names = ()  # what was below /output at the end and is no folder, links and pipes too
    programs: Names = ()  # that were started, by the names they were asked for
    hosts: tuple[str, ...] = ()  # "name:port" that requests asked for, those refused too
    processes: int | None = 1  # the most at once, threads not counted; of a tree: as sampled

    def join(self, other: "Seen") -> "Seen":
        """Return what either saw. Where only one could look, that is what it saw."""
        counts = [n for n in (self.processes, other.processes) if n is not None]
        return Seen(
            read=_both(self.read, other.read),
            written=_both(self.written, other.written),
            programs=_both(self.programs, other.programs),
            hosts=tuple(sorted({*self.hosts, *other.hosts})),
            processes=max(counts, default=None),
        )


def _both(mine: Names, theirs: Names) -> Names:
    if mine is None or theirs is None:
        return theirs if mine is None else mine
    return tuple(sorted({*mine, *theirs}))[:MOST_NAMES]


@dataclass(frozen=True)
class Request:
    """A request to a host, as the proxy outside saw it. What it was about is not kept: it may be secret."""

    host: str  # empty when the request was no readable one
    port: int
    method: str  # CONNECT: a TLS tunnel
    verdict: Verdict
    sent_bytes: int
    received_bytes: int
    seconds: float
    why: str = ""  # of all but "allowed" and "declared"
    credential: str = ""  # the name of the one that was added


@dataclass(frozen=True)
class OutputFile:
    """A regular file that the call left below /output, copied out."""

    name: str  # relative path, forward slashes, no dot parts
    content: bytes


@dataclass(frozen=True)
class Ran:
    """How a call ended. `value` means something only when `outcome` is "ok"."""

    outcome: Outcome
    value: object
    files: tuple[OutputFile, ...]
    printed: str
    usage: Usage
    fault: Fault | None
    requests: tuple[Request, ...] = ()  # to hosts, those that were refused too
    seen: Seen | None = None  # None: the sandbox could not look


class Reins(Protocol):
    """What steers a call that is under way. Killing needs none: cancel the task that waits for the call."""

    frozen: bool  # the call stands still, and its time with it
    limits: Limits | None  # narrower than the call's own; None: as the call says
    hosts: (
        tuple[str, ...] | None
    )  # a call that may reach others is ended as "killed"; None: as it says

    async def changed(self) -> None:
        """Return at the next change."""
        ...


class Sandbox(Protocol):
    """A pool of isolated places to run code in. Safe to call from several tasks at once."""

    name: str  # "bubblewrap", "docker"
    isolation: str  # how calls are kept apart here, in a few words, for reports and the doctor

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        """Run one call in a fresh process tree with fresh scratch, and return how it ended.

        Reins that freeze it stop the whole tree and its wall clock, or keep it from beginning; limits that they
        narrow hold at once, and a call that is past one ends as with that limit from the start.

        Raises SandboxBroken when the sandbox failed, never because of what the code did. Cancelling
        the task kills the whole process tree before CancelledError leaves this method.
        """
        ...

    async def close(self) -> None:
        """End every process and remove every file that belongs to this sandbox. Idempotent."""
        ...
