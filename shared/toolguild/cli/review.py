"""`toolguild review`: the static rules of the reviewer on any file, without a guild."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json, PolicyFile
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.static import FileReview


def review(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Python or JavaScript files, or folders."),
    ],
    policy: PolicyFile = None,
    as_json: Json = False,
    as_sarif: Annotated[
        bool, typer.Option("--sarif", help="Print SARIF 2.1.0, for code hosts and editors.")
    ] = False,
) -> int:
    """Review code by rules on its syntax tree, without running it and without a guild.

    Exit 0 when every file is allowed, 1 otherwise.
    JSON: files[{file, verdict, findings[{rule, line, severity, message, policy}]}].

    \b
    toolguild review tool.py lib/
    toolguild review src --policy policy.yaml --sarif > findings.sarif
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say_json
    from toolguild.policy.load import read_policy
    from toolguild.static import review_paths, sarif

    if as_json and as_sarif:
        raise UsageError("--json and --sarif: choose one")
    reviews = review_paths(paths, read_policy(settings_of(policy).policy))
    if as_sarif:
        from importlib.metadata import version

        say_json(sarif(reviews, version("toolguild")))
    elif as_json:
        say_json({"files": [one.plain() for one in reviews]})
    else:
        _show(reviews)
    allowed = all(one.review.verdict == "allow" for one in reviews)
    return exits.SUCCEEDED if allowed else exits.PROBLEM


def _show(reviews: "list[FileReview]") -> None:
    from toolguild.cli.output import say

    for one in reviews:
        say(f"{one.review.verdict:6s} {one.file}")
        for finding in one.review.findings:
            entry = f" ({finding.policy})" if finding.policy else ""
            where = f"{finding.line}:{finding.column}"
            say(f"  {where:8s} {finding.severity:8s} {finding.message} [{finding.rule}]{entry}")
