"""What is odd about a goal or a file by its size, its encoding or its form; never what it says. Pure.

Nothing is refused for it: hard limits are in the policy, and hold elsewhere. Ordinary files have no anomaly.
"""

import bz2
import lzma
import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator

from toolguild.screen.flag import Flag
from toolguild.screen.normal import has_unseen

HEAD = 65_536  # bytes of a file that are looked at
LONG_GOAL = 8_000  # characters
LONG_LINE = 20_000  # characters of one line in a text
UNSEEN = 8  # characters that show nothing: fewer are in ordinary texts (emoji, soft hyphens)
BLOB = 4_000  # characters of a run without blanks
RANDOM = 5.2  # bits a character: base64 of random bytes has 6, prose about 4.2, numbers under 4
BLOWN_UP = 200  # times its size
BOMB = 4 * 1024 * 1024  # bytes out of a head that are more than a text would give
MIXED_WORDS = 2

_POLICY = "layers.input"
_TEXTS = frozenset(
    ("csv", "tsv", "tab", "txt", "json", "jsonl", "ndjson", "xml", "html", "htm", "md", "log")
)
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RUN = re.compile(rf"[A-Za-z0-9+/=_%-]{{{BLOB},}}")
_WORD = re.compile(r"[^\W\d_]{3,}")
_BLANK = "\ufffd"


def of_text(text: str) -> tuple[Flag, ...]:
    """Return what is odd about the words of a goal."""
    return tuple(_of_goal(text))


def of_file(name: str, head: bytes, size: int) -> tuple[Flag, ...]:
    """Return what is odd about a file of `size` bytes that starts with `head` (`HEAD` bytes are enough)."""
    head = head[:HEAD]
    found = [*_blown_up(head)]
    if not found and _looks_like_text(name, head):
        found += _of_text_file(name, head, whole=len(head) >= size)
    return tuple(found)


def _of_goal(text: str) -> Iterator[Flag]:
    if len(text) > LONG_GOAL:
        yield _flag("size", f"the goal has {len(text)} characters; data belong into files", "")
    yield from _characters(text, "the goal")


def _of_text_file(name: str, head: bytes, *, whole: bool) -> Iterator[Flag]:
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield _flag("encoding", f"{name} is named as a text and has NUL bytes", "")
        return
    text = _decoded(head)
    if text is None:
        yield _flag("encoding", f"{name} is named as a text and is in no encoding of one", "")
        return
    yield from _characters(text, name)
    longest = max((len(line) for line in text.splitlines()), default=0)
    if longest > LONG_LINE and name.rpartition(".")[2].lower() not in ("json", "xml", "html"):
        yield _flag("size", f"{name} has a line of over {LONG_LINE} characters", "")
    for run in _RUN.finditer(text):
        bits = _entropy(run.group())
        embedded = text[: run.start()].endswith("base64,")  # a picture in a page
        if bits >= RANDOM and not embedded:
            what = f"{name} holds {len(run.group())} characters in a row that look random"
            yield _flag("blob", f"{what} ({bits:.1f} bits each)", run.group())
            break
    if len(re.findall(r"<!ENTITY\s", text)) > 5:
        yield _flag("expansion", f"{name} declares entities that may blow up a parser", "")


def _characters(text: str, what: str) -> Iterator[Flag]:
    overrides = _OVERRIDES.search(text)
    if overrides is not None:
        around = text[max(0, overrides.start() - 40) : overrides.end() + 40]
        yield _flag("encoding", f"{what} changes the direction in which its text reads", around)
    unseen = has_unseen(text)
    if unseen > UNSEEN and unseen * 50 > len(text):
        yield _flag("encoding", f"{what} has {unseen} characters that show nothing", "")
    mixed = [word for word in _WORD.findall(text[:HEAD]) if _mixes(word)]
    if len(mixed) >= MIXED_WORDS:
        yield _flag("encoding", f"{what} mixes alphabets within words", ", ".join(mixed[:5]))


def _mixes(word: str) -> bool:
    """Whether a word has Latin letters beside Cyrillic or Greek ones."""
    if word.isascii():
        return False
    scripts = {unicodedata.name(letter, "").split(" ", 1)[0] for letter in word}
    return "LATIN" in scripts and bool(scripts & {"CYRILLIC", "GREEK"})


def _blown_up(head: bytes) -> Iterator[Flag]:
    """Unpack what a head holds, within bounds, and say when far more comes out than went in."""
    name, size = "", 0
    try:
        if head.startswith(b"\x1f\x8b"):
            name, size = "gzip", len(zlib.decompressobj(31).decompress(head, BOMB + 1))
        elif head.startswith(b"PK\x03\x04") and len(head) > 30 and head[8:10] == b"\x08\x00":
            start = (
                30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
            )
            name, size = "ZIP", len(zlib.decompressobj(-15).decompress(head[start:], BOMB + 1))
        elif head.startswith(b"BZh"):
            name, size = "bzip2", len(bz2.BZ2Decompressor().decompress(head, BOMB + 1))
        elif head.startswith(b"\xfd7zXZ"):
            unpacking = lzma.LZMADecompressor(memlimit=64 * 1024 * 1024)
            name, size = "xz", len(unpacking.decompress(head, BOMB + 1))
    except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
        return  # no archive after all, or a broken one: whoever reads it will find out
    if size > BOMB or (size > 1024 * 1024 and size > BLOWN_UP * len(head)):
        yield _flag(
            "expansion", f"{len(head)} bytes of {name} data unpack to over {size} bytes", ""
        )


def _looks_like_text(name: str, head: bytes) -> bool:
    return bool(head) and name.rpartition(".")[2].lower() in _TEXTS


def _decoded(head: bytes) -> str | None:
    """Return a text in UTF-8, UTF-16 with a mark, or an 8-bit encoding; None where it is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    for cut in range(4):  # a character may be cut at the end
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    high = sum(byte > 127 for byte in head)
    return head.decode("latin-1") if high * 2 <= len(head) else None


def _entropy(text: str) -> float:
    """Return Shannon's entropy of the characters, in bits each."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _flag(rule: str, message: str, excerpt: str) -> Flag:
    shown = "".join(one if one.isprintable() else _BLANK for one in excerpt)
    return Flag(rule=f"anomaly.{rule}", message=message, policy=_POLICY, excerpt=shown[:200])
