"""What the layers of safety see and do."""

from typing import ClassVar, Literal

from toolguild.canonical import Digest
from toolguild.messages.base import Command, Event, TaskId
from toolguild.messages.word import Word
from toolguild.screen.flag import Flag as Flag
from toolguild.tool.record import Status


class InputFlagged(Event):
    """Something about a goal, a file's content or a tool's output looked wrong."""

    kind: Literal["input-flagged"] = "input-flagged"
    task: TaskId
    where: str  # "goal", "file:NAME", "step:ID", "host:NAME", "hint"
    flags: tuple[Flag, ...]
    action: Literal["noted", "withheld", "asked", "refused"]


class ModelCalled(Event):
    """A model answered. What was said is in the journal, under `question`; here is what names it."""

    kind: Literal["model-called"] = "model-called"
    task: TaskId
    question: str  # its name in the journal
    role: str
    prompt: str
    prompt_digest: Digest
    model: str
    source: str
    request: Digest  # of the messages and the answer's schema
    answer: Digest  # of the text
    input_tokens: int
    output_tokens: int
    usd: float
    seconds: float


class HostAsked(Event):
    """A tool that runs asks for a host. It is in the log before anything of the request reaches the host."""

    kind: Literal["host-asked"] = "host-asked"
    task: TaskId
    step: str
    item: int | None = None  # of a fan-out
    tool: Digest
    host: str
    port: int
    method: str  # "CONNECT": a TLS tunnel
    granted: bool
    why: str = ""  # of a refusal
    credential: str = ""  # the name of the one that the proxy adds


class Alerted(Event):
    """A run of a published tool was unlike those before, or tried what it must not."""

    about: ClassVar[str] = "tool"
    kind: Literal["alerted"] = "alerted"
    tool: Digest
    title: str
    task: TaskId
    step: str
    rule: str  # "cpu", "memory", "hosts", "files", "programs", "processes", "outcome"
    message: str  # what was seen, and what had been seen before
    action: Literal["noted", "quarantined"]


class SetToolStatus(Command):
    """Change the status of a published tool; the registry's owner answers with ToolStatusSet."""

    about: ClassVar[str] = "tool"
    kind: Literal["set-tool-status"] = "set-tool-status"
    tool: Digest
    status: Status
    reason: str
    by: str  # the agent or person that wants it


class ToolStatusSet(Event):
    """The registry has a tool in another status."""

    about: ClassVar[str] = "tool"
    kind: Literal["tool-status-set"] = "tool-status-set"
    tool: Digest
    title: str
    status: Status
    reason: str
    by: str


class Revealed(Word):
    """A person opens what was taken out of a result. It is in the log before anything is shown.

    The signature is the person's, purpose "revelation".
    """

    kind: Literal["revealed"] = "revealed"
    task: TaskId
    sealed: Digest  # of the sealed bytes that are opened
    by: str
    reason: str
    at: str  # ISO 8601, UTC


class Halted(Word):
    """A person stops, or lets go on, a run, a tool, an agent, the executor pool, or everything.

    The newest one for a key holds. Every process of the guild verifies the signature, purpose "halt", and
    follows; work that was under way is killed, and waits in its stream where it may be done later.
    """

    about: ClassVar[str] = "target"
    kind: Literal["halted"] = "halted"
    target: str  # "all", "pool", "agent-NAME", "tool-DIGEST", "toolname-NAME" (every version), "run-TASK"
    on: bool  # False: goes on again
    by: str
    reason: str
    at: str  # ISO 8601, UTC; of two for one target the later one holds, however often a copy comes


class HaltTaken(Event):
    """One process of the guild follows a halt, or its end."""

    about: ClassVar[str] = "target"
    kind: Literal["halt-taken"] = "halt-taken"
    target: str
    on: bool
    process: str  # services, machine and process id: "executor@host/123"
    stopped: int  # calls and handlers that were under way and were ended
    left: int = 0  # of them, those that were still there when this was told
    seconds: float  # from reading the order until the last of them was gone


class HaltRefused(Event):
    """An order to halt that nobody follows: unsigned, badly signed, or by somebody who may not."""

    about: ClassVar[str] = "target"
    kind: Literal["halt-refused"] = "halt-refused"
    target: str
    by: str
    why: str
