"""Who waits for a tool, and how the work for it has to behave because of them. Pure."""

from collections.abc import Sequence
from typing import Literal, get_args

from toolguild.messages import Brief, BuildId, ModelUsage, TaskId
from toolguild.messages.events import Steered
from toolguild.messages.override import Bounds
from toolguild.policy import Level
from toolguild.tool import Value


class Waiter(Value):
    """One task that waits for the tool."""

    task: TaskId
    brief: Brief
    paused: bool = False
    freeze: bool = False  # paused: calls under way stand still
    usage: tuple[ModelUsage, ...] = ()  # of models, while this task paid


class Course(Value):
    """How the work has to behave, as it was last said to those who do it."""

    order: int = 0  # 0: nothing was ever said
    state: Literal["going", "paused", "ended"] = "going"
    freeze: bool = False
    bounds: Bounds | None = None
    deadline: str | None = None
    why: str = ""

    def said(self, build: BuildId) -> Steered:
        """Return the message that says it."""
        return Steered(about_key=build, **self.model_dump())

    def then(self, wanted: "Course") -> "Course | None":
        """Return what has to be said next so that it is as wanted, or None when it is already."""
        same = {"order": self.order, "why": self.why}
        if wanted.model_copy(update=same) == self:
            return None
        return wanted.model_copy(update={"order": self.order + 1})


def payer(waiters: Sequence[Waiter]) -> Waiter:
    """Return the task that pays and whose bounds hold: the first that goes on, else the first of all."""
    return next((one for one in waiters if not one.paused), waiters[0])


def course(waiters: Sequence[Waiter], why: str = "") -> Course:
    """Return how work for these waiters has to behave: paused when all are, ended when none is left."""
    if not waiters:
        return Course(state="ended", why=why)
    brief = payer(waiters).brief
    paused = all(one.paused for one in waiters)
    return Course(
        state="paused" if paused else "going",
        freeze=paused and all(one.freeze for one in waiters),
        bounds=_bounds(brief),
        deadline=brief.deadline,
        why=why,
    )


def _bounds(brief: Brief) -> Bounds | None:
    """Return the bounds of a brief for what is under way already."""
    bounds = Bounds.model_validate(
        {
            "limits": brief.limits,
            "hosts": brief.hosts,
            "usd": brief.max_usd,
            "tokens": brief.max_tokens,
            "model_calls": brief.max_model_calls,
            "cpu_seconds": brief.max_cpu_seconds,
            "autonomy": brief.autonomy if brief.autonomy in get_args(Level) else None,
        }
    )
    return None if bounds == Bounds() else bounds
