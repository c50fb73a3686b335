"""Properties: what holds for every valid call, decided outside the sandbox from one or two answers."""

import random
from collections.abc import Mapping
from itertools import pairwise

from pydantic import JsonValue

from toolguild.canonical import canonical
from toolguild.exam.compare import same
from toolguild.tool import Property

TWICE = frozenset(("deterministic", "idempotent", "order_free"))  # need a second call


def second_call(
    wanted: Property, arguments: Mapping[str, JsonValue], value: JsonValue, seed: int = 0
) -> dict[str, JsonValue] | None:
    """Return the arguments of the second call that the property needs, or None where it does not apply."""
    if wanted.kind == "deterministic":
        return dict(arguments)
    name = wanted.argument
    if name is None or name not in arguments:
        return None
    if wanted.kind == "idempotent":
        return {**arguments, name: value}
    items = arguments[name]
    if wanted.kind == "order_free" and isinstance(items, list) and len(items) > 1:
        other = (
            list(reversed(items))
            if seed % 2 == 0
            else random.Random(seed).sample(items, k=len(items))
        )
        return {**arguments, name: other}
    return None


def holds(
    wanted: Property, arguments: Mapping[str, JsonValue], value: JsonValue, second: JsonValue = None
) -> bool | None:
    """Return whether the property holds for a call; None where it does not apply to these values."""
    if wanted.kind in TWICE:
        return same(value, second)
    given = arguments.get(wanted.argument) if wanted.argument is not None else None
    match wanted.kind:
        case "same_length":
            if not isinstance(given, list | str):
                return None
            return isinstance(value, list | str) and len(value) == len(given)
        case "sorted":
            return _sorted(value)
        case "no_duplicates":
            return _no_duplicates(value) if isinstance(value, list | str) else None
        case _:
            if not isinstance(given, list | str):
                return None
            return isinstance(value, list | str) and _among(value, given)


def _sorted(value: JsonValue) -> bool | None:
    if not isinstance(value, list):
        return None
    if all(isinstance(item, int | float) and not isinstance(item, bool) for item in value):
        return all(left <= right for left, right in pairwise(value))  # type: ignore[operator]  # just checked
    if all(isinstance(item, str) for item in value):
        return all(left <= right for left, right in pairwise(value))  # type: ignore[operator]  # just checked
    return None  # what order mixed items have, nobody can say


def _no_duplicates(value: list[JsonValue] | str) -> bool:
    return len({_key(item) for item in value}) == len(value)


def _among(items: list[JsonValue] | str, given: list[JsonValue] | str) -> bool:
    return {_key(item) for item in items} <= {_key(item) for item in given}


def _key(item: JsonValue) -> bytes:
    try:
        return canonical(item)  # 2 and 2.0 have the same canonical bytes
    except ValueError:
        return repr(item).encode("utf-8", "backslashreplace")
