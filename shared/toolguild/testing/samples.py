"""Valid values of every kind of record, each of whose fields a test may choose: `draft(name="other")`."""

from collections.abc import Mapping
from typing import Any

from toolguild.canonical import digest
from toolguild.capability import Capabilities
from toolguild.sandbox.interface import Usage
from toolguild.testing.keys import SampleKeys
from toolguild.tool import (
    Case,
    CaseResult,
    Draft,
    Exam,
    Example,
    Measured,
    MutationScore,
    Provenance,
    Published,
    TestReport,
    Tool,
    ToolSpec,
)

SUM_SOURCE = '''\
def sum_column(rows, column):
    """Return the sum of one column over all rows."""
    return sum(row[column] for row in rows)
'''
SUM_SOURCE_JAVASCRIPT = """\
function sum_column({ rows, column }) {
  return rows.reduce((sum, row) => sum + row[column], 0);
}
"""
ROWS: Any = [{"price": 2, "tax": 1}, {"price": 3, "tax": 1}]
SUM_INPUT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "rows": {"type": "array", "items": {"type": "object"}},
        "column": {"type": "string", "description": "which number of each row"},
    },
    "required": ["rows", "column"],
    "additionalProperties": False,
}
SUM_OUTPUT: Mapping[str, Any] = {"type": "number"}
SUM_EXAMPLE = Example(arguments={"rows": ROWS, "column": "price"}, expected=5)
KEYS = SampleKeys()  # one ring for samples that are not about signatures


def spec(**changes: Any) -> ToolSpec:
    """Return a request for a tool that sums a column."""
    base: dict[str, Any] = {
        "name": "sum_column",
        "purpose": "Add up the numbers of one column over all rows",
        "input_schema": SUM_INPUT,
        "output_schema": SUM_OUTPUT,
        "examples": (SUM_EXAMPLE,),
    }
    return ToolSpec.model_validate(base | changes)


def provenance(**changes: Any) -> Provenance:
    """Return the provenance of a scripted draft."""
    base: dict[str, Any] = {
        "task": "t-1",
        "build": "b-1",
        "agent": "synthesizer",
        "model": "scripted",
        "model_source": "scripted",
        "prompt": digest("the prompt"),
    }
    return Provenance.model_validate(base | changes)


def draft(**changes: Any) -> Draft:
    """Return code that sums a column."""
    base: dict[str, Any] = {
        "name": "sum_column",
        "language": "python",
        "entry": "sum_column",
        "source": SUM_SOURCE,
        "description": "Add up the numbers in one column of a table",
        "aliases": ("total", "column total"),
        "input_schema": SUM_INPUT,
        "output_schema": SUM_OUTPUT,
        "examples": (SUM_EXAMPLE,),
        "provenance": provenance(),
    }
    return Draft.model_validate(base | changes)


def exam(**changes: Any) -> Exam:
    """Return an exam of three cases that the sample draft passes."""
    base: dict[str, Any] = {
        "spec": spec().digest,
        "cases": (
            Case(arguments={"rows": ROWS, "column": "price"}, expected=5, origin="spec"),
            Case(arguments={"rows": ROWS, "column": "tax"}, expected=2),
            Case(arguments={"rows": [], "column": "price"}, expected=0),
        ),
        "generated": 0,
    }
    return Exam.model_validate(base | changes)


def report(of: Draft | None = None, on: Exam | None = None, **changes: Any) -> TestReport:
    """Return the report of a draft that passes an exam."""
    of, on = of or draft(), on or exam()
    base: dict[str, Any] = {
        "draft": of.digest,
        "exam": on.digest,
        "results": tuple(
            CaseResult(case=case.digest, passed=True, outcome="ok", got=case.expected)
            for case in on.cases
        ),
        "mutation": MutationScore(killed=4, total=5, survivors=("line 3: sum became max",)),
        "peak": Usage(wall_seconds=0.01, cpu_seconds=0.01, peak_memory_mb=12.0),
        "sandbox": "bubblewrap",
    }
    return TestReport.model_validate(base | changes)


def tool(
    of: Draft | None = None,
    on: Exam | None = None,
    *,
    version: str = "1.0",
    keys: SampleKeys = KEYS,
    **changes: Any,
) -> Tool:
    """Return the record of a draft that was cleared and passed its exam, signed with `keys`."""
    of, on = of or draft(), on or exam()
    seen = report(of, on)
    base: dict[str, Any] = {
        "version": version,
        "draft": of,
        "exam": on,
        "report": seen,
        "mutation": seen.mutation,
        "measured": Measured(peak=seen.peak, sandbox=seen.sandbox),
        "clearance": keys.sign("clearance", of.digest, by="reviewer"),
        "report_signature": keys.sign("report", seen.digest, by="executor"),
        "capabilities": of.declared.join(Capabilities()),
    }
    return Tool(**(base | changes))


def published(of: Tool | None = None, *, keys: SampleKeys = KEYS, **changes: Any) -> Published:
    """Return a registry entry whose whole chain of signatures verifies with `keys`."""
    of = of or tool(keys=keys)
    base: dict[str, Any] = {
        "tool": of,
        "publication": keys.sign("publication", of.digest, by="reviewer"),
        "published_at": "2026-01-02T03:04:05+00:00",
    }
    return Published(**(base | changes))


def named(name: str, version: str = "1.0", **changes: Any) -> Published:
    """Return an entry of another name, whose draft has the given fields."""
    return published(tool(draft(name=name, **changes), version=version))
