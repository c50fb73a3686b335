"""One draft on its way through review, exam and judgement."""

from typing import Literal

from toolguild.canonical import Digest
from toolguild.tool import Draft, Finding, Signature, TestReport, Value

Phase = Literal[
    "drafting",  # an author writes it
    "reviewing",  # the reviewer reads it
    "waiting",  # a person has to decide
    "cleared",  # may run; the exam is not there yet
    "testing",  # runs against the exam
    "tested",  # the report is there; one attempt is judged at a time, lest two be published
    "judging",  # the reviewer judges the report
    "comparing",  # rivals and the predecessor are run
    "out",  # refused, failed or a copy of another attempt; `failures` say why
]
ACTIVE: frozenset[Phase] = frozenset(
    ("drafting", "reviewing", "waiting", "cleared", "testing", "tested", "judging", "comparing")
)

Way = Literal[
    "usual",  # a sample or a repair, whichever promises more
    "sample",  # a new independent sample instead of a repair
    "stronger",  # another model, which the policy names
    "smaller",  # the simplest function that does just the purpose
]


class Attempt(Value):
    """One draft with what is known of it so far."""

    number: int
    phase: Phase = "drafting"
    way: Way = "usual"  # how it came to be ordered
    repair_of: int | None = None  # the attempt whose draft it mends; None: a new sample
    edited_by: str = ""  # the person who wrote it, in place of an author
    twin: int | None = None  # an earlier attempt with exactly this code
    draft: Draft | None = None
    findings: tuple[Finding, ...] = ()
    blocked: bool = False  # by the review
    clearance: Signature | None = None
    approved_by: str | None = None
    overruled_by: str | None = None  # the person who lets it pass although the review blocks it
    stopped_by: str = ""  # the person who put an end to it
    report: TestReport | None = None
    report_signature: Signature | None = None
    failures: tuple[str, ...] = ()
    weak_exam: bool = False  # it passed, but the exam notices too few faults


class Comparison(Value):
    """What the reviewer wants to know of published tools before it publishes a new one."""

    attempt: int
    rivals: dict[Digest, Digest] = {}  # draft digest -> tool digest, still running
    answers: dict[Digest, bool] = {}  # tool digest -> whether it passes the exam
    predecessor: Digest | None = None  # exam digest, still running
    compatible: bool | None = None
