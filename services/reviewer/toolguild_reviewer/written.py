"""What the examiner writes, and which of it can be used. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from toolguild.canonical import Digest
from toolguild.exam.output_file import ANSWERED, is_path
from toolguild.exam.property import TWICE, holds
from toolguild.exam.schema import complaints
from toolguild.tool import Case, Example, Property, ToolSpec
from toolguild.tool.exam import PropertyKind

MAX_FILE = 8 * 1024  # characters of one file that a case brings along
MAX_ASKED_FILE = 400  # characters of a file that the model is asked for
_MOST_TEXT = 200
_MOST_ITEMS = 8
_NEEDS_ARGUMENT = frozenset(("idempotent", "order_free", "same_length", "subset"))


class WrittenFile(BaseModel):
    """A small text file for one case."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(min_length=1, max_length=100)
    text: str = Field(max_length=MAX_FILE)


class WrittenCase(BaseModel):
    """One call and the answer that the examiner expects."""

    model_config = ConfigDict(extra="ignore")

    arguments: dict[str, JsonValue] = {}
    files: list[WrittenFile] = []
    expected: JsonValue = None
    text: str | None = Field(default=None, max_length=MAX_FILE)  # of the file that the answer names


class WrittenProperty(BaseModel):
    """One property, perhaps about an argument."""

    model_config = ConfigDict(extra="ignore")

    kind: PropertyKind
    argument: str | None = None


class Written(BaseModel):
    """The examiner's whole answer."""

    model_config = ConfigDict(extra="ignore")

    cases: list[WrittenCase] = Field(default=[], max_length=50)
    properties: list[WrittenProperty] = Field(default=[], max_length=20)


@dataclass(frozen=True)
class Usable:
    """The part of an answer that makes sense, and why the rest does not."""

    cases: tuple[Case, ...]
    properties: tuple[Property, ...]
    complaints: tuple[str, ...]


def usable(written: Written, spec: ToolSpec, have: Sequence[Case]) -> Usable:
    """Return the cases and properties that can be used; a case whose call is already there adds nothing."""
    known = {call_of(case) for case in have}
    cases: list[Case] = []
    wrong: list[str] = []
    for number, one in enumerate(written.cases, start=1):
        case = _case(one, spec)
        found = list(_case_complaints(case, spec))
        if "expected" not in one.model_fields_set and not is_path(spec.output_schema):
            found.append("expected is missing")
        wrong += [f"case {number}: {why}" for why in found]
        if not found and call_of(case) not in known:
            known.add(call_of(case))
            cases.append(case)
    properties = tuple(dict.fromkeys(_properties(written.properties, spec)))
    return Usable(tuple(cases), properties, tuple(wrong))


def answer_schema(spec: ToolSpec, wanted: int) -> dict[str, Any]:
    """Return the JSON Schema of the answer, narrowed by the spec's own schemas where they stand alone."""
    file = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 40},
            "text": {"type": "string", "maxLength": MAX_ASKED_FILE},
        },
        "required": ["name", "text"],
        "additionalProperties": False,
    }
    case: dict[str, Any] = {
        "type": "object",
        "properties": {"arguments": bounded(inline(spec.input_schema))},
        "required": ["arguments", "expected"],
        "additionalProperties": False,
    }
    if count := len(path_arguments(spec)) + bool(spec.capabilities.hosts):
        case["properties"]["files"] = {"type": "array", "items": file, "maxItems": count}
        case["required"] = ["arguments", "files", "expected"]
    if is_path(spec.output_schema):
        case["properties"]["text"] = {"type": ["string", "null"], "maxLength": MAX_ASKED_FILE}
        case["required"][-1] = "text"
    else:
        case["properties"]["expected"] = bounded(inline(spec.output_schema))
    names = list(_arguments(spec))
    kinds = list(get_args(PropertyKind))
    prop: dict[str, Any] = {
        "type": "object",
        "properties": {"kind": {"enum": kinds}, "argument": {"enum": [*names, None]}},
        "required": ["kind", "argument"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "cases": {"type": "array", "items": case, "minItems": 1, "maxItems": wanted},
            "properties": {"type": "array", "items": prop, "maxItems": 3},
        },
        "required": ["cases", "properties"],
        "additionalProperties": False,
    }


