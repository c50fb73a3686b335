"""Responses that a case declares: in an exam they stand for the hosts, which are never reached. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from toolguild.errors import UsageError
from toolguild.sandbox.egress import host as hosts
from toolguild.sandbox.egress.host import Host

FILE = "guild.responses.json"  # the file of a case that holds them; a tool never sees it


class Response(BaseModel):
    """What a host answers to one request. `request` is the body it answers; None: any body."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = "GET"
    url: str = Field(pattern=r"^https?://[^/?#@]+(/[^#]*)?$")
    request: str | None = None
    status: int = Field(default=200, ge=200, le=599)
    headers: dict[str, str] = {}
    body: str = ""


@dataclass(frozen=True)
class Wanted:
    """A request as a stand-in sees it."""

    method: str
    host: Host
    path: str
    schemes: tuple[str, ...]  # as which a declared URL may be written
    body: bytes


_ALL: TypeAdapter[tuple[Response, ...]] = TypeAdapter(tuple[Response, ...])


def parse(text: str) -> tuple[Response, ...]:
    """Parse the file of a case: a JSON list of responses. Raises UsageError."""
    try:
        return _ALL.validate_python(json.loads(text))
    except (ValueError, ValidationError) as error:
        raise UsageError(f"{FILE} is no list of responses: {str(error)[:300]}") from error


def find(responses: Iterable[Response], wanted: Wanted) -> Response | None:
    """Return the first response to this request, or None when the case declares none."""
    for one in responses:
        scheme = one.url.partition(":")[0]
        alike = (one.method, *_parts(one.url)) == (wanted.method, wanted.host, wanted.path)
        if (
            alike
            and scheme in wanted.schemes
            and (one.request is None or one.request.encode() == wanted.body)
        ):
            return one
    return None


def written(response: Response, method: str) -> bytes:
    """Return the response as bytes on the wire."""
    body = response.body.encode()
    headers = {"Content-Type": "text/plain; charset=utf-8"} | response.headers
    headers |= {"Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"HTTP/1.1 {response.status} Declared", *(f"{k}: {v}" for k, v in headers.items())]
    head = "\r\n".join([*lines, "\r\n"]).encode()
    return head if method == "HEAD" else head + body


def _parts(url: str) -> tuple[Host, str]:
    scheme, _, rest = url.partition("://")
    end = next((at for at, sign in enumerate(rest) if sign in "/?"), len(rest))
    path = rest[end:]
    host = hosts.parse(rest[:end], 443 if scheme == "https" else 80)
    return host, path if path.startswith("/") else f"/{path}"
