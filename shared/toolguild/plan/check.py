"""What is wrong with a plan, before anything of it runs."""

from collections.abc import Iterator, Mapping, Set
from graphlib import CycleError, TopologicalSorter

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.capability import Capabilities
from toolguild.plan.plan import Plan, Step
from toolguild.plan.reference import references, tokens
from toolguild.tool.spec import JsonSchema, ToolSpec


def check_plan(
    plan: Plan,
    tools: Mapping[Digest, tuple[JsonSchema, JsonSchema]],
    files: Set[str],
    grant: Capabilities,
    max_steps: int,
) -> tuple[str, ...]:
    """Say all that speaks against running this plan, one sentence each; empty when nothing does.

    `tools` maps each published tool to its input and output schema.
    """
    return tuple(_complaints(plan, tools, files, grant, max_steps))


def _complaints(
    plan: Plan,
    tools: Mapping[Digest, tuple[JsonSchema, JsonSchema]],
    files: Set[str],
    grant: Capabilities,
    max_steps: int,
) -> Iterator[str]:
    ids = [step.id for step in plan.steps]
    if len(plan.steps) > max_steps:
        yield f"the plan has {len(plan.steps)} steps; at most {max_steps} are allowed"
    yield from (
        f"two steps are called {name}" for name in sorted({i for i in ids if ids.count(i) > 1})
    )
    for step in plan.steps:
        yield from _step(step, tools, grant)
        for place in (step.arguments, step.foreach):
            yield from _targets(
                f"step {step.id}", place, set(ids), files, in_loop=step.foreach is not None
            )
    yield from _targets("the answer", plan.answer, set(ids), files, in_loop=False)
    try:
        TopologicalSorter(edges(plan)).prepare()
    except CycleError as error:
        yield f"steps wait for each other in a circle: {' -> '.join(error.args[1])}"


def edges(plan: Plan) -> dict[str, set[str]]:
    """Map each step's id to the ids of the steps whose results it needs."""
    return {step.id: needs(step) for step in plan.steps}


def needs(step: Step) -> set[str]:
    """Name the steps whose results this one refers to."""
    every = [*references(step.arguments), *references(step.foreach)]
    return {tokens(target)[0] for mark, target in every if mark == "$from" and tokens(target)}


def _step(
    step: Step, tools: Mapping[Digest, tuple[JsonSchema, JsonSchema]], grant: Capabilities
) -> Iterator[str]:
    if step.tool is not None:
        if step.tool not in tools:
            yield f"step {step.id}: no published tool {step.title or step.tool}"
            return
        schema = tools[step.tool][0]
    elif step.request is not None:
        schema = step.request.input_schema
        yield from (f"step {step.id}: {why}" for why in _request(step.request, grant))
    yield from (f"step {step.id}: {why}" for why in _arguments(step.arguments, schema))


def _request(request: ToolSpec, grant: Capabilities) -> Iterator[str]:
    yield from request.capabilities.beyond(grant)
    if request.input_schema.get("type") != "object":
        yield "the input schema must be of type object, with one property for each argument"
    if not request.output_schema:
        yield "the output schema is missing"


def _arguments(arguments: Mapping[str, JsonValue], schema: JsonSchema) -> Iterator[str]:
    properties = schema.get("properties")
    required = schema.get("required")
    known = properties if isinstance(properties, dict) else {}
    for name in required if isinstance(required, list) else []:
        if name not in arguments:
            yield f"argument {name!r} is missing"
    if known or schema.get("additionalProperties") is False:
        for name in arguments:
            if name not in known:
                yield f"there is no argument {name!r}; the tool takes {', '.join(known) or 'none'}"
    for name, value in arguments.items():
        inner = known.get(name)
        if isinstance(inner, dict) and not any(True for _ in references(value)):
            wanted = inner.get("type")
            if isinstance(wanted, str) and not _is(value, wanted):
                yield f"argument {name!r} must be of type {wanted}, not {value!r}"


def _is(value: JsonValue, wanted: str) -> bool:
    match wanted:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case "null":
            return value is None
        case _:
            return True


def _targets(
    where: str, place: JsonValue, steps: Set[str], files: Set[str], *, in_loop: bool
) -> Iterator[str]:
    for mark, target in references(place):
        if mark == "$file" and target not in files:
            yield f"{where}: there is no input file {target!r}; there are {', '.join(sorted(files)) or 'none'}"
        elif mark == "$item" and not in_loop:
            yield f"{where}: $item stands outside of a foreach"
        elif mark == "$from":
            path = tokens(target)
            if not path or path[0] not in steps:
                yield f"{where}: {target!r} does not begin with a step; the steps are {', '.join(sorted(steps))}"
            elif len(path) > 1 and path[1] not in ("value", "files") and not path[1].isdigit():
                yield f"{where}: {target!r} must go on with /value or /files after the step's id"
