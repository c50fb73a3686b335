"""Set an exam from the spec alone, or settle what drafts dispute about one."""

from toolguild.canonical import Digest
from toolguild.errors import PermanentError
from toolguild.exam.rule import apply, rule
from toolguild.guild import Guild
from toolguild.messages import ModelUsage, add_usage
from toolguild.messages.commands import SetExam
from toolguild.messages.events import ExamSet
from toolguild.tool import Case, Exam, Property
from toolguild_reviewer.asking import answer_inputs, look_again, write_cases
from toolguild_reviewer.written import call_of

SPARE = 1  # cases beyond the policy's minimum, lest one that is set aside leaves too few
CASES_WANTED = 3  # of one answer: small models write few cases right


async def set_exam(guild: Guild, command: SetExam) -> ExamSet:
    """Return the exam. The spec's examples and the regressions are in it as they stand, whatever a model says.

    Raises PermanentError when there are fewer cases than the policy asks for: what is not tested is never
    published, so no draft need try.
    """
    if command.exam is not None:
        return await _settled(guild, command, command.exam)
    before = _parents_exam(guild, command)
    law = _law(command, before)
    cases, properties = law, before.properties if before else ()
    usage: tuple[ModelUsage, ...] = ()
    if before is None or len(law) < guild.policy.exam.min_cases:
        cases, properties, usage = await _with_written(guild, command, law, properties)
    least = guild.policy.exam.min_cases
    if len(cases) < least:
        raise PermanentError(
            f"no exam for {command.spec.name}: {len(cases)} usable cases, and the policy asks for {least} "
            "(exam.min_cases); add an example to the request"
        )
    exam = Exam(
        spec=command.spec.digest,
        cases=cases,
        properties=properties,
        generated=min(guild.policy.exam.generated_inputs, 1000),
        seed=int(command.spec.digest[:8], 16),
        rulings=before.rulings if before else (),
    )
    return ExamSet(build=command.build, exam=exam, usage=usage)


def _parents_exam(guild: Guild, command: SetExam) -> Exam | None:
    parent = guild.registry.get(command.parent) if command.parent is not None else None
    return parent.tool.exam if parent is not None else None


def _law(command: SetExam, before: Exam | None) -> tuple[Case, ...]:
    """Return what no model decides: examples, regressions, and the exam that the repaired tool has passed.

    Where two are the same call, the earlier in this order counts.
    """
    cases = [Case(**example.model_dump(), origin="spec") for example in command.spec.examples]
    cases += [*command.regressions, *(before.cases if before else ())]
    first: dict[Digest, Case] = {}
    for case in cases:
        first.setdefault(call_of(case), case)
    return tuple(first.values())


async def _with_written(
    guild: Guild,
    command: SetExam,
    have: tuple[Case, ...],
    properties: tuple[Property, ...],
) -> tuple[tuple[Case, ...], tuple[Property, ...], tuple[ModelUsage, ...]]:
    least = guild.policy.exam.min_cases
    wanted = max(CASES_WANTED, min(least - len(have), 10))
    found, usage = await write_cases(guild, command, have, wanted, sample=0)
    have = (*have, *found.cases)
    properties = properties or found.properties
    if len(have) < least and have:
        wanted_more = least - len(have) + SPARE
        answered, spent = await answer_inputs(guild, command, have, wanted_more)
        have, usage = (*have, *answered), add_usage(usage, spent)
    if len(have) < least:
        more, spent = await write_cases(guild, command, have, wanted, sample=1)
        have, usage = (*have, *more.cases), add_usage(usage, spent)
        properties = properties or more.properties
    return have, properties, usage


async def _settled(guild: Guild, command: SetExam, exam: Exam) -> ExamSet:
    """Ask again about each disputed subject, rule, fill up what was set aside, add what more is wanted."""
    usage: tuple[ModelUsage, ...] = ()
    rulings = []
    for number, subject in enumerate(command.disputed):
        look, spent = await look_again(guild, command, subject)
        usage = add_usage(usage, spent)
        answer = command.answers[number] if number < len(command.answers) else None
        rulings.append(rule(subject, look, answer))
    exam = apply(exam, rulings)
    least = guild.policy.exam.min_cases
    short = command.more or (least - len(exam.cases) + SPARE if len(exam.cases) < least else 0)
    if short:
        sample = 2 if command.more else 0  # other cases than the first time
        asked, spent = await write_cases(guild, command, exam.cases, CASES_WANTED, sample)
        answered, spent_too = await answer_inputs(guild, command, exam.cases, short)
        usage = add_usage(usage, spent_too)
        aside = {one.subject for one in exam.rulings}
        more = tuple(case for case in (*asked.cases, *answered) if case.digest not in aside)
        exam = exam.model_copy(update={"cases": (*exam.cases, *more)})
        usage = add_usage(usage, spent)
    if not exam.cases:
        raise PermanentError(
            f"no case of the exam for {command.spec.name} stands: drafts and examiner disagree about all "
            "of them; add an example to the request"
        )
    return ExamSet(build=command.build, exam=exam, usage=usage)
