"""JSON Pointer (RFC 6901)."""

from pydantic import JsonValue


def resolve(value: JsonValue, pointer: str) -> JsonValue:
    """Return the part of a JSON value that a pointer names; raise LookupError when it has none."""
    here: object = value
    for raw in pointer.split("/")[1:]:
        part = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and _is_index(part) and int(part) < len(here):
            here = here[int(part)]
        else:
            raise LookupError(pointer)
    return here  # type: ignore[return-value]  # a part of a JSON value is one


def _is_index(part: str) -> bool:
    canonical = part == "0" or not part.startswith("0")
    return part.isascii() and part.isdigit() and len(part) < 10 and canonical
