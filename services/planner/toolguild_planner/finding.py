"""Find a tool for each step: the plan's own, a published one that answers the examples, or a new one. Pure."""

from pydantic import JsonValue

from toolguild import canonical
from toolguild.canonical import Digest
from toolguild.messages import BuildId, Message, ToolUse, commands, events
from toolguild.plan import Step
from toolguild.tool import Case, ToolSpec
from toolguild_planner.ending import end
from toolguild_planner.progress import go_on, replan, spend
from toolguild_planner.running import step_of
from toolguild_planner.state import Active, Advanced, How, StepState


def build_of(
    spec: ToolSpec, parent: Digest | None = None, regression: Case | None = None
) -> BuildId:
    """Name the build of a spec: two tasks that want the same tool wait for the same build."""
    wish: JsonValue = spec.digest
    if parent is not None:
        wish = [spec.digest, parent, regression.digest if regression else None]
    return BuildId(f"b-{canonical.digest(wish)[:24]}")


def find_tool(state: Active, step: Step) -> tuple[Active, list[Message]]:
    """Bind the tool that the plan names, or begin to try the candidates, or want a new tool."""
    if step.tool is not None:
        ready = StepState(
            phase="ready", run=state.run, tool=step.tool, title=step.title, how="bound"
        )
        return used(_set(state, step.id, ready), step.title, step.tool, "reused"), []
    trying = StepState(phase="trying", run=state.run, candidates=step.candidates)
    state = _set(state, step.id, trying)
    return try_next(state, step)


def try_next(state: Active, step: Step) -> tuple[Active, list[Message]]:
    """Try the next candidate on the request's examples; without one, want the tool made."""
    assert step.request is not None
    known = state.steps[step.id]
    if known.candidates and step.request.examples:
        order = commands.TryTool(
            task=state.task,
            brief=state.brief,
            attempt=known.run,
            step=step.id,
            tool=known.candidates[0],
            request=step.request,
        )
        return state, [order]
    build = build_of(step.request)
    wanted = events.ToolWanted(
        build=build, task=state.task, brief=state.brief, spec=step.request, barred=state.barred
    )
    return state.with_step(step.id, phase="wanting", build=build, candidates=()), [wanted]


def tried(state: Active, event: events.ToolTried) -> Advanced:
    """A candidate answered: reuse it, or try the next."""
    known = state.steps.get(event.step)
    if known is None or known.phase != "trying" or event.attempt != known.run:
        return state, []
    if state.stage != "running" or known.candidates[:1] != (event.tool,):
        return state, []
    if not event.passed:
        return reject(state, event.step)
    state = state.with_step(
        event.step,
        phase="ready",
        tool=event.tool,
        title=event.title,
        how="reused",
        mapping=event.mapping,
        candidates=(),
    )
    state = used(state, event.title, event.tool, "reused")
    return go_on(state.tell(f"step {event.step}: reused {event.title}, which answers the examples"))


def reject(state: Active, name: str) -> Advanced:
    """The candidate at hand will not do."""
    assert state.plan is not None
    left = state.steps[name].candidates[1:]
    changed, orders = try_next(state.with_step(name, candidates=left), step_of(state.plan, name))
    return changed, orders


def tool_ready(state: Active, event: events.ToolReady) -> Advanced:
    """A build that steps wait for gave a tool."""
    state = spend(state, event.usage)
    for name, known in state.steps.items():
        if known.phase != "wanting" or known.build != event.build:
            continue
        mending = known.repairs > 0
        how: How = "repaired" if mending else "made" if event.made else "reused"
        state = state.with_step(name, phase="ready", tool=event.tool, title=event.title, how=how)
        where = "made" if event.made else "reused"
        state = used(state, event.title, event.tool, where, event.description)
        verb = "mended, now" if mending else "made" if event.made else "found"
        state = state.tell(f"step {name}: {verb} {event.title} (attempts: {event.attempts})")
    return go_on(state)


def tool_denied(state: Active, event: events.ToolDenied) -> Advanced:
    """A build that steps wait for ended without a tool."""
    state = spend(state, event.usage)
    if event.best is not None:
        state = state.model_copy(update={"best": event.best})
    waiting = [
        name
        for name, one in state.steps.items()
        if one.phase == "wanting" and one.build == event.build
    ]
    if not waiting:
        return state, []
    for name in waiting:
        state = state.with_step(name, phase="failed", reason=event.reason)
        state = state.tell(f"step {name}: no tool: {event.reason}")
    if event.code in ("refused", "out_of_budget"):
        return end(state, event.code, event.reason)
    code = "failed" if event.code == "cancelled" else event.code  # the build was, not the task
    return replan(state, f"no tool could be made: {event.reason}", code)


def used(state: Active, title: str, tool: Digest, where: str, description: str = "") -> Active:
    """Return the state with one more tool in `made` or `reused`; each digest counts once."""
    name, _, version = title.partition("@")
    use = ToolUse(name=name, version=version, digest=tool, description=description)
    known: tuple[ToolUse, ...] = getattr(state, where)
    if any(one.digest == tool for one in (*state.made, *state.reused)):
        return state
    return state.model_copy(update={where: (*known, use)})


def _set(state: Active, name: str, step: StepState) -> Active:
    return state.model_copy(update={"steps": state.steps | {name: step}})
