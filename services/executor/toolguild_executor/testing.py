"""Test a cleared draft against an exam and sign what was measured."""

from collections.abc import Sequence

from toolguild import telemetry
from toolguild.exam.generate import inputs
from toolguild.guild import Guild
from toolguild.messages.commands import TestDraft
from toolguild.messages.events import DraftTested
from toolguild.sandbox.interface import Sandbox
from toolguild.tool import Case, CaseResult, TestReport
from toolguild_executor.bounded import bounded
from toolguild_executor.mutation import mutation_score
from toolguild_executor.program import draft_program
from toolguild_executor.sitting import Answered, Peak, Sitting
from toolguild_executor.together import AT_ONCE, together


async def test_draft(guild: Guild, command: TestDraft) -> DraftTested:
    """Run the exam and return the signed report; the verdict is drawn by comparing out here.

    Nothing runs without the reviewer's clearance of exactly this draft: raises Refused. Mutants run
    only for a candidate that passes everything else; a comparison ends with the first case that fails,
    since only whether it passed is asked. Raises SandboxBroken when the sandbox failed.
    """
    draft = command.draft
    guild.keyring.verify(command.clearance, purpose="clearance", by="reviewer", over=draft.digest)
    await guild.registry.learn(*draft.uses.values())
    with telemetry.execute_tool(draft.name):
        report = await _sit(guild, command)
    return DraftTested(
        build=command.build,
        attempt=command.attempt,
        role=command.role,
        report=report,
        signature=guild.signer.sign("report", report.digest),
    )


test_draft.__test__ = False  # type: ignore[attr-defined]  # not a test, whatever pytest thinks of its name


async def _until_one_fails(
    cases: Sequence[Case], sitting: Sitting
) -> list[tuple[CaseResult, Answered | None]]:
    marked = []
    for case in cases:
        marked.append(await sitting.case(case))
        if not marked[-1][0].passed:
            break
    return marked


async def _sit(guild: Guild, command: TestDraft) -> TestReport:
    async with bounded(guild, command, at_once=AT_ONCE) as sandbox:
        return await _report(guild, command, sandbox)


async def _report(guild: Guild, command: TestDraft, sandbox: Sandbox) -> TestReport:
    draft, exam = command.draft, command.exam
    sitting = Sitting(
        draft_program(draft, guild),
        sandbox,
        draft.input_schema,
        draft.output_schema,
        draft.language,
        Peak(),
    )
    if command.role == "candidate":
        marked = await together(exam.cases, sitting.case)
    else:
        marked = await _until_one_fails(exam.cases, sitting)
    results = tuple(result for result, _ in marked)
    isolation = f"{sandbox.name}: {sandbox.isolation}"
    if command.role != "candidate" and not all(result.passed for result in results):
        return TestReport(
            draft=draft.digest,
            exam=exam.digest,
            results=results,
            peak=sitting.peak.usage,
            seen=sitting.peak.seen,
            sandbox=isolation,
        )
    made = inputs(draft.input_schema, exam.cases, exam.generated, exam.seed)
    generated, more = await sitting.generated(made)
    answers = [answer for _, answer in marked if answer is not None] + more
    properties = await together(
        exam.properties, lambda one: sitting.property(one, answers, exam.seed)
    )
    report = TestReport(
        draft=draft.digest,
        exam=exam.digest,
        results=results,
        properties=tuple(properties),
        generated=generated,
        peak=sitting.peak.usage,
        seen=sitting.peak.seen,
        sandbox=isolation,
    )
    if not report.passed or command.role != "candidate":
        return report
    peak = sitting.peak.usage
    score = await mutation_score(sitting, draft, exam, made)
    return report.model_copy(update={"mutation": score, "peak": peak})
