"""Calling one published tool, without a plan and without a model."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pydantic import JsonValue

from toolguild.client import log
from toolguild.client.task import SOURCE, Order, brief_of, check_files, new_task_id
from toolguild.errors import OutOfBudget, PermanentError, Refused, TemporaryError, UsageError
from toolguild.goal import Goal
from toolguild.guild import Artifacts
from toolguild.messages import Envelope, commands, events
from toolguild.policy import Policy
from toolguild.runtime.bus import Bus
from toolguild.runtime.clock import now
from toolguild.tool import Published
from toolguild.tool.spec import JsonSchema

STEP = "call"
GRACE = 30.0  # seconds beyond the tool's own limit for its queue and its sandbox


def fitted(
    arguments: Mapping[str, JsonValue], schema: JsonSchema, files: Sequence[Path]
) -> dict[str, JsonValue]:
    """Return the arguments as the tool takes them: a path argument that names an input is its place.

    Raises UsageError when they do not meet the schema, saying where and what it wants.
    """
    # Only for this command: to import it takes longer than most others run.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    names = {path.name for path in files}
    given = {name: _placed(value, names, files) for name, value in arguments.items()}
    error = best_match(Draft202012Validator(schema).iter_errors(given))
    if error is not None:
        where = "/" + "/".join(str(part) for part in error.absolute_path)
        wanted = ", ".join(_wanted(schema)) or "no arguments"
        raise UsageError(f"--args, at {where}: {error.message}. The tool takes: {wanted}")
    return given


def _placed(value: JsonValue, names: set[str], files: Sequence[Path]) -> JsonValue:
    if not isinstance(value, str):
        return value
    if value in names:
        return f"/data/{value}"
    same = [
        path for path in files if str(path) == value or path.absolute() == Path(value).absolute()
    ]
    return f"/data/{same[0].name}" if same else value


def _wanted(schema: JsonSchema) -> list[str]:
    properties = schema.get("properties")
    required = schema.get("required")
    must = required if isinstance(required, list) else []
    if not isinstance(properties, dict):
        return []
    return [
        f"{name}{'' if name in must else '?'} ({_type(one)})" for name, one in properties.items()
    ]


def _type(schema: JsonValue) -> str:
    if not isinstance(schema, dict):
        return "any"
    return "a file" if schema.get("format") == "path" else str(schema.get("type", "any"))


async def call_tool(
    bus: Bus,
    artifacts: Artifacts,
    tool: Published,
    arguments: Mapping[str, JsonValue],
    files: Sequence[Path],
    *,
    policy: Policy,
    user: str = "local",
) -> events.ToolRan:
    """Run a tool once through an executor and return what happened.

    Raises UsageError for unfit arguments or files, Refused when the tool may not run, TemporaryError when no
    executor answers in time.
    """
    check_files(files, policy)
    given = fitted(arguments, tool.tool.draft.input_schema, files)
    task = new_task_id()
    order = Order(goal=Goal(primary=f"call {tool.tool.title}"), user=user)
    stored = [await artifacts.put(path.name, path, holder=task) for path in files]
    body = commands.RunTool(
        task=task,
        brief=brief_of(order, task, policy, datetime.now(UTC)),
        step=STEP,
        tool=tool.tool.digest,
        arguments=given,
        files=tuple(stored),
        approved_by=user,  # who calls a tool by its name has decided that it runs
    )
    command = Envelope(id=uuid4(), body=body, source=SOURCE, at=now())
    await bus.publish(command)
    limit = tool.tool.capabilities.limits.wall_seconds + GRACE
    try:
        async with asyncio.timeout(limit):
            return await _answer(bus, command)
    except TimeoutError:
        raise TemporaryError(
            f"no executor answered within {limit:g} s; `toolguild status` shows whether one runs"
        ) from None


async def _answer(bus: Bus, command: Envelope) -> events.ToolRan:
    async for entry in log.entries(bus, [f"toolguild.fact.*.{command.key}"], live=True):
        noted = await log.envelope(bus, entry)
        match noted.body if noted else None:
            case events.ToolRan() as ran:
                return ran
            case events.WorkFailed(code="refused", reason=reason):
                raise Refused(reason)
            case events.WorkFailed(code="out_of_budget", reason=reason):
                raise OutOfBudget(reason)
            case events.WorkFailed(code="usage", reason=reason):
                raise UsageError(reason)
            case events.WorkFailed(reason=reason):
                raise PermanentError(reason)
            case _:
                continue
    raise TemporaryError("the log ended before the answer")
