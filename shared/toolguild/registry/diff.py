"""What differs between two tools, for people to read. Pure."""

import json
from collections.abc import Iterator
from difflib import unified_diff

from toolguild.tool import Draft, Tool

_SUFFIX = {"python": "py", "javascript": "js"}


def diff(old: Tool, new: Tool, *, context: int = 3) -> str:
    """Return a unified diff of manifest and source; empty when a caller would notice no difference.

    The manifest is all that the author declared besides the code, with the version and what the record
    states; who made the tool, its exam and its signatures are left out.
    """
    before = _manifest(old.draft, _stated(old)), old.draft.source
    after = _manifest(new.draft, _stated(new)), new.draft.source
    return _unified((old.title, *before), (new.title, *after), new.draft, context)


def draft_diff(old: Draft, new: Draft, titles: tuple[str, str], *, context: int = 3) -> str:
    """Return what an author changed between two drafts, as `diff` does for tools."""
    before = _manifest(old, {}), old.source
    after = _manifest(new, {}), new.source
    return _unified((titles[0], *before), (titles[1], *after), new, context)


def _unified(
    old: tuple[str, str, str], new: tuple[str, str, str], draft: Draft, context: int
) -> str:
    names = ("manifest.json", f"source.{_SUFFIX[draft.language]}")
    return "".join(
        line
        for name, before, after in zip(names, old[1:], new[1:], strict=True)
        for line in _ended(
            unified_diff(
                before.splitlines(keepends=True),
                after.splitlines(keepends=True),
                f"{old[0]}/{name}",
                f"{new[0]}/{name}",
                n=context,
            )
        )
    )


def _stated(tool: Tool) -> dict[str, object]:
    return {"version": tool.version, "capabilities": tool.capabilities.model_dump(mode="json")}


def _manifest(draft: Draft, stated: dict[str, object]) -> str:
    declared = draft.model_dump(mode="json", exclude={"source", "provenance"})
    return json.dumps(declared | stated, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
