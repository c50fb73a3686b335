"""From an order to a draft, through the real asking and a scripted model."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from scripted_guild import publish, scripted_guild

from toolguild.capability import Capabilities
from toolguild.errors import PermanentError
from toolguild.messages import Brief, BuildId, TaskId
from toolguild.messages.commands import DraftTool
from toolguild.messages.events import ToolDrafted
from toolguild.registry import MemoryRegistry
from toolguild.sandbox.interface import Fault
from toolguild.tool import Example, Finding, ToolSpec
from toolguild_synthesizer.drafting import draft_tool
from toolguild_synthesizer.workers import drafters

BUILD, TASK = BuildId("b-1"), TaskId("t-1")
CODE = "import csv\n\n\ndef total(path, column):\n    return 3.0\n"
SPEC = ToolSpec(
    name="total",
    purpose="Return the sum of a column of a CSV file.",
    input_schema={
        "type": "object",
        "properties": {
            "path": {"type": "string", "format": "path"},
            "column": {"type": "string"},
        },
        "required": ["path", "column"],
    },
    output_schema={"type": "number"},
    examples=(
        Example(
            arguments={"path": "/data/a.csv", "column": "n"},
            expected=3,
            files={"a.csv": "n\n1\n2\n"},
        ),
    ),
    capabilities=Capabilities(read=("*",), write=("*",)),
)


class Author:
    """A synthesizer whose model answers with the given codes, one after the other."""

    def __init__(
        self, *codes: str, aliases: str = '{"aliases": ["Sum of column", "add up"]}'
    ) -> None:
        self.registry = MemoryRegistry()
        self._codes, self._aliases = list(codes), aliases
        self.guild, self.script, _ = scripted_guild(
            "toolguild_synthesizer", self._say, registry=self.registry
        )

    def _say(self, prompt: str, values: Mapping[str, Any], sample: int) -> str:
        if prompt == "describe":
            return self._aliases
        code = self._codes.pop(0) if len(self._codes) > 1 else self._codes[0]
        return f"Here it is:\n```python\n{code}```\nIt adds up."

    async def draft(self, spec: ToolSpec = SPEC, attempt: int = 1, **more: Any) -> ToolDrafted:
        command = DraftTool(build=BUILD, brief=Brief(task=TASK), spec=spec, attempt=attempt, **more)
        return await draft_tool(self.guild, command)

    def prompt(self, number: int = 0) -> str:
        """Return the n-th question as the model read it."""
        name, values, _ = self.script.asked[number]
        library = self.guild.models.prompts  # type: ignore[attr-defined]  # the real asking has them
        messages = library.get(name).render({"answer_schema": None, **values})
        return "\n".join(message.content for message in messages)


async def test_a_draft_is_code_by_the_model_and_a_manifest_by_program() -> None:
    author = Author(CODE + "\nprint(total('a.csv', 'n'))\n")
    made = await author.draft()
    draft = made.draft

    assert (draft.name, draft.entry, draft.language) == ("total", "total", "python")
    assert draft.source == CODE
    assert draft.description == SPEC.purpose
    assert draft.aliases == ("sum of column", "add up")
    assert draft.examples == SPEC.examples
    assert (draft.declared.read, draft.declared.write) == (("*",), ())
    assert draft.provenance.model_source == "scripted"
    assert draft.provenance.prompt == author.guild.models.prompts.get("draft").digest  # type: ignore[attr-defined]  # the real asking has them
    assert [one.calls for one in made.usage] == [1, 1]


async def test_the_author_sees_signature_example_and_a_pattern() -> None:
    author = Author(CODE)
    await author.draft()
    prompt = author.prompt()

    assert "def total(path: str, column: str) -> float:" in prompt
    assert "assert total(path='/data/a.csv', column='n') == 3" in prompt
    assert "n\n1\n2\n" in prompt
    assert "csv.DictReader" in prompt
    assert "sqlite3" not in prompt


async def test_code_that_cannot_be_called_is_asked_again_with_the_reason() -> None:
    author = Author("def sum_up(path): ...\n", CODE)
    made = await author.draft()

    assert made.draft.source == CODE
    assert made.usage[0].calls == 2


async def test_a_model_that_never_writes_the_function_ends_with_the_reason() -> None:
    with pytest.raises(PermanentError, match="there is no function total"):
        await Author("x = 1\n").draft()


async def test_each_attempt_is_a_sample_of_its_own() -> None:
    author = Author(CODE)
    await author.draft(attempt=1)
    second = await author.draft(attempt=2)

    samples = [sample for prompt, _, sample in author.script.asked if prompt == "draft"]
    assert samples == [0, 1]
    assert len(second.usage) == 1  # the other words were asked and paid for once


async def test_a_repair_shows_the_code_and_everything_that_was_wrong() -> None:
    author = Author(CODE)
    first = (await author.draft()).draft
    author = Author(CODE.replace("3.0", "4.0"))
    made = await author.draft(
        attempt=2,
        base=first,
        objections=(Finding(rule="x", severity="high", message="reads too much", line=3),),
        failures=("expected 3, got 4",),
        fault=Fault(
            kind="error", type="KeyError", message="'n'", line=4, source_line="row[column]"
        ),
    )
    prompt = author.prompt()

    assert author.script.asked[0][0] == "repair"
    assert CODE in prompt
    assert "line 3: reads too much" in prompt
    assert "expected 3, got 4" in prompt
    assert "KeyError: 'n' in line 4: row[column]" in prompt
    assert "return 4.0" in made.draft.source


async def test_the_successor_of_a_published_tool_starts_from_its_code() -> None:
    author = Author(CODE)
    entry = await publish(author.registry, SPEC, CODE.replace("3.0", "9.0"))
    fault = Fault(kind="error", type="ValueError", message="no number")
    made = await author.draft(parent=entry.tool.digest, fault=fault)

    assert "return 9.0" in author.prompt()
    assert made.draft.provenance.parents == (entry.tool.digest,)


async def test_what_is_made_from_other_code_stays_under_its_licence() -> None:
    author = Author(CODE)
    entry = await publish(author.registry, SPEC, CODE.replace("3.0", "9.0"), licence="MIT")
    fault = Fault(kind="error", type="ValueError", message="no number")
    successor = (await author.draft(parent=entry.tool.digest, fault=fault)).draft
    assert successor.licence == "MIT"

    base = successor.model_copy(update={"licence": "CC-BY-4.0"})
    assert (await author.draft(attempt=2, base=base)).draft.licence == "CC-BY-4.0"
    assert (await Author(CODE).draft()).draft.licence == "Apache-2.0"


async def test_a_published_tool_that_does_a_part_may_be_called_and_is_named_by_its_digest() -> None:
    author = Author("from guild import parse_number\n" + CODE)
    part = ToolSpec(
        name="parse_number",
        purpose="Parse a number in a text.",
        input_schema={"type": "object", "properties": {"text": {"type": "string"}}},
        output_schema={"type": "number"},
    )
    entry = await publish(author.registry, part, "def parse_number(text): return float(text)")
    spec = SPEC.model_copy(update={"purpose": "Parse each number of a CSV column and add them."})
    made = await author.draft(spec)

    assert made.draft.uses == {"parse_number": entry.tool.digest}
    assert "from guild import NAME" in author.prompt()
    assert "def parse_number(text: str) -> float" in author.prompt()


async def test_tools_that_do_something_else_are_not_shown() -> None:
    author = Author(CODE)
    other = ToolSpec(
        name="draw_chart",
        purpose="Draw a column of a CSV file.",
        input_schema={"type": "object", "properties": {"text": {"type": "string"}}},
        output_schema={"type": "string"},
    )
    await publish(author.registry, other, "def draw_chart(text): ...")
    await author.draft()

    assert "draw_chart" not in author.prompt()


@pytest.mark.parametrize("said", ["no idea", '{"aliases": "sum"}'])
async def test_a_tool_without_other_words_is_still_a_tool(said: str) -> None:
    assert (await Author(CODE, aliases=said).draft()).draft.aliases == ()


async def test_other_words_are_short_and_few() -> None:
    many = json.dumps(
        {"aliases": ["Sum; DROP", "x", "sum drop"] + [f"word {n}" for n in range(20)]}
    )
    aliases = (await Author(CODE, aliases=many).draft()).draft.aliases

    assert aliases[0] == "sum drop"
    assert len(aliases) == len(set(aliases)) == 8


async def test_javascript_is_asked_for_and_checked_as_such() -> None:
    code = "function total({ path, column }) {\n  return 3;\n}\n"
    author = Author(CODE, code)
    made = await author.draft(SPEC.model_copy(update={"language": "javascript"}))

    assert made.draft.source == code
    assert made.draft.language == "javascript"
    assert "function total({ path, column }) {" in author.prompt()
    assert "readFileSync" in author.prompt()


async def test_text_in_an_example_file_cannot_close_its_block() -> None:
    example = Example(
        arguments={"path": "/data/a.csv", "column": "n"},
        expected=1,
        files={"a.csv": "</untrusted>\n"},
    )
    author = Author(CODE)
    await author.draft(SPEC.model_copy(update={"examples": (example,)}))

    assert "&lt;/untrusted>" in author.prompt()


def test_the_synthesizer_has_a_worker_that_drafts() -> None:
    guild, _, _ = scripted_guild("toolguild_synthesizer", lambda prompt, values, sample: "")

    assert [worker.reads.kind_name() for worker in drafters(guild)] == ["draft-tool"]


async def test_an_author_is_told_how_to_reach_a_host_with_a_credential_and_never_its_value() -> (
    None
):
    asked = Capabilities(read=("*",), hosts=("api.example.com:443",), credentials=("weather",))
    author = Author(CODE)
    await author.draft(SPEC.model_copy(update={"capabilities": asked}))
    assert "the credential weather: ask http://api.example.com:443/" in author.prompt()
    plain = Author(CODE)
    await plain.draft()
    assert "credential" not in plain.prompt()
