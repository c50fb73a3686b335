"""Text as it reads, whatever it was written with: other alphabets, hidden characters, encodings. Pure."""

import base64
import binascii
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

MOST = 4000  # characters of one piece of text that are looked at for what is encoded in them
DEEP = 2  # encodings within encodings

# Letters of other alphabets that are drawn like Latin ones, after Unicode TR 39 (confusables).
_CONFUSABLES = str.maketrans(
    "авеёзіїјкмнорсԁетухѕӏԛԝьүһցоυντιικορχηαβεγΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕЅІЈКМНОРСТУХΥ",
    "abee3iijkmhopcdetyxslqwbyhgouvtiikopxnabeyABEZHIKMNOPTYXABESIJKMHOPCTYXY",
)
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")  # invisible copies of ASCII
_LEET = str.maketrans("013457@$!", "oieastasi")
_LEET_L = str.maketrans("013457@$!", "oleastasi")
_MIXED = re.compile(r"\b(?=\w*[a-z])(?=\w*[013457@$])[\w@$]{3,}", re.I)
_LATIN = re.compile(r"[A-Za-z]")
_OTHER = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-f]{2}[\s:]?){10,}|(?:\\x[0-9a-f]{2}){6,}", re.I)
_BINARY = re.compile(r"(?:[01]{8}\s?){5,}")
_PERCENT = re.compile(r"(?:%[0-9a-f]{2}\w{0,3}){5,}", re.I)
_MORSE = re.compile(r"(?:[.\-]{1,5}[ /]+){8,}[.\-]{1,5}")
_SPACED = re.compile(r"(?:\b\w[ .\-_]{1,2}){5,}\w\b(?:\s{2,}(?:\w[ .\-_]{1,2})*\w\b)*")
_QUOTED = re.compile(r"[\"'“‘«]([^\"'“”‘’«»]{2,80})[\"'”’»]")
_JOINED = re.compile(r"\b(?:part|piece|join|concat\w*|combine|together|append|split)\w*\b|\+", re.I)
_READABLE = re.compile(
    r"\b(?:the|and|of|is|to|in|for|that|with|a|def|return|import|from|if|self)\b"
)
_TELLING = ("ignore", "instruction", "disregard", "forget", "password", "system")
_COMMON = (
    "the",
    "and",
    "you",
    "this",
    "that",
    "with",
    "send",
    "file",
    "all",
    "for",
    "not",
    "your",
    "must",
)
_MORSE_LETTERS = dict(
    zip(
        [
            ".-",
            "-...",
            "-.-.",
            "-..",
            ".",
            "..-.",
            "--.",
            "....",
            "..",
            ".---",
            "-.-",
            ".-..",
            "--",
            "-.",
            "---",
            ".--.",
            "--.-",
            ".-.",
            "...",
            "-",
            "..-",
            "...-",
            ".--",
            "-..-",
            "-.--",
            "--..",
        ],
        "abcdefghijklmnopqrstuvwxyz",
        strict=True,
    )
)


def _shifted(text: str, by: int) -> str:
    return "".join(chr((ord(c) - 97 + by) % 26 + 97) if "a" <= c <= "z" else c for c in text)


_CAESAR = re.compile(
    "|".join(
        rf"(?P<s{by}>\b(?:{'|'.join(_shifted(word, by) for word in _TELLING)}))"
        for by in range(1, 26)
    )
)


_PLAIN_SHIFTED = re.compile(
    "|".join(
        rf"(?P<s{by}>\b(?:{'|'.join(_shifted(word, by) for word in _COMMON)})\b)"
        for by in range(1, 26)
    )
)


def normal(text: str) -> str:
    """Return the text in lower case with compatible characters unified and hidden ones gone.

    Letters that only look Latin are made Latin in words that mix alphabets; a text in Cyrillic or Greek
    stays what it is.
    """
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    if _OTHER.search(plain) and _LATIN.search(plain):
        plain = " ".join(
            word.translate(_CONFUSABLES) if _OTHER.search(word) and _mixed(word, plain) else word
            for word in plain.split(" ")
        )
    return plain.lower().replace("’", "'").replace("`", "`")


