"""From what a model writes for data to the references of a plan. Pure."""

import re
from collections.abc import Iterable, Mapping, Set

from pydantic import JsonValue

_STEP = re.compile(r"\$step[:.]([^/.\s]+)(?:[/.](.*))?")


def step_id(text: str) -> str:
    """Return a step's id in the form that plans want: "1" becomes "s1", "Step A" "step_a"."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return (name if name[:1].isalpha() else f"s{name}")[:32].rstrip("_")


def name_of(text: str) -> str:
    """Return a name that Python and the registry accept; empty where nothing of it is usable."""
    name = re.sub(r"[^a-z0-9]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower()).strip(
        "_"
    )
    return name.lstrip("0123456789_")[:63].rstrip("_")


def translated(value: JsonValue, files: Set[str], ids: Mapping[str, str]) -> JsonValue:
    """Replace "$file:", "$step:" and "$item" texts, at any depth, by references.

    A text that is just the name or the path of an input file means that file.
    """
    match value:
        case str():
            return _text(value.strip(), value, files, ids)
        case list():
            return [translated(item, files, ids) for item in value]
        case dict():
            return {key: translated(inner, files, ids) for key, inner in value.items()}
        case _:
            return value


def listed(value: JsonValue, files: Set[str], ids: Mapping[str, str]) -> JsonValue:
    """Translate what a step is repeated over; "$files" means every input file, nothing means no loop."""
    if value in (None, "", "null", "none", []):
        return None
    if isinstance(value, str) and value.strip() in ("$files", "$file"):
        return [{"$file": name} for name in sorted(files)]
    return translated(value, files, ids)


def answered(text: str, ids: Mapping[str, str], last: str) -> JsonValue:
    """Translate the answer: one reference, an object of several, or else the last step's value."""
    parts = [part for part in re.split(r"[,\s]+", text.strip()) if part]
    found = [
        _text(part if part.startswith("$") else f"$step:{part}", "", set(), ids) for part in parts
    ]
    known = [one for one in found if isinstance(one, dict) and _root(one) in ids.values()]
    if not known or len(known) != len(found):
        return {"$from": f"/{last}/value"}
    return known[0] if len(known) == 1 else _named(known)


def with_outputs(value: JsonValue, files: Set[str], wanted: str) -> JsonValue:
    """Replace references to files that are none of the input, but that the goal names, by output paths.

    "$file:people.xml" in "write the people to people.xml" is a file that is to be written.
    """
    match value:
        case {"$file": str() as name} if name not in files and name and name in wanted:
            return f"/output/{name}"
        case list():
            return [with_outputs(item, files, wanted) for item in value]
        case _:
            return value


def files_in(value: JsonValue) -> Iterable[str]:
    """Yield the names of the input files that a translated value refers to."""
    match value:
        case {"$file": str() as name}:
            yield name
        case dict():
            for inner in value.values():
                yield from files_in(inner)
        case list():
            for inner in value:
                yield from files_in(inner)


def _text(mark: str, literal: str, files: Set[str], ids: Mapping[str, str]) -> JsonValue:
    if mark.startswith("$file:"):
        return {"$file": mark.removeprefix("$file:").strip().removeprefix("/data/")}
    if mark in files or mark.removeprefix("/data/") in files:
        return {"$file": mark.removeprefix("/data/")}
    if mark == "$item" or mark.startswith(("$item/", "$item.")):
        return {"$item": _pointer(mark.removeprefix("$item"))}
    match = _STEP.fullmatch(mark)
    if match is None:
        return literal
    step = ids.get(match[1], step_id(match[1]))
    return {"$from": f"/{step}{_within(match[2] or '')}"}


def _within(rest: str) -> str:
    """Point into a step's value, unless the model said itself whether it means the value or a file."""
    if rest.split("/")[0] in ("value", "files"):
        return _pointer(rest)
    return "/value" + _pointer(rest)


def _pointer(rest: str) -> str:
    return "/" + rest.strip("/.") if rest.strip("/.") else ""


def _root(reference: Mapping[str, JsonValue]) -> str:
    return str(reference.get("$from", "")).split("/")[1:2][0] if reference.get("$from") else ""


def _named(references: list[dict[str, JsonValue]]) -> JsonValue:
    return {
        f"{_root(one)}"
        if n == 0 or _root(one) != _root(references[n - 1])
        else f"{_root(one)}_{n}": one
        for n, one in enumerate(references)
    }
