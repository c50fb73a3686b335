"""Finding credentials in source text. Few rules of high precision: a false alarm blocks a tool."""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Secret(NamedTuple):
    """One credential: where it is and what it looks like; never its value."""

    line: int
    column: int
    kind: str


_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("private key", re.compile(r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----")),
    ("age key", re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}")),
    ("GitHub token", re.compile(r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_\w{60,})")),
    ("GitLab token", re.compile(r"\bglpat-[\w-]{20,}")),
    ("Slack token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}")),
    ("Slack webhook", re.compile(r"hooks\.slack\.com/services/T\w+/B\w+/\w{20,}")),
    ("Stripe key", re.compile(r"\b[sr]k_live_[0-9A-Za-z]{20,}")),
    ("model provider key", re.compile(r"\bsk-(?:ant-|proj-)?[0-9A-Za-z_-]{32,}")),
    ("Hugging Face token", re.compile(r"\bhf_[0-9A-Za-z]{30,}")),
    ("Google API key", re.compile(r"\bAIza[\w-]{35}\b")),
    ("npm token", re.compile(r"\bnpm_[0-9A-Za-z]{36}\b")),
    ("PyPI token", re.compile(r"\bpypi-AgE[\w-]{50,}")),
    ("SendGrid key", re.compile(r"\bSG\.[\w-]{22}\.[\w-]{43}\b")),
    ("Mailgun key", re.compile(r"\bkey-[0-9a-f]{32}\b")),
    ("Twilio key", re.compile(r"\bSK[0-9a-f]{32}\b")),
    ("Telegram token", re.compile(r"\b[0-9]{8,10}:AA[\w-]{32,}")),
    ("Discord token", re.compile(r"\b[MNO][\w-]{22,25}\.[\w-]{6}\.[\w-]{27,}")),
    ("Azure key", re.compile(r"\bAccountKey=[0-9A-Za-z+/]{80,}={0,2}")),
    ("Azure signature", re.compile(r"[?&]sig=[0-9A-Za-z%+/]{40,}")),
    ("DigitalOcean token", re.compile(r"\bdo[oprt]_v1_[0-9a-f]{64}\b")),
    ("Shopify token", re.compile(r"\bshp(?:at|ca|pa|ss)_[0-9a-f]{32}\b")),
    ("Vault token", re.compile(r"\bhv[bs]\.[\w-]{80,}")),
    ("Doppler token", re.compile(r"\bdp\.(?:pt|st|ct)\.\w{40,}")),
    ("Linear key", re.compile(r"\blin_api_[0-9A-Za-z]{40}\b")),
    ("Databricks token", re.compile(r"\bdapi[0-9a-f]{32}\b")),
    ("Postman key", re.compile(r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b")),
    ("New Relic key", re.compile(r"\bNRAK-[0-9A-Z]{27}\b")),
    ("Dynatrace token", re.compile(r"\bdt0c01\.[0-9A-Z]{24}\.[0-9A-Z]{64}\b")),
    ("Square token", re.compile(r"\bEAAA[\w-]{60}\b")),
    ("JSON web token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}")),
)
_HINT = re.compile(
    r"AKIA|ASIA|-----BEGIN|gh[pousr]_|github_pat_|xox[abprs]-|sk-|[sr]k_live|AIza|glpat-|npm_|pypi-|"
    r"SG\.|eyJ|hooks\.slack|SECRET-KEY|hf_|key-|SK[0-9a-f]{8}|:AA|AccountKey|sig=|_v1_|shp[acps]|hv[bs]\.|"
    r"dp\.|lin_api|dapi|PMAK|NRAK|dt0c|EAAA|\b[MNO][\w-]{22,25}\.|://|"
    r"(?i:passw|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|auth|credential|bearer)"
)
# What is given to a name that means a credential: `db_password = "..."`, `"api-key": "..."`, `token="..."`.
_NAMED = re.compile(
    r"""(?ix) (?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key(?:_id)?
    |account[_-]?key|private[_-]?key|auth[_-]?key|credentials?) (?:_?(?:key|value|prod|live))?
    ["']? \]? \s{0,9} (?::(?:\s{0,9}str\s{0,9}=)?|=>?|\(|,) \s{0,9}
    [rbu]? (?P<quote>["']) (?P<value>[^"'\s]{8,200}) (?P=quote)"""
)
_HEADER = re.compile(r"""(?i)["'](?:bearer|basic|token)\s+(?P<value>[\w.+/=~-]{20,})["']""")
_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+]{1,20}://[^\s/:@\"']{0,60}:(?P<value>[^\s/:@\"']{6,80})@", re.I
)
_EXAMPLE = re.compile(
    r"(?i)your|example|sample|placeholder|change|dummy|fake|xxx|test|demo|foo|secret|passw(?:or)?d|token|"
    r"redacted|insert|replace|1234|abcd|qwert|[<>{}$]|\*\*|\.\.\."
)
_PIECE, _OVERLAP = (
    2_000,
    300,
)  # long lines are searched piece by piece: time grows with their length


def secrets(source: str) -> Iterator[Secret]:
    """Yield the credentials in a source text, comments included."""
    if _HINT.search(source) is None:
        return
    for number, line in enumerate(source.split("\n"), 1):
        for start in range(0, len(line) or 1, _PIECE - _OVERLAP):
            piece = line[start : start + _PIECE]
            if _HINT.search(piece) is not None:
                yield from _in_piece(piece, number, start)


def _in_piece(piece: str, number: int, start: int) -> Iterator[Secret]:
    for kind, pattern in _RULES:
        match = pattern.search(piece)
        if match is not None and len(set(match[0])) > 6:  # not XXXX, not 0000
            yield Secret(number, start + match.start() + 1, kind)
    for one in _by_place(piece, number):
        yield one._replace(column=start + one.column)


def _by_place(line: str, number: int) -> Iterator[Secret]:
    """Yield what stands where a credential stands, when it looks like none that was made up."""
    for kind, pattern, least in (
        ("password or key", _NAMED, 9),
        ("header of a request", _HEADER, 12),
        ("password in an address", _ADDRESS, 5),
    ):
        for match in pattern.finditer(line):
            if _is_random(match["value"], least):
                yield Secret(number, match.start("value") + 1, kind)


def _is_random(value: str, least: int) -> bool:
    """Whether a text has letters, digits and enough different characters, and is no placeholder."""
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return mixed and len(set(value)) >= least and _EXAMPLE.search(value) is None
