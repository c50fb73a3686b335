"""A person steps in: each intervention counts once, in the order of the log, and is always answered. Pure."""

from collections.abc import Callable

from toolguild.messages import Message, Result, events
from toolguild_planner.bounding import constrain, guide
from toolguild_planner.cancelling import cancel
from toolguild_planner.holding import later, pause, resume
from toolguild_planner.overriding import override
from toolguild_planner.state import Active, Advanced, New, Over, Task
from toolguild_planner.taken import Refusal, Taken

Verify = Callable[[events.Intervened], str]  # why it does not count; "" if it does


def intervened(verify: Verify, state: Task, event: events.Intervened) -> Advanced:
    """Follow an intervention, or say why not. One that was answered before changes nothing."""
    if event.id and event.id in state.taken:
        return state, []
    wrong = verify(event)
    if wrong:  # not remembered: whoever did not sign must not use up the id of one who does
        return state, [_answered(event, "refused", wrong)]
    if event.id:
        state = state.model_copy(update={"taken": (*state.taken, event.id)})
    try:
        taken = _taken(state, event)
    except Refusal as refusal:
        return state, [_answered(event, "refused", str(refusal))]
    state = taken.state
    if isinstance(state, Active):
        if taken.told:
            state = state.by_human(taken.told)
        state = state.model_copy(update={"newest_word": later(event.at, state.newest_word)})
    return state, [_answered(event, "applied", taken.detail), *taken.messages]


def _taken(state: Task, event: events.Intervened) -> Taken:
    match state:
        case Over():
            raise Refusal(f"the task has ended: {state.status}")
        case New() if event.action == "cancel":
            return _cancelled_unbegun(state, event)
        case New():
            raise Refusal("the task has not begun")
        case Active():
            return ACTIONS[event.action](state, event)


def _cancel(state: Active, event: events.Intervened) -> Taken:
    over, messages, stays = cancel(state, event.by, event.reason)
    return Taken(over, messages, f"it has ended; not undone: {'; '.join(stays) or 'nothing'}")


def _cancelled_unbegun(state: New, event: events.Intervened) -> Taken:
    """End a task whose goal still waits in a queue: when it comes, nothing happens."""
    why = f"cancelled by {event.by} before it began"
    reason = f"{why}: {event.reason}" if event.reason else why
    told = f"{event.by} cancelled the task before it began"
    result = Result(
        task=event.task, status="cancelled", goal="", reason=reason, events=(told,), human=(told,)
    )
    messages: list[Message] = [events.TaskEnded(task=event.task, status="cancelled", result=result)]
    return Taken(Over(status="cancelled", taken=state.taken), messages, "it will not begin")


def _answered(event: events.Intervened, outcome: str, detail: str) -> events.InterventionTaken:
    return events.InterventionTaken.model_validate(
        {
            "task": event.task,
            "id": event.id,
            "action": event.action,
            "agent": "planner",
            "outcome": outcome,
            "detail": detail,
        }
    )


ACTIONS: dict[str, Callable[[Active, events.Intervened], Taken]] = {
    "cancel": _cancel,
    "pause": pause,
    "resume": resume,
    "override": override,
    "constrain": constrain,
    "guide": guide,
}
