"""JSON Schemas from type names and from values. Pure."""

from collections.abc import Iterable

from pydantic import JsonValue

from toolguild.plan import references
from toolguild.tool.spec import JsonSchema

INSTANCE = (
    "; for instance "  # between what an argument is in general and what it is in the first call
)


def schema_of_type(type_name: str, description: str = "") -> JsonSchema:
    """Return the schema of a type that a model may name; "file" is a path, "any" is anything."""
    schema: JsonSchema = {}
    if type_name == "file":
        schema = {"type": "string", "format": "path"}
    elif type_name != "any":
        schema = {"type": type_name}
    return schema | ({"description": description} if description else {})


def schema_of_values(values: Iterable[JsonValue]) -> JsonSchema:
    """Return the widest plain schema of JSON values: numbers stay numbers, what is mixed stays open."""
    every = list(values)
    types = {_type(value) for value in every}
    if types == {"integer", "number"}:
        types = {"number"}
    if len(types) != 1:
        return {}
    (only,) = types
    if only == "array":
        return {"type": "array"} | _inner(
            "items", [i for v in every if isinstance(v, list) for i in v]
        )
    if only == "object":
        inner = [i for v in every if isinstance(v, dict) for i in v.values()]
        return {"type": "object"} | _inner("additionalProperties", inner)
    return {"type": only}


def type_of_argument(value: JsonValue, said: str) -> str:
    """Return the type of an argument: what its literal value is, else what the model said."""
    marks = [mark for mark, _ in references(value)]
    if isinstance(value, dict) and marks:
        target = next(target for _, target in references(value))
        is_file = (
            marks == ["$file"]
            or (marks == ["$from"] and "/files/" in target)
            or (marks == ["$item"] and said == "file")
        )
        return "file" if is_file else ("any" if said == "file" else said)
    found = _type(value)
    if found == "null":
        return "string" if said == "file" else said
    if said == "number" and found == "integer":
        return "number"
    return found


def _type(value: JsonValue) -> str:
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
            return "string"
        case list():
            return "array"
        case dict():
            return "object"


def _inner(key: str, values: list[JsonValue]) -> JsonSchema:
    """Say of which plain type all items are; a whole number may be a broken one next time."""
    types = {_type(value).replace("integer", "number") for value in values}
    return {key: {"type": types.pop()}} if types in ({"number"}, {"string"}, {"boolean"}) else {}
