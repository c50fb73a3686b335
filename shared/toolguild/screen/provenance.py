"""Where a text or a value is from. Pure.

Labels: "operator" (policy, prompt files), "user" (the goal's words, a person's decision), "model" (what a
model wrote), and those of untrusted data, which name their source: "file:NAME", "step:ID", "host:NAME",
"tool:TITLE", "example", "registry", "tool output". Only the first two may ask for anything.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from toolguild.goal import Goal
from toolguild.plan import Plan, Step, references
from toolguild.plan.reference import MARKS, tokens

OPERATOR, USER, MODEL = "operator", "user", "model"
TRUSTED = frozenset({OPERATOR, USER})

_BLOCKS = {  # names of untrusted blocks whose source is the same in every prompt
    "fault": "tool output",
    "failures": "tool output",
    "objections": "review",
    "lessons": "registry",
    "complaints": "complaint",
}


def trusted(label: str) -> bool:
    """Whether what is from there may ask for something."""
    return label in TRUSTED


def label_of_block(name: str, values: Mapping[str, Any]) -> str:
    """Name the source of an untrusted block of a prompt by the block's name and what fills the prompt."""
    if name.startswith("hint"):
        return "hint"
    if name in _names(values.get("files"), "name"):
        return f"file:{name}"
    if name in _names(values.get("done"), "id"):
        return f"step:{name}"
    if any(name in _names(one.get("files"), "name") for one in _records(values.get("examples"))):
        return "example"
    return _BLOCKS.get(name, name)


def sources_of_steps(
    plan: Plan, goal: Goal, hosts: Mapping[str, Sequence[str]], given: Iterable[str] = ()
) -> dict[str, tuple[str, ...]]:
    """Say of each step of a plan what its value comes from, in a fixed order.

    A reference inherits the sources of what it refers to. A literal is the user's where it stands in the goal's
    words, else the model's. `hosts` names what the calls of a step reached; `given` are the steps whose value
    a person gave.
    """
    words = said(goal).casefold()
    persons = set(given)
    by_step: dict[str, tuple[str, ...]] = {}
    waiting = list(plan.steps)
    while waiting:
        # Plans are no cycles; should one be, its first step is looked at as it is.
        step = next((one for one in waiting if _needs(one) <= by_step.keys()), waiting[0])
        waiting.remove(step)
        if step.id in persons:
            by_step[step.id] = (USER,)
            continue
        found = {*_of_value(dict(step.arguments), words, by_step)}
        if step.foreach is not None:
            found |= {*_of_value(step.foreach, words, by_step)}
        found |= {f"host:{host}" for host in hosts.get(step.id, ())}
        by_step[step.id] = tuple(sorted(found, key=_rank))
    return by_step


def sources_of_value(
    value: JsonValue, goal: Goal, by_step: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Say what a value with references comes from, such as the answer of a plan."""
    found = set(_of_value(value, said(goal).casefold(), by_step))
    return tuple(sorted(found, key=_rank))


def said(goal: Goal) -> str:
    """Return all that a person said in a goal, which alone may ask for capabilities."""
    criteria = (one.text for one in goal.success_criteria)
    return "\n".join((goal.primary, *criteria, *goal.constraints, *goal.preferences))


def _needs(step: Step) -> set[str]:
    found = (*references(dict(step.arguments)), *references(step.foreach))
    return {next(iter(tokens(target)), "") for mark, target in found if mark == "$from"}


def _of_value(value: JsonValue, words: str, by_step: Mapping[str, Sequence[str]]) -> Iterator[str]:
    match value:
        case dict() if len(value) == 1 and next(iter(value)) in MARKS:
            yield from _referred(value, by_step)
        case dict():
            for inner in value.values():
                yield from _of_value(inner, words, by_step)
        case list():
            for inner in value:
                yield from _of_value(inner, words, by_step)
        case None | bool():
            return
        case _:
            yield USER if _stands_in(value, words) else MODEL


def _referred(value: JsonValue, by_step: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for mark, target in references(value):
        if mark == "$file":
            yield f"file:{target}"
        elif mark == "$from":
            step = next(iter(tokens(target)), "")
            yield from by_step.get(step, (f"step:{step}",))
        # "$item" is part of what foreach goes over, which is looked at itself


def _stands_in(value: JsonValue, words: str) -> bool:
    text = value if isinstance(value, str) else json.dumps(value)
    plain = text.strip().casefold()
    return bool(plain) and re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", words) is not None


def _rank(label: str) -> tuple[int, str]:
    known = (USER, MODEL)
    return (known.index(label), "") if label in known else (len(known), label)


def _records(value: Any) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in value or () if isinstance(one, Mapping))


def _names(value: Any, key: str) -> set[str]:
    return {str(one.get(key)) for one in _records(value)}
