"""What differs between two tools, for people to read. Pure."""

import json
from collections.abc import Iterator
from difflib import unified_diff

from toolguild.tool import Tool

_SUFFIX = {"python": "py", "javascript": "js"}


def diff(old: Tool, new: Tool, *, context: int = 3) -> str:
    """Return a unified diff of manifest and source; empty when a caller would notice no difference.

    The manifest is all that the author declared besides the code, with the version and what the record
    states; who made the tool, its exam and its signatures are left out.
    """
    pairs = (
        ("manifest.json", _manifest(old), _manifest(new)),
        (_source_name(new), *_sources(old, new)),
    )
    return "".join(
        line
        for name, before, after in pairs
        for line in _ended(
            unified_diff(
                before.splitlines(keepends=True),
                after.splitlines(keepends=True),
                f"{old.title}/{name}",
                f"{new.title}/{name}",
                n=context,
            )
        )
    )


def _manifest(tool: Tool) -> str:
    declared = tool.draft.model_dump(mode="json", exclude={"source", "provenance"})
    stated = {"version": tool.version, "capabilities": tool.capabilities.model_dump(mode="json")}
    return json.dumps(declared | stated, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _source_name(tool: Tool) -> str:
    return f"source.{_SUFFIX[tool.draft.language]}"


def _sources(old: Tool, new: Tool) -> tuple[str, str]:
    return old.draft.source, new.draft.source


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