def inline(schema: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Return a schema fit to stand inside another one; anything, where its references would be lost."""
    if "$ref" in str(schema):
        return {}
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id", "$defs")}


def bounded(schema: Any) -> Any:
    """Return a schema whose texts and lists have an end: a small model otherwise writes for ever."""
    if isinstance(schema, list):
        return [bounded(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    ends: dict[str, Any] = {}
    if schema.get("type") == "string" and not {"enum", "const", "pattern"} & schema.keys():
        ends = {"maxLength": max(_MOST_TEXT, int(schema.get("minLength", 0)))}
    elif schema.get("type") == "array":
        ends = {"maxItems": max(_MOST_ITEMS, int(schema.get("minItems", 0)))}
    inner = {
        key: value if key in ("enum", "const", "default", "examples") else bounded(value)
        for key, value in schema.items()
    }
    return ends | inner


def path_arguments(spec: ToolSpec) -> tuple[str, ...]:
    """Name the arguments that are paths of files."""
    return tuple(
        name
        for name, inner in _arguments(spec).items()
        if isinstance(inner, dict) and inner.get("format") == "path"
    )


def _case(written: WrittenCase, spec: ToolSpec) -> Case:
    """Return the case. Where the answer is a path, only the file that it names can be expected, if it is text."""
    files = {_plain(file.name): file.text for file in written.files}
    if not is_path(spec.output_schema):
        return Case(arguments=written.arguments, expected=written.expected, files=files)
    wanted = {ANSWERED: written.text} if written.text else {}
    return Case(
        arguments=written.arguments, files=files, expected_files=wanted, only_runs=not wanted
    )


def _case_complaints(case: Case, spec: ToolSpec) -> Iterator[str]:
    yield from (f"arguments {why}" for why in complaints(dict(case.arguments), spec.input_schema))
    known = _arguments(spec)
    for name in case.arguments:
        if known and name not in known:
            yield f"there is no argument {name!r}"
    if not is_path(spec.output_schema):
        yield from (f"expected {why}" for why in complaints(case.expected, spec.output_schema))
    for name in path_arguments(spec):
        path = case.arguments.get(name)
        if isinstance(path, str) and path.removeprefix("/data/") not in case.files:
            yield f"{name} is {path!r}, but files has no such file"
        elif isinstance(path, str) and not path.startswith("/data/"):
            yield f"{name} must begin with /data/"
    try:
        case.digest  # noqa: B018  # computing it is the check
    except ValueError as error:
        yield f"cannot be written down as JSON: {error}"


def _properties(written: Sequence[WrittenProperty], spec: ToolSpec) -> Iterator[Property]:
    """Those that can hold at all: of fitting types, and true of the examples, which are law."""
    for one in written:
        needs = one.kind in _NEEDS_ARGUMENT
        made = Property(kind=one.kind, argument=one.argument if needs else None)
        if _fits(made, spec) and not any(_contradicts(made, example) for example in spec.examples):
            yield made


def _fits(made: Property, spec: ToolSpec) -> bool:
    returned = spec.output_schema.get("type")
    if is_path(spec.output_schema):
        return False  # the answer is only the name of what was made
    if made.argument is None:
        return made.kind == "deterministic" or returned in ("array", "string", None)
    inner = _arguments(spec).get(made.argument)
    if not isinstance(inner, dict) or inner.get("format") == "path":
        return False
    taken = inner.get("type")
    if made.kind == "idempotent":
        return taken == returned
    if made.kind == "order_free":
        return taken in ("array", None)
    return taken in ("array", "string", None) and returned in ("array", "string", None)


def _contradicts(made: Property, example: Example) -> bool:
    if made.kind in TWICE:
        return False  # an example is one call
    return holds(made, example.arguments, example.expected) is False


def _arguments(spec: ToolSpec) -> dict[str, JsonValue]:
    properties = spec.input_schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def call_of(case: Case) -> Digest:
    """Name the call of a case, whatever answer is expected of it."""
    return Case(arguments=case.arguments, files=case.files).digest


def _plain(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1]
