"""The static review of tool code: rules on the syntax tree and the flow of values, not on text."""

from toolguild.static.files import FileReview, review_paths
from toolguild.static.finding import Finding, Review, Verdict
from toolguild.static.review import review
from toolguild.static.rules import RULES, Rule, Severity
from toolguild.static.sarif import sarif

__all__ = [
    "RULES",
    "FileReview",
    "Finding",
    "Review",
    "Rule",
    "Severity",
    "Verdict",
    "review",
    "review_paths",
    "sarif",
]
