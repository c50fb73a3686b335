"""Telling a file's kind by its content, never by its name."""

import json

_STARTS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "application/pdf": (b"%PDF-",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "application/gzip": (b"\x1f\x8b",),
    "application/vnd.sqlite3": (b"SQLite format 3\x00",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
    "application/vnd.apache.parquet": (b"PAR1",),
}


def is_media_type(media_type: str, head: bytes, *, whole: bool) -> bool:
    """Say whether content that starts with `head` can be of a media type.

    `whole` says that `head` is all of it. A type that is unknown here is never recognised.
    """
    starts = _STARTS.get(media_type)
    if starts is not None:
        return head.startswith(starts)
    text = _text(head, whole)
    if text is None:
        return False
    if media_type == "application/json":
        return _is_json(text) if whole else text.lstrip()[:1] in ("{", "[", '"')
    if media_type in ("text/html", "application/xml", "text/xml", "image/svg+xml"):
        return _is_markup(text, media_type)
    return media_type in ("text/plain", "text/csv", "text/markdown", "text/tab-separated-values")


def _text(head: bytes, whole: bool) -> str | None:
    if b"\x00" in head:
        return None
    for cut in range(1 if whole else 4):  # a head may end within a character
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_markup(text: str, media_type: str) -> bool:
    start = text.lstrip().lower()[:4096]
    if media_type == "text/html":
        return start.startswith(("<!doctype html", "<html")) or "<html" in start or "<body" in start
    if media_type == "image/svg+xml":
        return start.startswith("<") and "<svg" in start
    return start.startswith("<")
