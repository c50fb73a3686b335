"""What the scripted model answers in the tests of the command line, beyond what flow tests need.

Named in settings as "scripted:cli_script:answer".
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import flow_script
from flow_script import argument, one_step, step

THINK = "Think for ever"
LETTER = "Write a letter to Ana"
WRITE = "Write the file letter.txt with a greeting to a name and return its number of letters."
SOURCE = """
def write_letter(name):
    text = "Dear " + name
    with open("/output/letter.txt", "w", encoding="utf-8") as file:
        file.write(text)
    return len(text)
"""
EXAM = {
    "cases": [
        {"arguments": {"name": name}, "files": [], "expected": 5 + len(name)}
        for name in ("", "Ana", "Benjamin")
    ],
    "properties": [],
}


async def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text."""
    if prompt == "plan" and values["goal"] == THINK:
        await asyncio.sleep(3600)
    if prompt == "plan" and values["goal"] == LETTER:
        made = step(
            "s1", "NEW", "write_letter", WRITE, "integer", argument("name", "string", "Ana")
        )
        return json.dumps(one_step(made))
    if values.get("name") == "write_letter" and prompt == "draft":
        return f"```python\n{SOURCE.strip()}\n```"
    if values.get("name") == "write_letter" and prompt == "examine":
        return json.dumps(EXAM)
    return flow_script.answer(role, prompt, values, sample)