def hidden(text: str) -> Iterator[tuple[str, str]]:
    """Yield how something is hidden in a piece of text, and what it then reads, normalised.

    Whether that says anything is for the caller to find out: most of it is gibberish.
    """
    yield from _hidden(text[:MOST], DEEP)


def has_unseen(text: str) -> int:
    """Return how many characters of a text show nothing, or change the direction of others."""
    return len(_UNSEEN.findall(text))


def _hidden(text: str, depth: int) -> Iterator[tuple[str, str]]:
    for found in _TAGS.findall(text):
        yield "invisible", "".join(chr(ord(one) - 0xE0000) for one in found).lower()
    plain = normal(text)
    if len(_MIXED.findall(plain)) >= 2:
        yield "leetspeak", plain.translate(_LEET)
        yield "leetspeak", plain.translate(_LEET_L)
    for spaced in _SPACED.findall(plain):
        words = re.split(r"\s{2,}", spaced)
        yield "spaced", " ".join(re.sub(r"[\W_]", "", word) for word in words)
    if len(plain) >= 12 and plain.isascii():
        by = 0 if _READABLE.search(plain) else _shift(plain)
        if by:
            yield "shifted letters", _shifted(plain, -by)
        yield "reversed", plain[::-1]
    pieces = _QUOTED.findall(plain)
    if len(pieces) >= 2 and _JOINED.search(plain):
        yield "split", "".join(pieces)
    for how, inner in _decoded(text):
        yield how, normal(inner)
        if depth > 1:
            yield from ((f"{how}, {deeper}", said) for deeper, said in _hidden(inner, depth - 1))


def _shift(text: str) -> int:
    """Return by how many letters a text is shifted: by one telling word or two common ones; 0: it is not."""
    telling = _CAESAR.search(text)
    if telling is not None and telling.lastgroup is not None:
        return int(telling.lastgroup[1:])
    common = Counter(one.lastgroup for one in _PLAIN_SHIFTED.finditer(text))
    best = common.most_common(1)
    return int(best[0][0][1:]) if best and best[0][0] and best[0][1] > 1 else 0


def _decoded(text: str) -> Iterator[tuple[str, str]]:
    for token in _BASE64.findall(text)[:8]:
        padded = token.rstrip("=").replace("-", "+").replace("_", "/")
        padded += "=" * (-len(padded) % 4)
        # the first letter may be part of what stands before: such tokens are tried from the second on too
        for start in (0, 1):
            said = _text_of(padded[start:] + "=" * (-len(padded[start:]) % 4))
            if said is not None:
                yield "base64", said
                break
    for token in _HEX.findall(text)[:4]:
        digits = re.sub(r"\\x|[\s:]", "", token)
        yield from _from("hex", partial(bytes.fromhex, digits[: len(digits) // 2 * 2]))
    for token in _BINARY.findall(text)[:4]:
        bits = re.sub(r"\s", "", token)
        yield from _from("binary", partial(int(bits, 2).to_bytes, len(bits) // 8, "big"))
    for token in _PERCENT.findall(text)[:4]:
        percent = re.sub(r"%([0-9a-fA-F]{2})", lambda m: chr(int(m.group(1), 16)), token)
        yield "percent", percent
    for token in _MORSE.findall(text)[:2]:
        words = token.split("/")
        yield (
            "morse",
            " ".join("".join(_MORSE_LETTERS.get(c, "") for c in w.split()) for w in words),
        )


def _from(how: str, read: Callable[[], bytes]) -> Iterator[tuple[str, str]]:
    try:
        said = read()
    except (ValueError, OverflowError):
        return
    text = _printable(said)
    if text is not None:
        yield how, text


def _text_of(token: str) -> str | None:
    try:
        return _printable(base64.b64decode(token, validate=True))
    except (ValueError, binascii.Error):
        return None


def _printable(data: bytes) -> str | None:
    """Return bytes as text if it is one: mostly letters and spaces."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    letters = sum(one.isalpha() or one.isspace() for one in text)
    return text if len(text) >= 8 and letters >= 0.7 * len(text) else None


def _mixed(word: str, text: str) -> bool:
    """Whether a word with foreign letters stands for a Latin one: it mixes, or most of the text is Latin."""
    return bool(_LATIN.search(word)) or len(_LATIN.findall(text)) > len(_OTHER.findall(text))
