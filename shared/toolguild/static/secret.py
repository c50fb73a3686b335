"""Finding credentials in source text. Few rules of high precision: a false alarm blocks a tool."""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Secret(NamedTuple):
    """One credential: where it is and what it looks like; never its value."""

    line: int
    column: int
    kind: str


_HINT = re.compile(
    r"AKIA|ASIA|-----BEGIN|gh[pousr]_|github_pat_|xox[abprs]-|sk-|sk_live|rk_live|AIza|glpat-|"
    r"npm_|pypi-|SG\.|eyJ|hooks\.slack\.com|://[^\s/]*:[^\s/]*@"
)
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("private key", re.compile(r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----")),
    ("GitHub token", re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_\w{60,})")),
    ("GitLab token", re.compile(r"\bglpat-[\w-]{20,}")),
    ("Slack token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}")),
    ("Slack webhook", re.compile(r"hooks\.slack\.com/services/T\w+/B\w+/\w{20,}")),
    ("Stripe key", re.compile(r"\b[sr]k_live_[0-9A-Za-z]{20,}")),
    ("model provider key", re.compile(r"\bsk-(?:ant-|proj-)?[0-9A-Za-z_-]{32,}")),
    ("Google API key", re.compile(r"\bAIza[\w-]{35}\b")),
    ("npm token", re.compile(r"\bnpm_[0-9A-Za-z]{36}\b")),
    ("PyPI token", re.compile(r"\bpypi-AgE[\w-]{50,}")),
    ("SendGrid key", re.compile(r"\bSG\.[\w-]{22}\.[\w-]{43}\b")),
    ("JSON web token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}")),
)


def secrets(source: str) -> Iterator[Secret]:
    """Yield the credentials in a source text, comments included."""
    if _HINT.search(source) is None:
        return
    for number, line in enumerate(source.split("\n"), 1):
        if len(line) > 20_000 or _HINT.search(line) is None:
            continue
        for kind, pattern in _RULES:
            match = pattern.search(line)
            if match is not None and len(set(match[0])) > 6:  # not XXXX, not 0000
                yield Secret(number, match.start() + 1, kind)
