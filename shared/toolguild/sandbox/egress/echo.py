"""Takes a credential out of what comes back: a host may echo what it was sent. Pure.

The length of a text stays, so that what frames it holds. Found are the value itself and its usual spellings:
percent-encoded, escaped for JSON or HTML, base64 at any offset, hexadecimal, UTF-16; case does not matter.
"""

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_MASK = b"*"
_LEAST = 6  # characters of a value at the very end of an answer that are masked too


class Redactor:
    """Masks a value in a stream, however it is split into pieces."""

    def __init__(self, value: str) -> None:
        self._needles = tuple(sorted(set(_spellings(value)), key=len, reverse=True))
        self._raw = bytearray()  # what could be the beginning of the value
        self._shown = bytearray()  # the same, masked as far as it is known
        self.found = False

    def feed(self, data: bytes) -> bytes:
        """Return what is safe to pass on; the rest waits for more, or for `end`."""
        self._raw += data
        self._shown += data
        lowered = bytes(self._raw).lower()
        for needle in self._needles:
            at = lowered.find(needle)
            while at >= 0:
                self.found = True
                self._shown[at : at + len(needle)] = _MASK * len(needle)
                at = lowered.find(needle, at + 1)
        start = min(self._begins(lowered, needle) for needle in self._needles)
        out = bytes(self._shown[:start])
        del self._raw[:start], self._shown[:start]
        return out

    def end(self) -> bytes:
        """Return what waited."""
        out = bytes(self._shown)
        if len(out) >= _LEAST:
            out = _MASK * len(out)
        self._raw.clear()
        self._shown.clear()
        return out

    def whole(self, data: bytes) -> bytes:
        """Return data that is complete in itself."""
        return self.feed(data) + bytes(self.end())

    @staticmethod
    def _begins(text: bytes, needle: bytes) -> int:
        """Return where the text ends in a beginning of the needle, or its length."""
        at = text.find(needle[:1], max(0, len(text) - len(needle) + 1))
        while at >= 0:
            if needle.startswith(text[at:]):
                return at
            at = text.find(needle[:1], at + 1)
        return len(text)


def _spellings(value: str) -> Iterator[bytes]:
    """Yield each spelling in lower case."""
    escaped = json.dumps(value)[1:-1]
    texts = (
        value,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        escaped,
        escaped.replace("/", "\\/"),
        html.escape(value),
        html.escape(value, quote=False),
        value.encode().hex(),
    )
    yield from (text.lower().encode() for text in texts)
    yield from (value.lower().encode(coding) for coding in ("utf-16-le", "utf-16-be"))
    for offset, first in ((0, 0), (1, 2), (2, 3)):
        raw = b"\0" * offset + value.encode()
        known = len(raw) * 8 // 6  # characters that no byte after the value changes
        for coded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
            yield coded[first:known].lower()
