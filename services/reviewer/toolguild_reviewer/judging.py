"""Judge a test report and, if all is well, publish the tool."""

from toolguild.canonical import Digest
from toolguild.errors import Conflict, Refused
from toolguild.guild import Guild
from toolguild.messages import Event
from toolguild.messages.commands import JudgeTest
from toolguild.messages.events import DraftRefused, RivalsFound, ToolPublished
from toolguild.registry import next_version
from toolguild.tool import Measured, MutationScore, Published, Tool
from toolguild_reviewer.manifest import whole_capabilities
from toolguild_reviewer.verdict import confidence, objections, only_the_exam_is_weak, reasons

MAX_RIVALS = 5
_VERSIONS_TRIED = 3
_RUNS = ("published", "deprecated")


async def judge_test(guild: Guild, command: JudgeTest) -> Event:
    """Return ToolPublished, DraftRefused with what is wrong, or RivalsFound to compare with first.

    Raises Refused when report, exam, draft and signatures do not belong together: such a command
    is forged or garbled, and no repair of the draft would help.
    """
    _belongs_together(guild, command)
    judged = guild.policy.layers.capabilities
    declared = whole_capabilities(guild, command.draft) if judged else None
    if wrong := objections(command, guild.policy.exam, declared):
        weak = only_the_exam_is_weak(command, guild.policy.exam, declared)
        return DraftRefused(
            build=command.build, attempt=command.attempt, failures=wrong, weak_exam=weak
        )
    if there := _already_published(guild, command):
        return _published(command, there, made=there.tool.exam.digest == command.exam.digest)
    if command.rivals is None and (found := _rivals(guild, command)) is not None:
        return found
    if twin := _passing_rival(guild, command):
        return _published(command, twin, made=False)
    return _published(command, await _publish(guild, command), made=True)


def _belongs_together(guild: Guild, command: JudgeTest) -> None:
    report, draft, exam = command.report, command.draft, command.exam
    guild.keyring.verify(
        command.report_signature, purpose="report", by="executor", over=report.digest
    )
    guild.keyring.verify(command.clearance, purpose="clearance", by="reviewer", over=draft.digest)
    if report.draft != draft.digest:
        raise Refused("the test report is about another draft")
    if report.exam != exam.digest:
        raise Refused("the test report is about another exam")
    if exam.spec != command.spec.digest:
        raise Refused("the exam is about another spec")


def _already_published(guild: Guild, command: JudgeTest) -> Published | None:
    """Return the entry of exactly this draft: the command may come twice, or the same draft for another spec."""
    for entry in guild.registry.versions(command.draft.name):
        if entry.tool.draft.digest == command.draft.digest and entry.status in _RUNS:
            return entry
    return None


def _rivals(guild: Guild, command: JudgeTest) -> RivalsFound | None:
    """Return the published tools to compare with, or None when there is nothing to compare."""
    fitting = list(guild.registry.fitting(command.spec, limit=MAX_RIVALS))
    versions = guild.registry.versions(command.draft.name)
    newest = next((one for one in reversed(versions) if one.status in _RUNS), None)
    if newest is not None and newest.tool.digest not in {one.tool.digest for one in fitting}:
        fitting.append(newest)
    rivals = {one.tool.draft.digest: one for one in fitting}  # of two with one code, one suffices
    if not rivals:
        return None
    return RivalsFound(
        build=command.build,
        attempt=command.attempt,
        rivals=tuple((one.tool.draft, one.tool.clearance) for one in rivals.values()),
        rival_tools=tuple(one.tool.digest for one in rivals.values()),
        predecessor=newest.tool.exam if newest is not None else None,
    )


def _passing_rival(guild: Guild, command: JudgeTest) -> Published | None:
    """Return a published tool that passes this very exam: a twin is not published beside it."""
    for digest, passed in (command.rivals or {}).items():
        entry = guild.registry.get(Digest(digest)) if passed else None
        if entry is not None and entry.status == "published":
            return entry
    return None


async def _publish(guild: Guild, command: JudgeTest) -> Published:
    for _ in range(_VERSIONS_TRIED):
        versions = [one.tool.version for one in guild.registry.versions(command.draft.name)]
        version = next_version(versions, compatible=command.compatible is True)
        tool = _tool(guild, command, version)
        try:
            return await guild.registry.publish(tool, guild.signer.sign("publication", tool.digest))
        except Conflict:
            continue  # somebody published this version meanwhile: take the next
    raise Conflict(command.draft.name)


def _tool(guild: Guild, command: JudgeTest, version: str) -> Tool:
    report = command.report
    return Tool(
        version=version,
        draft=command.draft,
        exam=command.exam,
        report=report,
        mutation=report.mutation or MutationScore(killed=0, total=0),
        measured=Measured(peak=report.peak, sandbox=report.sandbox, seen=report.seen),
        findings=command.findings,
        clearance=command.clearance,
        report_signature=command.report_signature,
        capabilities=whole_capabilities(guild, command.draft),
        approved_by=command.approved_by,
    )


def _published(command: JudgeTest, entry: Published, *, made: bool) -> ToolPublished:
    return ToolPublished(
        build=command.build,
        tool=entry.tool.digest,
        title=entry.tool.title,
        description=entry.tool.draft.description,
        made=made,
        attempt=command.attempt,
        confidence=confidence(entry.tool.exam, entry.tool.report) if made else None,
        why=reasons(command.report, made=made, rivals=len(command.rivals or {})),
    )
