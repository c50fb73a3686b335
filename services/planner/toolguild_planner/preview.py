"""What the start of a file tells about it. Pure, and true to any bytes: nothing here fails.

A preview has two faces. `shown` goes into prompts: it depends on the first few rows or items only and
says sizes by their order, so that a prompt stays the same while data beyond the preview change.
`figures` are exact, for the report.
"""

import codecs
import re
from typing import Literal

from toolguild.tool.value import Value
from toolguild_planner import structured, tabular
from toolguild_planner.shown import Shown, line

Kind = Literal["csv", "json", "jsonl", "xml", "html", "text", "binary", "empty"]

LINES = 5
_TABLES = ("csv", "tsv", "tab")
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"%PDF-", "PDF document"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"PK\x03\x04", "ZIP archive or Office document"),
    (b"\x1f\x8b", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ\x00", "xz archive"),
    (b"PAR1", "Parquet table"),
    (b"\x7fELF", "program"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


class FilePreview(Value):
    """One input file as far as its first bytes tell."""

    name: str
    bytes: int
    kind: Kind
    shown: tuple[str, ...]  # for prompts: lines without control characters, sizes by their order
    figures: dict[str, int] = {}  # exact: "rows", "items", "lines", "pages" where they are known
    note: str = ""  # what is wrong with the file, or worth knowing


def preview(name: str, head: bytes, size: int) -> FilePreview:
    """Say what a file of `size` bytes that starts with `head` is. Never raises."""
    whole = len(head) >= size
    if not head:
        return _made(name, size, "empty", Shown(("empty file",), {"lines": 0}))
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    text, encoding = decoded(head, whole=whole)
    if text is None:
        return _made(name, size, "binary", _binary(suffix, head, whole=whole))
    note = "" if encoding == "utf-8" else f"its encoding is {encoding}"
    if not whole:
        text = text[: text.rfind("\n") + 1] or text  # the last line is cut
    kind, seen = _read(suffix, text, whole=whole)
    if note:
        seen = Shown((*seen.lines, note), seen.figures, "; ".join(filter(None, (seen.note, note))))
    return _made(name, size, kind, seen)


def decoded(head: bytes, *, whole: bool) -> tuple[str | None, str]:
    """Return the text of a head and its encoding; None where it is no text."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            text = codecs.getincrementaldecoder(encoding)("replace").decode(head, final=whole)
            return (text, encoding) if _is_text(text) else (None, "")
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        high = sum(byte > 127 for byte in head)
        text = head.decode("cp1252", "replace")
        return (
            (text, "cp1252") if high * 3 <= len(head) and not _CONTROLS.search(text) else (None, "")
        )
    return (text, "utf-8") if _is_text(text) else (None, "")


def _is_text(text: str) -> bool:
    return "\x00" not in text and len(_CONTROLS.findall(text)) * 20 <= len(text)


def _made(name: str, size: int, kind: Kind, seen: Shown) -> FilePreview:
    return FilePreview(
        name=name,
        bytes=size,
        kind=kind,
        shown=(*seen.lines, _order(size)),
        figures=seen.figures,
        note=seen.note,
    )


def _order(size: int) -> str:
    if size < 1_000_000:
        return "size: under 1 MB"
    if size < 100_000_000:
        return "size: 1 to 100 MB"
    return "size: over 100 MB: read it line by line, never whole"


def _binary(suffix: str, head: bytes, *, whole: bool) -> Shown:
    what = next((what for magic, what in _MAGIC if head.startswith(magic)), "binary data")
    pages = len(re.findall(rb"/Type\s*/Page\b", head)) if what.startswith("PDF") and whole else 0
    note = ""
    if what == "binary data" and suffix in (
        *_TABLES,
        "txt",
        "json",
        "jsonl",
        "xml",
        "html",
        "md",
        "log",
    ):
        note = f"named .{suffix}, but its content is binary: not readable as text"
    lines = (what, note) if note else (what,)
    return Shown(lines, {"pages": pages} if pages else {}, note)


def _read(suffix: str, text: str, *, whole: bool) -> tuple[Kind, Shown]:
    start = text.lstrip()[:200].lower()
    if suffix in _TABLES:
        table = tabular.shown(text, whole=whole)
        return ("csv", table) if table else ("text", _text(text, whole, "it holds no table"))
    if suffix in ("jsonl", "ndjson") or structured.is_lines(text):
        lines = structured.json_lines(text, whole=whole)
        if lines:
            return "jsonl", lines
    if suffix == "json" or start.startswith(("{", "[")):
        document = structured.json_document(text, whole=whole)
        if document:
            return "json", document
        if suffix == "json":
            return "text", _text(text, whole, "named .json, but its content is not valid JSON")
    if suffix in ("html", "htm") or start.startswith(("<!doctype html", "<html")):
        return "html", _text(text, whole, "")
    if suffix == "xml" or start.startswith("<?xml"):
        markup = structured.xml_document(text)
        if markup:
            return "xml", markup
        return "text", _text(text, whole, "named .xml, but its content is not well-formed XML")
    return "text", _text(text, whole, "")


def _text(text: str, whole: bool, note: str) -> Shown:
    every = text.splitlines()
    lines = ("text, first lines:", *(line(one) for one in every[:LINES]))
    return Shown((*lines, note) if note else lines, {"lines": len(every)} if whole else {}, note)
