"""Inputs made from a JSON Schema and from the cases at hand: small first, edges included, the same for a seed.

An input is *wild* when it holds text or keys that were made up. A tool may refuse those with any ordinary
exception; all other inputs it has to answer, or refuse with a ValueError or an arithmetic error.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from toolguild.canonical import Digest, digest
from toolguild.exam.schema import complaints
from toolguild.exam.strings import Pool, edited_file, text_value
from toolguild.tool import Case
from toolguild.tool.spec import JsonSchema

_TRIES = 8  # attempts for each input wanted; a schema that cannot be met ends after them
_DEPTH = 6
_INTEGERS = (0, 1, -1, 2, 3, 7, 10, 100, -5, 1000)
_NUMBERS = (0, 1, -1, 0.5, 2, -2.5, 10, 1e-3, 100.25, 1e6)


@dataclass(frozen=True)
class Input:
    """Arguments and small files for one call."""

    arguments: dict[str, JsonValue]
    files: dict[str, str]
    wild: bool

    @property
    def digest(self) -> Digest:
        """Names the input by its content."""
        return digest({"arguments": self.arguments, "files": self.files})


def inputs(schema: JsonSchema, cases: Sequence[Case], count: int, seed: int) -> tuple[Input, ...]:
    """Return up to `count` different valid inputs, none of them one of the cases.

    Fewer come back when the schema allows no more, or asks for what cannot be made up: a text
    pattern or a file that no case gives an example of.
    """
    seen = {Input(case.arguments, case.files, wild=False).digest for case in cases}
    found: list[Input] = []
    for number in range(count * _TRIES):
        if len(found) == count:
            break
        made = _Maker(
            schema, cases, random.Random(f"{seed}:{number}"), size=1 + number // 6
        ).input()
        if made is None or complaints(made.arguments, schema):
            continue
        try:
            name = made.digest
        except ValueError:
            continue  # no canonical JSON, so no report could hold it
        if name not in seen:
            seen.add(name)
            found.append(made)
    return tuple(found)


class Unmakeable(Exception):
    """Nothing can be made up that meets this part of the schema."""


class _Maker:
    """Makes one input. `size` grows with the number of the input: small ones come first."""

    def __init__(
        self, schema: JsonSchema, cases: Sequence[Case], rng: random.Random, size: int
    ) -> None:
        self.schema, self.rng, self.size = schema, rng, min(size, 12)
        self.base = rng.choice(cases) if cases else None
        self.pool = Pool(case.arguments for case in cases)
        self.has_files = any(case.files for case in cases)
        self.wild = False

    def input(self) -> Input | None:
        """Return one input, or None when this attempt led nowhere."""
        files = dict(self.base.files) if self.base else {}
        try:
            arguments = self._arguments()
        except Unmakeable:
            return None
        if files and self.rng.random() < 0.8:
            name = self.rng.choice(sorted(files))
            files[name] = edited_file(name, files[name], self.rng)
        return Input(arguments, files, self.wild)

    def _arguments(self) -> dict[str, JsonValue]:
        properties = self.schema.get("properties")
        required = self.schema.get("required")
        known = properties if isinstance(properties, dict) else {}
        needed = set(required) if isinstance(required, list) else set()
        base = dict(self.base.arguments) if self.base else {}
        # near an example: change one argument; far from all: make every one
        changed = (
            {self.rng.choice(sorted(known))}
            if base and known and self.rng.random() < 0.5
            else set(known)
        )
        made: dict[str, JsonValue] = {}
        for name, inner in known.items():
            if name in base and (name not in changed or self._tied(inner)):
                made[name] = base[name]
            elif name in needed or self.rng.random() < 0.7:
                made[name] = self.value(inner, name)
        return made

    def _tied(self, schema: object) -> bool:
        """Whether an argument belongs to the files of its case: a path, or text that names a part of one."""
        if _is_path(schema):
            return True
        has_files = self.base is not None and bool(self.base.files)
        kind = schema.get("type") if isinstance(schema, Mapping) else None
        return has_files and kind not in ("integer", "number", "boolean")

    def value(self, schema: object, name: str, depth: int = 0) -> JsonValue:
        """Return a value for one part of the schema. Raises Unmakeable."""
        if schema is True or schema is None:
            schema = {}
        if not isinstance(schema, dict) or depth > _DEPTH:
            raise Unmakeable
        if "$ref" in schema:
            return self.value(self._resolve(schema["$ref"]), name, depth + 1)
        if "const" in schema:
            const: JsonValue = schema["const"]
            return const
        if isinstance(choices := schema.get("enum"), list) and choices:
            chosen: JsonValue = self.rng.choice(choices)
            return chosen
        for key in ("anyOf", "oneOf"):
            if isinstance(branches := schema.get(key), list) and branches:
                return self.value(self.rng.choice(branches), name, depth + 1)
        if isinstance(parts := schema.get("allOf"), list):
            merged = {k: v for part in parts if isinstance(part, dict) for k, v in part.items()}
            rest = {k: v for k, v in schema.items() if k != "allOf"}
            return self.value({**merged, **rest}, name, depth + 1)
        kind = schema.get("type")
        if isinstance(kind, list) and kind:
            kind = self.rng.choice(kind)
        return self._typed(kind, schema, name, depth)

    def _typed(
        self, kind: object, schema: Mapping[str, JsonValue], name: str, depth: int
    ) -> JsonValue:
        match kind:
            case "integer":
                return self._number(schema, name, whole=True)
            case "number":
                return self._number(schema, name, whole=False)
            case "string":
                return self._text(schema, name)
            case "boolean":
                return self.rng.random() < 0.5
            case "null":
                return None
            case "array":
                return self._list(schema, name, depth)
            case "object":
                return self._object(schema, name, depth)
            case _ if "properties" in schema:
                return self._object(schema, name, depth)
            case _ if "items" in schema:
                return self._list(schema, name, depth)
            case _ if known := self.pool.all(name):
                return self.rng.choice(known)
            case _:
                raise Unmakeable

    def _text(self, schema: Mapping[str, JsonValue], name: str) -> JsonValue:
        if _is_path(schema):
            raise Unmakeable  # only an example knows what such a file looks like
        # beside a file, text usually names something in it: only texts of the examples make sense
        made, wild = text_value(
            schema, self.pool.texts(name), self.rng, keep=self.has_files, size=self.size
        )
        if made is None:
            raise Unmakeable
        self.wild |= wild
        return made

    def _number(self, schema: Mapping[str, JsonValue], name: str, *, whole: bool) -> JsonValue:
        low, high = (
            _bound(schema, "minimum", "exclusiveMinimum"),
            _bound(schema, "maximum", "exclusiveMaximum"),
        )
        step = schema.get("multipleOf")
        some: list[float] = [
            *(_INTEGERS if whole else _NUMBERS)[: 2 + self.size],
            *self.pool.numbers(name),
        ]
        some += [edge for edge in (low, high) if edge is not None]
        if low is not None:
            some += [low + 1, low + self.rng.randint(0, 10 * self.size)]
        if high is not None:
            some += [high - 1]
        some.append(self.rng.randint(-10 * self.size, 10 * self.size))
        if isinstance(step, int | float) and step:
            some = [step * round(one / step) for one in some]
        fits = [
            one
            for one in some
            if (low is None or one >= low)
            and (high is None or one <= high)
            and (not whole or one == int(one))
        ]
        if not fits:
            raise Unmakeable
        chosen = self.rng.choice(fits)
        return int(chosen) if whole else chosen

    def _list(self, schema: Mapping[str, JsonValue], name: str, depth: int) -> JsonValue:
        low, high = schema.get("minItems"), schema.get("maxItems")
        least = low if isinstance(low, int) else 0
        most = high if isinstance(high, int) else max(least, self.size)
        length = self.rng.randint(least, max(least, min(most, least + self.size)))
        first = schema.get("prefixItems")
        heads = first if isinstance(first, list) else []
        inner = schema.get("items", {} if not heads else False)
        made = [
            self.value(heads[i] if i < len(heads) else inner, name, depth + 1)
            for i in range(length if inner is not False else min(length, len(heads)))
        ]
        if (
            len(made) > 1
            and not schema.get("uniqueItems")
            and not heads
            and self.rng.random() < 0.3
        ):
            made[-1] = made[0]  # duplicates are an edge of their own
        return made

    def _object(self, schema: Mapping[str, JsonValue], name: str, depth: int) -> JsonValue:
        properties, required = schema.get("properties"), schema.get("required")
        known = properties if isinstance(properties, dict) else {}
        needed = set(required) if isinstance(required, list) else set()
        made = {
            key: self.value(inner, key, depth + 1)
            for key, inner in known.items()
            if key in needed or self.rng.random() < 0.8
        }
        more = schema.get("additionalProperties")
        if not known and more is not False:
            self.wild = True  # nobody says which keys such an object has
            keys = self.pool.keys(name) or ["a", "b", "c"]
            for key in self.rng.sample(keys, k=min(len(keys), self.rng.randint(0, self.size))):
                made[key] = self.value(
                    more if isinstance(more, dict) else {"type": "integer"}, key, depth + 1
                )
        return made

    def _resolve(self, pointer: JsonValue) -> JsonValue:
        here: JsonValue = self.schema
        for token in str(pointer).removeprefix("#").split("/")[1:]:
            if not isinstance(here, dict) or token not in here:
                raise Unmakeable
            here = here[token]
        return here


def _is_path(schema: object) -> bool:
    return isinstance(schema, Mapping) and schema.get("format") == "path"


def _bound(schema: Mapping[str, JsonValue], inclusive: str, exclusive: str) -> float | None:
    value, limit = schema.get(inclusive), schema.get(exclusive)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(limit, int | float) and not isinstance(limit, bool):
        return limit + (1 if exclusive == "exclusiveMinimum" else -1)
    return None
