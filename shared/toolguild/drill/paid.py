"""Which model calls were paid twice. Pure.

A call is paid twice when the same question on behalf of the same task or build was asked again although

* the journal held an answer to it before the second call began, or
* the process that asked first lived on, neither killed nor stopped meanwhile: it had the answer, or would have
  had it, and nobody needed to ask again.

A call that was cut off by the death of its process, before its answer was in the journal, has to be made again:
nobody has the answer. Those are counted apart, as `asked_again`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from toolguild.drill.strikes import Strike, struck

_CALL = re.compile(r"Call ([0-9a-f]{32})\.")


@dataclass(frozen=True)
class ModelCall:
    """One call as the scripted model noted it. Times are seconds of the wall clock."""

    call: str
    request: str  # the same for the same question on behalf of the same task or build
    prompt: str
    pid: int
    asked: float
    answered: float | None = None  # None: its process was gone before


@dataclass(frozen=True)
class Twice:
    """A call that need not have been made, and why not."""

    first: ModelCall
    then: ModelCall
    why: str

    def __str__(self) -> str:
        later = self.then.asked - self.first.asked
        return f"{self.then.prompt} {self.then.call}: asked {later:.2f} s after {self.first.call}, {self.why}"


@dataclass(frozen=True)
class Paid:
    """All calls, seen together."""

    calls: int
    twice: tuple[Twice, ...]
    again: tuple[ModelCall, ...]  # rightly, since nobody had the answer


def calls_in(lines: Iterable[str]) -> list[ModelCall]:
    """Read the notes of the scripted model, in the order in which calls were asked.

    A line that the disk cut short is left out. A call without its second line was never answered.
    """
    found: dict[str, ModelCall] = {}
    for line in lines:
        try:
            note = json.loads(line)
        except ValueError:
            continue
        call = str(note["call"])
        if note["is"] == "asked":
            found[call] = ModelCall(
                call, str(note["request"]), str(note["prompt"]), int(note["pid"]), float(note["at"])
            )
        elif call in found:
            found[call] = replace(found[call], answered=float(note["at"]))
    return sorted(found.values(), key=lambda one: one.asked)


def call_of(text: str) -> str | None:
    """Return the call that an answer of the scripted model carries."""
    found = _CALL.search(text)
    return found[1] if found else None


def paid(
    calls: Iterable[ModelCall], journal: Mapping[str, float], strikes: tuple[Strike, ...]
) -> Paid:
    """Judge every call. `journal` says when the journal got the answer of a call."""
    before: dict[str, list[ModelCall]] = {}
    many = 0
    twice: list[Twice] = []
    again: list[ModelCall] = []
    for one in sorted(calls, key=lambda call: call.asked):
        many += 1
        earlier = before.setdefault(one.request, [])
        needless = (_needless(first, one, journal, strikes) for first in earlier)
        found = next((twin for twin in needless if twin is not None), None)
        if found is not None:
            twice.append(found)
        elif earlier:
            again.append(one)
        earlier.append(one)
    return Paid(many, tuple(twice), tuple(again))


def _needless(
    first: ModelCall, then: ModelCall, journal: Mapping[str, float], strikes: tuple[Strike, ...]
) -> Twice | None:
    """Say why the second call was not needed; None when nobody had the answer of the first."""
    kept = journal.get(first.call)
    if kept is not None and kept < then.asked:
        return Twice(
            first, then, f"whose answer was in the journal {then.asked - kept:.2f} s before"
        )
    if not struck(strikes, first.pid, first.asked, then.asked):
        had = "had its answer" if first.answered else "was waiting for its answer"
        return Twice(first, then, f"whose process lived on and {had}")
    return None
