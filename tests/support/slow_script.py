"""The model of the flow tests, and one tool more, which takes its time on data that asks for it.

Named in settings as "scripted:slow_script:answer".
"""

import json
from collections.abc import Mapping
from typing import Any

import flow_script
from flow_script import argument, one_step, step

GOAL = "Add up numbers.txt"
SECONDS = 2  # that the tool takes with this file
FILE, SUM = f"{SECONDS}\n40\n", 85
PURPOSE = "Return one more than twice the sum of a file's numbers, as many seconds later as the first one says."
SOURCE = """
import time


def add_slowly(path):
    with open(path, encoding="utf-8") as file:
        numbers = [int(line) for line in file]
    time.sleep(numbers[0])
    return sum(numbers) * 2 + 1
"""
EXAM = {
    "cases": [
        {
            "arguments": {"path": "/data/n.txt"},
            "files": [{"name": "n.txt", "text": text}],
            "expected": expected,
        }
        for text, expected in (("0\n", 1), ("0\n5\n", 11), ("0\n1\n2\n", 7))
    ],
    "properties": [],
}


def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text."""
    if prompt == "plan" and values["goal"] == GOAL:
        file = argument("path", "file", "$file:numbers.txt")
        return json.dumps(one_step(step("s1", "NEW", "add_slowly", PURPOSE, "integer", file)))
    if values.get("name") == "add_slowly" and prompt == "draft":
        return f"```python\n{SOURCE.strip()}\n```"
    if values.get("name") == "add_slowly" and prompt == "examine":
        return json.dumps(EXAM)
    return flow_script.answer(role, prompt, values, sample)
