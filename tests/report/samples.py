"""A result as a guild might give it, with every part filled in."""

from toolguild.canonical import Digest
from toolguild.messages import (
    Artifact,
    CriterionResult,
    ModelUsage,
    Result,
    StepResult,
    ToolUse,
)
from toolguild.plan import Plan, Step
from toolguild.sandbox.interface import Usage
from toolguild.tool import (
    Case,
    Draft,
    Exam,
    Measured,
    MutationScore,
    Provenance,
    Published,
    Ruling,
    Signature,
    TestReport,
    Tool,
    ToolSpec,
)

EVIL = "<script>alert(1)</script>"
DIGEST = Digest("ab" * 32)
PNG = b"\x89PNG\r\n\x1a\n not really a picture"


def signature(purpose: str = "clearance") -> Signature:
    return Signature.model_validate(
        {"purpose": purpose, "by": "reviewer", "over": DIGEST, "key": "00", "signature": "00"}
    )


def published(source: str = "def count_words(text):\n    return len(text.split())\n") -> Published:
    provenance = Provenance(
        task="t-1",
        build="b-1",
        agent="synthesizer",
        model="small",
        model_source="recorded",
        prompt=DIGEST,
    )
    draft = Draft(
        name="count_words",
        language="python",
        entry="count_words",
        source=source,
        description="Counts words",
        input_schema={"type": "object", "properties": {"text": {"type": "string"}}},
        output_schema={"type": "integer"},
        provenance=provenance,
    )
    exam = Exam(
        spec=DIGEST,
        cases=(
            Case(arguments={"text": "a b"}, expected=2, origin="spec"),
            Case(arguments={"text": ""}, expected=0),
        ),
        rulings=(Ruling(subject=DIGEST, decision="set_aside", why="the spec does not say"),),
    )
    tool = Tool(
        version="1.0",
        draft=draft,
        exam=exam,
        report=TestReport(draft=draft.digest, exam=exam.digest, results=()),
        mutation=MutationScore(killed=3, total=4),
        measured=Measured(peak=Usage(0.01, 0.01, 20.0), sandbox="bubblewrap"),
        clearance=signature(),
        report_signature=signature("report"),
        capabilities=draft.declared,
    )
    return Published(tool=tool, publication=signature("publication"))


def plan() -> Plan:
    spec = ToolSpec(
        name="count_words",
        purpose="count",
        input_schema={"type": "object"},
        output_schema={"type": "integer"},
    )
    return Plan(
        steps=(
            Step(id="read", purpose="Read the text", request=spec),
            Step(
                id="count",
                purpose="Count it",
                tool=DIGEST,
                title="adder@1.0",
                arguments={"t": {"$from": "/read/value"}},
            ),
            Step(id="other", purpose="Beside it", tool=DIGEST, title="adder@1.0"),
        ),
        answer={"$from": "/count/value"},
    )


def result(**changes: object) -> Result:
    """A success with everything in it; `changes` replace fields."""
    whole = Result(
        task="t-1",
        status="succeeded",
        goal="Count the words",
        answer=[{"word": "a", "n": 2}, {"word": "b", "n": 1}],
        files=(
            Artifact(name="out.csv", sha256="cd" * 32, bytes=2048),
            Artifact(name="plot.png", sha256="ef" * 32, bytes=len(PNG), media_type="image/png"),
        ),
        criteria=(
            CriterionResult(
                text="there is a table", met=True, evidence="2 rows", judged_by="program"
            ),
            CriterionResult(text="it is pretty", met=None, evidence="", judged_by="nobody"),
        ),
        plan=plan(),
        steps=(
            StepResult(
                step="read", state="done", how="made", title="count_words@1.0", calls=1, value=3
            ),
            StepResult(step="count", state="failed", reason="division by zero", calls=2),
        ),
        made=(ToolUse(name="count_words", version="1.0", digest=DIGEST),),
        reused=(
            ToolUse(name="adder", version="1.0", digest=Digest("12" * 32), description="adds"),
        ),
        usage=(
            ModelUsage(
                role="planner",
                model="small",
                source="recorded",
                calls=1,
                input_tokens=10,
                output_tokens=5,
            ),
            ModelUsage(role="synthesizer", model="small", source="recorded", calls=2, usd=0.25),
        ),
        events=("repaired once",),
        seconds=1.25,
        trace_id="f" * 32,
    )
    return whole.model_copy(update=changes)
