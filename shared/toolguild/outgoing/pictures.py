"""What pictures and documents say besides what they show: taken out without touching a pixel.

Each function returns the file without it, and what was in it as text. A file that is not what it claims to be
raises ValueError.
"""

import re
import zlib
from typing import NamedTuple

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
_MAX_TEXT = 1_000_000  # of one compressed text chunk, unpacked
_DROPPED = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}
_HARMLESS = re.compile(rb"Software\x00[\w .,:/()+-]{0,120}", re.ASCII)
_APPS = {0xE1: "Exif or XMP", 0xED: "IPTC", 0xFE: "comment"}
_ALONE = {0x01, *range(0xD0, 0xD8)}  # JPEG markers without a length


class Bare(NamedTuple):
    """A file without its metadata, and what was taken out: pairs of name and text."""

    content: bytes
    taken: tuple[tuple[str, str], ...]


def bare_png(content: bytes) -> Bare:
    """Take text, Exif and time chunks out of a PNG; the name of the software that drew it stays."""
    if not content.startswith(PNG):
        raise ValueError("no PNG")
    kept, taken, at = [PNG], [], len(PNG)
    while at < len(content):
        head = content[at : at + 8]
        size = int.from_bytes(head[:4], "big")
        kind, end = head[4:], at + 12 + size
        if len(head) < 8 or end > len(content):
            raise ValueError("a PNG that is cut off")
        body = content[at + 8 : at + 8 + size]
        if kind in _DROPPED and not (kind == b"tEXt" and _HARMLESS.fullmatch(body)):
            taken.append((kind.decode("ascii"), _png_text(kind, body)))
        else:
            kept.append(content[at:end])
        at = end
        if kind == b"IEND":
            break
    if at < len(content):
        taken.append(("behind the end", _readable(content[at:])))
    return Bare(b"".join(kept), tuple(taken))


def _png_text(kind: bytes, body: bytes) -> str:
    name, _, rest = body.partition(b"\0")
    if kind == b"zTXt":
        rest = _unpacked(rest[1:])
    elif kind == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:]
        rest = rest.split(b"\0", 2)[-1]
        rest = _unpacked(rest) if packed else rest
    elif kind != b"tEXt":
        return _readable(body)
    return f"{_readable(name)}: {_readable(rest)}"


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _MAX_TEXT)
    except zlib.error:
        return b"(not readable)"


def bare_jpeg(content: bytes) -> Bare:
    """Take Exif, XMP, IPTC and comments out of a JPEG; colours and pixels stay. So does no orientation."""
    if not content.startswith(JPEG):
        raise ValueError("no JPEG")
    kept, taken, at = [content[:2]], [], 2
    while at < len(content):
        if content[at] != 0xFF or at + 1 >= len(content):
            raise ValueError("a JPEG that is damaged")
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == 0xDA or marker == 0xD9:  # pixels follow; nothing said stands behind them
            kept.append(content[at:])
            break
        if marker in _ALONE:
            kept.append(content[at : at + 2])
            at += 2
            continue
        size = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + size
        if size < 2 or end > len(content):
            raise ValueError("a JPEG that is cut off")
        if marker in _APPS:
            taken.append((_APPS[marker], _readable(content[at + 4 : end])))
        else:
            kept.append(content[at:end])
        at = end
    return Bare(b"".join(kept), tuple(taken))


def bare_svg(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Take metadata, and comments about its making, out of the text of an SVG.

    A plotting library repeats as comments what it draws; those are looked through as any other text.
    """
    lowered = text.lower()
    if "<!--" not in text and "<metadata" not in lowered:
        return text, ()
    parts: list[str] = []
    taken: list[tuple[str, str]] = []
    at = 0
    while True:  # by plain search: what opens and never closes costs nothing
        begins = [(place, end) for opens, end in (("<!--", "-->"), ("<metadata", "</metadata>"))
                  if (place := lowered.find(opens, at)) >= 0]  # fmt: skip
        if not begins:
            break
        start, closes = min(begins)
        stop = lowered.find(closes, start)
        if stop < 0:
            break
        stop += len(closes)
        said = re.sub(r"\s+", " ", re.sub(r"<!--|-->|<[^<>]*>", " ", text[start:stop])).strip()
        tells = _TELLS.search(said) if closes == "-->" else not _DRAWN_BY.fullmatch(said)
        if said and tells:
            taken.append(("metadata" if closes != "-->" else "comment", said))
            parts.append(text[at:start])
        else:
            parts.append(text[at:stop])
        at = stop
    parts.append(text[at:])
    return "".join(parts), tuple(taken)


_TELLS = re.compile(
    r"(?i)\b(?:author|by|user|owner|creator|editor|password|secret)\b|/home/|/Users/|[A-Z]:\\\\"
)
# what a plotting library says of itself: a type, when, and by which version
_DRAWN_BY = re.compile(
    r"(?:image/svg\+xml )?[\d:.T+-]{10,40} (?:image/svg\+xml )?Matplotlib v[\d.]+, https://matplotlib.org/"
)
_INFO = re.compile(rb"/(Author|Title|Subject|Keywords)\s*\(((?:[^()\\]|\\[\s\S]){1,2000})\)")
_INFO_HEX = re.compile(rb"/(Author|Title|Subject|Keywords)\s*<([0-9A-Fa-f\s]{2,4000})>")


def bare_pdf(content: bytes) -> Bare:
    """Overwrite author, title, subject, keywords and XMP of a PDF with blanks, so that nothing in it moves.

    What stands in compressed objects is not seen, and its pages are not looked through.
    """
    if not content.startswith(b"%PDF-"):
        raise ValueError("no PDF")
    out, taken = bytearray(content), []
    for pattern in (_INFO, _INFO_HEX):
        for match in pattern.finditer(content):
            if match[2].strip():
                taken.append((match[1].decode("ascii"), _pdf_text(match[2], pattern is _INFO_HEX)))
                blank = b"0" if pattern is _INFO_HEX else b" "
                out[match.start(2) : match.end(2)] = blank * len(match[2])
    at = content.find(b"<?xpacket begin")
    while at >= 0:
        end = content.find(b"<?xpacket end", at)
        inner = content.find(b"?>", at) + 2
        if end < 0 or inner < 2 or inner > end:
            break
        if content[inner:end].strip():
            taken.append(("XMP", _readable(content[inner:end])))
            out[inner:end] = b" " * (end - inner)
        at = content.find(b"<?xpacket begin", end)
    return Bare(bytes(out), tuple(taken))


def _pdf_text(raw: bytes, hexadecimal: bool) -> str:
    if hexadecimal:
        digits = b"".join(raw.split())
        raw = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    return raw.decode("utf-16", "replace") if raw.startswith(b"\xfe\xff") else _readable(raw)


def _readable(raw: bytes) -> str:
    """What a person can read of bytes: runs of printable letters."""
    text = raw[:100_000].decode("utf-8", "replace")
    shown = "".join(one if one.isprintable() and one != "\ufffd" else " " for one in text)
    return " ".join(shown.split())[:4000]
