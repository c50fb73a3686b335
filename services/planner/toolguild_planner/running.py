"""Run the steps of a plan as their inputs arrive. Pure."""

from typing import cast

from pydantic import JsonValue

from toolguild.messages import Artifact, Message, commands
from toolguild.plan import Plan, Step, resolve
from toolguild.plan.check import needs
from toolguild.plan.reference import Unresolved
from toolguild_planner.ending import step_value
from toolguild_planner.state import Active

OUTPUT = "/output/"  # where tools write, as they see it


def start_ready(state: Active) -> tuple[Active, list[Message]]:
    """Start every step whose tool is there and whose inputs are; a step whose inputs do not resolve fails."""
    assert state.plan is not None
    messages: list[Message] = []
    while (step := _startable(state, state.plan)) is not None:
        state, orders = _start(state, step)
        messages += orders
    return state, messages


def _startable(state: Active, plan: Plan) -> Step | None:
    for step in plan.steps:
        inputs_there = all(state.steps[name].phase == "done" for name in needs(step))
        if state.steps[step.id].phase == "ready" and inputs_there:
            return step
    return None


def _start(state: Active, step: Step) -> tuple[Active, list[Message]]:
    size: int | None = None
    if step.foreach is not None:
        try:
            items = resolve(step.foreach, results(state), file_marks(state.files))
        except Unresolved as error:
            return state.with_step(step.id, phase="failed", reason=str(error)), []
        if not isinstance(items, list):
            reason = f"foreach needs a list, and got {type(items).__name__}"
            return state.with_step(step.id, phase="failed", reason=reason), []
        if len(items) > state.rules.foreach_items:
            reason = (
                f"foreach over {len(items)} items; the policy allows {state.rules.foreach_items}"
            )
            return state.with_step(step.id, phase="failed", reason=reason), []
        size = len(items)
    known = state.steps[step.id]
    wanted = known.broken or tuple(range(1 if size is None else size))
    state = state.with_step(
        step.id,
        phase="running",
        size=size,
        unsent=wanted,
        broken=(),
        sent=(),
        vouched=(),
        reason="",
    )
    return send_more(state, step)


def send_more(state: Active, step: Step) -> tuple[Active, list[Message]]:
    """Send further calls of a running step, as many as the policy allows; an empty foreach is done at once."""
    known = state.steps[step.id]
    free = state.rules.calls_at_once - len(known.sent)
    now, later = known.unsent[:free], known.unsent[free:]
    messages: list[Message] = []
    for item in now:
        try:
            messages.append(call(state, step, item))
        except Unresolved as error:
            return state.with_step(step.id, phase="failed", reason=str(error)), []
    vouched = now if known.tool in state.approved else ()
    state = state.with_step(
        step.id, unsent=later, sent=(*known.sent, *now), vouched=(*known.vouched, *vouched)
    )
    if known.size == 0:
        state = state.with_step(step.id, phase="done")
    return state, messages


def call(state: Active, step: Step, item: int) -> commands.RunTool:
    """Order one call of a step whose tool is there. Raises Unresolved when its inputs do not resolve."""
    known = state.steps[step.id]
    assert known.tool is not None
    marks = file_marks(state.files)
    the_item: JsonValue = None
    if known.size is not None:
        the_item = cast("list[JsonValue]", resolve(step.foreach, results(state), marks))[item]
    arguments = {
        known.mapping.get(name, name): resolve(value, results(state), marks, the_item)
        for name, value in step.arguments.items()
    }
    return commands.RunTool(
        task=state.task,
        brief=state.brief,
        attempt=known.run,
        step=step.id,
        item=None if known.size is None else item,
        tool=known.tool,
        arguments=arguments,
        files=tuple(artifacts_in(arguments)),
        approved_by=state.approved.get(known.tool),
    )


def results(state: Active) -> dict[str, JsonValue]:
    """Map each finished step to what references may point to: its value and its files."""
    return {
        name: {"value": cast(JsonValue, step_value(step)), "files": file_marks(step.files)}
        for name, step in state.steps.items()
        if step.phase == "done"
    }


def file_marks(files: tuple[Artifact, ...]) -> dict[str, JsonValue]:
    """Map file names to what stands for a file in arguments: {"$artifact": {...}}."""
    return {file.name: {"$artifact": file.model_dump(mode="json")} for file in files}


def named(value: JsonValue, written: frozenset[str] = frozenset()) -> JsonValue:
    """Return a value with each file by its name alone: what a person wants to read.

    That is an artifact, or the path below /output, inside the sandbox, of one of the `written` files.
    """
    match value:
        case {"$artifact": {"name": str(name)}}:
            return name
        case str() if value.removeprefix(OUTPUT) in written:
            return value.removeprefix(OUTPUT)
        case dict():
            return {key: named(inner, written) for key, inner in value.items()}
        case list():
            return [named(inner, written) for inner in value]
        case _:
            return value


def artifacts_in(value: object) -> list[Artifact]:
    """Find every artifact that a resolved value names."""
    match value:
        case {"$artifact": dict() as inner}:
            return [Artifact.model_validate(inner)]
        case dict():
            return [found for one in value.values() for found in artifacts_in(one)]
        case list():
            return [found for one in value for found in artifacts_in(one)]
        case _:
            return []


def step_of(plan: Plan, name: str) -> Step:
    """Return the step of that id."""
    return next(step for step in plan.steps if step.id == name)
