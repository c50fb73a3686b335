"""Credentials in what leaves: by shapes that hardly occur otherwise, and by the words before a random text."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from toolguild.outgoing.span import Span, union
from toolguild.outgoing.words import Text


class Shape(NamedTuple):
    """How a kind of credential looks. `anchors`: one of them is in every text that has one, as it is written."""

    kind: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]


def _shape(kind: str, anchors: str, pattern: str, flags: int = 0) -> Shape:
    return Shape(kind, tuple(anchors.split()), re.compile(pattern, flags))


SHAPES: tuple[Shape, ...] = (
    _shape("AWS access key", "AKIA ASIA", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    _shape(
        "GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255})\b",
    ),
    _shape("GitLab token", "glpat- glptt- gldt- glrt-", r"\bgl(?:pat|ptt|dt|rt)-[A-Za-z0-9_-]{20,60}"),
    _shape("Slack token", "xox xapp-", r"\b(?:xox[abeposr]|xapp)-[A-Za-z0-9-]{10,200}"),
    _shape("Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,120}"),
    _shape("Google API key", "AIza", r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    _shape("Google OAuth token", "ya29. GOCSPX-", r"\b(?:ya29\.[0-9A-Za-z_-]{20,300}|GOCSPX-[0-9A-Za-z_-]{20,40})"),
    _shape(
        "model provider key",
        "sk- hf_ gsk_ r8_ xai-",
        r"\b(?:sk-(?:ant-|proj-|or-|svcacct-|live-)?(?=[A-Za-z0-9_-]{0,40}\d)[A-Za-z0-9_-]{20,200}"
        r"|hf_[A-Za-z]{30,40}|gsk_[A-Za-z0-9]{40,60}|r8_[A-Za-z0-9]{30,50}|xai-[A-Za-z0-9]{60,100})",
    ),
    _shape(
        "payment key",
        "sk_live_ sk_test_ rk_live_ rk_test_ whsec_ sq0csp- EAAA",
        r"\b(?:(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{16,120}|whsec_[0-9A-Za-z+/=]{20,80}|sq0csp-[0-9A-Za-z_-]{40,50}"
        r"|EAAA[0-9A-Za-z_-]{58,62})",
    ),
    _shape("package registry token", "npm_ pypi- dckr_pat_ rubygems_", r"\b(?:npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{40,300}|dckr_pat_[A-Za-z0-9_-]{20,40}|rubygems_[0-9a-f]{48})"),
    _shape("mail service key", "SG. key- xkeysib-", r"\b(?:SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}|key-[0-9a-f]{32}|xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16})\b"),
    _shape("Twilio key", "SK AC", r"\bSK[0-9a-f]{32}\b"),
    _shape("cloud token", "dop_v1_ doo_v1_ dor_v1_ shpat_ shpss_ lin_api_ ntn_ secret_ vercel_ hvs. dapi FlyV1", r"\b(?:do[por]_v1_[0-9a-f]{64}|shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}|lin_api_[A-Za-z0-9]{40}|ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43}|hvs\.[A-Za-z0-9_-]{24,120}|dapi[0-9a-f]{32})"),
    _shape("Telegram bot token", ":AA", r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,34}(?![A-Za-z0-9_-])"),
    _shape("Discord token", ".", r"\b[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_-])"),
    _shape("Azure key", "AccountKey= SharedAccessKey= sig=", r"\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,88}={0,2}|[?&]sig=[A-Za-z0-9%+/]{40,120}"),
    _shape("JSON web token", "eyJ", r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{10,2000}"),
    _shape("NATS seed", "SU SA SO SC SN SX", r"\bS[UAOCNX][A-Z2-7]{56}\b"),
    _shape("age key", "AGE-SECRET-KEY-1", r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b"),
)  # fmt: skip
_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_CLOSE = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
MAX_KEY = 20_000  # letters of one private key
_URL = re.compile(
    r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@\"'<>]{0,100}:([^\s@/\"'<>]{1,200})@[^\s\"'<>]"
)
_HEADER = re.compile(r"[ \t]+([A-Za-z0-9._~+/=-]{16,2000})")
_DIGEST_LIKE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?:sha(?:1|256|384|512)[:-])?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})",
    re.I,
)
_NAMES = (
    *(
        "password",
        "passwd",
        "passphrase",
        "passwort",
        "pwd",
        "secret",
        "secrets",
        "token",
        "apikey",
        "api key",
    ),
    *(
        "api_key",
        "api-key",
        "access key",
        "access_key",
        "accesskey",
        "secret_key",
        "secret key",
        "client_secret",
    ),
    *(
        "auth_token",
        "authtoken",
        "private_key",
        "privatekey",
        "credential",
        "credentials",
        "auth",
        "pass",
        "pw",
    ),
    *(
        "contraseña",
        "mot de passe",
        "kennwort",
        "connection_string",
        "encryption_key",
        "signing_key",
        "seed",
    ),
)
_ASSIGNED = re.compile(
    r"[\w.-]{0,40}[\"'`]?[ \t]*(?::=|=>|=|:|\bis\b|\bist\b)[ \t]*"
    r"(?:[brf]?[\"'`]([^\"'`\n]{4,400})[\"'`]|([^\s\"'`,;)}\]<>]{4,400}))"
)
_PLACEHOLDERS = re.compile(
    r"(?i)(?:x+|\*+|\.+|-+|<.*|\$.*|%.*|\{.*|\[.*|(?:your|my|the|a|some|example|change|dummy|test|insert|todo|none"
    r"|null|true|false|required|optional|string|str|int|bool|redacted|hidden|os\.|env|process\.|get|self\.|config"
    r"|settings|input|field|secret|password|token|undefined|empty|default|reset|expired|invalid|wrong|missing)\b.*"
    r"|(?:your|my|example|changeme|dummy|placeholder)[\w-]*|[a-z_]+\(.*|(.)\1+)"
)
_WORDS_ONLY = re.compile(
    r"[A-Za-z]+|[a-z]+(?:[_-][a-z]+)*|\d{1,5}(?:\.\d+)?|[A-Z][a-z]+(?:[A-Z][a-z]+)*"
)


def found(text: str, label: str = "") -> tuple[Span, ...]:
    """Return the credentials in a text, in order and without overlaps. `label` is what a table calls it.

    Hashes, UUIDs and other random texts are none unless the words before them, or the label, say so.
    """
    read = Text.of(text, label)
    return union([*_shaped(text), *_in_urls(text), *_headers(read), *_named(read), *_cell(read)])


def _shaped(text: str) -> Iterator[Span]:
    yield from _keys(text)
    for kind, anchors, pattern in SHAPES:
        if any(anchor in text for anchor in anchors):
            for match in pattern.finditer(text):
                yield Span(kind, *match.span(), 0.95)


def _keys(text: str) -> Iterator[Span]:
    """Private keys, as far as they go: to their end, or to the end of the text."""
    at = text.find("-----BEGIN ")
    while at >= 0:
        opened = _BEGIN.match(text, at)
        end = at + 11
        if opened is not None:
            closed = _CLOSE.search(text, opened.end(), opened.end() + MAX_KEY)
            end = closed.end() if closed is not None else min(len(text), opened.end() + MAX_KEY)
            yield Span("private key", at, end, 0.95)
        at = text.find("-----BEGIN ", end)


def _in_urls(text: str) -> Iterator[Span]:
    if "://" in text:
        for match in _URL.finditer(text):
            if not _PLACEHOLDERS.fullmatch(match[1]):
                yield Span("password in a URL", *match.span(1), 0.95)


def _headers(text: Text) -> Iterator[Span]:
    for _, end in text.ends_of(("basic", "bearer", "token")):
        match = _HEADER.match(text.plain, end)
        if match is not None and random(match[1]) and any(c.isdigit() for c in match[1]):
            yield Span("authorization header", *match.span(1), 0.9)


def _named(text: Text) -> Iterator[Span]:
    low, plain = text.low, text.plain
    for word in _NAMES:
        at = low.find(word)
        while at >= 0:
            end = at + len(word)
            starts = at == 0 or not low[at - 1].isalpha() or plain[at].isupper()
            match = _ASSIGNED.match(plain, end) if starts else None
            if match is not None:
                group = 1 if match[1] is not None else 2
                strong = word not in (
                    "token",
                    "auth",
                    "seed",
                    "pass",
                    "secrets",
                    "credentials",
                    "pw",
                )
                if _looks_secret(match[group], quoted=group == 1, strong=strong):
                    yield Span("password or token", *match.span(group), 0.8)
            at = low.find(word, end)


def _cell(text: Text) -> Iterator[Span]:
    """A whole value whose key says that it is a credential."""
    label = text.label
    words = set(label.split())
    if not label or not (words & {"password", "passwd", "secret", "pwd", "passphrase", "apikey"} or (
        {"key", "token"} & words and {"api", "access", "auth", "private", "secret", "token"} & words
    )):  # fmt: skip
        return
    strong = "key" not in words and "token" not in words
    for start, cell in text.cells():
        bare = cell.strip()
        if " " not in bare and _looks_secret(bare, quoted=True, strong=strong):
            yield Span("password or token", start, start + len(cell), 0.8)


def _looks_secret(value: str, *, quoted: bool, strong: bool) -> bool:
    """Whether a value is more than a word, a place-holder or a reference; `strong`: its name leaves no doubt."""
    value = value.strip().rstrip(".")
    if len(value) < 6 or _PLACEHOLDERS.fullmatch(value) or " " in value.strip():
        return False
    if strong and quoted:
        return not re.fullmatch(r"[a-z]+|[A-Z_]+|[a-z]+(?:[_.][a-z]+)+", value)
    if _WORDS_ONLY.fullmatch(value) or re.search(r"[([{]|\.[a-z_]+$", value):
        return False
    if _DIGEST_LIKE.fullmatch(value):
        return True
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return mixed and (strong or random(value))


def random(value: str) -> bool:
    """Whether a text is as mixed as a random one: over 3 bits a letter by Shannon, and 16 letters or more."""
    if len(value) < 16:
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return bits > 3.0
