"""What the scripted model of the flow benchmark answers: a different small tool for each number.

A goal is to make or to use tool N, which slugifies a text and ends it with N: no tool can stand in for another.
"""

import json
from collections.abc import Mapping
from typing import Any

TEXT, SLUG = "Hello Big World", "hello-big-world"
TEXTS = (("One Two", "one-two"), ("  A  ", "a"), ("", ""))


def goal(verb: str, number: int) -> str:
    """Return the words of a goal: to make tool `number`, or to use it."""
    return f"{verb} edition{number} of the slug"


def purpose(number: int) -> str:
    """Return what tool `number` is for, the same in every plan."""
    return f"Return the text in lower case with hyphens, as edition{number} of the slug."


def ended(slug: str, number: int) -> str:
    """Return what tool `number` answers."""
    return f"{slug}-{number}"


def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text."""
    match prompt:
        case "plan":
            return json.dumps(_plan(values["goal"]))
        case "draft":
            return _draft(values["name"])
        case "describe":
            return json.dumps({"aliases": [f"{values['name']} helper"]})
        case "examine":
            return json.dumps(_exam(_number(values["name"])))
        case "review":
            return json.dumps({"findings": [], "verdict": "allow"})
        case _:
            raise AssertionError(f"nobody wrote an answer for {role} {prompt}")


def _plan(asked: str) -> dict[str, Any]:
    verb, edition, *_ = asked.split()
    number = int(edition.removeprefix("edition"))
    step = {
        "id": "s1",
        "tool": f"slug_{number}" if verb == "use" else "NEW",
        "new_name": f"slug_{number}",
        "purpose": purpose(number),
        "returns": "string",
        "returned": "the slug",
        "arguments": [{"name": "text", "type": "string", "value": TEXT, "description": "a text"}],
        "foreach": None,
    }
    return {"steps": [step], "answer": "$step:s1"}


def _draft(name: str) -> str:
    ending = f"-{_number(name)}"
    return (
        "```python\n"
        f"def {name}(text):\n"
        "    words = text.lower().split()\n"
        f'    return "-".join(words) + "{ending}"\n'
        "```"
    )


def _exam(number: int) -> dict[str, Any]:
    cases = [
        {"arguments": {"text": text}, "files": [], "expected": ended(slug, number)}
        for text, slug in TEXTS
    ]
    return {"cases": cases, "properties": [{"kind": "deterministic", "argument": None}]}


def _number(name: str) -> int:
    return int(name.rpartition("_")[2])
