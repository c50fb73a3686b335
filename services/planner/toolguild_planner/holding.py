"""A task that stands still: what is held back, what comes in the meantime, and how it goes on. Pure."""

from collections.abc import Sequence

from toolguild.messages import Command, Event, ItemId, Message, commands, events
from toolguild.messages.narrow import moment, prolonged
from toolguild_planner.progress import judge
from toolguild_planner.state import Active, Advanced, Held, Pause
from toolguild_planner.steering import steer
from toolguild_planner.taken import Refusal, Taken


def pause(state: Active, event: events.Intervened) -> Taken:
    """Hold the task: nothing new starts; calls under way stand still or may finish."""
    held = state.held or Held()
    if held.pause is not None and held.pause.freeze == event.freeze:
        raise Refusal(f"it is paused already, by {held.pause.by}")
    since = (
        held.pause.since if held.pause else later(event.at, state.newest_word) if event.at else ""
    )
    changed = Pause(by=event.by, freeze=event.freeze, since=since)
    state = state.model_copy(update={"held": held.model_copy(update={"pause": changed})})
    calls = "calls under way stand still" if event.freeze else "calls under way may finish"
    state, messages = steer(state, f"paused by {event.by}")
    return Taken(state, messages, f"nothing new starts; {calls}", f"{event.by} paused the task")


def resume(state: Active, event: events.Intervened) -> Taken:
    """End a person's pause. The deadline moves by as long as it lasted."""
    held = state.held
    if held is None or held.pause is None:
        raise Refusal(
            f"it is not paused; it waits for a decision about {', '.join(held.items)}"
            if held
            else "it is not paused"
        )
    brief = prolonged(state.brief, held.pause.since, event.at)
    state = state.model_copy(update={"brief": brief})
    left = Held(items=held.items) if held.items else None
    state = state.model_copy(update={"held": left})
    state, messages = steer(state, f"resumed by {event.by}")
    still = f"; it still waits for a decision about {', '.join(held.items)}" if left else ""
    detail = f"it goes on; the deadline is {state.brief.deadline or 'none'}{still}"
    return Taken(state, messages, detail, f"{event.by} let the task go on")


def wait_for(state: Active, items: Sequence[ItemId], why: str) -> tuple[Active, list[Message]]:
    """Hold the task until these decisions are there; calls under way may finish."""
    held = state.held or Held()
    changed = held.model_copy(update={"items": (*held.items, *items)})
    state = state.model_copy(update={"held": changed})
    return steer(state, why)


def waits_no_more(state: Active, item: ItemId, why: str) -> tuple[Active, list[Message]]:
    """Let the task go on as far as this decision is concerned."""
    held = state.held
    if held is None or item not in held.items:
        return state, []
    rest = held.model_copy(update={"items": tuple(one for one in held.items if one != item)})
    goes_on = rest.pause is None and not rest.items
    state = state.model_copy(update={"held": None if goes_on else rest})
    return steer(state, why) if goes_on else (state, [])


def hold_back(state: Active, messages: Sequence[Message]) -> Advanced:
    """Keep the orders among the messages of a held task; what only tells goes out."""
    orders = tuple(one for one in messages if _is_order(one))
    told = [one for one in messages if not _is_order(one)]
    return state.model_copy(update={"orders": (*state.orders, *orders)}), told


def released(state: Active) -> tuple[Active, list[Message]]:
    """Send what was held back, with the brief of now, as far as it is still wanted."""
    orders: list[Message] = []
    for order in state.orders:
        if still_wanted(state, order):
            fresh = order.model_copy(update={"brief": state.brief})
            orders += [] if fresh in orders else [fresh]
    return state.model_copy(update={"orders": ()}), orders


def put_back(state: Active, event: events.PutBack) -> Advanced:
    """A worker did not begin a command: keep it, or send it again when the task goes on already."""
    order = event.command
    if isinstance(order, commands.JudgeCriteria):
        state = state.model_copy(update={"judge": "idle"})
        return judge(state) if state.stage == "judging" and state.held is None else (state, [])
    if not still_wanted(state, order):
        return state, []
    if state.held is not None:
        return state, [order]  # an order of a held task: it is kept
    state, messages = steer(state, "it goes on")
    return state, [*messages, order.model_copy(update={"brief": state.brief})]


def still_wanted(state: Active, order: Message) -> bool:
    """Whether anything waits for the answer to an order."""
    match order:
        case commands.MakePlan(attempt=attempt):
            return state.stage == "planning" and attempt == state.attempt
        case commands.JudgeCriteria(answer=answer):
            return state.judge == "asked" and answer == state.answer
        case commands.TryTool(step=step, attempt=run, tool=tool):
            known = state.steps.get(step)
            trying = known is not None and known.phase == "trying" and known.run == run
            return trying and known is not None and known.candidates[:1] == (tool,)
        case commands.RunTool(step=step, attempt=run, tool=tool, item=item):
            known = state.steps.get(step)
            running = known is not None and known.phase == "running" and known.run == run
            if not running or known is None or known.tool != tool:
                return False
            return (item or 0) in known.sent and (item or 0) not in known.asking
        case events.ToolWanted(build=build):
            return build in state.builds
        case _:
            return True


def keep(state: Active, event: Event) -> Active:
    """Return the state with an event that has to wait until the task goes on."""
    return state.model_copy(update={"queue": (*state.queue, event)})


def _is_order(message: Message) -> bool:
    return isinstance(message, Command | events.ToolWanted)


def later(said: str, known: str) -> str:
    """Return the later of two moments, so that no time counts twice; "" and what is no moment do not count."""
    return max((one for one in (said, known) if _is_moment(one)), key=moment, default="")


def _is_moment(text: str) -> bool:
    try:
        moment(text)
    except ValueError:
        return False
    return True
