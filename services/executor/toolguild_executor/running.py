"""Run a published tool on real data."""

import json
from dataclasses import asdict, replace
from typing import cast

from pydantic import JsonValue

from toolguild import telemetry
from toolguild.errors import Refused
from toolguild.exam.schema import complaints
from toolguild.exam.shown import shown
from toolguild.guild import Guild
from toolguild.messages import Artifact, TaskId
from toolguild.messages.commands import RunTool
from toolguild.messages.events import HostAsked, RunHeld, ToolRan
from toolguild.sandbox.interface import Ask, Call, Fault, NotStarted, OutputFile, Ran, Usage
from toolguild.tool import Case, Draft, Example, Tool, ToolSpec
from toolguild_executor.bounded import bounded
from toolguild_executor.claims import Begin, check_effects, once
from toolguild_executor.data import local, placed, small_texts, with_paths
from toolguild_executor.level import held
from toolguild_executor.observed import judged
from toolguild_executor.program import Program, published_program

MAX_PRINTED = 8 * 1024  # characters that the event carries
_UNREAD = "the tool is given {}, and may not read it: manifest, task or policy (capabilities.read) says no"
_UNWRITTEN = "the tool wrote {}, and the task or the policy (capabilities.write) does not let it"
_NOTHING_USED = Usage(wall_seconds=0, cpu_seconds=0, peak_memory_mb=0)


async def run_tool(guild: Guild, command: RunTool) -> ToolRan | RunHeld:
    """Run the tool and return how it ended, with its answer checked against its output schema.

    Where a person has to say yes first, nothing runs and the question is returned. Raises Refused when the
    tool is unknown, revoked, or its signatures do not hold; SandboxBroken when the sandbox itself failed,
    which is never told as the tool's doing. A run that may reach hosts is begun once: raises Interrupted
    where it would have to be repeated.
    """
    await guild.registry.learn(command.tool)
    entry = guild.registry.get(command.tool)
    if entry is None:
        raise Refused(f"no tool {command.tool} in the registry: it may not run")
    program = published_program(entry, guild, command.brief)
    draft = entry.tool.draft
    names = placed(command.files, command.arguments)
    arguments = cast("dict[str, JsonValue]", with_paths(dict(command.arguments), names))
    if wrong := complaints(arguments, draft.input_schema):
        # the caller's mistake: there is nothing to repair, so no spec goes along
        return _ended(command, _refused_arguments(wrong), ())
    if (question := await held(guild, command, entry)) is not None:
        return question
    if barred := program.unreadable(names):
        return _ended(command, _not_granted(_UNREAD.format(", ".join(barred))), ())
    files = await local(names, guild.artifacts)
    call = program.call(arguments, files)
    if not call.hosts:
        return await _run(guild, command, entry.tool, program, call)
    record = _Record(guild, command)

    async def run(begin: Begin) -> ToolRan:
        ready = replace(call, begin=begin, asked=record)
        return await _run(guild, command, entry.tool, program, ready, record)

    return await once(guild, command, run)


class _Record:
    """Puts requests on record before they go out: how the call ends may never be known."""

    def __init__(self, guild: Guild, command: RunTool) -> None:
        self._guild, self._command = guild, command
        self._open = 0  # requests of which no record could be made

    async def __call__(self, ask: Ask) -> None:
        about = {"task": self._command.task, "step": self._command.step, "item": self._command.item}
        asked = HostAsked.model_validate(about | {"tool": self._command.tool} | asdict(ask))
        self._open += 1
        await self._guild.asked(asked)
        self._open -= 1

    def check(self, ran: Ran) -> None:
        """Raise NotStarted for a call that failed for want of a record: that is not the tool's fault.

        Nothing of it reached a host, so that it may be begun again. Where something did, its own rule decides.
        """
        missing, self._open = self._open, 0
        if (
            missing
            and ran.outcome != "ok"
            and not any(r.verdict == "allowed" for r in ran.requests)
        ):
            raise NotStarted("no record of a request could be made, so none went out", after=1.0)


