"""The static review of tool code: rules on the syntax tree and the flow of values, not on text."""

from toolguild.static.finding import Finding, Review, Verdict
from toolguild.static.review import review
from toolguild.static.rules import RULES, Rule, Severity

__all__ = ["RULES", "Finding", "Review", "Rule", "Severity", "Verdict", "review"]
