"""The model of the tests that step in: a tool that holds its file open for as many seconds as stand in it.

Named in settings as "scripted:holding_script:answer". Whoever looks for a call that runs finds it by that file.
"""

import json
from collections.abc import Mapping
from typing import Any

import flow_script
from flow_script import argument, step

GOAL, EXAMINED = "Hold held.txt", "Hold held.txt, examined for long"
PURPOSE = "Return the first line of a file as a number, after as many seconds."
LONG = "Return the first line of a file as a number, after as many seconds or more."
TOOLS = {"hold_file": PURPOSE, "hold_longer": LONG}
STEPS = ("s1", "s2", "s3")  # as many calls at once
SOURCE = """
import time


def {name}(path):
    with open(path, encoding="utf-8") as file:
        seconds = float(file.readline())
        time.sleep(seconds)
    return seconds
"""
FOREVER = 25  # seconds: less than a call may take, more than a test waits


def plan(tool: str, purpose: str) -> dict[str, Any]:
    file = argument("path", "file", "$file:held.txt")
    steps = [step(one, "NEW", tool, purpose, "number", file) for one in STEPS]
    return {"steps": steps, "answer": "$step:s1"}


def exam(last: float) -> str:
    cases = [
        {
            "arguments": {"path": "/data/held.txt"},
            "files": [{"name": "held.txt", "text": f"{seconds}\n"}],
            "expected": seconds,
        }
        for seconds in (0.0, 0.001, 0.002, last)
    ]
    return json.dumps({"cases": cases, "properties": []})


def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text."""
    if prompt == "plan" and values["goal"] in (GOAL, EXAMINED):
        tool = "hold_file" if values["goal"] == GOAL else "hold_longer"
        return json.dumps(plan(tool, TOOLS[tool]))
    name = values.get("name")
    if name in TOOLS and prompt == "draft":
        return f"```python\n{SOURCE.format(name=name).strip()}\n```"
    if name in TOOLS and prompt == "examine":
        return exam(0.003 if name == "hold_file" else FOREVER)
    return flow_script.answer(role, prompt, values, sample)
