"""One build's messages, as short as they get: what its process is told, and how to play them to it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from toolguild.canonical import Digest
from toolguild.messages import Brief, BuildId, Event, Message, TaskId, events
from toolguild.policy import BuildRules
from toolguild.sandbox.interface import Fault
from toolguild.tool import (
    Case,
    CaseResult,
    Draft,
    Exam,
    Finding,
    Provenance,
    Signature,
    TestReport,
    ToolSpec,
)
from toolguild_synthesizer.build import advance
from toolguild_synthesizer.state import Build, Building, New

BUILD = BuildId("b-1")
ANA, BEN = TaskId("t-ana"), TaskId("t-ben")
RULES = BuildRules(attempts=3, samples=1, repairs=1)
SPEC = ToolSpec(
    name="double",
    purpose="double a number",
    input_schema={"type": "object", "properties": {"x": {"type": "number"}}},
    output_schema={"type": "number"},
)
LAW = Case(arguments={"x": 1}, expected=2, origin="spec")
WRITTEN = Case(arguments={"x": 2}, expected=5)
EXAM = Exam(spec=SPEC.digest, cases=(LAW, WRITTEN))
TOOL = Digest("f" * 64)


def sign(over: Digest, purpose: Literal["clearance", "report", "publication"]) -> Signature:
    return Signature(purpose=purpose, by="x", over=over, key="00", signature="00")


@lru_cache
def draft(source: str) -> Draft:
    made_by = Provenance(
        task=ANA,
        build=BUILD,
        agent="synthesizer",
        model="m",
        model_source="scripted",
        prompt=Digest("0" * 64),
    )
    return Draft(
        name="double",
        language="python",
        entry="double",
        source=source,
        description="doubles",
        input_schema=SPEC.input_schema,
        output_schema=SPEC.output_schema,
        provenance=made_by,
    )


def wanted(task: TaskId = ANA, autonomy: str = "D", **bounds: Any) -> events.ToolWanted:
    brief = Brief(task=task, autonomy=autonomy, **bounds)
    return events.ToolWanted(build=BUILD, task=task, brief=brief, spec=SPEC)


def steered(
    task: TaskId, state: Literal["going", "paused", "left"], freeze: bool = False, **bounds: Any
) -> events.WaiterSteered:
    brief = Brief(task=task, autonomy="D", **bounds)
    return events.WaiterSteered(build=BUILD, task=task, state=state, freeze=freeze, brief=brief)


def approval(source: str, approved: bool = True, by: str = "eva") -> events.ApprovalGiven:
    return events.ApprovalGiven(build=BUILD, draft=draft(source).digest, approved=approved, by=by)


def failure(of: str, ref: str = "1", code: str = "failed") -> events.WorkFailed:
    return events.WorkFailed(about_key=BUILD, of=of, ref=ref, code=code, reason="r")


def drafted(n: int, source: str = "one") -> events.ToolDrafted:
    return events.ToolDrafted(build=BUILD, attempt=n, draft=draft(source))


def reviewed(
    n: int, source: str = "one", verdict: Literal["allow", "ask", "block"] = "allow"
) -> events.DraftReviewed:
    code = draft(source).digest
    cleared = sign(code, "clearance") if verdict == "allow" else None
    found = () if verdict == "allow" else (Finding(rule="r", severity="high", message="bad"),)
    return events.DraftReviewed(
        build=BUILD, attempt=n, draft=code, verdict=verdict, clearance=cleared, findings=found
    )


def exam_set(exam: Exam = EXAM) -> events.ExamSet:
    return events.ExamSet(build=BUILD, exam=exam)


def report(source: str, passed: Sequence[bool], exam: Exam = EXAM, got: int = 4) -> TestReport:
    results = tuple(
        CaseResult(case=case.digest, passed=ok, outcome="ok", got=got)
        for case, ok in zip(exam.cases, passed, strict=True)
    )
    return TestReport(draft=draft(source).digest, exam=exam.digest, results=results)


def ran_exam(
    n: int, source: str = "one", passed: Sequence[bool] = (True, True)
) -> events.DraftTested:
    told = report(source, passed)
    return events.DraftTested(
        build=BUILD, attempt=n, role="candidate", report=told, signature=sign(told.digest, "report")
    )


def refused(n: int, why: str = "case 2") -> events.DraftRefused:
    return events.DraftRefused(build=BUILD, attempt=n, failures=(why,))


def published(n: int = 1, *, made: bool = True) -> events.ToolPublished:
    return events.ToolPublished(build=BUILD, tool=TOOL, title="double@1.0", made=made, attempt=n)


def play(*history: Event, rules: BuildRules = RULES) -> tuple[Build, Sequence[Message]]:
    state: Build = New()
    said: list[Message] = []
    for event in history:
        state, messages = advance(rules, state, event)
        said += messages
    return state, said


def kinds(said: Sequence[Message]) -> list[str]:
    return [message.kind for message in said]


def building(state: Build) -> Building:
    assert isinstance(state, Building)
    return state


def crashed(
    n: int, source: str, message: str, line: str = "x = y", case: int = 1
) -> tuple[Event, ...]:
    """Return an attempt that raises in one case and passes the others."""
    told = report(source, [number != case for number in range(len(EXAM.cases))])
    fault = Fault("error", "ValueError", message, line=7, source_line=line)
    results = [
        one if one.passed else one.model_copy(update={"outcome": "error", "fault": fault})
        for one in told.results
    ]
    told = told.model_copy(update={"results": tuple(results)})
    ran = events.DraftTested(
        build=BUILD, attempt=n, role="candidate", report=told, signature=sign(told.digest, "report")
    )
    return drafted(n, source), reviewed(n, source), ran, refused(n)


def failed_attempt(
    n: int, source: str, passed: Sequence[bool] = (False, True)
) -> tuple[Event, ...]:
    return drafted(n, source), reviewed(n, source), ran_exam(n, source, passed), refused(n)
