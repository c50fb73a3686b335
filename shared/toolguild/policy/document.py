"""YAML that people write, read so that every mistake can be shown with its line.

Strings, numbers, `true`, `false` and `null` mean what they mean in JSON; nothing becomes a date,
and `yes`, `no` and `on` stay words. Tags, duplicate keys, other encodings and aliases that blow up
are refused.
"""

import difflib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from toolguild.errors import UsageError

MAX_BYTES = 256 * 1024
MAX_VALUES = 20_000  # after aliases are expanded
MAX_DEPTH = 32

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_TOO_LARGE = f"is larger than {MAX_BYTES // 1024} KB; make it smaller"
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    """Resolves plain scalars as JSON does."""


class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # one of the two
    """The same by libyaml, where PyYAML was built with it."""


_Loader.yaml_implicit_resolvers = {}
_FastLoader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in (
    ("null", r"(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"(?:true|false)$", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", list("-0123456789")),
):
    for _kind in (_Loader, _FastLoader):
        _kind.add_implicit_resolver(_TAG + _name, re.compile(_pattern), _first)


@dataclass(frozen=True)
class Document:
    """The value of one YAML document, and the line on which each part of it starts."""

    name: str
    value: object
    lines: dict[Location, int]

    def line(self, where: Location) -> int:
        """Return the line of the deepest part of `where` that the document has."""
        line = self.lines.get((), 1)
        path: Location = ()
        for part in where:
            if (*path, part) in self.lines:
                path = (*path, part)
                line = self.lines[path]
        return line

    def complain(self, where: Location, what: str) -> UsageError:
        """Return the error that names the file, the line and the field."""
        field = f"{_dotted(where)}: " if where else ""
        return UsageError(f"{self.name}, line {self.line(where)}: {field}{what}")


def read_document(path: Path) -> Document:
    """Read a YAML file; raise UsageError with file and line where it cannot be used."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: {_TOO_LARGE}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}, line {line}: is not UTF-8 text; save it as UTF-8") from None
    return parse_document(text, str(path))


def parse_document(text: str, name: str) -> Document:
    """Read YAML text; raise UsageError with `name` and line where it cannot be used."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise UsageError(f"{name}: {_TOO_LARGE}")
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UsageError(f"{name}, line {line}: is not valid YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise UsageError(f"{name}, line {line}: has a character that YAML does not allow") from None
    except (RecursionError, yaml.YAMLError):
        raise UsageError(f"{name}: is nested too deeply; at most {MAX_DEPTH} levels") from None
    builder = _Builder(name)
    value = None if root is None else builder.build(root, (), 0)
    return Document(name, value, builder.lines)


def parse_shipped(text: str, name: str) -> Document:
    """Read YAML that comes with the package: every process does at its start, and libyaml is ten times as fast.

    What others wrote is not read so: libyaml overflows the stack where it is nested too deeply.
    """
    root = yaml.compose(text, Loader=_FastLoader)
    assert root is not None, f"{name} holds nothing"
    builder = _Builder(name)
    return Document(name, builder.build(root, (), 0), builder.lines)


class _Builder:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Location, int] = {}
        self.count = 0
        self.scalars = _Loader("")

    def build(
        self, node: yaml.Node, where: Location, depth: int, line: int | None = None
    ) -> object:
        self.lines[where] = line or node.start_mark.line + 1
        self.count += 1
        if self.count > MAX_VALUES:
            raise self.refuse(node, f"too many values (aliases included); at most {MAX_VALUES}")
        if depth > MAX_DEPTH:
            raise self.refuse(node, f"is nested too deeply; at most {MAX_DEPTH} levels")
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self.mapping(node, where, depth)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.build(item, (*where, n), depth + 1) for n, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        raise self.refuse(node, f"the tag {node.tag} is not allowed here")

    def mapping(self, node: yaml.MappingNode, where: Location, depth: int) -> dict[str, object]:
        value: dict[str, object] = {}
        for key_node, item in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.refuse(key_node, "a key must be a word or a number")
            key = str(key_node.value)
            if key in value:
                raise self.refuse(key_node, f"the key {key!r} is here twice; remove one")
            value[key] = self.build(item, (*where, key), depth + 1, key_node.start_mark.line + 1)
        return value

    def scalar(self, node: yaml.ScalarNode) -> object:
        kind = node.tag.removeprefix(_TAG)
        if kind not in ("null", "bool", "int", "float", "str"):
            raise self.refuse(node, f"the tag {node.tag} is not allowed here")
        try:
            if kind == "int":
                return int(node.value, 10)
            if kind == "float":
                number = float(node.value)
                if not math.isfinite(number):
                    raise self.refuse(node, f"{node.value} is no finite number")
                return number
            return self.scalars.construct_object(node)
        except (ValueError, KeyError, yaml.YAMLError):
            raise self.refuse(node, f"{node.value[:40]!r} is not a valid {kind}") from None

    def refuse(self, node: yaml.Node, what: str) -> UsageError:
        return UsageError(f"{self.name}, line {node.start_mark.line + 1}: {what}")


def validate(model: type[Model], document: Document, value: object | None = None) -> Model:
    """Make the model from the document, or from `value`, which was made of it.

    Raises UsageError for the first mistake: file, line, field, what was wrong, what is allowed.
    """
    data: Any = document.value if value is None else value
    if not isinstance(document.value, dict):
        raise document.complain((), f"expected keys and values, such as {_some_fields(model)}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _explain(model, document, error) from None


def _explain(model: type[BaseModel], document: Document, error: ValidationError) -> UsageError:
    problems = error.errors(include_url=False)
    first = min(problems, key=lambda one: document.line(one["loc"]))
    where: Location = first["loc"]
    if first["type"] == "extra_forbidden":
        owner = _model_at(model, where[:-1])
        fields = sorted(owner.model_fields) if owner else []
        close = difflib.get_close_matches(str(where[-1]), fields, 1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        allowed = f" Allowed: {', '.join(fields)}." if fields else ""
        return document.complain(where, f"is not a known key{hint}{allowed}")
    if first["type"] == "missing":
        return document.complain(where, "is missing")
    what = first["msg"].removeprefix("Value error, ")
    what = what[0].lower() + what[1:]
    shown = first.get("input")
    if isinstance(shown, str | int | float | bool) and "got" not in what:
        text = repr(shown)
        what += f", got {text if len(text) <= 60 else text[:57] + '...'}"
    return document.complain(where, what)


def _model_at(model: type[BaseModel], where: Location) -> type[BaseModel] | None:
    """Find the model that owns the field at `where`, through lists, optionals and unions."""
    here: Any = model
    for part in where:
        if isinstance(part, int):
            continue
        fields = here.model_fields if isinstance(here, type) and issubclass(here, BaseModel) else {}
        if part in fields:
            found = _models_in(fields[part].annotation)
            here = found[0] if len(found) == 1 else found
        elif isinstance(here, list):  # a union: pydantic's location names the tag
            tagged = [one for one in here if _tag(one) == part]
            if tagged:
                here = tagged[0]
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _models_in(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found: list[Any] = []
    for part in getattr(annotation, "__args__", ()) or ():
        found += _models_in(part)
    return found


def _tag(model: Any) -> object:
    field = model.model_fields.get("kind")
    return field.default if field is not None else None


def _some_fields(model: type[BaseModel]) -> str:
    return ", ".join(f"{name}:" for name in list(model.model_fields)[:3])


def _dotted(where: Location) -> str:
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
