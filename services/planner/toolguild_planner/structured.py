"""JSON, JSON lines and XML: keys, types, first items. Pure."""

import json
from xml.parsers import expat

from pydantic import JsonValue

from toolguild_planner.shown import Shown, line

ITEMS = 2
_KEYS = 20
_TEXT = 60
_DEPTH = 4
_ELEMENTS = 15
_BLANK = " \t\r\n"


def json_document(text: str, *, whole: bool) -> Shown | None:
    """Describe a JSON document by its keys, types and first items; None where it is not one."""
    if not whole and text.lstrip()[:1] == "{":
        return Shown(("a large JSON object", f"begins: {line(text.lstrip(), 600)}"))
    try:
        value = json.loads(text) if whole else _begun(text)
        figures = {"items": len(value)} if whole and isinstance(value, list | dict) else {}
        return Shown(
            (f"JSON: {shape(value)}", f"begins: {line(_dump(pruned(value)), 600)}"), figures
        )
    except (ValueError, RecursionError):
        return None


def is_lines(text: str) -> bool:
    """Whether at least two lines are there and the first two are JSON objects of their own."""
    first = text.lstrip().split("\n", 2)[:2]
    try:
        return len(first) == 2 and all(isinstance(json.loads(one), dict) for one in first)
    except (ValueError, RecursionError):
        return False


def json_lines(text: str, *, whole: bool) -> Shown | None:
    """Describe one JSON value a line; None where the first lines are none."""
    lines = [one for one in text.split("\n") if one.strip()]
    try:
        first = [json.loads(one) for one in lines[:ITEMS]]
        if not first:
            return None
        begins = tuple(line(_dump(pruned(value)), 300) for value in first)
        what = f"JSON lines, each: {shape(first[0])}"
    except (ValueError, RecursionError):
        return None
    return Shown((what, "first lines:", *begins), {"lines": len(lines)} if whole else {})


def shape(value: JsonValue, depth: int = 0) -> str:
    """Say of which type a JSON value is: "array of {id: integer, name: text}"."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "text"
        case list():
            return f"array of {shape(value[0], depth + 1)}" if value else "empty array"
        case dict() if depth >= _DEPTH:
            return "object"
        case dict():
            inner = [
                f"{line(key, _TEXT)}: {shape(value[key], depth + 1)}" for key in list(value)[:_KEYS]
            ]
            return "object {" + ", ".join(inner + ["..."] * (len(value) > _KEYS)) + "}"


def pruned(value: JsonValue, depth: int = 0) -> JsonValue:
    """Return the value with long lists, texts and deep parts cut, so that its end does not show."""
    match value:
        case str():
            return line(value, _TEXT)
        case list() | dict() if depth >= _DEPTH:
            return "..."
        case list():
            return [pruned(item, depth + 1) for item in value[:ITEMS]]
        case dict():
            return {line(key, _TEXT): pruned(value[key], depth + 1) for key in list(value)[:_KEYS]}
        case _:
            return value


def xml_document(text: str) -> Shown | None:
    """Describe XML by its first elements; None where it is not well-formed as far as it goes.

    A document type is refused unread: its entities can blow up a parser.
    """
    seen: list[str] = []
    path: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        if len(seen) < _ELEMENTS:
            inside = " ".join(attributes)
            seen.append(line("/".join(path[-8:]) + (f" (attributes: {inside})" if inside else "")))

    if "<!doctype" in text[:65536].lower():
        return Shown(("XML with a document type, not looked into",), {}, "it has a document type")
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: path.pop()
    try:
        parser.Parse(text.encode("utf-8", "replace"), False)
    except (expat.ExpatError, ValueError):
        return None
    return Shown(("XML, first elements:", *seen)) if seen else None


def _begun(text: str) -> JsonValue:
    """Return the first items of an array whose end is cut off. Raises ValueError where it is none."""
    decoder = json.JSONDecoder()
    at = len(text) - len(text.lstrip(_BLANK))
    if text[at : at + 1] != "[":
        raise ValueError("its end is cut off")
    items: list[JsonValue] = []
    while len(items) <= ITEMS:
        at += 1
        at += len(text[at:]) - len(text[at:].lstrip(_BLANK))
        item, at = decoder.raw_decode(text, at)
        items.append(item)
        at += len(text[at:]) - len(text[at:].lstrip(_BLANK))
        if text[at : at + 1] != ",":
            break
    return items


def _dump(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
