"""A report is judged by what it says and who signed it; twins are compared before anything is published."""

from pathlib import Path
from typing import Any

import pytest
from tests.executor.support import BRIEF, BUILD, guild

from toolguild.capability import Capabilities, Limits
from toolguild.errors import Conflict, Refused
from toolguild.messages import events
from toolguild.messages.commands import JudgeTest
from toolguild.policy import ExamRules, Policy
from toolguild.policy.model import Layers
from toolguild.registry import MemoryRegistry, verify_chain
from toolguild.sandbox.interface import Seen, Usage
from toolguild.testing import samples
from toolguild.testing.samples import KEYS
from toolguild.tool import (
    Case,
    CaseResult,
    Finding,
    GeneratedResult,
    MutationScore,
    Published,
    Ruling,
    Signature,
    Tool,
)
from toolguild_reviewer.judging import judge_test


def judgement(
    *, draft: Any = None, exam: Any = None, report: Any = None, **changes: Any
) -> JudgeTest:
    draft, exam = draft or samples.draft(), exam or samples.exam()
    report = report or samples.report(draft, exam)
    base: dict[str, Any] = {
        "build": BUILD,
        "brief": BRIEF,
        "spec": samples.spec(),
        "exam": exam,
        "draft": draft,
        "findings": (),
        "clearance": KEYS.sign("clearance", draft.digest, by="reviewer"),
        "report": report,
        "report_signature": KEYS.sign("report", report.digest, by="executor"),
        "attempt": 1,
    }
    return JudgeTest(**(base | changes))


async def judge(
    folder: Path, command: JudgeTest, registry: MemoryRegistry | None = None, **changes: Any
) -> Any:
    return await judge_test(guild("reviewer", folder, registry=registry, **changes), command)


async def holding(*tools: Tool) -> MemoryRegistry:
    registry = MemoryRegistry()
    for tool in tools:
        await registry.publish(tool, samples.published(tool).publication)
    return registry


async def test_a_good_report_publishes_a_tool_that_may_run(tmp_path: Path) -> None:
    registry = MemoryRegistry()
    event = await judge(tmp_path, judgement(), registry)
    assert isinstance(event, events.ToolPublished)
    assert (event.made, event.title) == (True, "sum_column@1.0")
    entry = registry.get(event.tool)
    assert entry is not None
    verify_chain(entry, KEYS, policy=Policy.default())


async def test_the_same_command_again_publishes_nothing_new(tmp_path: Path) -> None:
    registry = MemoryRegistry()
    first = await judge(tmp_path, judgement(), registry)
    again = await judge(tmp_path, judgement(), registry)
    assert first == again
    assert len(registry.versions("sum_column")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"report_signature": KEYS.sign("report", samples.report().digest, by="synthesizer")},
        {"report_signature": KEYS.sign("clearance", samples.report().digest, by="executor")},
        {"clearance": KEYS.sign("clearance", samples.exam().digest, by="reviewer")},
        {"spec": samples.spec(purpose="something else")},
        {"exam": samples.exam(seed=7)},
        {"draft": samples.draft(description="another draft")},
    ],
    ids=["forged", "other purpose", "other draft's", "other spec", "other exam", "edited draft"],
)
async def test_what_does_not_belong_together_is_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    command = judgement().model_copy(update=changes)
    registry = MemoryRegistry()
    with pytest.raises(Refused):
        await judge(tmp_path, command, registry)
    assert registry.all() == []


async def test_a_report_of_another_draft_is_refused_though_it_is_signed(tmp_path: Path) -> None:
    other = samples.draft(description="another draft")
    report = samples.report(other)
    command = judgement(report=report)
    with pytest.raises(Refused, match="another draft"):
        await judge(tmp_path, command)


async def refusal(folder: Path, **changes: Any) -> str:
    event = await judge(folder, judgement(**changes))
    assert isinstance(event, events.DraftRefused), event
    return " | ".join(event.failures)


def failing(exam: Any, number: int) -> Any:
    results = list(samples.report(on=exam).results)
    case = exam.cases[number]
    results[number] = CaseResult(
        case=case.digest,
        passed=False,
        outcome="ok",
        got=-98765,
        difference=f"at the top: expected {case.expected}, got -98765",
    )
    return samples.report(on=exam, results=tuple(results), mutation=None)


