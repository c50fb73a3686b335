"""What those who work for a task are told of how to behave from now on. Pure."""

from collections.abc import Iterable
from typing import Literal

from toolguild.messages import Brief, BuildId, Message, events
from toolguild.messages.override import Bounds
from toolguild_planner.state import Active


def steer(state: Active, why: str = "", *, ended: bool = False) -> tuple[Active, list[Message]]:
    """Tell everybody how the task goes on now, and each build that it waits for."""
    freeze = state.held is not None and state.held.freeze
    about: Literal["going", "paused"] = "going" if state.held is None else "paused"
    order = state.steered + 1
    told = events.Steered(
        about_key=state.task,
        order=order,
        state="ended" if ended else about,
        freeze=freeze,
        bounds=bounds_of(state.brief) if state.bounded else None,
        deadline=state.brief.deadline,
        why=why,
    )
    state = state.model_copy(update={"steered": order})
    if ended:
        return state, [told, *leave(state, state.builds, why)]
    return state, [told, *tell_builds(state, why)]


def tell_builds(state: Active, why: str = "") -> list[Message]:
    """Tell each build that the task waits for with which brief it goes on, or that it is paused."""
    return [
        events.WaiterSteered(
            build=build,
            task=state.task,
            state="going" if state.held is None else "paused",
            freeze=state.held is not None and state.held.freeze,
            brief=state.brief,
            why=why,
        )
        for build in state.builds
    ]


def leave(state: Active, builds: Iterable[BuildId], why: str) -> list[Message]:
    """Tell builds that the task needs them no more."""
    return [
        events.WaiterSteered(build=build, task=state.task, state="left", brief=state.brief, why=why)
        for build in builds
    ]


def bounds_of(brief: Brief) -> Bounds:
    """Return the bounds within which a brief keeps its work."""
    return Bounds.model_validate(
        {
            "limits": brief.limits,
            "hosts": brief.hosts,
            "usd": brief.max_usd,
            "tokens": brief.max_tokens,
            "model_calls": brief.max_model_calls,
            "cpu_seconds": brief.max_cpu_seconds,
            "deadline": brief.deadline,
            "autonomy": brief.autonomy,
        }
    )
