"""A person steps in, and those who work follow. Facts."""

from typing import Any, ClassVar, Literal

from pydantic import SerializeAsAny, field_validator

from toolguild.canonical import Digest
from toolguild.messages.base import (
    KINDS,
    Brief,
    BuildId,
    Command,
    Event,
    TaskId,
)
from toolguild.messages.override import Bounds, Override
from toolguild.messages.word import Word


class Intervened(Word):
    """A person steps in. Interventions of one task count in the order of the log, each once."""

    kind: Literal["intervened"] = "intervened"
    task: TaskId
    action: Literal["cancel", "pause", "resume", "override", "constrain", "guide"]
    by: str = "local"
    reason: str = ""
    id: str = ""  # names it in InterventionTaken; one that came before changes nothing
    at: str = ""  # ISO 8601, UTC: when the person said so
    freeze: bool = False  # pause: calls under way stand still; else they may finish
    bounds: Bounds | None = None  # constrain
    override: Override | None = None
    hint: str = ""  # guide


class InterventionTaken(Event):
    """To the person: what became of an intervention, told by the agent that it concerns."""

    kind: Literal["intervention-taken"] = "intervention-taken"
    task: TaskId
    id: str
    action: str
    agent: str  # "planner", "executor", ...
    outcome: Literal["applied", "refused"]
    detail: str = ""


class Steered(Event):
    """How what runs for a task or a build has to behave from now on. The newest one counts.

    Workers follow it at once: `ended` stops work and kills what runs; `paused` starts nothing and, if
    `freeze`, lets calls under way stand still; the bounds hold for what is running too.
    """

    about: ClassVar[str] = "about_key"
    kind: Literal["steered"] = "steered"
    about_key: str  # the task or build
    order: int  # counts up; an older one than known changes nothing
    state: Literal["going", "paused", "ended"]
    freeze: bool = False
    bounds: Bounds | None = None
    deadline: str | None = None  # ISO 8601, UTC
    why: str = ""


class PutBack(Event):
    """A command was not begun, since what it is for is paused. It is sent again when that goes on."""

    about: ClassVar[str] = "about_key"
    kind: Literal["put-back"] = "put-back"
    about_key: str
    command: SerializeAsAny[Command]
    order: int  # of the Steered that the worker followed

    @field_validator("command", mode="before")
    @classmethod
    def _known_kind(cls, command: Any) -> Any:
        if isinstance(command, Command):
            return command
        kind = command.get("kind") if isinstance(command, dict) else None
        if not isinstance(kind, str) or kind not in KINDS or not issubclass(KINDS[kind], Command):
            raise ValueError(f"unknown kind of command: {kind!r}")
        return KINDS[kind].model_validate(command)


class WaiterSteered(Event):
    """To a build: a task that waits for it is paused, goes on, leaves, or has another brief."""

    about: ClassVar[str] = "build"
    kind: Literal["waiter-steered"] = "waiter-steered"
    build: BuildId
    task: TaskId
    state: Literal["going", "paused", "left"]
    freeze: bool = False
    brief: Brief
    why: str = ""


class GuidanceTaken(Event):
    """The receipt of hints: they stood in a request to a model."""

    about: ClassVar[str] = "about_key"
    kind: Literal["guidance-taken"] = "guidance-taken"
    about_key: str  # the command's task or build
    task: TaskId
    hints: tuple[str, ...]  # their ids
    of: str  # the command's kind
    model: str = ""


class VerdictOverridden(Event):
    """To a build: a person's verdict on exactly this draft, in place of the review's."""

    about: ClassVar[str] = "build"
    kind: Literal["verdict-overridden"] = "verdict-overridden"
    build: BuildId
    draft: Digest
    verdict: Literal["allow", "block"]
    by: str
    reason: str = ""
