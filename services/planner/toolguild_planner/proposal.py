"""What a model answers when it is asked for a plan: flat and small, so that small models can write it."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

NEW = "NEW"
MAX_ARGUMENTS = 10
TYPES = ("string", "integer", "number", "boolean", "array", "object", "file")
TypeName = Literal["string", "integer", "number", "boolean", "array", "object", "file"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ProposedArgument(_Part):
    """One argument of a call. "$file:NAME", "$step:ID", "$step:ID/KEY" and "$item" stand for data."""

    name: str = Field(min_length=1, max_length=100)
    type: TypeName = "string"
    value: JsonValue = None
    description: str = Field(default="", max_length=1000)


class ProposedStep(_Part):
    """One step: a tool by its name, or NEW with what the new tool is to be."""

    id: str = Field(min_length=1, max_length=100)
    purpose: str = Field(min_length=1, max_length=2000)
    tool: str
    new_name: str = Field(default="", max_length=200)
    arguments: tuple[ProposedArgument, ...] = Field(default=(), max_length=40)
    returns: TypeName = "object"
    returned: str = Field(default="", max_length=1000)  # what the returned value is, in words
    foreach: JsonValue = None


class Proposal(_Part):
    """A plan as a model writes it."""

    steps: tuple[ProposedStep, ...] = Field(min_length=1, max_length=200)
    answer: str = ""


def proposal_schema(
    tools: Sequence[str], max_steps: int, names: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the JSON Schema of a proposal that can name only tools that exist, or NEW.

    `names` are the arguments that a person's examples prescribe for a new tool; none: any. Every property
    is required and nothing else is allowed, as providers with strict schemas want it.
    """
    text = {"type": "string"}
    value = {"anyOf": [text, {"type": "number"}, {"type": "boolean"}, _array(text)]}
    prescribed = bool(names) and not tools
    argument = _object(
        name={"type": "string", "enum": list(names)} if prescribed else text,
        type={"type": "string", "enum": list(TYPES)},
        value=value,
        description=text,
    )
    arguments = _array(argument) | {"maxItems": MAX_ARGUMENTS}
    if prescribed:
        arguments |= {"minItems": len(names), "maxItems": len(names)}
    step = _object(
        id=text,
        tool={"type": "string", "enum": [*tools, NEW]},
        new_name=text,
        arguments=arguments,
        purpose=text,
        returns={"type": "string", "enum": list(TYPES)},
        returned=text,
        foreach={"anyOf": [text, {"type": "null"}]},
    )
    steps = _array(step) | {"minItems": 1, "maxItems": max_steps}
    return _object(steps=steps, answer=text)


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}
