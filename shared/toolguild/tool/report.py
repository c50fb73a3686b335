"""What a review found and what a test measured. Facts, not verdicts: the reviewer judges them."""

from typing import Literal

from pydantic import Field, JsonValue

from toolguild.canonical import Digest
from toolguild.sandbox.interface import Fault, Outcome, Seen, Usage
from toolguild.tool.value import Value


class Finding(Value):
    """One objection of a review to one line."""

    rule: str
    severity: Literal["low", "medium", "high", "critical"]
    message: str
    line: int | None = None
    policy: str | None = None  # the policy entry that decides it
    by: Literal["static", "semantic"] = "static"


class CaseResult(Value):
    """One case of the exam, run once. `difference` is empty when it passed."""

    case: Digest
    passed: bool
    outcome: Outcome
    got: JsonValue = None
    difference: str = ""
    fault: Fault | None = None


class PropertyResult(Value):
    """One property over all calls that it applies to, with the first call that broke it."""

    property: Digest
    passed: bool
    tried: int
    counterexample: JsonValue = None


class MutationScore(Value):
    """How many small faults, put into the code on purpose, the exam noticed."""

    killed: int
    total: int
    survivors: tuple[str, ...] = ()  # "line 7: < became <="

    @property
    def share(self) -> float:
        """Killed mutants over all; 1.0 where the code offers nothing to mutate."""
        return self.killed / self.total if self.total else 1.0


class GeneratedResult(Value):
    """Calls with inputs generated from the input schema: answers must meet the output schema."""

    tried: int = 0
    failed: int = 0
    first_failure: str = ""
    counterexample: dict[str, JsonValue] | None = None


class TestReport(Value):
    """All that running a draft against an exam brought to light, measured outside the sandbox."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    draft: Digest
    exam: Digest
    results: tuple[CaseResult, ...]
    properties: tuple[PropertyResult, ...] = ()
    generated: GeneratedResult = GeneratedResult()
    mutation: MutationScore | None = None  # measured only when everything else passed
    peak: Usage | None = None  # the most that any call used
    sandbox: str = ""
    # over all calls; left out of the digest where nobody looked: reports of before still verify
    seen: Seen | None = Field(default=None, exclude_if=lambda seen: seen is None)

    @property
    def passed(self) -> bool:
        """Whether every case, property and generated call passed, and there was at least one case."""
        return bool(self.results) and not self.failures and not self.generated.failed

    @property
    def failures(self) -> tuple[CaseResult | PropertyResult, ...]:
        """The results that did not pass."""
        every: tuple[CaseResult | PropertyResult, ...] = (*self.results, *self.properties)
        return tuple(result for result in every if not result.passed)
