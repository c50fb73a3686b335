"""Where a replay parts from what the log says. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from toolguild.messages import Message

# What no run has twice: measured times and memory, and signatures over reports of them.
VOLATILE = frozenset(
    {
        "used",
        "peak",
        "measured",
        "seconds",
        "wall_seconds",
        "cpu_seconds",
        "peak_memory_mb",
        "requests",
        "signature",
        "report_signature",
        "clearance",
        "asked_at",
        "trace_id",
    }
)
SHOWN = 300  # characters of either side


@dataclass(frozen=True)
class Difference:
    """One place where the replay parts from the log."""

    sequence: int  # in the log, of the message that it is about
    agent: str
    what: str
    logged: str = ""
    replayed: str = ""


def differing(logged: Message, replayed: Message) -> tuple[str, str, str] | None:
    """Return where two messages first differ, and both sides there; None if they say the same.

    What no run has twice, such as measured times, is left out.
    """
    one = json.loads(logged.model_dump_json())
    two = json.loads(replayed.model_dump_json())
    for where, left, right in _walk(one, two, ""):
        return where, _shown(left), _shown(right)
    return None


def _walk(one: JsonValue, two: JsonValue, where: str) -> Iterator[tuple[str, JsonValue, JsonValue]]:
    match one, two:
        case dict(), dict():
            for name in sorted({*one, *two} - VOLATILE):
                yield from _walk(one.get(name), two.get(name), f"{where}/{name}")
        case list(), list() if len(one) == len(two):
            for n, (left, right) in enumerate(zip(one, two, strict=True)):
                yield from _walk(left, right, f"{where}/{n}")
        case _:
            if one != two:
                yield where or "/", one, two


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
