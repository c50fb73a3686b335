"""A scripted model whose drafts loop, each goal in its own way, until something changes for them.

What its authors were asked is kept in `asked`, for tests in the same process.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from flow_script import EXAMS, SLUG, argument, one_step, step
from flow_script import answer as flow_answer

STRONGER = "scripted:iteration_script:stronger"


class Asked(NamedTuple):
    """One request for code."""

    by: str  # "usual" or "stronger"
    prompt: str  # "draft" or "repair"
    objections: tuple[str, ...]


asked: dict[str, list[Asked]] = {}  # by the name of the tool


def same_error(n: int) -> str:
    return f'    size = {n}\n    return int(f"number {{size}} of {{text}}"[:9] + "x")\n'


def same_code(n: int) -> str:
    return f'    found{n} = text.upper()  # attempt {n}\n    return found{n} + "-"\n'


def nothing_new(n: int) -> str:
    return f'    return text + "-" * {n}\n'


def back_and_forth(n: int) -> str:
    return f'    return {{}}["attempt {n}"]\n' if n % 2 else f'    return "zz" * {n}\n'


LOOPS = {
    "loop_error": same_error,
    "loop_code": same_code,
    "loop_news": nothing_new,
    "loop_two": back_and_forth,
    "loop_until_stronger": nothing_new,
}


def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would that never gets out of its loop."""
    if prompt == "plan":
        return json.dumps(
            one_step(
                step(
                    "s1",
                    "NEW",
                    str(values["goal"]),
                    SLUG,
                    "string",
                    argument("text", "string", "A B"),
                )
            )
        )
    if prompt == "examine":
        return json.dumps(EXAMS["slugify"])
    if prompt in ("draft", "repair"):
        name = _note("usual", prompt, values)
        return f"```python\ndef {name}(text):\n{LOOPS[name](sample + 1)}```"
    return flow_answer(role, prompt, values, sample)


def stronger(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would that knows how, where it is a matter of knowing."""
    if prompt not in ("draft", "repair"):
        return answer(role, prompt, values, sample)
    name = _note("stronger", prompt, values)
    body = '    return "-".join(text.lower().split())\n'
    if name != "loop_until_stronger":
        body = LOOPS[name](sample + 1)
    return f"```python\ndef {name}(text):\n{body}```"


def _note(by: str, prompt: str, values: Mapping[str, Any]) -> str:
    name = str(values["name"])
    one = Asked(by, prompt, tuple(values.get("objections", ())))
    asked.setdefault(name, []).append(one)
    return name
