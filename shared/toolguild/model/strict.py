"""Whether a JSON Schema is of the kind that OpenAI's strict mode takes. Pure."""

from collections.abc import Mapping
from typing import Any

_UNKNOWN = frozenset(
    {"default", "allOf", "oneOf", "not", "patternProperties", "propertyNames", "if"}
)


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Say whether every object in it is closed and requires all of its properties.

    Servers refuse other schemas in strict mode; without it they take the schema as a hint.
    """
    if schema.get("type") == "object" or "properties" in schema:
        names = set(schema.get("properties", {}))
        if (
            schema.get("additionalProperties") is not False
            or set(schema.get("required", ())) != names
        ):
            return False
    if _UNKNOWN & schema.keys():
        return False
    return all(is_strict(part) for part in _parts(schema))


def _parts(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts: list[Any] = [schema.get("items"), *schema.get("anyOf", ())]
    for name in ("properties", "$defs"):
        parts += schema.get(name, {}).values()
    return [part for part in parts if isinstance(part, Mapping)]
