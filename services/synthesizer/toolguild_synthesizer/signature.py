"""How a wanted tool looks to its author: signature, parameters, examples as calls. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any

from toolguild.capability import Language
from toolguild.tool import Example, ToolSpec
from toolguild.tool.spec import JsonSchema

SHOWN_EXAMPLES = 3
_SHOWN_FILE = 1500  # characters of an example's file that a prompt shows
_PYTHON_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "null": "None",
}


def parameters_of(schema: JsonSchema) -> list[dict[str, str]]:
    """List name, type and description of each argument."""
    properties = schema.get("properties")
    return [
        {"name": name, "type": _plain_type(inner), "description": str(inner.get("description", ""))}
        for name, inner in (properties if isinstance(properties, dict) else {}).items()
        if isinstance(inner, dict)
    ]


def names_of(schema: JsonSchema) -> tuple[str, ...]:
    """Name the arguments."""
    return tuple(one["name"] for one in parameters_of(schema))


def signature(spec: ToolSpec) -> str:
    """Return the first line of the function that the tool is."""
    names = names_of(spec.input_schema)
    if spec.language == "javascript":
        return (
            f"function {spec.name}({{ {', '.join(names)} }}) {{"
            if names
            else f"function {spec.name}() {{"
        )
    properties: Mapping[str, Any] = spec.input_schema.get("properties") or {}  # type: ignore[assignment]  # JSON
    inside = ", ".join(f"{name}: {_python_type(properties[name])}" for name in names)
    return f"def {spec.name}({inside}) -> {_python_type(spec.output_schema)}:"


def returned(spec: ToolSpec) -> str:
    """Say what the function returns: type and meaning."""
    words = str(spec.output_schema.get("description", ""))
    inner = spec.output_schema.get("additionalProperties") or spec.output_schema.get("items")
    kind = _plain_type(spec.output_schema)
    if isinstance(inner, dict) and inner.get("type"):
        kind += f" of {inner['type']}s"
    return f"{kind}: {words}" if words else kind


def examples_of(spec: ToolSpec) -> list[dict[str, Any]]:
    """Return the first examples: each file with its text, and the call with the answer it must give."""
    return [
        {
            "files": [
                {"name": name, "text": text[:_SHOWN_FILE]} for name, text in one.files.items()
            ],
            "call": call(spec.name, spec.language, one),
            "expected_files": [
                {"name": name, "text": text[:_SHOWN_FILE]}
                for name, text in one.expected_files.items()
            ],
        }
        for one in spec.examples[:SHOWN_EXAMPLES]
    ]


def call(name: str, language: Language, example: Example) -> str:
    """Write an example as an assertion in the tool's language."""
    expected = example.expected
    if language == "javascript":
        left = f"{name}({_json(dict(example.arguments))})"
        return left if expected is None else f"assert.deepEqual({left}, {_json(expected)})"
    left = f"{name}({', '.join(f'{key}={value!r}' for key, value in example.arguments.items())})"
    return left if expected is None else f"assert {left} == {expected!r}"


def words_of(spec: ToolSpec) -> str:
    """Return all words of a request, in lower case, for choosing what an author needs to see."""
    about = [one["description"] for one in parameters_of(spec.input_schema)]
    return " ".join(
        (spec.name.replace("_", " "), spec.purpose, *spec.notes, *about, returned(spec))
    ).lower()


def content_words(text: str) -> frozenset[str]:
    """Return the words of a text that carry meaning, without their endings."""
    words = re.findall(r"[a-z]{3,}", text.lower().replace("_", " "))
    return frozenset(re.sub(r"(ings?|ed|es|s)$", "", word) for word in words if word not in _EMPTY)


_EMPTY = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "from",
        "that",
        "this",
        "each",
        "value",
        "values",
        "file",
        "files",
        "return",
        "returns",
        "one",
        "all",
        "its",
    ]
)


def _plain_type(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "path":
        return "path of a file"
    kind = schema.get("type", "any")
    return kind if isinstance(kind, str) else "any"


def _python_type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    return _PYTHON_TYPES.get(kind, "object") if isinstance(kind, str) else "object"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
