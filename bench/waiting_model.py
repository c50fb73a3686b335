"""What the scripted model of `scale`, `takeover` and `kill` answers: a tool that waits, made once, then named.

A goal is "make wait" or "use wait: MILLISECONDS; MILLISECONDS; ...": one call for each.
"""

import json
from collections.abc import Mapping
from typing import Any

NAME, PURPOSE = (
    "wait",
    "Wait for so many milliseconds in five threads and return both numbers together.",
)
# A call that runs it can be told from all other processes by its threads, from outside and by anybody.
THREADS = 5
SOURCE = f"""
import threading
import time


def {NAME}(milliseconds):
    seconds = milliseconds / 1000
    waiting = [threading.Thread(target=time.sleep, args=[seconds]) for _ in range({THREADS})]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    return milliseconds + len(waiting)
"""
MAKE = "make wait"


def use(milliseconds: int, calls: int = 1) -> str:
    """Return the goal to call it so often at once."""
    return "use wait: " + "; ".join([str(milliseconds)] * calls)


def answer(role: str, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    """Answer as a model would, in text."""
    match prompt:
        case "plan":
            return json.dumps(_plan(values["goal"]))
        case "draft" | "repair":
            return f"```python\n{SOURCE.strip()}\n```"
        case "describe":
            return json.dumps({"aliases": ["waiter"]})
        case "examine":
            return json.dumps({"cases": [_case(n) for n in (0, 1, 2)], "properties": []})
        case "review":
            return json.dumps({"findings": [], "verdict": "allow"})
        case _:
            raise AssertionError(f"nobody wrote an answer for {role} {prompt}")


def _case(milliseconds: int) -> dict[str, Any]:
    arguments = {"milliseconds": milliseconds}
    return {"arguments": arguments, "files": [], "expected": milliseconds + THREADS}


def _plan(goal: str) -> dict[str, Any]:
    _, _, data = goal.partition(": ")
    calls = [int(one) for one in data.split("; ")] if data else []
    argument = {
        "name": "milliseconds",
        "type": "integer",
        "value": "$item" if calls else 1,
        "description": "how long",
    }
    step = {
        "id": "s1",
        "tool": NAME if calls else "NEW",
        "new_name": NAME,
        "purpose": PURPOSE,
        "returns": "integer",
        "returned": "the milliseconds",
        "arguments": [argument],
        "foreach": calls or None,
    }
    return {"steps": [step], "answer": "$step:s1"}
