"""What becomes of an intervention. Pure."""

from dataclasses import dataclass

from toolguild.messages import Message
from toolguild_planner.state import Task


class Refusal(Exception):
    """The intervention changes nothing, and why."""


@dataclass(frozen=True)
class Taken:
    """An intervention that counts: the state after it, what it gives rise to, and what to tell of it."""

    state: Task
    messages: list[Message]
    detail: str  # to the person who intervened
    told: str = ""  # in the report; empty: nothing to tell
