"""The published contract: JSON Schemas of all messages and an AsyncAPI 3 document of all channels. Pure.

`python -m toolguild.messages.contract` prints the document that is committed as docs/asyncapi.json.
"""

import json
import sys
from typing import Any

from toolguild.messages import KINDS, Command
from toolguild.messages import commands as commands  # imported, so that its kinds are known
from toolguild.messages import events as events

ENVELOPE: dict[str, Any] = {
    "type": "object",
    "required": ["schema_version", "id", "body"],
    "properties": {
        "schema_version": {"const": 1},
        "id": {"type": "string", "format": "uuid"},
        "cause": {"type": ["string", "null"], "format": "uuid"},
        "source": {"type": "string"},
        "at": {"type": "string"},
    },
}
HEADERS = {
    "type": "object",
    "properties": {
        "Nats-Msg-Id": {"type": "string", "format": "uuid"},
        "ce-specversion": {"const": "1.0"},
        "ce-id": {"type": "string", "format": "uuid"},
        "ce-type": {"type": "string"},
        "ce-source": {"type": "string"},
        "ce-time": {"type": "string"},
        "traceparent": {"type": "string"},
    },
}


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of the guild's own messages, agents from outside excluded."""
    kinds = {
        name: one for name, one in sorted(KINDS.items()) if one.__module__.startswith("toolguild.")
    }
    definitions: dict[str, Any] = {}
    messages, channels, operations = {}, {}, {}
    for name, kind in kinds.items():
        schema = _without_discriminators(
            kind.model_json_schema(ref_template="#/components/schemas/{model}")
        )
        definitions |= schema.pop("$defs", {})
        definitions[kind.__name__] = schema
        verb = "do" if issubclass(kind, Command) else "fact"
        messages[kind.__name__] = {
            "name": name,
            "title": kind.__name__,
            "summary": (kind.__doc__ or "").strip().splitlines()[0],
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/Headers"},
            "payload": _payload(kind.__name__),
        }
        channels[kind.__name__] = {
            "address": f"toolguild.{verb}.{name}.{{key}}",
            "parameters": {"key": {"description": f"the id of the {_about(kind.about)}"}},
            "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}},
        }
        operations[f"send{kind.__name__}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{kind.__name__}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Toolguild", "version": "1", "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": definitions | {"Headers": HEADERS}},
    }


def _without_discriminators(schema: Any) -> Any:
    """OpenAPI's discriminator objects are no AsyncAPI: there, `oneOf` with its `const`s says the same."""
    match schema:
        case dict():
            return {
                name: _without_discriminators(inner)
                for name, inner in schema.items()
                if not (
                    name == "discriminator" and isinstance(inner, dict) and "propertyName" in inner
                )
            }
        case list():
            return [_without_discriminators(inner) for inner in schema]
        case _:
            return schema


def _about(field: str) -> str:
    return "task or build" if field == "about_key" else field


def _payload(body: str) -> dict[str, Any]:
    properties = ENVELOPE["properties"] | {"body": {"$ref": f"#/components/schemas/{body}"}}
    return ENVELOPE | {"properties": properties}


if __name__ == "__main__":
    json.dump(asyncapi(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")
