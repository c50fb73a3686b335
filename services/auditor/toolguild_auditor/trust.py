"""What one tool has earned: verified runs raise its level step by step, one incident drops it. Pure."""

from collections.abc import Callable, Sequence
from functools import partial

from toolguild.agent import Process, Record
from toolguild.canonical import Digest
from toolguild.errors import Refused
from toolguild.guild import Keyring
from toolguild.messages import Event, Message, TaskId, events
from toolguild.policy import Level, Policy, TrustRules
from toolguild.tool import Value

LEVELS: tuple[Level, ...] = ("A", "B", "C", "D")
RECENT = 512  # tasks that a record remembers one by one
USERS = 100  # names that a record remembers
INCIDENTS = 50  # newest ones that a record keeps whole
Verify = Callable[[events.TrustRestored], None]  # raises Refused


class Incident(Value):
    """What a tool did that no tool may, or what a person found wrong with it."""

    what: str
    task: TaskId
    by: str


class Standing(Value):
    """What is known of one tool. `level` is what executors go by."""

    level: Level
    title: str = ""
    why: str = "nobody has used it yet"
    held: bool = False  # after an incident, until a person says otherwise
    calls: int = 0
    verified: int = 0  # calls in tasks that succeeded, checked outside the sandbox
    tasks: int = 0
    recent: tuple[TaskId, ...] = ()
    users: tuple[str, ...] = ()
    since: int = 0  # verified runs since the level last changed
    since_tasks: tuple[TaskId, ...] = ()  # that they came from, as many as have to be told apart
    incidents: int = 0
    newest_incidents: tuple[Incident, ...] = ()


Step = tuple[Standing, Sequence[Message]]


def trust_process(policy: Policy, keyring: Keyring) -> Process[Standing]:
    """Return the process, with the operator's rules and the keys of the people who restore trust."""
    return Process(
        name="trust",
        bucket="trust",
        reads=READS,
        record=Record[Standing],
        start=Standing(level=policy.autonomy.trust.start),
        advance=partial(advance, policy, partial(verify, keyring)),
        through_halts=True,
    )


def verify(keyring: Keyring, restored: events.TrustRestored) -> None:
    """Return if the person has signed exactly this. Raises Refused otherwise."""
    if restored.signature is None:
        raise Refused("the word is not signed")
    by = f"person:{restored.by}"
    keyring.verify(restored.signature, purpose="decision", by=by, over=restored.signed)


def advance(policy: Policy, check: Verify, state: Standing, event: Event) -> Step:
    """Return the next state, and TrustChanged where the level is another one now."""
    rules = policy.autonomy.trust
    match event:
        case events.ToolServed():
            return _served(rules, state, event)
        case events.IncidentSeen():
            return _incident(rules, state, event)
        case events.TrustRestored():
            return _restored(policy, check, state, event)
        case _:
            return state, []


def _served(rules: TrustRules, state: Standing, event: events.ToolServed) -> Step:
    state = _counted(state, event)
    if not event.verified:
        return state, []
    state = state.model_copy(update={"verified": state.verified + event.calls})
    if state.held or state.level == LEVELS[-1]:
        return state, []
    tasks = state.since_tasks
    if event.task not in tasks and len(tasks) < rules.least_tasks:
        tasks = (*tasks, event.task)
    since = state.since + event.calls
    state = state.model_copy(update={"since": since, "since_tasks": tasks})
    if since < rules.raise_after or len(tasks) < rules.least_tasks:
        return state, []
    higher = LEVELS[LEVELS.index(state.level) + 1]
    return _changed(
        state, event.tool, higher, f"{since} verified runs in at least {len(tasks)} tasks"
    )


def _counted(state: Standing, event: events.ToolServed) -> Standing:
    new = event.task not in state.recent
    users = state.users if event.user in state.users else (*state.users, event.user)[:USERS]
    return state.model_copy(
        update={
            "title": event.title or state.title,
            "why": "as the policy starts tools" if not state.tasks else state.why,
            "calls": state.calls + event.calls,
            "tasks": state.tasks + new,
            "recent": (*state.recent, event.task)[-RECENT:] if new else state.recent,
            "users": users,
        }
    )


def _incident(rules: TrustRules, state: Standing, event: events.IncidentSeen) -> Step:
    kept = Incident(what=event.what, task=event.task, by=event.by)
    known = state.model_copy(
        update={
            "title": event.title or state.title,
            "held": True,
            "incidents": state.incidents + 1,
            "newest_incidents": (*state.newest_incidents, kept)[-INCIDENTS:],
        }
    )
    lower = min(state.level, rules.after_incident)
    why = f"an incident in {event.task}, seen by {event.by}: {event.what}"
    return _changed(known, event.tool, lower, why)


def _restored(policy: Policy, check: Verify, state: Standing, event: events.TrustRestored) -> Step:
    try:
        check(event)
        _objection(policy, event)
    except Refused as error:
        return state, [events.RestoreRefused(tool=event.tool, by=event.by, why=str(error))]
    state = state.model_copy(update={"held": False, "title": event.title or state.title})
    return _changed(state, event.tool, event.level, f"{event.by} said so: {event.reason}")


def _objection(policy: Policy, event: events.TrustRestored) -> None:
    deciders, start = policy.checkpoints.deciders, policy.autonomy.trust.start
    if "*" not in deciders and event.by not in deciders:
        raise Refused(f"{event.by} may not decide (policy: checkpoints.deciders)")
    if not event.reason.strip():
        raise Refused("trust is restored for a reason")
    if event.level > start:
        raise Refused(
            f"a person may restore trust up to {start} (policy: autonomy.trust.start); a tool earns "
            f"{event.level} by its runs"
        )


def _changed(state: Standing, tool: Digest, level: Level, why: str) -> Step:
    """Return the state at another level, from which runs count anew."""
    after = state.model_copy(update={"level": level, "why": why, "since": 0, "since_tasks": ()})
    told = events.TrustChanged(
        tool=tool, title=state.title, level=level, before=state.level, why=why
    )
    return after, [told]


READS: tuple[type[Event], ...] = (events.ToolServed, events.IncidentSeen, events.TrustRestored)
