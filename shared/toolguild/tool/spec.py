"""What is wanted of a tool that may not exist yet."""

import re
from typing import Annotated

from pydantic import Field, JsonValue, field_validator

from toolguild.capability import Capabilities, Language
from toolguild.tool.value import Value

ToolName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
JsonSchema = dict[str, JsonValue]
MAX_EXAMPLE_FILE_BYTES = 64 * 1024
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")


class Example(Value):
    """One call and the right answer. An example of the person who asked is law for the tool.

    `files` holds small text files that the call finds below /data, by name; an argument names one by its
    path, "/data/<name>". `expected_files` are text files that the call must leave below /output.
    """

    arguments: dict[str, JsonValue] = {}
    expected: JsonValue = None
    files: dict[str, str] = {}
    expected_files: dict[str, str] = {}

    @field_validator("files", "expected_files")
    @classmethod
    def _are_small_files_with_plain_names(cls, files: dict[str, str]) -> dict[str, str]:
        for name, content in files.items():
            if not _FILE_NAME.fullmatch(name) or name in (".", ".."):
                raise ValueError(f"{name[:60]!r} is no plain file name")
            if len(content.encode("utf-8", "replace")) > MAX_EXAMPLE_FILE_BYTES:
                raise ValueError(f"the file {name!r} is over 64 KB; a small sample will do")
        return files


class ToolSpec(Value):
    """A tool request: purpose, typed input and output, examples, capabilities asked.

    `input_schema` is a JSON Schema of an object: its properties are the entry function's keyword
    arguments. A property of type string with `"format": "path"` is a file below /data.
    """

    name: ToolName
    purpose: str = Field(min_length=1, max_length=4000)
    input_schema: JsonSchema
    output_schema: JsonSchema
    examples: tuple[Example, ...] = ()
    language: Language = "python"
    capabilities: Capabilities = Capabilities()
    notes: tuple[str, ...] = ()  # constraints and preferences of the goal that concern this tool
