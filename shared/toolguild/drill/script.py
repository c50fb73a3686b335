"""The scripted model of the drill: plans by goal, code and exams by tool, each after a realistic delay.

Named in settings as "scripted:toolguild.drill.script:answer". Where TOOLGUILD_DRILL_CALLS names a file, each call
leaves two lines there: one when it is asked, one when its answer goes out. The answer carries the number of
its call, so that the journal tells which call it keeps.
"""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from toolguild.drill import tools
from toolguild.drill.tools import Json

CALLS = "TOOLGUILD_DRILL_CALLS"
QUICKEST, SPREAD = 0.15, 0.7  # seconds
# What of a prompt depends on what the guild has learned meanwhile, and not on who asks for what.
LEARNED = frozenset({"tools", "lessons", "patterns", "answer_schema"})


async def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text, after as long as that call always takes."""
    request = request_of(role, prompt, values, sample)
    call = uuid4().hex
    _note({"call": call, "request": request, "prompt": prompt, "is": "asked"})
    await asyncio.sleep(QUICKEST + SPREAD * int(request[:4], 16) / 0xFFFF)
    said = f"Call {call}.\n{_said(role, prompt, values)}"
    _note({"call": call, "is": "answered"})
    return said


def request_of(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Return the name of a request: the same for the same question on behalf of the same task or build."""
    about = {name: value for name, value in values.items() if name not in LEARNED}
    text = json.dumps([role, prompt, about, sample], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _note(line: Json) -> None:
    """Append one line, whole, as it stands even if this process is killed right after."""
    place = os.environ.get(CALLS)
    if place is None:
        return
    text = json.dumps({**line, "pid": os.getpid(), "at": time.time()}) + "\n"
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _said(role: str, prompt: str, values: Mapping[str, Any]) -> str:
    match prompt:
        case "draft" | "repair":
            family, _ = tools.parts(values["name"])
            return f"```{family.language}\n{tools.source_of(values['name'])}```"
        case "plan":
            said = plan_of(values["goal"])
        case "describe":
            said = {"aliases": [f"{values['name'].replace('_', ' ')} of the drill"]}
        case "examine":
            said = tools.exam_of(values["name"])
        case "review":
            said = {"findings": [], "verdict": "allow"}
        case "judge":
            said = {"evidence": "it is short and plain", "met": True}
        case "reconsider":
            files = {file["name"]: file["text"] for file in values["files"]}
            expected = tools.answer_of(values["name"], values["arguments"], files)
            said = {"reasoning": "worked out", "expected": expected}
        case "doubt":
            said = {"reasoning": "it holds", "holds": True}
        case _:
            raise AssertionError(f"nobody wrote an answer for {role} {prompt}")
    return f"```json\n{json.dumps(said)}\n```"


def plan_of(goal: str) -> Json:
    """Return the plan for a goal of `jobs`, as a model writes plans."""
    head, _, data = goal.partition(": ")
    _, number, kind, edition = head.split()

    def step(id_: str, family: str, value: object) -> Json:
        return _step(id_, tools.named(family, int(edition)), int(number), value)

    match kind:
        case "post":
            steps = [step("s1", "post", data)]
        case "make" | "judged":
            steps = [step("s1", "slug", data)]
        case "javascript":
            steps = [step("s1", "slug_js", data)]
        case "fan-out":
            steps = [step("s1", "echo", "$item") | {"foreach": data.split("; ")}]
        case "totals":
            steps = [step("s1", "totals", "$file:rows.csv")]
        case "letter":
            steps = [step("s1", "letter", "$file:lines.txt")]
        case "slow":
            steps = [step("s1", "slow", "$file:numbers.txt")]
        case "chain":
            steps = [step("a", "echo", data), step("b", "slug", "$step:a")]
        case _:
            raise AssertionError(f"nobody wrote a plan for {goal!r}")
    return {"steps": steps, "answer": f"$step:{steps[-1]['id']}"}


def _step(id_: str, name: str, job: int, value: object) -> Json:
    family, _ = tools.parts(name)
    purpose = tools.purpose_of(name, job)
    argument = {
        "name": family.argument.name,
        "type": family.argument.type,
        "value": value,
        "description": family.argument.name,
    }
    return {
        "id": id_,
        "tool": "NEW",
        "new_name": name,
        "purpose": purpose,
        "returns": family.returns,
        "returned": purpose,
        "arguments": [argument],
        "foreach": None,
    }
