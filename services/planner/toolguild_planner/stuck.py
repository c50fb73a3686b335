"""Whether a task goes in circles. Pure."""

import hashlib
import json

from pydantic import JsonValue

from toolguild.canonical import Digest
from toolguild.plan import Plan
from toolguild_planner.running import results
from toolguild_planner.state import Active


def known_of(state: Active, complaint: str) -> Digest:
    """Name all that a new plan would be made from: the same name again means that nothing new is known."""
    return _name([complaint, results(state), *_given(state)])


def plan_of(state: Active, plan: Plan) -> Digest:
    """Name a plan by what it does, whatever words it has for that, and by what it was made under."""
    said = {"purpose", "title", "candidates"}
    steps: list[JsonValue] = [step.model_dump(mode="json", exclude=said) for step in plan.steps]
    return _name([steps, plan.answer, *_given(state)])


def to_and_fro(state: Active, plan: Digest) -> bool:
    """Whether a new plan is one from before the last, which did not do either."""
    return plan in state.plans[:-1] and plan != state.plans[-1]


def _given(state: Active) -> list[JsonValue]:
    return [list(state.barred), [hint.text for hint in state.brief.hints]]


def _name(what: JsonValue) -> Digest:
    # not canonical(): values of tools may be integers that RFC 8785 does not know
    text = json.dumps(what, sort_keys=True, separators=(",", ":"))
    return Digest(hashlib.sha256(text.encode()).hexdigest())
