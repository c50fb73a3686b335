"""The words of a plan outlive it: they stand in specs, in the registry, and in later prompts. Pure."""

from collections.abc import Iterator

from toolguild.plan import Plan, Step
from toolguild.screen.injection import flags


def orders_in(plan: Plan) -> tuple[str, ...]:
    """Say which words of a plan read like an order to whoever reads them later."""
    return tuple(
        f"step {step.id}: {what} reads like an instruction ({found[0].rule}); say only what the function returns"
        for step in plan.steps
        for what, text in _words(step)
        if (found := flags(text, where="plan"))
    )


def _words(step: Step) -> Iterator[tuple[str, str]]:
    yield "its purpose", step.purpose
    if step.request is None:
        return
    if step.request.purpose != step.purpose:
        yield "its purpose", step.request.purpose
    yield "what it returns", str(step.request.output_schema.get("description", ""))
    properties = step.request.input_schema.get("properties")
    for name, inner in (properties if isinstance(properties, dict) else {}).items():
        if isinstance(inner, dict):
            yield f"the argument {name}", str(inner.get("description", ""))
