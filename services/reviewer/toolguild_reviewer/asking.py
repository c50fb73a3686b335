"""Asking the examiner: for cases, and about what drafts dispute."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, JsonValue

from toolguild.errors import PermanentError
from toolguild.exam.generate import inputs
from toolguild.exam.output_file import is_path
from toolguild.exam.rule import SecondLook
from toolguild.exam.schema import complaints
from toolguild.guild import Guild
from toolguild.messages import ModelUsage, add_usage
from toolguild.messages.commands import SetExam
from toolguild.sandbox.egress import responses
from toolguild.tool import Case, Property, ToolSpec
from toolguild_reviewer.written import (
    Usable,
    Written,
    answer_schema,
    bounded,
    inline,
    path_arguments,
    usable,
)

TRIED_INPUTS = (
    4  # made for each case that is wanted: some are wild, to some the model has no answer
)
_EXAMPLES_SHOWN = 3
_STATEMENTS = {
    "deterministic": "the same arguments always give the same answer",
    "idempotent": "calling it with its own answer as {argument} gives that answer again",
    "order_free": "the order of the items in {argument} makes no difference to the answer",
    "same_length": "the answer has as many items as {argument}",
    "sorted": "the answer is in ascending order",
    "no_duplicates": "no two items of the answer are equal",
    "subset": "every item of the answer is an item of {argument}",
}


Look = Awaitable[tuple[SecondLook, tuple[ModelUsage, ...]]]


class Expected(BaseModel):
    """The answer to one call, worked out again."""

    reasoning: str = ""
    expected: JsonValue


class Holds(BaseModel):
    """Whether a property must hold."""

    reasoning: str = ""
    holds: bool


async def write_cases(
    guild: Guild, command: SetExam, have: Sequence[Case], wanted: int, sample: int
) -> tuple[Usable, tuple[ModelUsage, ...]]:
    """Ask for cases and properties from the spec alone. What cannot be used is complained about first.

    An answer is asked again while any case in it is wrong, once; after that, what is right in it counts.
    Returns nothing usable, rather than failing, when the model's answers stay unusable or only repeat the
    examples, as those of small models do.
    """
    spec, asked = command.spec, 0

    def check(written: Written) -> Sequence[str]:
        nonlocal asked
        asked += 1
        found = usable(written, spec, have)
        if found.cases and asked > 1:
            return ()
        return found.complaints

    try:
        answer = await guild.models.ask(
            "examiner",
            "examine",
            {
                **spec_values(spec),
                "notes": (*spec.notes, *about_hosts(spec)),
                "paths": path_arguments(spec),
                "writes_file": is_path(spec.output_schema),
                "wanted": wanted,
            },
            Written,
            brief=command.brief,
            key=f"exam:{command.digest}:{wanted}",
            sample=sample,
            schema=answer_schema(spec, wanted),
            check=check,
        )
    except PermanentError as error:
        if type(error) is not PermanentError:
            raise  # out of budget, or the operator has to change something
        return Usable((), (), (str(error),)), ()
    return usable(answer.value, spec, have), (answer.usage,)


async def answer_inputs(
    guild: Guild, command: SetExam, have: Sequence[Case], wanted: int
) -> tuple[tuple[Case, ...], tuple[ModelUsage, ...]]:
    """Make inputs by program, near the cases at hand, and ask for the answer of each from the spec alone.

    One question with one short answer: small models work one out where they cannot invent a case.
    Inputs that the model gives no usable answer to are left out. A tool with hosts gets none: what hosts
    answer is in files that no program can make.
    """
    if command.spec.capabilities.hosts:
        return (), ()
    rulings = command.exam.rulings if command.exam else ()
    seed = int(command.spec.digest[8:16], 16) + len(rulings)
    cases: tuple[Case, ...] = ()
    usage: tuple[ModelUsage, ...] = ()
    for made in inputs(command.spec.input_schema, have, TRIED_INPUTS * wanted, seed):
        if len(cases) == wanted:
            break
        if made.wild:
            continue  # a made-up text may have no answer at all
        case = Case(arguments=made.arguments, files=made.files)
        if is_path(command.spec.output_schema):
            cases = (*cases, case.model_copy(update={"only_runs": True}))
            continue  # what the file must hold is more than one short answer
        look, spent = await _looked(_answered(guild, command, case, examples=True))
        usage = add_usage(usage, spent)
        if look.answered:
            cases = (*cases, case.model_copy(update={"expected": look.answer}))
    return cases, usage


async def look_again(
    guild: Guild, command: SetExam, subject: Case | Property
) -> tuple[SecondLook, tuple[ModelUsage, ...]]:
    """Ask about one disputed subject anew, without showing the first answer or what any draft says.

    Nor are the examples shown this time: an answer that only echoed them does not come twice.
    """
    if isinstance(subject, Case) and (subject.only_runs or subject.expected_files):
        return SecondLook(answered=False), ()  # whole files are beyond a second look
    if isinstance(subject, Case):
        return await _looked(_answered(guild, command, subject, examples=False))
    return await _looked(_property(guild, command, subject))


async def _looked(asking: Look) -> tuple[SecondLook, tuple[ModelUsage, ...]]:
    try:
        return await asking
    except PermanentError as error:
        if type(error) is not PermanentError:
            raise  # out of budget, or the operator has to change something
        return SecondLook(answered=False), ()


async def _answered(
    guild: Guild, command: SetExam, case: Case, *, examples: bool
) -> tuple[SecondLook, tuple[ModelUsage, ...]]:
    spec = command.spec
    values = {
        **spec_values(spec),
        "arguments": case.arguments,
        "files": [{"name": name, "text": text} for name, text in case.files.items()],
    }
    if not examples:
        values["examples"] = []
    answer = await guild.models.ask(
        "examiner",
        "reconsider",
        values,
        Expected,
        brief=command.brief,
        key=f"look:{command.build}:{case.digest}:{examples}",
        schema=_reasoned("expected", inline(spec.output_schema)),
        check=lambda one: [
            f"expected {why}" for why in complaints(one.expected, spec.output_schema)
        ],
    )
    return SecondLook(answered=True, answer=answer.value.expected), (answer.usage,)


async def _property(
    guild: Guild, command: SetExam, subject: Property
) -> tuple[SecondLook, tuple[ModelUsage, ...]]:
    statement = _STATEMENTS[subject.kind].format(argument=subject.argument)
    answer = await guild.models.ask(
        "examiner",
        "doubt",
        {**spec_values(command.spec), "statement": statement},
        Holds,
        brief=command.brief,
        key=f"look-again:{command.build}:{subject.digest}",
        sample=1,
        schema=_reasoned("holds", {"type": "boolean"}),
    )
    return SecondLook(answered=True, answer=answer.value.holds), (answer.usage,)


def about_hosts(spec: ToolSpec) -> tuple[str, ...]:
    """Say how a case declares what hosts answer: in an exam none is reached."""
    if not spec.capabilities.hosts:
        return ()
    return (
        f"In a test no host is reached. Give each case a file {responses.FILE}: a JSON list of what "
        f"{', '.join(spec.capabilities.hosts)} answers, each as "
        '{"method": "GET", "url": "http://...", "request": null, "status": 200, "body": "..."}; "request" '
        "is the body that is sent, or null for any. Work the answer out from these.",
    )


def spec_values(spec: ToolSpec) -> dict[str, Any]:
    """Return what every prompt about a spec is given."""
    return {
        "name": spec.name,
        "purpose": spec.purpose,
        "notes": spec.notes,
        "input_schema": spec.input_schema,
        "output_schema": spec.output_schema,
        "examples": [
            one.model_dump(mode="json", exclude_defaults=True)
            for one in spec.examples[:_EXAMPLES_SHOWN]
        ],
    }


def _reasoned(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string", "maxLength": 800},
            name: bounded(dict(schema)),
        },
        "required": ["reasoning", name],
        "additionalProperties": False,
    }
