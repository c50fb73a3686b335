"""A file of recorded answers: JSON lines, keyed by the SHA-256 of the canonical request.

The first line says where the answers come from; each further line holds one request and its answer. The
request is kept whole, so that a person can read what was asked, and a miss can say what has changed.
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError, model_validator

from toolguild.canonical import Digest
from toolguild.errors import Misconfigured
from toolguild.model.request import Completion, Request
from toolguild.tool.value import Value

V = TypeVar("V", bound=Value)
_SHOWN = 12  # lines of a difference


class Header(Value):
    """The first line."""

    toolguild_recording: Literal[1] = 1
    model: str  # or several, separated by ", "
    recorded_at: str  # ISO 8601, UTC: when the first answer was recorded
    generator: str  # "toolguild 0.1.0"
    prompts: dict[str, Digest] = {}  # of every prompt that was asked


class Entry(Value):
    """One request and its answer."""

    request_digest: Digest
    request: Request
    completion: Completion
    recorded_at: str

    @model_validator(mode="after")
    def _unchanged(self) -> "Entry":
        if self.request.digest != self.request_digest:
            raise ValueError("the request is not the one that its digest names: it was edited")
        return self


@dataclass(frozen=True)
class Recording:
    """What a recording holds."""

    header: Header
    entries: Mapping[Digest, Entry]

    def find(self, request: Request) -> Entry | None:
        """Return the answer to this very request."""
        return self.entries.get(request.digest)

    def with_entry(self, entry: Entry) -> "Recording":
        """Add an answer.

        Answers to an earlier wording of the same prompt go: nothing can ask for them any more.
        """
        name, digest = entry.request.prompt, entry.request.prompt_digest
        models = {*self.header.model.split(", "), entry.completion.model} - {""}
        header = self.header.model_copy(
            update={
                "prompts": self.header.prompts | {name: digest},
                "model": ", ".join(sorted(models)),
            }
        )
        entries = {
            key: one
            for key, one in self.entries.items()
            if one.request.prompt != name or one.request.prompt_digest == digest
        }
        return Recording(header, entries | {entry.request_digest: entry})

    def stale(self, prompts: Mapping[str, Digest]) -> Sequence[str]:
        """Return which of the recorded prompts have changed since, or are gone."""
        recorded = self.header.prompts.items()
        return [name for name, digest in recorded if prompts.get(name) != digest]

    def dumps(self) -> str:
        """Return the file's text."""
        lines = [
            self.header.model_dump_json(),
            *(e.model_dump_json() for e in self.entries.values()),
        ]
        return "\n".join(lines) + "\n"


def load_recording(path: Path) -> Recording:
    """Read a recording. Raises Misconfigured naming the file, and the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise Misconfigured(f"there is no recording {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the recording {path} cannot be read: {error}") from error
    header = _line(path, 1, lines[0], Header)
    entries = {}
    for number, line in enumerate(lines[1:], 2):
        if line.strip():
            entry = _line(path, number, line, Entry)
            entries[entry.request_digest] = entry
    return Recording(header, entries)


def _line(path: Path, number: int, line: str, kind: type[V]) -> V:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        why = error.errors()[0]["msg"]
        raise Misconfigured(f"{path}, line {number}, is no part of a recording: {why}") from error


def explain_miss(recording: Recording, request: Request) -> str:
    """Say how a request differs from the most similar recorded one."""
    same = [e.request for e in recording.entries.values() if e.request.prompt == request.prompt]
    if not same:
        known = ", ".join(sorted(recording.header.prompts)) or "none"
        return f"the prompt {request.prompt!r} was never recorded (recorded prompts: {known})"
    nearest = max(same, key=lambda other: _likeness(other, request))
    if nearest.prompt_digest != request.prompt_digest:
        return (
            f"the prompt file {request.prompt!r} has changed since: it was {nearest.prompt_digest[:12]} "
            f"and is {request.prompt_digest[:12]}"
        )
    parts = [
        name
        for name in ("role", "sample", "answer_schema", "messages")
        if getattr(nearest, name) != getattr(request, name)
    ]
    return (
        f"the prompt {request.prompt!r} is the same, but not: {', '.join(parts)}\n"
        + _difference(_readable(nearest, parts), _readable(request, parts))
    )


def _likeness(one: Request, other: Request) -> tuple[bool, bool, float]:
    ratio = difflib.SequenceMatcher(None, _lines(one), _lines(other), autojunk=False).ratio()
    return one.prompt_digest == other.prompt_digest, one.repeated == other.repeated, ratio


def _lines(request: Request) -> list[str]:
    return [line for message in request.messages for line in message.content.splitlines()]


def _readable(request: Request, parts: Sequence[str]) -> list[str]:
    lines = []
    for part in parts:
        if part == "messages":
            lines += _lines(request)
        else:
            shown = json.dumps(getattr(request, part), indent=1, sort_keys=True, ensure_ascii=False)
            lines += f"{part}: {shown}".splitlines()
    return lines


def _difference(recorded: Sequence[str], asked: Sequence[str]) -> str:
    lines = difflib.unified_diff(recorded, asked, "recorded", "asked", n=0, lineterm="")
    changed = [line[:160] for line in lines if not line.startswith("@@")]
    more = len(changed) - _SHOWN
    return "\n".join(changed[:_SHOWN] + ([f"... and {more} more lines"] if more > 0 else []))
