"""Tasks that wait are paused, go on, leave or get another brief: what that means for the effort. Pure."""

from toolguild.messages import Message, events
from toolguild_synthesizer.orders import is_wanted, renewed
from toolguild_synthesizer.state import Building, GivenUp, Step
from toolguild_synthesizer.waiter import Waiter, course


def steered(state: Building, event: events.WaiterSteered) -> Step:
    """A task that waits is paused, goes on, leaves, or has another brief. Others count for nothing."""
    if event.task not in state.tasks:
        return state, []
    if event.state == "left":
        return _left(state, event)
    paused = event.state == "paused"
    update = {"brief": event.brief, "paused": paused, "freeze": paused and event.freeze}
    waiters = tuple(
        one.model_copy(update=update) if one.task == event.task else one for one in state.waiters
    )
    return _follow(state.model_copy(update={"waiters": waiters}), event.why)


def joined(state: Building, waiter: Waiter) -> Step:
    """Another task waits too; where all others are paused, the work goes on for its sake."""
    return _follow(state.model_copy(update={"waiters": (*state.waiters, waiter)}))


def _left(state: Building, event: events.WaiterSteered) -> Step:
    left = tuple(one for one in state.waiters if one.task != event.task)
    if left:
        return _follow(state.model_copy(update={"waiters": left}), event.why)
    reason = f"nobody waits for it any more{f': {event.why}' if event.why else ''}"
    ended = state.course.then(course((), reason)) or state.course
    gone = GivenUp(
        build=state.build,
        waiters=(),
        code="cancelled",
        reason=reason,
        attempts=len(state.attempts),
        last=state.attempts[-1].number,
        course=ended,
    )
    return gone, [ended.said(state.build)]


def _follow(state: Building, why: str = "") -> Step:
    """Say how the work has to behave now, if that is new; what was held goes out once somebody goes on."""
    messages: list[Message] = []
    if (said := state.course.then(course(state.waiters, why))) is not None:
        state = state.model_copy(update={"course": said})
        messages.append(said.said(state.build))
    if state.paused:
        return state, messages
    due = [renewed(state, one) for one in state.held if is_wanted(state, one)]
    return state.model_copy(update={"held": ()}), [*messages, *due]
