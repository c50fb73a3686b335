"""How long an ended task is kept: by age, by size, or until a person says otherwise. Pure."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from toolguild.agent import Process, Record
from toolguild.messages import BuildId, Event, Message, TaskId, commands, events
from toolguild.policy import Retention
from toolguild.tool import Value

NOTE = "retention"
DAY = 86_400.0


class Keeping(Value):
    """How far a task is on its way out."""

    phase: Literal["running", "ended", "pruning", "pruned"] = "running"
    builds: tuple[BuildId, ...] = ()
    status: str = ""
    goal: str = ""
    user: str = ""


def advance(rules: Retention, state: Keeping, event: Event) -> tuple[Keeping, Sequence[Message]]:
    """Return the next state and what to order."""
    match state.phase, event:
        case (("running" | "ended"), events.ToolWanted(build=build)):
            builds = tuple(dict.fromkeys((*state.builds, build)))
            return state.model_copy(update={"builds": builds}), []
        case "running", events.ResultReleased():
            return _ended(rules, state, event)
        case "ended", events.TimeCame(note=note, about_key=task) if note == NOTE:
            return _prune(state, TaskId(task), "retention.days")
        case "ended", events.PruneWanted(task=task, rule=rule):
            return _prune(state, task, rule)
        case "pruning", events.WorkFailed(of="prune-task"):
            return state.model_copy(update={"phase": "ended"}), []
        case "pruning", events.TaskPruned():
            return Keeping(phase="pruned"), []
        case _, events.RoomChecked(over=over):
            return state, [events.PruneWanted(task=one, rule="retention.max_mb") for one in over]
        case _:
            return state, []


def _ended(
    rules: Retention, state: Keeping, event: events.ResultReleased
) -> tuple[Keeping, Sequence[Message]]:
    result = event.result
    changes = {"status": result.status, "goal": result.goal, "user": result.user}
    state = state.model_copy(update={"phase": "ended", **changes})
    messages: list[Message] = [
        events.TimeCame(about_key=event.task, note=NOTE, after=rules.days * DAY),
        commands.KeepRoom(task=event.task),
    ]
    if result.status == "cancelled":
        messages.append(commands.UndoTask(task=event.task))
    return state, messages


def _prune(state: Keeping, task: TaskId, rule: str) -> tuple[Keeping, Sequence[Message]]:
    order = commands.PruneTask(
        task=task,
        rule=rule,
        builds=state.builds,
        status=state.status,
        goal=state.goal,
        user=state.user,
    )
    return state.model_copy(update={"phase": "pruning"}), [order]


def retention_process(rules: Retention) -> Process[Keeping]:
    """Return the process, with the operator's rules."""
    return Process(
        name="retention",
        bucket="retention",
        reads=(
            events.ToolWanted,
            events.ResultReleased,
            events.TimeCame,
            events.PruneWanted,
            events.RoomChecked,
            events.TaskPruned,
            events.WorkFailed,
        ),
        record=Record[Keeping],
        start=Keeping(),
        advance=partial(advance, rules),
        key=_task_of,
    )


def _task_of(event: Event) -> str:
    return event.task if isinstance(event, events.ToolWanted) else event.key
