"""Bodies of HTTP/1 messages: taken apart as they arrive, put together anew. Pure."""

import re

from toolguild.sandbox.egress.head import Framing, Malformed

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_MOST_LINE = 4096
_PIECE = 1 << 16
LAST = b"0\r\n\r\n"  # the end of a body in chunks


def chunk(content: bytes) -> bytes:
    """Return content, which is not empty, as one chunk."""
    return b"%x\r\n%b\r\n" % (len(content), content)


class Body:
    """Takes a body's bytes and gives what to send on. `done` says whether it is whole."""

    def __init__(self, framing: Framing, *, plain: bool = False) -> None:
        """With `plain` what it gives is the content, without chunks around it."""
        self._chunked, self._plain = framing.chunked, plain
        self._left = 0 if framing.chunked else framing.length  # None: to the end of the connection
        self._waiting = bytearray()
        self._trailers = self._closing = False
        self.done = self._left == 0 and not framing.chunked

    def feed(self, data: bytes) -> bytes:
        """Take bytes and return those to send on; what comes after the body is dropped.

        Raises Malformed for chunks that two readers could read differently.
        """
        if self.done:
            return b""
        if self._left is None:
            return data
        if not self._chunked:
            taken = data[: self._left]
            self._left -= len(taken)
            self.done = self._left == 0
            return taken
        self._waiting += data
        out = bytearray()
        while not self.done and self._take(out):
            pass
        return bytes(out)

    def end(self) -> None:
        """Note that the connection ended. Raises Malformed when the body is not whole."""
        if self._left is None and not self._chunked:
            self.done = True
        if not self.done:
            raise Malformed("the body ended early")

    def _take(self, out: bytearray) -> bool:
        if self._left:  # of a chunk: a large one goes on in pieces, so that none is held in memory
            ready = min(self._left, len(self._waiting))
            if ready < self._left and ready < _PIECE:
                return False
            piece = bytes(self._waiting[:ready])
            del self._waiting[:ready]
            self._left -= ready
            self._closing = self._left == 0
            out += piece if self._plain else chunk(piece)
            return True
        if self._closing:
            if len(self._waiting) < 2:
                return False
            if self._waiting[:2] != b"\r\n":
                raise Malformed("a chunk longer than it says")
            del self._waiting[:2]
            self._closing = False
            return True
        line = self._line()
        if line is None:
            return False
        if self._trailers:
            if not line:  # trailers themselves are left out
                self.done = True
                out += b"" if self._plain else LAST
            return True
        size = _SIZE.fullmatch(line)
        if size is None:
            raise Malformed("a chunk without a size")
        length = int(size[1], 16)
        if length > 1 << 24:
            raise Malformed("a chunk over 16 MB")
        self._trailers = length == 0
        self._left = length
        return True

    def _line(self) -> bytes | None:
        end = self._waiting.find(b"\n")
        if max(end, len(self._waiting) if end < 0 else 0) > _MOST_LINE:
            raise Malformed("a chunk's line that does not end")
        if end < 0:
            return None
        line = bytes(self._waiting[: end + 1])
        del self._waiting[: end + 1]
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise Malformed("a chunk's line that does not end in CR LF")
        return line[:-2]
