"""References inside JSON: who needs whose result, and what stands there once it is known."""

from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import JsonValue

MARKS = ("$file", "$from", "$item")


class Unresolved(LookupError):
    """A reference points to what is not there. The text names the reference and what there is instead."""


def references(value: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield every (mark, target) in a JSON value: ("$from", "/s1/value")."""
    match value:
        case dict() if (mark := _mark(value)) is not None:
            yield mark, cast(str, value[mark])
        case dict():
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)


def resolve(
    value: JsonValue,
    results: Mapping[str, JsonValue],
    files: Mapping[str, JsonValue],
    item: JsonValue = None,
) -> JsonValue:
    """Return `value` with each reference replaced by what it points to.

    `results` maps a step's id to its result, `files` a file's name to what stands for it.
    Raises Unresolved when a target does not exist.
    """
    match value:
        case dict() if (mark := _mark(value)) is not None:
            target = cast(str, value[mark])
            if mark == "$file":
                if target not in files:
                    raise Unresolved(f"no input file {target!r}; there are {sorted(files)}")
                return files[target]
            root: JsonValue = item if mark == "$item" else dict(results)
            return point(root, target)
        case dict():
            return {name: resolve(inner, results, files, item) for name, inner in value.items()}
        case list():
            return [resolve(inner, results, files, item) for inner in value]
        case _:
            return value


def point(root: JsonValue, pointer: str) -> JsonValue:
    """Follow a JSON Pointer (RFC 6901). Raises Unresolved where it leads nowhere."""
    here = root
    for token in tokens(pointer):
        match here:
            case dict() if token in here:
                here = here[token]
            case list() if token.isascii() and token.isdigit() and int(token) < len(here):
                here = here[int(token)]
            case _:
                there = sorted(here) if isinstance(here, dict) else type(here).__name__
                raise Unresolved(f"{pointer!r} leads nowhere at {token!r}; there is {there}")
    return here


def tokens(pointer: str) -> list[str]:
    """Split a JSON Pointer into its unescaped tokens; a missing leading slash is forgiven."""
    if pointer in ("", "/"):
        return []
    return [
        token.replace("~1", "/").replace("~0", "~")
        for token in pointer.removeprefix("/").split("/")
    ]


def _mark(value: dict[str, JsonValue]) -> str | None:
    if len(value) != 1:
        return None
    (name,) = value
    return name if name in MARKS and isinstance(value[name], str) else None
