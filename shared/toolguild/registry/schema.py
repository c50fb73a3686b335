"""Which values a JSON Schema is about, as far as types, formats and shapes tell. Pure."""

from collections.abc import Mapping
from typing import Any

_ALL = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_DEEPEST = 12


def properties(schema: Any) -> Mapping[str, Any]:
    """Return the properties of an object's schema, in their order."""
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def required(schema: Any) -> frozenset[str]:
    """Return the names that an object of this schema must have."""
    found = schema.get("required") if isinstance(schema, Mapping) else None
    return (
        frozenset(name for name in found if isinstance(name, str))
        if isinstance(found, list)
        else frozenset()
    )


def kinds(schema: Any) -> frozenset[str]:
    """Return the JSON types that a schema admits, "path" for a string that names a file; all if it is open."""
    if not isinstance(schema, Mapping):
        return _ALL if schema is not False else frozenset()
    choices = _choices(schema)
    if choices is not None:
        return frozenset[str]().union(*map(kinds, choices))
    given = schema.get("type")
    listed = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    named = {one for one in listed if isinstance(one, str)}
    if not named:
        constants = _constants(schema)
        return _ALL if constants is None else frozenset(map(_kind_of, constants))
    is_path = schema.get("format") == "path"
    return frozenset("path" if is_path and one == "string" else one for one in named)


def accepts(taker: Any, giver: Any, *, depth: int = 0) -> bool:
    """Whether a value that meets `giver` is one that `taker` admits; what either leaves open counts as yes."""
    if depth > _DEEPEST or not isinstance(taker, Mapping) or not isinstance(giver, Mapping):
        return taker is not False
    if (given := _choices(giver)) is not None:
        return all(accepts(taker, one, depth=depth + 1) for one in given)
    if (taken := _choices(taker)) is not None:
        return any(accepts(one, giver, depth=depth + 1) for one in taken)
    return (
        _kinds_meet(kinds(taker), kinds(giver))
        and _constants_meet(taker, giver)
        and _formats_meet(taker, giver)
        and accepts(taker.get("items"), giver.get("items"), depth=depth + 1)
        and _objects_meet(taker, giver, depth)
    )


def _kinds_meet(taken: frozenset[str], given: frozenset[str]) -> bool:
    if _ALL in (taken, given):
        return True
    return given <= (taken | {"integer"} if "number" in taken else taken)


def _constants_meet(taker: Mapping[str, Any], giver: Mapping[str, Any]) -> bool:
    taken, given = _constants(taker), _constants(giver)
    if taken is None:
        return True
    return given is not None and all(any(_same(one, other) for other in taken) for one in given)


def _formats_meet(taker: Mapping[str, Any], giver: Mapping[str, Any]) -> bool:
    formats = {one for one in (taker.get("format"), giver.get("format")) if isinstance(one, str)}
    return len(formats) < 2


def _objects_meet(taker: Mapping[str, Any], giver: Mapping[str, Any], depth: int) -> bool:
    wanted, had = properties(taker), properties(giver)
    if had and not required(taker) <= had.keys():
        return False
    if had and taker.get("additionalProperties") is False and not had.keys() <= wanted.keys():
        return False
    return all(accepts(wanted[name], had[name], depth=depth + 1) for name in wanted if name in had)


def _choices(schema: Mapping[str, Any]) -> list[Any] | None:
    for word in ("anyOf", "oneOf"):
        found = schema.get(word)
        if isinstance(found, list) and found:
            return found
    return None


def _constants(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found = schema.get("enum")
    return found if isinstance(found, list) else None


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    by_type = {
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        list: "array",
        dict: "object",
    }
    return by_type[type(value)]
