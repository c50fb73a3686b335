"""Is this service alive, is it ready, how does it fare: three pages over HTTP.

Served by some lines of our own: a server library is a tenth of the memory of an idle service, and of the time
until it is ready. One request a connection, bounded in size and time; nothing of it is used but the path.
"""

import asyncio
import json
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from toolguild.errors import Misconfigured

log = logging.getLogger(__name__)
Check = Callable[[], Awaitable[str]]  # "" when all is well, else what is wrong
REQUEST_WITHIN = 10.0  # seconds for a request to arrive, and again for its answer to be taken
MOST_BYTES = 16 * 1024  # of one line of a request
MOST_LINES = 100


class Page(NamedTuple):
    """What is answered to one request."""

    status: HTTPStatus
    kind: str
    body: bytes


class Pages:
    """/healthz (this process answers), /readyz (every check is well), /metrics.

    `samples` are run before metrics are shown, for what they measure on the way.
    """

    def __init__(self, checks: Mapping[str, Check], samples: Sequence[Check] = ()) -> None:
        self._checks, self._samples = checks, samples

    async def page(self, method: str, path: str) -> Page:
        """Return what to answer."""
        pages = {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._metrics}
        if path not in pages:
            return _plain(HTTPStatus.NOT_FOUND)
        if method not in ("GET", "HEAD"):
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED)
        return await pages[path]()

    async def _healthz(self) -> Page:
        return _json(HTTPStatus.OK, {"status": "alive"})

    async def _readyz(self) -> Page:
        found = {name: await check() for name, check in self._checks.items()}
        ready = not any(found.values())
        body = {"ready": ready, "checks": {name: wrong or "ok" for name, wrong in found.items()}}
        return _json(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, body)

    async def _metrics(self) -> Page:
        for sample in self._samples:
            await sample()
        return Page(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest())


@asynccontextmanager
async def health_server(
    host: str, port: int, checks: Mapping[str, Check], samples: Sequence[Check] = ()
) -> AsyncIterator[None]:
    """Serve the pages for as long as the block lasts. Raises Misconfigured when the port is taken."""
    pages = Pages(checks, samples)
    answering: set[asyncio.Task[None]] = set()

    def connected(reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(_answer(pages, reader, writer))
        answering.add(task)
        task.add_done_callback(answering.discard)

    try:
        server = await asyncio.start_server(connected, host, port, limit=MOST_BYTES)
    except OSError as error:
        raise Misconfigured(
            f"port {port} on {host} for health and metrics: {error.strerror}; "
            "set TOOLGUILD_HTTP_PORT to a free port, or to 0 for none"
        ) from error
    try:
        yield
    finally:
        server.close()
        ending = list(answering)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)


async def _answer(pages: Pages, reader: StreamReader, writer: StreamWriter) -> None:
    """Answer one request and close the connection, whatever came."""
    try:
        async with asyncio.timeout(REQUEST_WITHIN):
            asked = await _asked(reader)
        if asked is None:
            page = _plain(HTTPStatus.BAD_REQUEST)
        else:
            page = await pages.page(*asked)
        writer.write(_head(page))
        if asked is None or asked[0] != "HEAD":
            writer.write(page.body)
        async with asyncio.timeout(REQUEST_WITHIN):
            await writer.drain()
        writer.close()  # what is buffered is still sent
    except (OSError, TimeoutError):
        return  # whoever asked has gone
    except Exception:
        log.exception("a request for health or metrics failed")
    finally:
        if not writer.is_closing():
            writer.transport.abort()


async def _asked(reader: StreamReader) -> tuple[str, str] | None:
    """Return method and path of a request, or None when it is none."""
    try:
        first = (await reader.readline()).decode("latin-1").split()
        for _ in range(MOST_LINES):
            if (await reader.readline()).strip() == b"":
                break
        else:
            return None
    except ValueError:  # a line without end
        return None
    if len(first) != 3 or not first[2].startswith("HTTP/1."):
        return None
    return first[0], first[1].partition("?")[0]


def _head(page: Page) -> bytes:
    lines = (
        f"HTTP/1.1 {page.status.value} {page.status.phrase}",
        f"Content-Type: {page.kind}",
        f"Content-Length: {len(page.body)}",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _json(status: HTTPStatus, value: object) -> Page:
    return Page(status, "application/json; charset=utf-8", json.dumps(value).encode())


def _plain(status: HTTPStatus) -> Page:
    said = f"{status.value}: {status.phrase}".encode("ascii")
    return Page(status, "text/plain; charset=utf-8", said)
