"""The life of one item of the inbox: a person is asked, one decision counts. Pure.

Who decides first is decided by the order in which the record is saved: everybody later is told who won.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from toolguild.agent import Process, Record
from toolguild.errors import Refused
from toolguild.guild import Keyring
from toolguild.messages import Event, Item, ItemId, Message, events
from toolguild.messages.asked import asked
from toolguild.messages.narrow import moment
from toolguild.policy import Policy
from toolguild.tool import Value
from toolguild_auditor.admission import objection
from toolguild_auditor.consequence import Wait, of_decision, of_expiry
from toolguild_auditor.notice import notices

EARLY = 16  # decisions that are kept for an item whose question is not here yet
Verify = Callable[[events.DecisionGiven], None]  # raises Refused


class Unasked(Value):
    """Nobody has asked yet; what came early waits for the question."""

    phase: Literal["unasked"] = "unasked"
    given: tuple[events.DecisionGiven, ...] = ()
    withdrawn: str | None = None  # why


class Open(Value):
    """A person is asked."""

    phase: Literal["open"] = "open"
    item: ItemId
    ask: Item
    since: str = ""  # ISO 8601, UTC
    reminders: int = 0


class Settled(Value):
    """One decision counted, or none is needed any more."""

    phase: Literal["settled"] = "settled"
    item: ItemId
    ask: Item
    since: str = ""  # ISO 8601, UTC: when it was asked
    taken: events.DecisionTaken
    given: events.DecisionGiven | None = None  # None: nobody's


State = Annotated[Unasked | Open | Settled, Field(discriminator="phase")]
Step = tuple[State, Sequence[Message]]


def inbox_process(policy: Policy, keyring: Keyring) -> Process[State]:
    """Return the process, with the operator's rules and the keys of the people who decide."""
    return Process(
        name="inbox",
        bucket="inbox",
        reads=READS,
        record=Record[State],
        start=Unasked(),
        advance=partial(advance, policy, partial(verify, keyring)),
        key=item_of,
        through_halts=True,
    )


def verify(keyring: Keyring, given: events.DecisionGiven) -> None:
    """Return if the person has signed exactly this decision. Raises Refused otherwise."""
    if given.signature is None:
        raise Refused("the decision is not signed")
    by = f"person:{given.by}"
    keyring.verify(given.signature, purpose="decision", by=by, over=given.signed)


def item_of(event: Event) -> str:
    """Return the id of the item that an event is about; a question about a draft is named by its draft."""
    raised = asked(event)
    return event.key if raised is None else raised.item


def advance(policy: Policy, check: Verify, state: State, event: Event) -> Step:
    """Return the next state and what to say. What is settled stays settled."""
    match state, event:
        case (Unasked() | Settled(), events.ApprovalAsked() | events.DecisionAsked()):
            return _ask(policy, check, state, event)
        case Unasked(), events.DecisionGiven():
            kept = (*state.given, event)[:EARLY]
            return state.model_copy(update={"given": kept}), []
        case Unasked(), events.ItemWithdrawn(why=why):
            return state.model_copy(update={"withdrawn": why}), []
        case Open(), events.DecisionGiven():
            return _decide(policy, check, state, event)
        case Open(), events.ItemWithdrawn(why=why):
            return _close(state, "withdrawn", why, ())
        case Open(), events.TimeCame(note="reminder"):
            return _remind(policy, state)
        case Open(), events.TimeCame(note="expiry"):
            on_expiry = policy.checkpoints.on_expiry
            why = f"nobody decided within {policy.checkpoints.expire_seconds:g} s"
            wait = _to_the_end(policy, state)
            follows = of_expiry(state.ask, state.item, on_expiry, why, wait)
            return _close(state, "expired", why, follows)
        case Settled(), events.DecisionGiven():
            return state, _too_late(state, event)
        case (Open() | Settled(), events.WorkFailed(of="notify")):
            return state, [_undelivered(state.item, event.reason)]
        case _:
            return state, []


