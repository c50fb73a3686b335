"""What a result's values and texts are looked through for, by the operator's rules."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from toolguild.messages import Result
from toolguild.outgoing import active, consistency, personal, secrets
from toolguild.outgoing.harmful import harms
from toolguild.outgoing.purpose import asked
from toolguild.outgoing.redaction import Find, Redactor
from toolguild.plan.plan import Plan, Step
from toolguild.policy import Policy
from toolguild.tool import ToolSpec

MAX_LINE = 400  # letters of a note


def redactor_for(policy: Policy, result: Result, find: Find = personal.found) -> Redactor:
    """Return what takes out of this result what the policy wants out, by what its user's own words ask for."""
    rules = policy.output.personal
    own = (result.goal, *(one.text for one in result.criteria))
    return Redactor(
        personal=None if rules.action == "off" else find,
        secret=None if policy.output.secrets == "off" else secrets.found,
        kinds=rules.kinds,
        stays=asked(own) if rules.as_asked else frozenset(),
        own="\n".join(own) if rules.as_asked else "",
        only_note=rules.action == "note",
    )


def redacted(result: Result, redactor: Redactor) -> Result:
    """Return a result whose values and texts hold nothing that has to stay. Files are not in here."""
    before = _harmless_pictures(result.answer)
    answer = redactor.value(before, "answer")
    steps = tuple(
        step.model_copy(
            update={
                "value": redactor.value(step.value, f"step {step.step}"),
                "reason": redactor.text(step.reason, f"step {step.step}"),
            }
        )
        for step in result.steps
    )
    criteria = tuple(
        one.model_copy(update={"evidence": redactor.text(one.evidence, "criteria")})
        for one in result.criteria
    )
    told = [redactor.text(line, "events") for line in result.events]
    if before != result.answer:
        told.append("a picture in the answer would have sent data when it is shown; made harmless")
    changes: dict[str, object] = {
        "answer": answer,
        "steps": steps,
        "criteria": criteria,
        "plan": _plan(result.plan, redactor),
        "reason": redactor.text(result.reason, "reason"),
        "events": tuple(told),
    }
    if result.best is not None:
        source = redactor.text(result.best.source, "best attempt")
        changes["best"] = result.best.model_copy(update={"source": source})
    return result.model_copy(update=changes)


def _plan(plan: Plan | None, redactor: Redactor) -> Plan | None:
    if plan is None:
        return None
    steps = tuple(_step(step, redactor) for step in plan.steps)
    return plan.model_copy(update={"steps": steps, "answer": redactor.value(plan.answer, "plan")})


def _step(step: Step, redactor: Redactor) -> Step:
    where = f"plan of {step.id}"
    arguments = {name: redactor.value(value, where, name) for name, value in step.arguments.items()}
    changes: dict[str, object] = {
        "arguments": arguments,
        "foreach": redactor.value(step.foreach, where),
        "purpose": redactor.text(step.purpose, where),
        "request": None if step.request is None else _request(step.request, where, redactor),
    }
    return step.model_copy(update=changes)


def _request(spec: ToolSpec, where: str, redactor: Redactor) -> ToolSpec:
    """Look through what a tool was asked for: its examples and
    descriptions may hold data of the task's files."""
    examples = tuple(
        one.model_copy(
            update={
                "arguments": redactor.value(one.arguments, where),
                "expected": redactor.value(one.expected, where),
                "files": redactor.value(dict(one.files), where),
                "expected_files": redactor.value(dict(one.expected_files), where),
            }
        )
        for one in spec.examples
    )
    notes = tuple(redactor.text(note, where) for note in spec.notes)
    changes: dict[str, object] = {
        "examples": examples,
        "notes": notes,
        "purpose": redactor.text(spec.purpose, where),
        "input_schema": redactor.value(spec.input_schema, where),
        "output_schema": redactor.value(spec.output_schema, where),
    }
    return spec.model_copy(update=changes)


def _harmless_pictures(value: JsonValue) -> JsonValue:
    return active.still_text(value)[0] if isinstance(value, str) else value


def harm_of(result: Result, files: Mapping[str, str]) -> str:
    """Say what of a result nobody should get, and where it is, or "" when nothing is harmful."""
    texts = {"the answer": _as_text(result.answer), **files}
    texts |= {f"step {step.step}": _as_text(step.value) for step in result.steps}
    for where, text in texts.items():
        for harm in harms(text):
            return f"{where} holds {harm.what} (rule {harm.rule})"
    return ""


def _as_text(value: JsonValue) -> str:
    """Return all texts of a value with real line ends, as a person would read them."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"')


def inconsistencies(result: Result) -> tuple[str, ...]:
    """Say where a result does not agree with itself."""
    notes: list[str] = []
    values = {step.step: step.value for step in result.steps if step.state == "done"}
    schema = _promised(result)
    if schema is not None and result.status == "succeeded":
        notes += consistency.against_schema(result.answer, schema)
    verdicts = [(one.text, one.met) for one in result.criteria]
    empty = result.answer is None and not result.files
    notes += consistency.against_criteria(result.status, verdicts, empty=empty)
    notes += consistency.between_steps(values)
    prose = result.answer
    if isinstance(prose, str):
        data = [value for value in values.values() if value != prose]
        words = "\n".join([result.goal, *(one.text for one in result.criteria)])
        notes += consistency.in_prose(prose, data, words)
    elif isinstance(prose, dict):
        for name, text in prose.items():
            if isinstance(text, str):
                rest: list[JsonValue] = [value for key, value in prose.items() if key != name]
                others = [value for value in values.values() if value != prose]
                notes += consistency.in_prose(text, [*others, *rest], result.goal)
    return tuple(note[:MAX_LINE] for note in notes)


def _promised(result: Result) -> Mapping[str, JsonValue] | None:
    """Return the schema that the answer has to meet: that of the one step whose value it is."""
    plan = result.plan
    if plan is None or not isinstance(plan.answer, dict) or set(plan.answer) != {"$from"}:
        return None
    path = str(plan.answer["$from"])
    for step in plan.steps:
        if path == f"/{step.id}/value" and step.request is not None:
            schema = step.request.output_schema
            return schema if step.foreach is None else {"type": "array", "items": schema}
    return None


def summary(redactor: Redactor) -> tuple[str, ...]:
    """Say what was taken out, what stayed because the goal asks for it, and what was only noted."""
    told = []
    for counts, words in (
        (redactor.counts, "redacted from the result before it left: {}"),
        (redactor.stayed, "stayed in the result, because the goal asks for it: {}"),
        (redactor.noted, "personal data in the result (noted, not redacted): {}"),
    ):
        if counts:
            kinds = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in sorted(counts.items()))
            told.append(words.format(kinds))
    return tuple(told)
