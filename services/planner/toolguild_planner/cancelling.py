"""A person ends a task: what was reached is kept, and what cannot be undone is said. Pure."""

from toolguild.messages import Message, events
from toolguild_planner.calls import counted, expected
from toolguild_planner.ending import end
from toolguild_planner.progress import spend
from toolguild_planner.state import Active, Over


def cancel(state: Active, by: str, reason: str) -> tuple[Over, list[Message], tuple[str, ...]]:
    """Return the end of the task, what tells it, and what of the task stays."""
    state = _caught_up(state)
    stays = remains(state)
    state = state.by_human(f"{by} cancelled the task{': ' + reason if reason else ''}")
    for line in stays:
        state = state.tell(f"not undone: {line}")
    over, messages = end(state, "cancelled", f"cancelled by {by}{': ' + reason if reason else ''}")
    return over, messages, stays


def remains(state: Active) -> tuple[str, ...]:
    """Say what a cancelled task leaves behind."""
    lines = [
        f"{one.name}@{one.version} stays published: other tasks may use it" for one in state.made
    ]
    lines += [
        f"step {step.id} may have had effects at {', '.join(hosts)}: they stay"
        for step in (state.plan.steps if state.plan else ())
        if (hosts := step.request.capabilities.hosts if step.request else ())
        and step.id in state.steps
        and (state.steps[step.id].values or state.steps[step.id].sent)
    ]
    calls = sum(one.calls for one in state.usage)
    if calls:
        usd = sum(one.usd for one in state.usage)
        lines.append(f"{calls} calls of models are paid: {usd:.4f} USD")
    return tuple(lines)


def _caught_up(state: Active) -> Active:
    """Count what was paid and what calls gave while the task stood still."""
    for event in state.queue:
        state = spend(state, getattr(event, "usage", ()))
        if isinstance(event, events.ToolRan) and (known := expected(state, event)) is not None:
            state = counted(state, event, known)
    return state
