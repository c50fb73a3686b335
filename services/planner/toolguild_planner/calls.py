"""What the calls of tools come to: values, or a tool to be mended. Pure."""

from toolguild.messages import events
from toolguild_planner.finding import build_of
from toolguild_planner.progress import go_on, replan
from toolguild_planner.running import send_more, step_of
from toolguild_planner.state import Active, Advanced, StepState


def expected(state: Active, event: events.ToolRan | events.RunHeld) -> StepState | None:
    """Return the step that waits for this very call, or None when what is said of it comes too late."""
    known = state.steps.get(event.step)
    if known is None or known.phase != "running" or event.attempt != known.run:
        return None
    waits = state.stage == "running" and known.tool == event.tool
    return known if waits and (event.item or 0) in known.sent else None


def ran(state: Active, event: events.ToolRan) -> Advanced:
    """One call ended, well or not."""
    known = expected(state, event)
    if known is None:
        return state, []
    state = counted(state, event, known)
    if event.outcome != "ok":
        return _broke(state, event, event.item or 0)
    if known.broken:
        return _mend_when_quiet(state, event)
    assert state.plan is not None
    state, orders = send_more(state, step_of(state.plan, event.step))
    return go_on(settle(state, event.step), orders)


def counted(state: Active, event: events.ToolRan, known: StepState) -> Active:
    """Return the state with what an expected call gave."""
    item = event.item or 0
    state = state.with_step(
        event.step,
        sent=without(known.sent, item),
        vouched=without(known.vouched, item),
        asking=without(known.asking, item),
        seconds=known.seconds + event.used.wall_seconds,
    )
    if event.outcome != "ok":
        return state
    hosts = (one.host for one in event.requests if one.host and one.verdict == "allowed")
    return state.with_step(
        event.step,
        values=known.values | {item: event.value},
        files=(*known.files, *event.files),
        hosts=tuple(sorted({*known.hosts, *hosts})),
    )


def without(items: tuple[int, ...], item: int) -> tuple[int, ...]:
    """Return the items but this one."""
    return tuple(one for one in items if one != item)


def settle(state: Active, name: str) -> Active:
    """Return the state with a step done whose every call has ended well."""
    known = state.steps[name]
    if known.phase == "running" and not (known.sent or known.unsent or known.broken):
        return state.with_step(name, phase="done")
    return state


def _broke(state: Active, event: events.ToolRan, item: int) -> Advanced:
    """A tool failed on real data: mend it as often as the rules allow, then plan anew."""
    known = state.steps[event.step]
    told = f"{event.fault.type}: {event.fault.message}" if event.fault else event.outcome
    state = state.with_step(
        event.step,
        broken=(*known.broken, item, *known.unsent),
        unsent=(),
        reason=told,
        failure=known.failure or event,
    )
    state = state.tell(f"step {event.step}: {known.title} failed on real data: {told}")
    return _mend_when_quiet(state, event)


def _mend_when_quiet(state: Active, event: events.ToolRan) -> Advanced:
    """One repair serves all calls of a step: it begins when none is under way."""
    known = state.steps[event.step]
    failure = known.failure
    if known.sent or failure is None:
        return state, []
    state = state.with_step(event.step, failure=None)
    may_mend = known.repairs < state.rules.repairs_per_step
    if failure.fault is None or failure.spec is None or not may_mend:
        state = state.with_step(event.step, phase="failed")
        return replan(state, f"step {event.step} failed: {known.reason}", "failed")
    build = build_of(failure.spec, failure.tool, failure.regression)
    wanted = events.ToolWanted(
        build=build,
        task=state.task,
        brief=state.brief,
        spec=failure.spec,
        parent=failure.tool,
        fault=failure.fault,
        regression=failure.regression,
        barred=state.barred,
    )
    repairs = known.repairs + 1
    return state.with_step(event.step, phase="wanting", build=build, repairs=repairs), [wanted]
