"""The executor tests drafts, over the real sandbox: the verdict is drawn outside of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.executor.support import TableSandbox, guild, ok, order

from toolguild.capability import Capabilities
from toolguild.errors import Refused
from toolguild.sandbox.interface import Call, Ran, Sandbox, SandboxBroken, Usage
from toolguild.sandbox.opening import open_sandbox
from toolguild.testing import samples
from toolguild.testing.samples import KEYS, SUM_SOURCE_JAVASCRIPT
from toolguild.tool import Case, Property, TestReport
from toolguild_executor.testing import test_draft as sit

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILES = Capabilities(read=("*",), write=("*",))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    box = await open_sandbox("bubblewrap")
    yield box
    await box.close()


async def report(
    sandbox: Sandbox, folder: Path, *, draft: Any = None, exam: Any = None, **changes: Any
) -> TestReport:
    command = order(draft or samples.draft(), exam or samples.exam(), **changes)
    return (await sit(guild("executor", folder, sandbox=sandbox), command)).report


@pytest.mark.parametrize(
    "source", [samples.SUM_SOURCE, SUM_SOURCE_JAVASCRIPT], ids=["python", "javascript"]
)
async def test_a_right_draft_passes_and_its_mutants_are_noticed(
    sandbox: Sandbox, tmp_path: Path, source: str
) -> None:
    language = "javascript" if source is SUM_SOURCE_JAVASCRIPT else "python"
    draft = samples.draft(source=source, language=language)
    got = await report(sandbox, tmp_path, draft=draft, exam=samples.exam(generated=5))
    assert got.passed, got
    assert got.mutation is not None
    assert got.mutation.total >= 1
    assert got.mutation.share == 1.0
    assert got.peak is not None
    assert got.peak.peak_memory_mb > 1


async def test_the_report_is_signed_over_its_digest(sandbox: Sandbox, tmp_path: Path) -> None:
    command = order(samples.draft(), samples.exam())
    event = await sit(guild("executor", tmp_path, sandbox=sandbox), command)
    KEYS.verify(event.signature, purpose="report", by="executor", over=event.report.digest)


async def test_nothing_runs_without_a_clearance_of_exactly_this_draft(tmp_path: Path) -> None:
    box = TableSandbox(lambda call: ok(5))
    other = samples.draft(source="def sum_column(rows, column):\n    return 5\n")
    clearance = KEYS.sign("clearance", other.digest, by="reviewer")
    by_author = KEYS.sign("clearance", samples.draft().digest, by="synthesizer")
    for wrong in (clearance, by_author):
        command = order(samples.draft(), samples.exam(), clearance=wrong)
        with pytest.raises(Refused):
            await sit(guild("executor", tmp_path, sandbox=box), command)
    assert box.calls == []


async def test_a_wrong_draft_fails_and_gets_no_mutants(sandbox: Sandbox, tmp_path: Path) -> None:
    source = "def sum_column(rows, column):\n    return sum(row[column] for row in rows[1:])\n"
    got = await report(sandbox, tmp_path, draft=samples.draft(source=source))
    assert not got.passed
    assert got.mutation is None
    assert "expected 5, got 3" in got.results[0].difference


async def test_a_weak_exam_leaves_survivors_that_name_their_line(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    source = (
        "def sum_column(rows, column):\n    total = 0\n    for row in rows:\n"
        "        if row[column] > 100:\n            total += 1\n        total += row[column]\n"
        "    return total if len(rows) > 5 else sum(row[column] for row in rows)\n"
    )
    got = await report(sandbox, tmp_path, draft=samples.draft(source=source))
    assert got.mutation is not None
    assert any("line 4: > became >=" in one for one in got.mutation.survivors)


async def test_no_cases_is_never_a_pass(sandbox: Sandbox, tmp_path: Path) -> None:
    got = await report(sandbox, tmp_path, exam=samples.exam(cases=()))
    assert not got.passed
    assert got.mutation is None


async def test_a_tool_that_gives_another_answer_each_time_is_not_deterministic(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    source = (
        "import random\n\ndef sum_column(rows, column):\n"
        "    return sum(row[column] for row in rows) + random.random() * 1e-3 * (len(rows) == 1)\n"
    )
    one = Case(arguments={"rows": [{"a": 1}], "column": "a"}, expected=None, only_runs=True)
    exam = samples.exam(cases=(one,), properties=(Property(kind="deterministic"),))
    got = await report(sandbox, tmp_path, draft=samples.draft(source=source), exam=exam)
    assert got.results[0].passed
    assert not got.properties[0].passed
    assert got.properties[0].counterexample == one.arguments


async def test_a_second_call_that_fails_breaks_the_property(tmp_path: Path) -> None:
    answers = iter([ok(5)])

    def once(call: Call) -> Ran:
        return next(answers, Ran("exited", None, (), "", Usage(0.01, 0.01, 12.0), None))

    one = samples.exam().cases[0]
    exam = samples.exam(cases=(one,), properties=(Property(kind="deterministic"),))
    got = await report(TableSandbox(once), tmp_path, exam=exam)
    assert got.results[0].passed
    assert not got.properties[0].passed


async def test_an_answer_that_the_output_schema_refuses_fails_even_where_none_is_known(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    source = "def sum_column(rows, column):\n    return str(sum(row[column] for row in rows))\n"
    one = Case(arguments={"rows": [], "column": "a"}, only_runs=True, origin="regression")
    got = await report(
        sandbox, tmp_path, draft=samples.draft(source=source), exam=samples.exam(cases=(one,))
    )
    assert "output schema" in got.results[0].difference


async def test_a_crash_on_a_generated_input_fails_and_keeps_the_input(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    source = "def sum_column(rows, column):\n    rows[0]\n    return sum(r[column] for r in rows)\n"
    schema = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": {"type": "integer"}},
            "column": {"type": "integer", "minimum": 0},
        },
        "required": ["rows", "column"],
    }
    source = "def sum_column(rows, column):\n    return rows[0] + column\n"
    one = Case(arguments={"rows": [1, 2], "column": 1}, expected=2)
    exam = samples.exam(cases=(one,), generated=20)
    draft = samples.draft(source=source, input_schema=schema)
    got = await report(sandbox, tmp_path, draft=draft, exam=exam)
    assert got.results[0].passed
    assert got.generated.failed > 0
    assert got.generated.counterexample is not None
    assert got.generated.counterexample["rows"] == []
    assert "IndexError" in got.generated.first_failure


async def test_a_crash_on_a_generated_file_tells_how_long_the_file_was(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    schema = {
        "type": "object",
        "properties": {"path": {"type": "string", "format": "path"}},
        "required": ["path"],
    }
    source = "def sum_column(path):\n    return len(list(open(path))[1])\n"
    one = Case(arguments={"path": "/data/a.csv"}, files={"a.csv": "h\nsecret\n"}, expected=7)
    draft = samples.draft(source=source, input_schema=schema, declared=FILES)
    got = await report(
        sandbox, tmp_path, draft=draft, exam=samples.exam(cases=(one,), generated=10)
    )
    assert got.generated.first_failure.endswith("(lines in a.csv: 1)")
    assert "secret" not in got.generated.first_failure


async def test_files_of_a_case_are_below_data_and_files_it_leaves_are_compared(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    schema = {
        "type": "object",
        "properties": {"path": {"type": "string", "format": "path"}},
        "required": ["path"],
    }
    source = (
        "def copy(path):\n    text = open(path, encoding='utf-8').read()\n"
        "    with open('/output/up.txt', 'w', encoding='utf-8') as out:\n"
        "        out.write(text.upper())\n    return len(text.split())\n"
    )
    right = Case(
        arguments={"path": "/data/a.txt"},
        expected=2,
        files={"a.txt": "one two\n"},
        expected_files={"up.txt": "ONE TWO"},
    )
    wrong = right.model_copy(update={"expected_files": {"up.txt": "one two"}})
    draft = samples.draft(source=source, entry="copy", input_schema=schema, declared=FILES)
    exam = samples.exam(cases=(right, wrong))
    got = await report(sandbox, tmp_path, draft=draft, exam=exam)
    assert [one.passed for one in got.results] == [True, False]
    assert "/output/up.txt" in got.results[1].difference


async def test_arguments_that_the_input_schema_refuses_are_never_run(tmp_path: Path) -> None:
    box = TableSandbox(lambda call: ok(5))
    bad = Case(arguments={"rows": "none", "column": "a"}, expected=5)
    got = await report(box, tmp_path, exam=samples.exam(cases=(bad,)))
    assert not got.results[0].passed
    assert "input schema" in got.results[0].difference
    assert box.calls == []


async def test_the_sandbox_failing_is_never_the_drafts_failure(tmp_path: Path) -> None:
    def broken(call: Call) -> Ran:
        raise SandboxBroken("the template died")

    with pytest.raises(SandboxBroken, match="the template died"):
        await report(TableSandbox(broken), tmp_path)


async def test_an_answer_that_no_report_can_hold_is_a_failure_and_not_a_crash(
    tmp_path: Path,
) -> None:
    box = TableSandbox(lambda call: ok(2**70))
    got = await report(box, tmp_path)
    assert not got.passed
    assert len(got.digest) == 64


async def test_a_rival_is_tested_without_mutants(sandbox: Sandbox, tmp_path: Path) -> None:
    got = await report(sandbox, tmp_path, role="rival")
    assert got.passed
    assert got.mutation is None


async def test_a_comparison_that_failed_a_case_runs_nothing_more(tmp_path: Path) -> None:
    for role, passed, more in (("rival", False, False), ("candidate", False, True)):
        box = TableSandbox(lambda call: ok(-1))
        exam = samples.exam(generated=5)
        got = await report(box, tmp_path, exam=exam, role=role)
        assert got.passed is passed
        assert (len(box.calls) > len(exam.cases)) is more, role
