"""What input screening noticed about a task: told, decided by a person, or the end of it. Pure."""

from toolguild.messages import events
from toolguild_planner.ending import end
from toolguild_planner.escalating import INTENT, Alarm, escalate
from toolguild_planner.progress import make_plan
from toolguild_planner.state import Active, Advanced


def flagged(state: Active, event: events.InputFlagged) -> Advanced:
    """Tell of it once; end the task for what is refused; hold it for what a person has to decide."""
    worst = event.flags[0] if event.flags else None
    why = f"{worst.rule}: {worst.message}" if worst is not None else "input screening says so"
    entry = f" (policy: {worst.policy})" if worst is not None and worst.policy else ""
    told = f"input of {event.where} {event.action}: {why}{entry}"
    if told not in state.told:
        state = state.tell(told)
    if event.action == "refused":
        return end(state, "refused", f"{why}{entry}")
    if event.action != "asked" or state.stage != "planning" or INTENT in state.noticed:
        return state, []
    state, messages = escalate(state, [Alarm(INTENT, f"{why}{entry}", True, risk="high")])
    # Once a person lets it go on, it is planned, and not asked about again.
    return state.model_copy(update={"orders": (*state.orders, make_plan(state))}), messages
