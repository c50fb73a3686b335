"""A tool as its author hands it in: code and manifest, not yet examined."""

from typing import Literal

from pydantic import Field

from toolguild.canonical import Digest
from toolguild.capability import Capabilities, Language
from toolguild.tool.spec import Example, JsonSchema, ToolName
from toolguild.tool.value import Value

ModelSource = Literal["live", "local", "recorded", "scripted"]


class Provenance(Value):
    """Who or what wrote the code, for whom, and from what."""

    task: str
    build: str
    agent: str
    model: str
    model_source: ModelSource
    prompt: Digest  # of the prompt file that asked for the code
    parents: tuple[Digest, ...] = ()  # published tools that this one was made from
    attempt: int = 1


class Draft(Value):
    """Code with its manifest. Its digest is what a clearance and a test report are signed over."""

    name: ToolName
    language: Language
    entry: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")
    source: str = Field(max_length=200_000)
    description: str
    aliases: tuple[str, ...] = ()  # other words that a person might search for
    input_schema: JsonSchema
    output_schema: JsonSchema
    examples: tuple[Example, ...] = ()
    declared: Capabilities = Capabilities()
    dependencies: tuple[str, ...] = ()  # distributions with versions, "numpy==2.4.6"
    uses: dict[str, Digest] = {}  # alias in the code -> published tool that it calls
    licence: str = "Apache-2.0"
    provenance: Provenance
