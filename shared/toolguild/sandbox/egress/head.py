"""Heads of HTTP/1 messages, read strictly and written anew. Pure.

What two readers could read differently is refused: that is how requests are smuggled past a proxy.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from toolguild.sandbox.egress import host as hosts
from toolguild.sandbox.egress.bearer import Bearer
from toolguild.sandbox.egress.host import Host

Headers = tuple[tuple[str, str], ...]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST = re.compile(rf"({_TOKEN}) ([\x21-\x7e]+) HTTP/(1\.[01])")
_STATUS = re.compile(r"HTTP/(1\.[01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?")
_FIELD = re.compile(rf"({_TOKEN}):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_ABSOLUTE = re.compile(r"http://([^/?#]+)([/?].*)?", re.IGNORECASE)
_HOP = frozenset(
    ("connection", "keep-alive", "te", "trailer", "upgrade", "expect", "http2-settings")
)
_PARTS = frozenset(("range", "if-range", "accept-encoding"))
_KEPT = frozenset(("host", "content-length", "transfer-encoding"))


class Malformed(ValueError):
    """The bytes are no message that every reader reads alike. The text says why."""


@dataclass(frozen=True)
class RequestHead:
    """A request's head, with the one host that it can mean."""

    method: str
    host: Host
    path: str  # empty for CONNECT
    version: str
    headers: Headers

    @property
    def tunnel(self) -> bool:
        """Whether it asks for a tunnel."""
        return self.method == "CONNECT"

    def forwarded(self, bearer: Bearer | None = None) -> bytes:
        """Return the head as the host gets it: for it alone, and for this one connection.

        A credential takes the place of a header of that name. An answer to it comes whole and plain, so that
        an echo of it can be found: no part of it may be asked for, nor anything compressed.
        """
        usual = 443 if bearer is not None and bearer.tls else 80
        port = "" if self.host.port == usual else f":{self.host.port}"
        name = f"[{self.host.name}]" if ":" in self.host.name else self.host.name
        lines = [f"{self.method} {self.path} HTTP/{self.version}", f"Host: {name}{port}"]
        headers = [one for one in _passed(self.headers) if one[0].lower() != "host"]
        if bearer is not None:
            headers = [
                (name, value)
                for name, value in headers
                if name.lower() not in _PARTS and not bearer.replaces(name)
            ]
            headers += [
                ("Accept-Encoding", "identity"),
                (bearer.header, bearer.prefix + bearer.value),
            ]
        return _written(lines, headers)


@dataclass(frozen=True)
class ResponseHead:
    """A response's head."""

    line: str
    status: int
    headers: Headers

    @property
    def plain(self) -> bool:
        """Whether its body is not compressed."""
        codings = {one.strip().lower() for one in _values(self.headers, "content-encoding")}
        return codings <= {"", "identity"}

    def forwarded(self) -> bytes:
        """Return the head as the tool gets it."""
        return _written([self.line], _passed(self.headers))


@dataclass(frozen=True)
class Framing:
    """How long the body is that follows: so many bytes, in chunks, or (a response) to the end."""

    length: int | None = None
    chunked: bool = False


def parse_request(raw: bytes, *, within: Host | None = None) -> RequestHead:
    """Parse a head, its empty line included. `within` a tunnel, the host can only be the tunnel's.

    Raises Malformed.
    """
    first, headers = _split(raw)
    found = _REQUEST.fullmatch(first)
    if found is None:
        raise Malformed("no request line of HTTP/1")
    method, target, version = found.groups()
    named = _values(headers, "host")
    if len(named) > 1 or (not named and version == "1.1" and method != "CONNECT"):
        raise Malformed("a request names its host exactly once")
    if method == "TRACE":
        raise Malformed("TRACE is not forwarded")
    try:
        host, path = _target(method, target, named, within)
        if named and hosts.parse(named[0], _default_port(method, host, within)) != host:
            raise Malformed("the Host header is not the host of the request")
    except ValueError as error:
        raise Malformed(str(error)) from error
    return RequestHead(method, host, path, version, headers)


def parse_response(raw: bytes) -> ResponseHead:
    """Parse a response's head. Raises Malformed."""
    first, headers = _split(raw)
    found = _STATUS.fullmatch(first)
    if found is None:
        raise Malformed("no status line of HTTP/1")
    return ResponseHead(first, int(found[2]), headers)


def request_framing(headers: Headers) -> Framing:
    """Return how long a request's body is. Raises Malformed when that is not plain."""
    lengths, codings = _values(headers, "content-length"), _values(headers, "transfer-encoding")
    if codings:
        if lengths or [one.lower() for one in codings] != ["chunked"]:
            raise Malformed("a body is either of one length or chunked")
        return Framing(chunked=True)
    return Framing(length=_length(lengths) if lengths else 0)


def response_framing(head: ResponseHead, method: str) -> Framing:
    """Return how long a response's body is. Raises Malformed when that is not plain."""
    if method == "HEAD" or head.status < 200 or head.status in (204, 304):
        return Framing(length=0)
    if _values(head.headers, "transfer-encoding"):
        return request_framing(head.headers)
    lengths = _values(head.headers, "content-length")
    return Framing(length=_length(lengths)) if lengths else Framing()


def _target(method: str, target: str, named: list[str], within: Host | None) -> tuple[Host, str]:
    if method == "CONNECT":
        if within is not None:
            raise Malformed("a tunnel in a tunnel")
        return hosts.parse(target), ""
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is not None and within is None:
        path = absolute[2] or "/"
        return hosts.parse(absolute[1], 80), path if path.startswith("/") else f"/{path}"
    if not target.startswith("/"):
        raise Malformed("only http:// is forwarded; for https ask for a tunnel by CONNECT")
    if within is not None:
        return within, target
    if not named:
        raise Malformed("a request names its host exactly once")
    return hosts.parse(named[0], 80), target


def _default_port(method: str, host: Host, within: Host | None) -> int:
    if method == "CONNECT":
        return host.port
    return 443 if within is not None else 80


def _split(raw: bytes) -> tuple[str, Headers]:
    first, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    headers = []
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise Malformed("a line that is no header field")
        headers.append((found[1], found[2]))
    return first, tuple(headers)


def _values(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]


def _length(values: list[str]) -> int:
    if len(values) != 1 or not re.fullmatch(r"[0-9]{1,18}", values[0]):
        raise Malformed("a Content-Length that is no number")
    return int(values[0])


def _passed(headers: Headers) -> Headers:
    """Leave out what is meant for this hop only."""
    listed = {
        one.strip().lower() for value in _values(headers, "connection") for one in value.split(",")
    }
    dropped = (_HOP | listed) - _KEPT
    return tuple(
        (name, value)
        for name, value in headers
        if name.lower() not in dropped and not name.lower().startswith("proxy-")
    )


def _written(lines: list[str], headers: Iterable[tuple[str, str]]) -> bytes:
    fields = [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, *fields, "Connection: close", "\r\n"]).encode("latin-1")
