"""What is told about each call of a model to whoever measures it."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from toolguild.guild import Role
from toolguild.model.request import Completion
from toolguild.tool.draft import ModelSource


@dataclass
class ChatDone:
    """Filled in when the model has answered; left empty when it failed."""

    completion: Completion | None = None
    usable: bool = False  # it was a valid answer


@dataclass(frozen=True)
class ChatStart:
    """One call as it begins."""

    role: Role
    prompt: str
    model: str
    source: ModelSource
    repeated: bool  # after an unusable answer
    sample: int
    temperature: float
    max_output_tokens: int


class ChatObserver(Protocol):
    """Surrounds each call that really asks a model; answers from the journal are not calls."""

    def __call__(self, start: ChatStart) -> AbstractContextManager[ChatDone]:
        """Return what to enter around the call. An exception passes through it."""
        ...


def unobserved(start: ChatStart) -> AbstractContextManager[ChatDone]:
    """Tell nobody."""
    return nullcontext(ChatDone())