def _ask(policy: Policy, check: Verify, state: Unasked | Settled, event: Event) -> Step:
    raised = asked(event)
    assert raised is not None
    item, ask = raised
    if isinstance(state, Settled) and state.taken.decision != "withdrawn":
        # Asked again by somebody who did not hear the answer.
        return state, _consequences(state)
    opened = Open(item=item, ask=ask, since=getattr(event, "asked_at", ""))
    rules = policy.checkpoints
    messages: list[Message] = [
        events.TimeCame(about_key=item, note="expiry", after=rules.expire_seconds),
        *notices(policy, item, ask, reminder=0),
    ]
    if rules.remind_seconds < rules.expire_seconds:
        messages.append(_reminder(policy, item))
    if isinstance(state, Settled):
        return opened, messages
    now: State = opened
    if state.withdrawn is not None:
        now, more = _close(opened, "withdrawn", state.withdrawn, ())
        messages += more
    for given in state.given:
        now, more = advance(policy, check, now, given)
        messages += more
    return now, messages


def _decide(policy: Policy, check: Verify, state: Open, given: events.DecisionGiven) -> Step:
    try:
        check(given)
        objection(policy, state.ask, given)
    except Refused as error:
        return state, [_refused(given, str(error))]
    taken = events.DecisionTaken(
        item=state.item, decision=given.decision, by=given.by, reason=given.reason, id=given.id
    )
    settled = Settled(item=state.item, ask=state.ask, since=state.since, taken=taken, given=given)
    # What follows goes first: whoever hears that the decision counts may rely on it being on its way.
    return settled, [*_consequences(settled), taken]


def _consequences(state: Settled) -> Sequence[Message]:
    return [] if state.given is None else of_decision(state.ask, state.given, state.since)


def _to_the_end(policy: Policy, state: Open) -> Wait:
    """Return from when to when an item was open that has expired."""
    try:
        end = moment(state.since) + timedelta(seconds=policy.checkpoints.expire_seconds)
    except (ValueError, OverflowError):
        return Wait("", "")
    return Wait(state.since, end.isoformat(timespec="milliseconds"))


def _close(
    state: Open, how: Literal["expired", "withdrawn"], why: str, follows: Sequence[Message]
) -> Step:
    taken = events.DecisionTaken(item=state.item, decision=how, by="policy", reason=why)
    return Settled(item=state.item, ask=state.ask, taken=taken), [*follows, taken]


def _remind(policy: Policy, state: Open) -> Step:
    number = state.reminders + 1
    changed = state.model_copy(update={"reminders": number})
    told = notices(policy, state.item, state.ask, reminder=number)
    rules = policy.checkpoints
    if (number + 1) * rules.remind_seconds >= rules.expire_seconds:
        return changed, told
    return changed, [*told, _reminder(policy, state.item)]


def _reminder(policy: Policy, item: ItemId) -> events.TimeCame:
    after = policy.checkpoints.remind_seconds
    return events.TimeCame(about_key=item, note="reminder", after=after)


def _too_late(state: Settled, given: events.DecisionGiven) -> Sequence[Message]:
    if given.id == state.taken.id:
        return []  # the one that counted, sent twice
    return [_refused(given, told(state))]


def told(state: Settled) -> str:
    """Say what has become of an item, for whoever comes too late."""
    taken = state.taken
    why = f": {taken.reason}" if taken.reason else ""
    match taken.decision:
        case "withdrawn":
            return f"nobody needs this decision any more{why}"
        case "expired":
            return f"it has expired{why}"
        case decided:
            verb = {"approve": "approved", "reject": "rejected", "edit": "edited"}[decided]
            at = f" at {state.given.at}" if state.given and state.given.at else ""
            return f"already {verb} by {taken.by}{at}{why}"


def _refused(given: events.DecisionGiven, why: str) -> events.DecisionRefused:
    return events.DecisionRefused(item=given.item, id=given.id, by=given.by, why=why)


def _undelivered(item: ItemId, why: str) -> events.Notified:
    return events.Notified(item=item, channel="webhook", delivered=False, detail=why)


READS: tuple[type[Event], ...] = (
    events.ApprovalAsked,
    events.DecisionAsked,
    events.DecisionGiven,
    events.ItemWithdrawn,
    events.TimeCame,
    events.WorkFailed,
)
