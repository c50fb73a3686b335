"""A file on its way out: what it is by its bytes, looked through as such, and still a valid file after that."""

import csv
import io
import json
from typing import NamedTuple

from toolguild.outgoing import active, pictures
from toolguild.outgoing.redaction import Redactor
from toolguild.outgoing.tables import telling

MAX_BYTES = 32 * 1024 * 1024  # of a file that is looked through
_CONTAINERS = ((b"PK\x03\x04", "an archive or office document"), (b"\x1f\x8b", "a compressed file"))


class Looked(NamedTuple):
    """A file as it may leave, and what there is to say about it. `content` None: as it was."""

    content: bytes | None = None
    notes: tuple[str, ...] = ()


def looked_through(name: str, content: bytes, redactor: Redactor) -> Looked:
    """Look through a file. What cannot be looked into is said, and leaves as it is."""
    try:
        if content.startswith(pictures.PNG):
            return _picture(name, pictures.bare_png(content), redactor)
        if content.startswith(pictures.JPEG):
            return _picture(name, pictures.bare_jpeg(content), redactor)
        if content.startswith(b"%PDF-"):
            looked = _picture(name, pictures.bare_pdf(content), redactor)
            return looked._replace(
                notes=(*looked.notes, f"the pages of {name} were not looked through")
            )
    except ValueError as error:
        return Looked(None, (f"{name} was not looked through: {error}",))
    for start, what in _CONTAINERS:
        if content.startswith(start):
            return Looked(None, (f"{name} was not looked through: {what}",))
    if len(content) > MAX_BYTES:
        return Looked(None, (f"{name} was not looked through: over {MAX_BYTES >> 20} MB",))
    text, encoding = _decoded(content)
    if text is None:
        return Looked(None, (f"{name} was not looked through: no text",))
    cleaned, notes = _text(name, text, redactor)
    return Looked(None if cleaned == text else cleaned.encode(encoding), notes)


def _picture(name: str, bare: pictures.Bare, redactor: Redactor) -> Looked:
    if not bare.taken:
        return Looked()
    for part, said in bare.taken:
        redactor.take("metadata", f"{part}: {said}", f"file {name}")
    return Looked(bare.content, (f"metadata taken out of {name}",))


def _decoded(content: bytes) -> tuple[str | None, str]:
    """Return a file's text and its encoding, or None when it is no text."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16-le" if content[:2] == b"\xff\xfe" else "utf-16-be"
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            return None, ""
    if b"\0" in content[:65536]:
        return None, ""
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    odd = sum(one < " " and one not in "\t\n\r\f\v\x1b" for one in text[:65536])
    return (text, "latin-1") if odd * 50 <= len(text[:65536]) else (None, "")


def _text(name: str, text: str, redactor: Redactor) -> tuple[str, tuple[str, ...]]:
    low, where = name.lower(), f"file {name}"
    head = text[:2000].lstrip("\ufeff \t\r\n").lower()
    if low.endswith(".svg") or (
        head.startswith(("<svg", "<?xml", "<!doctype svg")) and "<svg" in head
    ):
        return _svg(name, text, redactor)
    if low.endswith((".json", ".geojson", ".ipynb")) or (
        head[:1] in ("{", "[") and not low.endswith(".txt")
    ):
        cleaned = _json(text, redactor, where)
        if cleaned is not None:
            return cleaned, ()
    if low.endswith((".jsonl", ".ndjson")):
        lines = _json_lines(text, redactor, where)
        if lines is not None:
            return lines, ()
    if low.endswith((".csv", ".tsv")):
        table = _table(text, redactor, where, "\t" if low.endswith(".tsv") else "")
        if table is not None:
            stilled, count = table
            return stilled, (f"{count} formulas in {name} made harmless",) if count else ()
    notes: tuple[str, ...] = ()
    if low.endswith((".html", ".htm", ".xhtml")) or head.startswith(("<!doctype html", "<html")):
        if active.does_something(text):
            notes = (f"{name} runs scripts when it is opened",)
    elif low.endswith((".md", ".markdown")):
        text, count = active.still_text(text)
        if count:
            notes = (
                f"{count} pictures in {name} that would send data when they are shown were made harmless",
            )
    return redactor.text(text, where), notes


def _svg(name: str, text: str, redactor: Redactor) -> tuple[str, tuple[str, ...]]:
    bare, taken = pictures.bare_svg(text)
    notes = []
    for part, said in taken:
        redactor.take("metadata", f"{part}: {said}", f"file {name}")
    if taken:
        notes.append(f"metadata taken out of {name}")
    if active.does_something(bare):
        bare = active.still_picture(bare)
        notes.append(f"scripts taken out of {name}")
    return redactor.text(bare, f"file {name}"), tuple(notes)


def _json(text: str, redactor: Redactor, where: str) -> str | None:
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    try:
        value = json.loads(text[len(mark) :])
        cleaned = redactor.value(value, where)
        if cleaned == value:
            return text
        indent = 2 if "\n" in text.strip() else None
        end = "\n" if text.endswith("\n") else ""
        return mark + json.dumps(cleaned, ensure_ascii=False, indent=indent) + end
    except (ValueError, RecursionError):
        return None


def _json_lines(text: str, redactor: Redactor, where: str) -> str | None:
    lines = text.split("\n")
    try:
        rows = [json.loads(line) if line.strip() else None for line in lines]
        cleaned = redactor.value(rows, where)
    except (ValueError, RecursionError):
        return None
    assert isinstance(cleaned, list)
    return "\n".join(
        line if old == new else json.dumps(new, ensure_ascii=False)
        for line, old, new in zip(lines, rows, cleaned, strict=True)
    )


def _table(text: str, redactor: Redactor, where: str, mark: str) -> tuple[str, int] | None:
    """Return a table's text looked through cell by cell, and how many formulas were stilled; None: no table."""
    first = text[:4000].split("\n", 1)[0]
    mark = mark or max(",;\t|", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error:
        return None
    if not rows or max(len(row) for row in rows) < 2:
        return None
    cleaned = [list(row) for row in rows]
    titled = not any(_is_number(cell) for cell in rows[0]) and len(rows) > 1
    names = telling(rows[0]) if titled else []
    for column in range(max(len(row) for row in rows)):
        cells = [(number, row[column]) for number, row in enumerate(rows) if column < len(row)]
        label = rows[0][column] if titled and column < len(rows[0]) else ""
        body = cells[1:] if titled else cells
        for (number, _), new in zip(
            body,
            redactor.texts([cell for _, cell in body], where, _called(names, column)),
            strict=True,
        ):
            cleaned[number][column] = new
        if titled and label:
            cleaned[0][column] = redactor.text(label, where)
    formulas = 0
    for row in cleaned:
        for column, cell in enumerate(row):
            if (
                cell[:1] in ("=", "+", "-", "@", "\t", "\r")
                and (still := active.still_cell(cell)) != cell
            ):
                row[column], formulas = still, formulas + 1
    if cleaned == rows:
        return text, 0
    out = io.StringIO()
    ends = "\r\n" if "\r\n" in text[:4000] else "\n"
    csv.writer(out, delimiter=mark, lineterminator=ends).writerows(cleaned)
    whole = out.getvalue()
    return (whole if text.endswith("\n") else whole.removesuffix(ends)), formulas


def _called(names: list[str], column: int) -> str:
    return names[column] if column < len(names) else ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