async def test_a_failed_example_is_told_whole_and_a_hidden_case_in_outline(tmp_path: Path) -> None:
    hidden = Case(arguments={"rows": [{"a": 31337}], "column": "a"}, expected=31337)
    exam = samples.exam(cases=(*samples.exam().cases, hidden))
    told = await refusal(tmp_path, exam=exam, report=failing(exam, 0))
    assert "expected 5, got -98765" in told
    told = await refusal(tmp_path, exam=exam, report=failing(exam, 3))
    assert "31337" not in told
    assert "A hidden case" in told
    assert "another number is right" in told


async def test_too_few_cases_are_refused_by_the_policys_measure(tmp_path: Path) -> None:
    exam = samples.exam(cases=samples.exam().cases[:1])
    told = await refusal(tmp_path, exam=exam, report=samples.report(on=exam))
    assert "exam.min_cases" in told
    lenient = Policy.default().model_copy(update={"exam": ExamRules(min_cases=1)})
    command = judgement(exam=exam, report=samples.report(on=exam))
    assert isinstance(await judge(tmp_path, command, policy=lenient), events.ToolPublished)


async def test_an_exam_that_notices_too_few_faults_is_too_weak(tmp_path: Path) -> None:
    score = MutationScore(killed=1, total=4, survivors=("line 1: x", "line 2: y", "line 3: z"))
    told = await refusal(tmp_path, report=samples.report(mutation=score))
    assert "1 of 4" in told
    assert "line 2: y" in told


async def test_the_refusal_says_whether_only_the_exam_is_weak(tmp_path: Path) -> None:
    score = MutationScore(killed=1, total=4, survivors=("line 1: x", "line 2: y", "line 3: z"))
    weak = await judge(tmp_path, judgement(report=samples.report(mutation=score)))
    wrong = await judge(tmp_path, judgement(report=failing(samples.exam(), 0)))
    assert isinstance(weak, events.DraftRefused)
    assert isinstance(wrong, events.DraftRefused)
    assert (weak.weak_exam, wrong.weak_exam) == (True, False)


