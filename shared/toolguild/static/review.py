"""The static review of one tool's code. Pure and deterministic; it never raises and always ends."""

from toolguild.capability import Capabilities, Language
from toolguild.policy import Policy
from toolguild.static.finding import Review, conclude, finding
from toolguild.static.javascript.review import review_javascript
from toolguild.static.python.review import review_python
from toolguild.static.secret import secrets

MAX_BYTES = 1_000_000


def review(
    source: str, language: Language, policy: Policy, declared: Capabilities | None = None
) -> Review:
    """Review code by rules on its syntax tree and the flow of its values.

    `declared` is what the tool's manifest asks for; without it, libraries need no declaration and
    nothing counts as granted.
    """
    if language not in policy.languages:
        what = f"{language} is not among the allowed languages"
        return conclude([finding("language-denied", 1, 1, what, "languages")])
    if len(source) > MAX_BYTES:
        return conclude([finding("too-long", 1, 1, f"more than {MAX_BYTES} characters")])
    lines = source.count("\n") + 1
    if lines > policy.max_lines:
        what = f"{lines} lines, at most {policy.max_lines} are allowed"
        return conclude([finding("too-long", policy.max_lines + 1, 1, what, "max_lines")])
    if language == "python":
        found = review_python(source, policy, declared)
    else:
        found = review_javascript(source, policy, declared)
    for one in secrets(source):
        found.add(finding("secret", one.line, one.column, f"holds what looks like a {one.kind}"))
    return conclude(found)
