"""A person narrows a task's bounds, or tells it how to go on. Nothing is ever widened. Pure."""

from collections.abc import Iterator

from toolguild.capability import Capabilities
from toolguild.messages import Brief, Hint, events
from toolguild.messages.narrow import moment, narrowed
from toolguild.messages.override import Bounds
from toolguild_planner.rules import Rules
from toolguild_planner.serving import watch
from toolguild_planner.state import Active
from toolguild_planner.steering import steer, tell_builds
from toolguild_planner.taken import Refusal, Taken

MAX_HINTS = 20  # of one task: each stands in every request to a model from then on
MAX_HINT = 2000  # characters


def constrain(state: Active, event: events.Intervened) -> Taken:
    """Narrow the bounds of all that runs and will run; if anything of it would be wider, nothing changes."""
    bounds = event.bounds
    if bounds is None or bounds == Bounds():
        raise Refusal("it names no bound")
    wider = tuple(beyond(bounds, state.brief, state.rules))
    if wider:
        raise Refusal(f"nothing was changed: {'; '.join(wider)}")
    told = ", ".join(_told(bounds))
    brief = narrowed(state.brief, bounds)
    state = state.model_copy(update={"brief": brief, "bounded": True})
    state, messages = steer(state, f"constrained by {event.by}")
    state, more = watch(state)
    return Taken(
        state, [*messages, *more], f"from now on: {told}", f"{event.by} narrowed the bounds: {told}"
    )


def beyond(bounds: Bounds, now: Brief, rules: Rules) -> Iterator[str]:
    """Say of each bound that would be wider than now what it is now."""
    if bounds.limits is not None:
        limits = rules.granted.limits if now.limits is None else now.limits
        mine, theirs = limits.model_dump(), bounds.limits.model_dump()
        yield from (
            f"limits.{name} is {mine[name]:g} now, and {theirs[name]:g} is more"
            for name in mine
            if theirs[name] > mine[name]
        )
    hosts = rules.granted.hosts if now.hosts is None else now.hosts
    granted = Capabilities(hosts=hosts)
    for host in bounds.hosts or ():
        if Capabilities(hosts=(host,), limits=granted.limits).beyond(granted):
            yield f"host {host} is not granted now"
    for name, said, known in (
        ("usd", bounds.usd, now.max_usd),
        ("tokens", bounds.tokens, now.max_tokens),
        ("model_calls", bounds.model_calls, now.max_model_calls),
        ("cpu_seconds", bounds.cpu_seconds, now.max_cpu_seconds),
    ):
        if said is not None and known is not None and said > known:
            yield f"{name} is {known:g} now, and {said:g} is more"
    if bounds.deadline is not None:
        yield from _later(bounds.deadline, now.deadline)
    if bounds.autonomy is not None and bounds.autonomy > now.autonomy:
        yield f"the level is {now.autonomy} now, and {bounds.autonomy} is higher"


def guide(state: Active, event: events.Intervened) -> Taken:
    """Have a hint stand in each request to a model from now on. It grants nothing."""
    text = event.hint.strip()
    if not text:
        raise Refusal("it says nothing")
    if len(text) > MAX_HINT:
        raise Refusal(f"it has {len(text)} characters; at most {MAX_HINT} are taken")
    if len(state.brief.hints) >= MAX_HINTS:
        raise Refusal(f"the task has {MAX_HINTS} hints already, which is the most it takes")
    hint = Hint(id=event.id, by=event.by, text=text)
    brief = state.brief.model_copy(update={"hints": (*state.brief.hints, hint)})
    state = state.model_copy(update={"brief": brief})
    detail = "it stands in the next request to a model; GuidanceTaken is the receipt"
    return Taken(state, tell_builds(state), detail, f"{event.by} advised: {text}")


def heard(state: Active, event: events.GuidanceTaken) -> Active:
    """Tell once of each hint that it reached a model."""
    known = {hint.id: hint for hint in state.brief.hints}
    for one in event.hints:
        mark = f"heard:{one}"
        if one in known and mark not in state.noticed:
            where = f" of {event.model}" if event.model else ""
            state = state.tell(f"the advice of {known[one].by} reached {event.of}{where}")
            state = state.model_copy(update={"noticed": (*state.noticed, mark)})
    return state


def _later(said: str, known: str | None) -> Iterator[str]:
    try:
        if known is not None and moment(said) > moment(known):
            yield f"the deadline is {known} now, and {said} is later"
    except ValueError:
        yield f"{said!r} is no moment in ISO 8601"


def _told(bounds: Bounds) -> Iterator[str]:
    for name, value in bounds.model_dump(exclude_none=True).items():
        if name == "limits":
            yield from (f"{inner} {limit:g}" for inner, limit in value.items())
        elif name == "hosts":
            yield f"hosts {', '.join(value) or 'none'}"
        else:
            yield f"{name} {value}"
