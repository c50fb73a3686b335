"""What a static review finds, and the verdict that follows."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from toolguild import tool
from toolguild.static.rules import RULES, Severity

_SWITCH = "review.static"
Verdict = Literal["allow", "ask", "block"]


class Finding(NamedTuple):
    """One objection to one place in the code."""

    rule: str
    line: int  # from 1
    column: int  # from 1
    severity: Severity
    message: str
    policy: str | None = None  # the policy entry that decides it, or lets the rule be asked at all


class Review(NamedTuple):
    """All findings in one piece of code, by line, and the verdict."""

    verdict: Verdict
    findings: tuple[Finding, ...]

    def recorded(self) -> tuple[tool.Finding, ...]:
        """Return the findings as the tool's record and the messages keep them."""
        return tuple(
            tool.Finding(
                rule=one.rule,
                severity=one.severity,
                message=one.message,
                line=one.line,
                policy=one.policy,
            )
            for one in self.findings
        )


def finding(rule: str, line: int, column: int, message: str, policy: str | None = None) -> Finding:
    """Return a finding of a rule in the table, with the severity that the table gives it.

    A rule that no entry of the policy is about is there because the static review is on.
    """
    return Finding(rule, line, column, RULES[rule].severity, message, policy or _SWITCH)


def conclude(findings: Iterable[Finding]) -> Review:
    """Order the findings, drop repetitions, and draw the verdict: the worst severity decides."""
    ordered = tuple(sorted(set(findings), key=lambda one: (one.line, one.column, one.rule, one[4])))
    worst = {one.severity for one in ordered}
    if worst & {"high", "critical"}:
        return Review("block", ordered)
    return Review("ask" if "medium" in worst else "allow", ordered)
