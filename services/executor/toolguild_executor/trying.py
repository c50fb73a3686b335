"""Try a published tool on the examples of a request: reuse needs no model."""

from toolguild import telemetry
from toolguild.errors import Refused, UsageError
from toolguild.exam.mark import mark
from toolguild.exam.redact import tell_case
from toolguild.exam.schema import complaints
from toolguild.guild import Guild
from toolguild.messages.commands import TryTool
from toolguild.messages.events import ToolTried
from toolguild.registry import Fit, fit
from toolguild.sandbox.interface import Sandbox
from toolguild.tool import Case, Published
from toolguild_executor.bounded import bounded
from toolguild_executor.observed import judged
from toolguild_executor.program import Program, published_program


async def try_tool(guild: Guild, command: TryTool) -> ToolTried:
    """Run the tool on every example, and say whether it answers all of them right.

    A tool that is gone, revoked or does not fit does not pass: another candidate is tried then.
    """
    await guild.registry.learn(command.tool)
    entry = guild.registry.get(command.tool)
    if entry is None:
        return _tried(command, "", "there is no such tool any more")
    title = entry.tool.title
    if not command.request.examples:
        return _tried(command, title, "the request has no examples to try it on")
    fits = fit(command.request, entry.tool.draft)
    if fits is None:
        return _tried(command, title, "it does not take these arguments or returns something else")
    try:
        failure = await _failure(guild, command, entry, fits)
    except Refused as error:
        return _tried(command, title, str(error))
    if failure:
        return _tried(command, title, failure)
    renamed = {ours: theirs for ours, theirs in fits.mapping.items() if ours != theirs}
    return _tried(command, title, "").model_copy(update={"passed": True, "mapping": renamed})


async def _failure(guild: Guild, command: TryTool, entry: Published, fits: Fit) -> str:
    program = published_program(entry, guild, command.brief)
    async with bounded(guild, command) as sandbox:
        judge = guild.policy.layers.capabilities
        return await _first_failure(sandbox, command, entry, fits, program, judge=judge)


async def _first_failure(
    sandbox: Sandbox,
    command: TryTool,
    entry: Published,
    fits: Fit,
    program: Program,
    *,
    judge: bool,
) -> str:
    draft = entry.tool.draft
    for example in command.request.examples:
        try:
            arguments = fits.arguments(example.arguments)
        except KeyError as error:
            return f"an example has the argument {error}, which the request does not describe"
        case = Case(**{**example.model_dump(), "arguments": arguments, "origin": "spec"})
        if wrong := complaints(arguments, draft.input_schema):
            return f"an example does not meet its input schema: {'; '.join(wrong)}"
        try:
            call = program.rehearsal(arguments, example.files)
        except UsageError as error:
            return f"an example cannot be tried: {error}"
        if barred := program.unreadable(example.files):
            return f"an example gives {', '.join(barred)}, which it may not read"
        with telemetry.execute_tool(entry.tool.title) as span:
            ran, lost = program.kept(await sandbox.run(call))
            if judge:
                ran = judged(ran, program, arguments)
            telemetry.tool_ended(span, ran.outcome)
        if lost:
            return f"it writes {', '.join(lost)}, which the task or the policy does not let it"
        result = mark(case, ran, command.request.output_schema)
        if not result.passed:
            return tell_case(case, result)
    return ""


def _tried(command: TryTool, title: str, detail: str) -> ToolTried:
    return ToolTried(
        task=command.task,
        attempt=command.attempt,
        step=command.step,
        tool=command.tool,
        title=title,
        passed=False,
        detail=detail,
    )