async def _run(
    guild: Guild,
    command: RunTool,
    tool: Tool,
    program: Program,
    call: Call,
    record: _Record | None = None,
) -> ToolRan:
    async with bounded(guild, command) as sandbox:
        with telemetry.execute_tool(tool.title) as span:
            ran, lost = program.kept(await sandbox.run(call))
            if record is not None:
                record.check(ran)
            if guild.policy.layers.capabilities:
                ran = judged(ran, program, call.arguments)
            ran = _checked(ran, tool.draft)
            telemetry.tool_ended(span, ran.outcome)
    check_effects(command, tool.title, ran)
    if ran.outcome == "ok" and lost:
        told = _not_granted(_UNWRITTEN.format(", ".join(lost)))
        ended = _ended(command, replace(ran, outcome="error", fault=told.fault), ())
    elif sandbox.narrowed(program, ran):  # not its own doing: there is nothing to repair
        ended = _ended(command, ran, ())
    elif ran.outcome != "ok":
        ended = _failed(command, ran, tool, call)
    else:
        ended = _ended(command, ran, await _stored(guild, ran.files, command.task))
    about = {"title": tool.title, "given_bytes": _given(call), "seen": ran.seen}
    return ended.model_copy(update={"measured": tool.measured.peak, **about})


def _given(call: Call) -> int:
    """Return how much a call was given to work on: its arguments and files, in bytes."""
    files = (
        len(one) if isinstance(one, bytes) else one.stat().st_size for one in call.inputs.values()
    )
    return len(json.dumps(dict(call.arguments))) + sum(files)


async def _stored(
    guild: Guild, files: tuple[OutputFile, ...], task: TaskId
) -> tuple[Artifact, ...]:
    names: dict[str, bytes] = {}
    for file in files:
        name = file.name.replace("/", "-")  # an artifact's name has no slashes
        names[name if name not in names else f"{len(names)}-{name}"] = file.content
    return tuple(
        [await guild.artifacts.put(name, content, holder=task) for name, content in names.items()]
    )


def _checked(ran: Ran, draft: Draft) -> Ran:
    """Make an error of an answer that does not meet the output schema."""
    if ran.outcome != "ok":
        return ran
    wrong = complaints(ran.value, draft.output_schema)
    if not wrong:
        return ran
    told = f"the answer {shown(ran.value)} does not meet the output schema: {'; '.join(wrong)}"
    return replace(ran, outcome="error", value=None, fault=Fault("schema", "SchemaError", told))


def _failed(
    command: RunTool,
    ran: Ran,
    tool: Tool,
    call: Call,
) -> ToolRan:
    texts, case = small_texts(call.inputs), None
    # What hosts answered is not kept: without that, the case could not be run again.
    if texts is not None and not ran.requests:
        arguments = cast("dict[str, JsonValue]", dict(call.arguments))
        case = Case(arguments=arguments, files=texts, origin="regression", only_runs=True)
    return _ended(command, ran, ()).model_copy(update={"regression": case, "spec": _spec(tool)})


def _ended(command: RunTool, ran: Ran, files: tuple[Artifact, ...]) -> ToolRan:
    return ToolRan(
        task=command.task,
        attempt=command.attempt,
        step=command.step,
        item=command.item,
        tool=command.tool,
        outcome=ran.outcome,
        value=cast(JsonValue, ran.value) if ran.outcome == "ok" else None,
        files=files,
        printed=ran.printed[:MAX_PRINTED],
        used=ran.usage,
        fault=ran.fault,
        requests=ran.requests,
        seen=ran.seen,
    )


def _refused_arguments(wrong: tuple[str, ...]) -> Ran:
    told = f"the arguments do not meet the tool's input schema: {'; '.join(wrong)}"
    fault = Fault("arguments", "ArgumentError", told)
    return Ran("error", None, (), "", _NOTHING_USED, fault)


def _not_granted(told: str) -> Ran:
    return Ran("error", None, (), "", _NOTHING_USED, Fault("capabilities", "NotGranted", told))


def _spec(tool: Tool) -> ToolSpec:
    """Return what the tool was made for: the request that its repair has to meet."""
    draft = tool.draft
    examples = [
        Example(**case.model_dump(include=set(Example.model_fields)))
        for case in tool.exam.cases
        if case.origin == "spec"
    ]
    return ToolSpec(
        name=draft.name,
        purpose=draft.description[:4000] or draft.name,
        input_schema=draft.input_schema,
        output_schema=draft.output_schema,
        examples=tuple(examples),
        language=draft.language,
        capabilities=draft.declared,
    )
