"""DraftTool -> ToolDrafted: code as plain text from the model, manifest by program."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from toolguild.canonical import Digest
from toolguild.errors import PermanentError, TemporaryError
from toolguild.guild import Answer, Guild
from toolguild.messages import ModelUsage
from toolguild.messages.commands import DraftTool
from toolguild.messages.events import ToolDrafted
from toolguild.sandbox.interface import Fault
from toolguild.tool import Draft, Finding, Provenance, Published, ToolSpec
from toolguild_synthesizer import examine
from toolguild_synthesizer.neighbours import callable_tools
from toolguild_synthesizer.patterns import patterns_for
from toolguild_synthesizer.signature import examples_of, parameters_of, returned, signature

_ALIASES = 8
_FAILURES = 6  # more of the same does not help
_TRACEBACK = 1500
# What an author has to know of a credential: that it is none of the code's business.
_CREDENTIAL = (
    "the credential {name}: ask http://{host}/ with the port in the URL, never https, and send no key or "
    "token; both are added outside"
)


class Aliases(BaseModel):
    """Other words under which a tool can be found."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    aliases: tuple[str, ...] = Field(max_length=50)


@dataclass(frozen=True)
class _Before:
    """The code that is to be mended."""

    source: str
    parents: tuple[Digest, ...]
    licence: str


async def draft_tool(guild: Guild, command: DraftTool) -> ToolDrafted:
    """Return a draft that can be called as the spec wants.

    Whether it is right is for others to find out. Raises PermanentError when the model gives no such code
    within its bounds, and what asking raises.
    """
    spec = command.spec
    tools = callable_tools(guild.registry, spec)
    known = {entry.tool.name: entry.tool.digest for entry in tools}
    before = _before(guild, command)
    values = prompt_values(spec, tools)
    if before is not None:
        values |= repair_values(before.source, command.objections, command.failures, command.fault)
    answer = await guild.models.ask_code(
        "synthesizer",
        "draft" if before is None else "repair",
        values,
        brief=command.brief,
        key=f"draft:{command.build}:{command.attempt}",
        sample=command.attempt - 1,
        check=lambda source: examine.complaints(source, spec, guild.policy, known),
    )
    aliases, cost = await _aliases(guild, command)
    draft = _draft(command, answer, known, aliases, before)
    usage = (answer.usage, *cost)
    return ToolDrafted(build=command.build, attempt=command.attempt, draft=draft, usage=usage)


def prompt_values(spec: ToolSpec, tools: Sequence[Published]) -> dict[str, Any]:
    """Return what both prompts show of a request."""
    asked = spec.capabilities
    return {
        "name": spec.name,
        "language": spec.language,
        "purpose": spec.purpose,
        "signature": signature(spec),
        "parameters": parameters_of(spec.input_schema),
        "returned": returned(spec),
        "notes": list(spec.notes),
        "examples": examples_of(spec),
        "libraries": [name for name in asked.imports if name != "*"],
        "granted": [
            *(f"host {host}" for host in asked.hosts),
            *(f"program {one}" for one in asked.programs),
            *(
                _CREDENTIAL.format(name=one, host=" or ".join(asked.hosts))
                for one in asked.credentials
            ),
        ],
        "patterns": patterns_for(spec),
        "tools": [_shown(entry) for entry in tools],
    }


def repair_values(
    source: str, objections: Sequence[Finding], failures: Sequence[str], fault: Fault | None
) -> dict[str, Any]:
    """Return what the repair prompt shows besides: the code, and what was wrong with it."""
    return {
        "source": source if source.endswith("\n") else source + "\n",
        "objections": [
            f"line {one.line}: {one.message}" if one.line else one.message
            for one in objections[:_FAILURES]
        ],
        "failures": list(failures[:_FAILURES]),
        "fault": _fault(fault) if fault else "",
    }


def _before(guild: Guild, command: DraftTool) -> _Before | None:
    parents = (command.parent,) if command.parent else ()
    if command.base is not None:
        base = command.base
        return _Before(base.source, (*parents, *base.provenance.parents)[:1], base.licence)
    entry = guild.registry.get(command.parent) if command.parent else None
    if entry is None:
        return None
    return _Before(entry.tool.draft.source, parents, entry.tool.draft.licence)


def _draft(
    command: DraftTool,
    answer: Answer[str],
    known: dict[str, Digest],
    aliases: tuple[str, ...],
    before: _Before | None,
) -> Draft:
    spec = command.spec
    source = examine.finished(answer.value, spec.language)
    # What is made from other code stays under that code's licence.
    kept = {} if before is None else {"licence": before.licence}
    return Draft(
        **kept,
        name=spec.name,
        language=spec.language,
        entry=spec.name,
        source=source,
        description=" ".join(spec.purpose.split()),
        aliases=aliases,
        input_schema=spec.input_schema,
        output_schema=spec.output_schema,
        examples=spec.examples,
        declared=examine.declared(source, spec),
        dependencies=examine.dependencies(source, spec.language),
        uses=examine.used_tools(source, spec.language, known),
        provenance=Provenance(
            task=command.brief.task,
            build=command.build,
            agent="synthesizer",
            model=answer.model,
            model_source=answer.source,
            prompt=answer.prompt,
            parents=before.parents if before else (),
            attempt=command.attempt,
        ),
    )


async def _aliases(
    guild: Guild, command: DraftTool
) -> tuple[tuple[str, ...], tuple[ModelUsage, ...]]:
    """Ask once a build for other words to find the tool by; a tool without them is still a tool."""
    values = {"name": command.spec.name, "purpose": command.spec.purpose}
    try:
        said = await guild.models.ask(
            "synthesizer",
            "describe",
            values,
            Aliases,
            brief=command.brief,
            key=f"describe:{command.build}",
        )
    except (PermanentError, TemporaryError):
        return (), ()
    phrases = dict.fromkeys(
        " ".join(re.findall(r"[\w+#-]+", phrase.lower()))[:60].strip()
        for phrase in said.value.aliases
    )
    found = tuple(phrase for phrase in phrases if len(phrase) > 2)[:_ALIASES]
    return found, (
        said.usage,
    ) if command.attempt == 1 else ()  # later attempts find it in the journal


def _shown(entry: Published) -> dict[str, str]:
    draft = entry.tool.draft
    spec = ToolSpec(
        name=draft.name,
        purpose=draft.description,
        input_schema=draft.input_schema,
        output_schema=draft.output_schema,
        language=draft.language,
    )
    return {"signature": signature(spec).rstrip(":{ "), "description": draft.description}


def _fault(fault: Fault) -> str:
    where = f" in line {fault.line}: {fault.source_line}" if fault.line else ""
    return f"{fault.type}: {fault.message}{where}\n{fault.traceback[-_TRACEBACK:]}".strip()
