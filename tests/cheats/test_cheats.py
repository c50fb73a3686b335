"""No tool passes without doing the work: review and exam refuse, each on its own, over the real sandbox."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from tests.executor.support import BRIEF, BUILD, guild, order

from toolguild import static
from toolguild.messages import TaskId, events
from toolguild.messages.commands import JudgeTest, RunTool
from toolguild.messages.events import ToolRan
from toolguild.policy import Policy
from toolguild.registry import MemoryRegistry
from toolguild.sandbox.interface import Sandbox
from toolguild.sandbox.opening import open_sandbox
from toolguild.testing import samples
from toolguild.testing.samples import KEYS
from toolguild.tool import Case, Draft, Exam, TestReport
from toolguild_executor.running import run_tool
from toolguild_executor.testing import test_draft as sit
from toolguild_reviewer.judging import judge_test

pytestmark = pytest.mark.asyncio(loop_scope="module")

CORPUS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "corpus.yaml").read_text(encoding="utf-8")
)
NAMES = [one["name"] for one in CORPUS]
EXAM = samples.exam(
    cases=(
        Case(arguments={"rows": samples.ROWS, "column": "price"}, expected=5, origin="spec"),
        Case(arguments={"rows": samples.ROWS, "column": "tax"}, expected=2),
        Case(arguments={"rows": [{"a": 40}, {"a": 2}], "column": "a"}, expected=42),
    )
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    box = await open_sandbox("bubblewrap")
    yield box
    await box.close()


def cheat(one: dict[str, Any], seconds: float = 1.0) -> Draft:
    limits = {"wall_seconds": seconds, "cpu_seconds": seconds}
    return samples.draft(
        source=one["source"], language=one["language"], declared={"limits": limits}
    )


async def judged(draft: Draft, exam: Exam, report: TestReport, folder: Path) -> Any:
    """Judge as the reviewer does, with every signature in place."""
    command = JudgeTest(
        build=BUILD,
        brief=BRIEF,
        spec=samples.spec(),
        exam=exam,
        draft=draft,
        findings=(),
        clearance=KEYS.sign("clearance", draft.digest, by="reviewer"),
        report=report,
        report_signature=KEYS.sign("report", report.digest, by="executor"),
        attempt=1,
    )
    return await judge_test(guild("reviewer", folder), command)


@pytest.mark.parametrize("one", CORPUS, ids=NAMES)
async def test_the_exam_alone_refuses_the_cheat(
    sandbox: Sandbox, tmp_path: Path, one: dict[str, Any]
) -> None:
    draft = cheat(one)
    executor = guild("executor", tmp_path, sandbox=sandbox)
    event = await sit(executor, order(draft, EXAM))
    assert not event.report.passed
    hidden = [result for result in event.report.results[1:] if result.passed]
    assert hidden == []
    refused = await judged(draft, EXAM, event.report, tmp_path)
    assert isinstance(refused, events.DraftRefused)
    assert refused.failures
    assert "42" not in " ".join(refused.failures)  # the hidden answer stays hidden


@pytest.mark.parametrize("one", CORPUS, ids=NAMES)
async def test_the_review_alone_says_what_it_says_of_the_cheat(one: dict[str, Any]) -> None:
    verdict = static.review(one["source"], one["language"], Policy.default()).verdict
    assert verdict == one["review"]


@pytest.mark.parametrize("source", [samples.SUM_SOURCE, samples.SUM_SOURCE_JAVASCRIPT])
async def test_the_honest_tool_passes_the_same_exam(
    sandbox: Sandbox, tmp_path: Path, source: str
) -> None:
    language = "python" if source is samples.SUM_SOURCE else "javascript"
    draft = cheat({"source": source, "language": language}, seconds=20.0)
    event = await sit(guild("executor", tmp_path, sandbox=sandbox), order(draft, EXAM))
    assert event.report.passed, event.report.failures
    assert isinstance(await judged(draft, EXAM, event.report, tmp_path), events.ToolPublished)


async def test_a_cheat_leaves_nothing_behind_for_the_next_call(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    executor = guild("executor", tmp_path, sandbox=sandbox)
    for one in CORPUS:
        if one["name"] in ("patches_the_harness", "replaces_json", "remembers_the_exam"):
            await sit(executor, order(cheat(one), EXAM))
    honest = await sit(executor, order(samples.draft(), EXAM))
    assert honest.report.passed


async def test_an_exam_without_cases_passes_nobody(sandbox: Sandbox, tmp_path: Path) -> None:
    draft, empty = samples.draft(), samples.exam(cases=())
    event = await sit(guild("executor", tmp_path, sandbox=sandbox), order(draft, empty))
    assert not event.report.passed
    refused = await judged(draft, empty, event.report, tmp_path)
    assert isinstance(refused, events.DraftRefused)
    assert "no cases" in refused.failures[0]


async def test_a_report_that_left_cases_out_passes_nobody(tmp_path: Path) -> None:
    draft = samples.draft()
    short = samples.report(draft, EXAM, results=samples.report(draft, EXAM).results[:1])
    assert short.passed
    refused = await judged(draft, EXAM, short, tmp_path)
    assert isinstance(refused, events.DraftRefused)
    assert "not run" in refused.failures[0]


PROBE = """\
import os
import sys

def sum_column(rows, column):
    frame, stack = sys._getframe(), []
    while frame is not None:
        stack.append([frame.f_code.co_filename, frame.f_code.co_name, sorted(frame.f_locals)])
        frame = frame.f_back
    folders = {}
    for folder in ("/", "/tmp", "/data", "/output", "/proc/self/fd"):
        folders[folder] = sorted(os.listdir(folder)) if os.path.isdir(folder) else None
    return {
        "stack": stack,
        "folders": folders,
        "environment": dict(os.environ),
        "argv": sys.argv,
        "modules": sorted(sys.modules),
        "directory": os.getcwd(),
        "limits": list(__import__("resource").getrlimit(0)),
    }
"""


async def test_a_tool_sees_no_difference_between_an_exam_and_real_use(tmp_path: Path) -> None:
    sandbox = await open_sandbox("bubblewrap", size=1)  # templates differ in a descriptor's number
    draft = samples.draft(source=PROBE, output_schema={"type": "object"})
    arguments = {"rows": [], "column": "price"}
    exam = samples.exam(cases=(Case(arguments=arguments, only_runs=True),), generated=0)
    registry = MemoryRegistry()
    tool = samples.tool(draft, exam)
    await registry.publish(tool, samples.published(tool).publication)
    executor = guild("executor", tmp_path, sandbox=sandbox, registry=registry)
    tested = (await sit(executor, order(draft, exam))).report.results[0]
    command = RunTool(
        task=TaskId("t-1"), brief=BRIEF, step="s1", tool=tool.digest, arguments=arguments
    )
    used = await run_tool(executor, command)
    await sandbox.close()
    assert isinstance(used, ToolRan)
    assert tested.outcome == used.outcome == "ok"
    assert tested.got == used.value
