"""A tool that runs only when a person has said yes: asked once for a task and tool. Pure."""

from toolguild.canonical import Digest
from toolguild.messages import Item, ItemId, Message, events
from toolguild.plan.reference import Unresolved
from toolguild_planner.calls import expected, without
from toolguild_planner.progress import replan
from toolguild_planner.running import call, step_of
from toolguild_planner.serving import item_id
from toolguild_planner.state import Active, Advanced, Question


def held(state: Active, event: events.RunHeld) -> Advanced:
    """A call waits for a person: ask, unless that is done already, or the person has said yes meanwhile."""
    known = expected(state, event)
    if known is None:
        return state, []
    item = event.item or 0
    asking = (*without(known.asking, item), item)
    if item in known.vouched:  # the approval that it went with does not hold any more
        state = state.model_copy(update={"approved": _but(state.approved, event.tool)})
        state = state.with_step(event.step, vouched=without(known.vouched, item))
    state = state.with_step(event.step, asking=asking)
    if event.tool in state.approved:
        return _run(state, event.tool)
    if event.tool in state.barred:
        return refuse(state, event.tool, f"{event.title} may not run")
    if any(one.tool == event.tool for one in state.questions.values()):
        return state, []
    return _ask(state, event)


def _ask(state: Active, event: events.RunHeld) -> Advanced:
    before = sum(one == f"run:{event.tool}" for one in state.noticed)
    again = (str(before + 1),) if before else ()
    name = item_id(state.task, "run", event.tool, *again)
    ask = Item(
        purpose="run",
        tasks=(state.task,),
        title=event.title,
        why=event.why,
        risk=event.risk,
        step=event.step,
        tool=event.tool,
        tools=(event.tool,),
        rule="autonomy",
    )
    question = Question(purpose="run", why=event.why, tool=event.tool, title=event.title)
    state = state.model_copy(
        update={
            "questions": {**state.questions, name: question},
            "noticed": (*state.noticed, f"run:{event.tool}"),
        }
    )
    state = state.tell(f"waiting for a person before {event.title} runs: {event.why}")
    return state, [events.DecisionAsked(item=name, ask=ask)]


def decided(state: Active, item: ItemId, tool: Digest, event: events.TaskDecided) -> Advanced:
    """Run the calls that waited, or bar the tool and plan without it."""
    title = state.questions[item].title
    why = f": {event.reason}" if event.reason else ""
    questions = {name: one for name, one in state.questions.items() if name != item}
    state = state.model_copy(update={"questions": questions})
    if event.approved:
        state = state.by_human(f"{event.by} let {title} run{why}")
        state = state.model_copy(update={"approved": {**state.approved, tool: event.by}})
        return _run(state, tool)
    state = state.by_human(f"{event.by} did not let {title} run{why}")
    return refuse(state, tool, f"{event.by} did not let {title} run{why}")


def refuse(state: Active, tool: Digest, reason: str) -> Advanced:
    """Fail the steps whose calls waited for this tool, and plan without it."""
    if tool not in state.barred:
        state = state.model_copy(update={"barred": (*state.barred, tool)})
    if state.stage != "running":
        return state, []
    failed = [name for name, one in state.steps.items() if one.tool == tool and one.asking]
    for name in failed:
        state = state.with_step(name, phase="failed", reason=reason, sent=(), asking=())
    if not failed:
        return state, []
    return replan(state, f"step {failed[0]} failed: {reason}", "refused")


def _run(state: Active, tool: Digest) -> Advanced:
    """Order each call of the tool that waited for the approval that is now there."""
    messages: list[Message] = []
    if state.stage != "running" or state.plan is None:
        return state, messages
    for name, known in state.steps.items():
        if known.tool != tool or not known.asking or known.phase != "running":
            continue
        step = step_of(state.plan, name)
        try:
            messages += [call(state, step, item) for item in known.asking]
        except Unresolved as error:  # it resolved when the call was first ordered
            return replan(state, f"step {name} failed: {error}", "failed")
        vouched = (*known.vouched, *known.asking)
        state = state.with_step(name, vouched=vouched, asking=())
    return state, messages


def _but(approved: dict[Digest, str], tool: Digest) -> dict[Digest, str]:
    return {one: by for one, by in approved.items() if one != tool}
