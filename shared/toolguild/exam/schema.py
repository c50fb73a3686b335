"""JSON Schema on the way in and out. Bounded, and nothing is ever fetched.

The library is imported when the first value is checked: an idle executor does without.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from toolguild.canonical import canonical
from toolguild.exam.shown import shown

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

TOLD = 3


def complaints(value: object, schema: Mapping[str, object]) -> tuple[str, ...]:
    """Say what about `value` does not meet the schema, with JSON Pointers; empty when it does. Never raises.

    A schema that is itself invalid, or that points elsewhere, is met by nothing.
    """
    from jsonschema import SchemaError
    from referencing.exceptions import Unresolvable

    try:
        validator = _validator(canonical(dict(schema)))
        found = list(islice(validator.iter_errors(value), TOLD))  # type: ignore[arg-type]  # any JSON value
    except SchemaError as error:
        return (f"the schema itself is invalid: {error.message}",)
    except Unresolvable as error:
        return (f"the schema points to what is not in it: {error}",)
    except RecursionError:
        return ("the value is nested too deeply to be checked",)
    except (ValueError, TypeError, OverflowError, ArithmeticError) as error:
        return (f"the value cannot be checked: {error}",)
    return tuple(f"at {_pointer(error)}: {_short(error)}" for error in found)


def schema_problem(schema: Mapping[str, object]) -> str:
    """Say why this is no JSON Schema, or "" when it is one."""
    from jsonschema import SchemaError

    try:
        _validator(canonical(dict(schema)))
    except SchemaError as error:
        return error.message
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> "Validator":
    from jsonschema import Draft202012Validator
    from referencing import Registry

    plain = json.loads(schema)
    Draft202012Validator.check_schema(plain)
    fetches_nothing: Registry[Any] = Registry()
    return Draft202012Validator(plain, registry=fetches_nothing)


def _pointer(error: "ValidationError") -> str:
    return "".join(f"/{token}" for token in error.absolute_path) or "the top"


def _short(error: "ValidationError") -> str:
    match error.validator:
        case "type":
            return f"{shown(error.instance, 80)} is not of type {shown(error.validator_value, 80)}"
        case "enum":
            return f"{shown(error.instance, 80)} is none of {shown(error.validator_value)}"
        case _:
            return error.message if len(error.message) <= 300 else f"{error.message[:297]}..."