async def test_a_single_survivor_is_forgiven(tmp_path: Path) -> None:
    score = MutationScore(killed=1, total=2, survivors=("line 1: x",))
    event = await judge(tmp_path, judgement(report=samples.report(mutation=score)))
    assert isinstance(event, events.ToolPublished)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"mutation": None}, "nobody measured whether"),
        ({"peak": None}, "nobody measured what"),
        ({"generated": GeneratedResult(tried=5, failed=1, first_failure="boom")}, "boom"),
        ({"results": samples.report().results[1:]}, "not run"),
    ],
)
async def test_a_report_with_a_gap_publishes_nothing(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    assert why in await refusal(tmp_path, report=samples.report(**changes))


async def test_a_failure_at_a_case_that_the_exam_does_not_have_publishes_nothing(
    tmp_path: Path,
) -> None:
    stray = CaseResult(case=Case(expected=1).digest, passed=False, outcome="ok", difference="x")
    report = samples.report(results=(*samples.report().results, stray))
    assert "did not pass" in await refusal(tmp_path, report=report)


async def test_a_tool_that_used_more_than_it_declared_is_refused(tmp_path: Path) -> None:
    peak = Usage(wall_seconds=0.1, cpu_seconds=0.1, peak_memory_mb=100.0)
    draft = samples.draft(declared=Capabilities(limits=Limits(memory_mb=64)))
    report = samples.report(draft, peak=peak)
    assert "100 MB" in await refusal(tmp_path, draft=draft, report=report)


async def test_the_same_draft_for_another_exam_is_reused(tmp_path: Path) -> None:
    registry = await holding(samples.tool())
    exam = samples.exam(seed=9)
    command = judgement(exam=exam, report=samples.report(on=exam))
    event = await judge(tmp_path, command, registry)
    assert (event.made, event.title) == (False, "sum_column@1.0")


OTHER = samples.draft(
    name="total", entry="total", source=samples.SUM_SOURCE.replace("sum_column", "total")
)


async def test_published_tools_that_fit_are_compared_before_a_twin_is_published(
    tmp_path: Path,
) -> None:
    rival = samples.tool(OTHER)
    registry = await holding(rival)
    found = await judge(tmp_path, judgement(), registry)
    assert isinstance(found, events.RivalsFound)
    assert found.rival_tools == (rival.digest,)
    assert found.rivals == ((rival.draft, rival.clearance),)
    assert found.predecessor is None
    passed = await judge(tmp_path, judgement(rivals={rival.digest: True}), registry)
    assert isinstance(passed, events.ToolPublished)
    assert (passed.made, passed.tool) == (False, rival.digest)
    assert not registry.versions("sum_column")
    failed = await judge(tmp_path, judgement(rivals={rival.digest: False}), registry)
    assert (failed.made, failed.title) == (True, "sum_column@1.0")


@pytest.mark.parametrize(("compatible", "version"), [(True, "1.1"), (False, "2.0"), (None, "2.0")])
async def test_the_version_follows_behaviour(
    tmp_path: Path, compatible: bool | None, version: str
) -> None:
    old = samples.tool()
    registry = await holding(old)
    draft = samples.draft(source=samples.SUM_SOURCE + "\n# better\n")
    found = await judge(tmp_path, judgement(draft=draft), registry)
    assert isinstance(found, events.RivalsFound)
    assert found.predecessor == old.exam
    command = judgement(draft=draft, rivals={old.digest: False}, compatible=compatible)
    event = await judge(tmp_path, command, registry)
    assert event.title == f"sum_column@{version}"


async def test_a_rival_that_was_revoked_meanwhile_is_no_twin(tmp_path: Path) -> None:
    rival = samples.tool(OTHER)
    registry = await holding(rival)
    await registry.set_status(rival.digest, "revoked", "found wrong")
    event = await judge(tmp_path, judgement(rivals={rival.digest: True}), registry)
    assert event.made


async def test_capabilities_are_the_union_with_the_tools_that_are_used(tmp_path: Path) -> None:
    used = samples.tool(samples.draft(name="used", declared=Capabilities(write=("*",))))
    registry = await holding(used)
    draft = samples.draft(uses={"used": used.digest})
    command = judgement(draft=draft, rivals={used.digest: False})
    event = await judge(tmp_path, command, registry)
    entry = registry.get(event.tool)
    assert entry is not None
    assert entry.tool.capabilities.write == ("*",)


class Contested(MemoryRegistry):
    """Somebody else publishes the version just before us, once."""

    def __init__(self, other: Published) -> None:
        super().__init__()
        self.other: Published | None = other

    async def publish(self, tool: Tool, publication: Signature) -> Published:
        if self.other is not None:
            other, self.other = self.other, None
            await super().publish(other.tool, other.publication)
            raise Conflict(tool.title)
        return await super().publish(tool, publication)


async def test_a_version_that_is_taken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    other = samples.published(samples.tool(samples.draft(description="from elsewhere")))
    event = await judge(tmp_path, judgement(), Contested(other))
    assert event.title == "sum_column@2.0"


async def test_where_nobody_knows_an_answer_unnoticed_faults_are_on_record_only(
    tmp_path: Path,
) -> None:
    cases = tuple(one.model_copy(update={"only_runs": True}) for one in samples.exam().cases)
    exam = samples.exam(cases=cases)
    score = MutationScore(killed=0, total=4, survivors=("a", "b", "c", "d"))
    report = samples.report(on=exam, mutation=score)
    event = await judge(tmp_path, judgement(exam=exam, report=report))
    assert isinstance(event, events.ToolPublished)


@pytest.mark.parametrize(
    ("killed", "decisions", "expected"),
    [
        (8, (), 0.8),
        (8, ("kept",), 0.8),
        (10, ("corrected",), 2 / 3),
        (10, ("set_aside",), 3 / 4),  # a fourth case is gone
        (5, ("corrected", "set_aside"), 0.25),
    ],
)
async def test_confidence_is_what_the_exam_notices_times_what_of_it_nobody_had_to_correct(
    tmp_path: Path, killed: int, decisions: tuple[Any, ...], expected: float
) -> None:
    rulings = tuple(
        Ruling(subject=samples.exam().cases[0].digest, decision=one, why="") for one in decisions
    )
    exam = samples.exam(rulings=rulings, properties=())
    assert len(exam.cases) == 3
    report = samples.report(on=exam, mutation=MutationScore(killed=killed, total=10))
    lenient = Policy.default().model_copy(update={"exam": ExamRules(mutation_score=0)})
    registry = MemoryRegistry()
    for _ in range(2):  # told again it is the same
        event = await judge(tmp_path, judgement(exam=exam, report=report), registry, policy=lenient)
        assert isinstance(event, events.ToolPublished)
        assert event.confidence == pytest.approx(expected, abs=1e-3)


async def test_of_a_tool_that_is_reused_this_exam_says_no_confidence(tmp_path: Path) -> None:
    there = samples.tool()
    registry = await holding(there)
    draft = samples.draft(description="another draft")
    event = await judge(tmp_path, judgement(draft=draft, rivals={there.digest: True}), registry)

    assert isinstance(event, events.ToolPublished)
    assert (event.made, event.confidence) == (False, None)


async def test_who_overruled_the_review_is_kept_with_the_tool(tmp_path: Path) -> None:
    mark = Finding(rule="overruled", severity="low", message="overruled by ann")
    registry = MemoryRegistry()
    event = await judge(tmp_path, judgement(findings=(mark,), approved_by="ann"), registry)

    assert isinstance(event, events.ToolPublished)
    entry = registry.get(event.tool)
    assert entry is not None
    assert (entry.tool.approved_by, entry.tool.findings) == ("ann", (mark,))
    verify_chain(entry, KEYS, policy=Policy.default())


def seen_to(**did: Any) -> Any:
    """A report of a draft that passed, and was seen to do this."""
    return samples.report(seen=Seen(**did))


@pytest.mark.parametrize(
    ("did", "told"),
    [
        ({"written": ("plot.png",)}, "in its tests it wrote plot.png, and it declares none"),
        ({"read": ("a.csv",)}, "it read a.csv, and it declares none"),
        ({"programs": ("sh",)}, "it started sh, and it declares none"),
        ({"hosts": ("evil.example:80",)}, "it asked for evil.example:80, and it declares none"),
        ({"processes": 3}, "it ran 3 processes at once, and it declares at most 1"),
    ],
)
async def test_what_was_measured_beyond_what_is_declared_goes_back_to_the_author(
    did: dict[str, Any], told: str, tmp_path: Path
) -> None:
    refused = await judge(tmp_path, judgement(report=seen_to(**did)))
    assert isinstance(refused, events.DraftRefused)
    (failure,) = refused.failures
    assert told in failure
    assert not refused.weak_exam


async def test_what_was_measured_within_it_stands_in_the_record(tmp_path: Path) -> None:
    draft = samples.draft(declared=Capabilities(read=("*.csv",)))
    report = samples.report(draft, seen=Seen(read=("a.csv",), programs=None, processes=None))
    command = judgement(draft=draft, report=report)
    registry = MemoryRegistry()
    published = await judge(tmp_path, command, registry)
    entry = registry.get(published.tool)
    assert entry is not None
    assert entry.tool.measured.seen == report.seen


async def test_with_the_layer_off_measured_use_is_kept_and_not_judged(tmp_path: Path) -> None:
    off = Policy.default().model_copy(update={"layers": Layers(capabilities=False)})
    peak = Usage(wall_seconds=99, cpu_seconds=99, peak_memory_mb=9999)
    report = samples.report(seen=Seen(programs=("sh",)), peak=peak)
    registry = MemoryRegistry()
    published = await judge(tmp_path, judgement(report=report), registry, policy=off)
    assert isinstance(published, events.ToolPublished)


async def test_the_capabilities_of_used_tools_count_as_declared(tmp_path: Path) -> None:
    inner = samples.tool(samples.draft(name="inner", declared=Capabilities(write=("*",))))
    registry = await holding(inner)
    draft = samples.draft(name="outer", uses={"inner": inner.digest})
    report = samples.report(draft, seen=Seen(written=("a.txt",)))
    ended = await judge(tmp_path, judgement(draft=draft, report=report), registry)
    assert not isinstance(ended, events.DraftRefused)
