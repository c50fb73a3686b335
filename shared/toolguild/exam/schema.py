"""JSON Schema on the way in and out. Bounded, and nothing is ever fetched."""

import json
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.exceptions import Unresolvable

from toolguild.canonical import canonical
from toolguild.exam.shown import shown

TOLD = 3


def complaints(value: object, schema: Mapping[str, object]) -> tuple[str, ...]:
    """Say what about `value` does not meet the schema, with JSON Pointers; empty when it does. Never raises.

    A schema that is itself invalid, or that points elsewhere, is met by nothing.
    """
    try:
        validator = _validator(canonical(dict(schema)))
        found = list(islice(validator.iter_errors(value), TOLD))  # type: ignore[arg-type]  # any JSON value
    except jsonschema.SchemaError as error:
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
    try:
        _validator(canonical(dict(schema)))
    except jsonschema.SchemaError as error:
        return error.message
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Validator:
    plain = json.loads(schema)
    jsonschema.Draft202012Validator.check_schema(plain)
    fetches_nothing: Registry[Any] = Registry()
    return jsonschema.Draft202012Validator(plain, registry=fetches_nothing)


def _pointer(error: jsonschema.ValidationError) -> str:
    return "".join(f"/{token}" for token in error.absolute_path) or "the top"


def _short(error: jsonschema.ValidationError) -> str:
    match error.validator:
        case "type":
            return f"{shown(error.instance, 80)} is not of type {shown(error.validator_value, 80)}"
        case "enum":
            return f"{shown(error.instance, 80)} is none of {shown(error.validator_value)}"
        case _:
            return error.message if len(error.message) <= 300 else f"{error.message[:297]}..."
