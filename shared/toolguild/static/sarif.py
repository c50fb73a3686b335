"""Findings as SARIF 2.1.0, which code hosts and editors show beside the lines."""

from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import quote

from toolguild.static.files import FileReview
from toolguild.static.finding import Finding
from toolguild.static.rules import RULES, Severity

_LEVELS: dict[Severity, str] = {
    "low": "note",
    "medium": "warning",
    "high": "error",
    "critical": "error",
}
_SCORES: dict[Severity, str] = {"low": "2.0", "medium": "5.0", "high": "8.0", "critical": "9.5"}


def sarif(reviews: Sequence[FileReview], version: str = "0") -> dict[str, object]:
    """Return one SARIF log with one run: the rules, and a result for each finding."""
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "toolguild",
                        "semanticVersion": version,
                        "rules": [_rule(name) for name in sorted(RULES)],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(each.file, one) for each in reviews for one in each.review.findings
                ],
            }
        ],
    }


def _rule(name: str) -> dict[str, object]:
    rule = RULES[name]
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"security-severity": _SCORES[rule.severity]},
    }


def _result(file: str, one: Finding) -> dict[str, object]:
    path = PurePath(file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    place = {
        "artifactLocation": {"uri": uri},
        "region": {"startLine": one.line, "startColumn": one.column},
    }
    result: dict[str, object] = {
        "ruleId": one.rule,
        "level": _LEVELS[one.severity],
        "message": {"text": one.message},
        "locations": [{"physicalLocation": place}],
    }
    if one.policy is not None:
        result["properties"] = {"policy": one.policy}
    return result
