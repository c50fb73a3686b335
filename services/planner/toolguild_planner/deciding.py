"""What a person decided about a task: a tool may run, or what asked for attention is in order. Pure."""

from toolguild.messages import ItemId, Message, events
from toolguild.messages.narrow import prolonged
from toolguild.plan.reference import Unresolved
from toolguild_planner import approving
from toolguild_planner.cancelling import cancel
from toolguild_planner.ending import end
from toolguild_planner.escalating import INTENT
from toolguild_planner.holding import later, waits_no_more
from toolguild_planner.progress import after, replan
from toolguild_planner.running import call, step_of
from toolguild_planner.state import Active, Advanced, Question
from toolguild_planner.steering import steer

POLICY = "policy"  # who decided when nobody did


def decided(state: Active, event: events.TaskDecided) -> Advanced:
    """Follow the decision of an item that is still open. Of others, only the time that they took counts."""
    state, told = _waited(state, event)
    question = state.questions.get(event.item)
    if question is None or question.purpose != event.purpose:
        return state, told
    return after(told, _followed(state, event, question))


def _waited(state: Active, event: events.TaskDecided) -> tuple[Active, list[Message]]:
    """The time that a person took is not the task's: its deadline moves, and no time counts twice."""
    question = state.questions.get(event.item)
    if question is not None and question.purpose == "exception" and not question.holds:
        return state, []
    since = later(event.asked_at, state.newest_word) if event.asked_at else ""
    brief = prolonged(state.brief, since, event.decided_at)
    if brief == state.brief:
        return state, []
    newest = later(event.decided_at, state.newest_word)
    state = state.model_copy(update={"brief": brief, "newest_word": newest})
    return steer(state, f"{event.by} decided")


def _followed(state: Active, event: events.TaskDecided, question: Question) -> Advanced:
    if question.tool is not None:
        return approving.decided(state, event.item, question.tool, event)
    return _exception(state, event.item, question, event)


def _exception(
    state: Active, item: ItemId, question: Question, event: events.TaskDecided
) -> Advanced:
    why = f": {event.reason}" if event.reason else ""
    questions = {name: one for name, one in state.questions.items() if name != item}
    state = state.model_copy(update={"questions": questions})
    verb = "approved" if event.approved else "rejected"
    state = state.by_human(f"{event.by} {verb} ({question.why}){why}")
    if question.call is None and not event.approved and _counts(question, event):
        return _ended(state, question, event, why)
    state, messages = waits_no_more(state, item, f"{event.by} decided")
    if question.call is None:
        return state, messages
    return after(messages, _interrupted(state, question, event))


def _ended(state: Active, question: Question, event: events.TaskDecided, why: str) -> Advanced:
    """End a task that a person rejects: a goal against the usage policy is refused, another one cancelled."""
    if question.rule == INTENT:
        who = "nobody let it pass in time" if event.by == POLICY else f"refused by {event.by}"
        return end(state, "refused", f"{who}{why}; {question.why}")
    over, messages, _ = cancel(state, event.by, f"{question.why}{why}")
    return over, messages


def _counts(question: Question, event: events.TaskDecided) -> bool:
    """Whether a rejection ends the task: a person's does; an expired question only what waited for it."""
    return question.holds or event.by != POLICY


def _interrupted(state: Active, question: Question, event: events.TaskDecided) -> Advanced:
    """Run an interrupted call again, or fail its step, if it is still wanted."""
    name, item = question.step, question.call or 0
    known, plan = state.steps.get(name), state.plan
    if known is None or known.run != question.run or known.phase != "running":
        return state, []
    if item not in known.sent or state.stage != "running" or plan is None:
        return state, []
    if not event.approved:
        reason = f"it was interrupted, and {event.by} did not let it run again"
        state = state.with_step(name, phase="failed", reason=reason, sent=())
        return replan(state, f"step {name} failed: {reason}", "failed")
    try:
        order = call(state, step_of(plan, name), item)
        return state, [order.model_copy(update={"again": event.item})]
    except Unresolved as error:  # it resolved when the call was first ordered
        return replan(state, f"step {name} failed: {error}", "failed")
