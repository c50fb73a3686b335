"""What a program can check of an answer and its files, as a person writes it in `goal.yaml`.

In YAML a check has one key that names its kind: `equals: 42`, `file: {name: out.csv}`. In messages
the same check carries `kind` beside its fields; both forms are read.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    field_validator,
    model_validator,
)

Pointer = Annotated[str, Field(pattern=r"^(/.*)?$", max_length=1000)]  # RFC 6901; "" is the whole


class _Check(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class SchemaCheck(_Check):
    """The answer meets a JSON Schema."""

    kind: Literal["schema"] = "schema"
    json_schema: dict[str, JsonValue]

    @field_validator("json_schema")
    @classmethod
    def _is_a_schema(cls, schema: dict[str, JsonValue]) -> dict[str, JsonValue]:
        import jsonschema  # not before a goal has such a check: most processes never see one

        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            raise ValueError(f"is no JSON Schema: {error.message[:200]}") from None
        return schema


class EqualsCheck(_Check):
    """The answer, or the part of it at `pointer`, equals a value; numbers to nine digits."""

    kind: Literal["equals"] = "equals"
    value: JsonValue
    pointer: Pointer = ""


class FileCheck(_Check):
    """A file of that name (or glob) is there, large enough, of that kind, with those columns."""

    kind: Literal["file"] = "file"
    name: str = Field(min_length=1, max_length=255)
    min_bytes: int = Field(default=1, ge=0)
    media_type: str | None = None
    columns: tuple[str, ...] = ()  # in its first line, when it is a CSV


class ContainsCheck(_Check):
    """The answer, or the part of it at `pointer`, contains a text; case is ignored."""

    kind: Literal["contains"] = "contains"
    text: str = Field(min_length=1)
    pointer: Pointer = ""


class _Bounds(_Check):
    pointer: Pointer = ""
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _has_bounds_in_order(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("needs minimum, maximum or both")
        if None not in (self.minimum, self.maximum) and self.minimum > self.maximum:  # type: ignore[operator]  # neither is None
            raise ValueError(f"minimum {self.minimum:g} is over maximum {self.maximum:g}")
        return self


class RangeCheck(_Bounds):
    """The answer, or the part of it at `pointer`, is a number within bounds, both included."""

    kind: Literal["range"] = "range"


class LengthCheck(_Bounds):
    """The answer, or the part at `pointer`, has so many items or, a text, characters."""

    kind: Literal["length"] = "length"
    of: Literal["items", "characters"] | None = None  # None: whichever the value has


_KINDS = ("schema", "equals", "file", "contains", "range", "length")
_SHORT = {"equals": "value", "file": "name", "contains": "text"}


def _with_kind(value: Any) -> Any:
    """Turn the form with one key into the form with `kind`."""
    if not isinstance(value, dict) or "kind" in value:
        return value
    if len(value) != 1 or next(iter(value)) not in _KINDS:
        raise ValueError(f"a check has exactly one key, one of {', '.join(_KINDS)}")
    kind, body = next(iter(value.items()))
    if kind == "schema":
        return {"kind": kind, "json_schema": body}
    if kind == "equals" and not (isinstance(body, dict) and body.keys() == {"value", "pointer"}):
        return {"kind": kind, "value": body}
    if isinstance(body, dict):
        return {**body, "kind": kind}
    if kind in _SHORT:
        return {"kind": kind, _SHORT[kind]: body}
    raise ValueError(f"{kind} needs fields, such as {{minimum: 1}}")


Check = Annotated[
    Annotated[
        SchemaCheck | EqualsCheck | FileCheck | ContainsCheck | RangeCheck | LengthCheck,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_with_kind),
]
