"""What the inbox and the trust of tools hear of a task: to watch, to look at, which tools served. Pure."""

import hashlib
from collections.abc import Sequence

from toolguild.canonical import Digest, digest
from toolguild.messages import Event, Item, ItemId, Message, TaskId, TaskStatus, events
from toolguild_planner.rules import Rules
from toolguild_planner.state import Active, StepState

WATCH = "watch"  # in `noticed`: the task is in the inbox while it runs


def item_id(task: TaskId, *what: str) -> ItemId:
    """Name a question about a task: the same question has the same name."""
    return ItemId(f"i-{digest([task, *what])[:16]}")


def watch(state: Active) -> tuple[Active, list[Message]]:
    """At level B, put the task into the inbox for a person to watch; nothing waits."""
    if not state.rules.watch or state.brief.autonomy != "B" or WATCH in state.noticed:
        return state, []
    ask = Item(
        purpose="watch",
        tasks=(state.task,),
        title=state.goal.primary,
        why="it runs at level B: watch it, and step in where it goes wrong",
        risk="low",
        blocks=False,
        rule="checkpoints.watch",
    )
    state = state.model_copy(update={"noticed": (*state.noticed, WATCH)})
    return state, [events.DecisionAsked(item=item_id(state.task, WATCH), ask=ask)]


def withdrawn(state: Active, why: str) -> list[Message]:
    """Take what is still open about the task out of the inbox."""
    watched = (item_id(state.task, WATCH),) if WATCH in state.noticed else ()
    return [events.ItemWithdrawn(item=item, why=why) for item in (*watched, *state.questions)]


def audit(state: Active, status: TaskStatus) -> list[Message]:
    """Ask for a look at a task afterwards, for the share of tasks that the policy says."""
    share = {str(level): one for level, one in state.rules.audit_share.items()}
    if state.plan is None or not chosen(state.task, share.get(state.brief.autonomy, 0.0)):
        return []
    percent = f"{share[state.brief.autonomy]:.0%} of the tasks at level {state.brief.autonomy}"
    ask = Item(
        purpose="audit",
        tasks=(state.task,),
        title=state.goal.primary,
        why=f"it ended as {status}; a person looks at {percent}",
        risk="low",
        blocks=False,
        tools=tuple(_by_tool(state)),
        rule="checkpoints.audit_share",
    )
    return [events.DecisionAsked(item=item_id(state.task, "audit"), ask=ask)]


def chosen(task: TaskId, share: float) -> bool:
    """Whether a task is in a sample of this share of all. The same task is always in, or never."""
    drawn = int.from_bytes(hashlib.sha256(f"audit:{task}".encode()).digest()[:8], "big")
    return drawn < share * 2**64


def served(state: Active, status: TaskStatus) -> list[Message]:
    """Say of each tool that did its part how the task ended: trust follows from it."""
    return [
        events.ToolServed(
            tool=tool,
            title=steps[0].title,
            task=state.task,
            user=state.brief.user,
            calls=calls,
            verified=status == "succeeded" and not state.answered_by,
        )
        for tool, steps in _by_tool(state).items()
        if (calls := sum(len(one.values) for one in steps))
    ]


def incidents(rules: Rules, event: Event, title: str = "") -> Sequence[Message]:
    """Say of a call that ended as no call may, whether the task still waits for it or not."""
    if not isinstance(event, events.ToolRan) or event.outcome not in rules.incidents:
        return ()
    told = f"{event.outcome}: {event.fault.message}" if event.fault else event.outcome
    return (
        events.IncidentSeen(
            tool=event.tool, title=title, task=event.task, what=told, by="executor"
        ),
    )


def _by_tool(state: Active) -> dict[Digest, list[StepState]]:
    found: dict[Digest, list[StepState]] = {}
    for step in state.steps.values():
        if step.tool is not None and step.phase == "done" and not step.given:
            found.setdefault(step.tool, []).append(step)
    return found
