"""One connection of a tool to its proxy: one request with its answer, or one TLS tunnel."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from toolguild.sandbox.egress import head as heads
from toolguild.sandbox.egress import hello, responses
from toolguild.sandbox.egress.bearer import Bearer
from toolguild.sandbox.egress.body import LAST, Body, chunk
from toolguild.sandbox.egress.door import Denied, Door, Note, Streams, Unreachable
from toolguild.sandbox.egress.echo import Redactor
from toolguild.sandbox.egress.head import Malformed, RequestHead, ResponseHead
from toolguild.sandbox.egress.hello import NotTls
from toolguild.sandbox.egress.host import Host

_CHUNK = 1 << 16
_LINGER = 2.0  # seconds for which a refused tool may go on talking
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_WORDS = {400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway", 504: "Gateway Timeout"}


class Connection:
    """Serves one accepted connection, and leaves one record of it."""

    def __init__(
        self, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._door, self._reader, self._writer = door, reader, writer
        self._note = Note()
        self._answered = False  # the tool has got some of an answer
        self._whole = False  # what may end now, with the call, has not been cut off

    async def serve(self) -> None:
        """Serve until it is over. Never raises but CancelledError."""
        note = self._note
        try:
            async with asyncio.timeout(self._door.limits.request_seconds):
                raw = await self._head(self._reader)
                if raw:
                    await self._request(heads.parse_request(raw))
        except Malformed as error:
            await self._refuse(400, str(error))
        except (Denied, NotTls) as error:
            note.verdict = "denied"
            await self._refuse(403, str(error))
        except Unreachable as error:
            await self._refuse(502, str(error))
        except TimeoutError:
            await self._refuse(504, f"not over in {self._door.limits.request_seconds:g} seconds")
        except asyncio.CancelledError:
            note.why = note.why or ("" if self._whole else "the call ended first")
            raise
        except OSError as error:
            note.why = note.why or f"the connection broke: {error}"
        finally:
            if note.method or note.why:
                self._door.leave(note)
            self._writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        """Read one head; nothing when the other side closes before it."""
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                return b""
            raise Malformed("the head ended early") from error
        except asyncio.LimitOverrunError as error:
            raise Malformed(f"a head over {self._door.limits.head_kb} KB") from error

    async def _request(self, head: RequestHead) -> None:
        await self._door.enter(self._note, head.host, head.method)
        if head.tunnel:
            await self._tunnel(head.host)
        elif self._door.responses is not None:
            await self._stand_in(head, secure=False)
        else:
            body = Body(heads.request_framing(head.headers))
            bearer = self._door.terms.bearer(head.host)
            tls = bearer is not None and bearer.tls
            async with _closing(await self._door.reach(self._note, head.host, tls=tls)) as host:
                self._note.verdict = "allowed"
                await self._exchange(head, body, bearer, *host)

    async def _exchange(
        self,
        head: RequestHead,
        body: Body,
        bearer: Bearer | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Send the request on while the answer is awaited: a host may answer before it has read all."""
        written = head.forwarded(bearer)
        self._note.credential = bearer.name if bearer else ""
        self._door.sent(
            self._note, len(head.forwarded())
        )  # the tool's own: a secret's length is part of it
        writer.write(written)
        sending = asyncio.create_task(self._send_body(body, writer))
        receiving = asyncio.create_task(self._receive(head.method, bearer, reader))
        try:
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
            await receiving
        finally:
            await _ended(sending, receiving)

    async def _send_body(self, body: Body, writer: asyncio.StreamWriter) -> None:
        while not body.done:
            data = await self._reader.read(_CHUNK)
            if not data:
                body.end()
            out = body.feed(data)
            self._door.sent(self._note, len(out))
            writer.write(out)
            with contextlib.suppress(ConnectionError):  # its answer says why it stopped reading
                await writer.drain()

    async def _receive(
        self, method: str, bearer: Bearer | None, reader: asyncio.StreamReader
    ) -> None:
        response = await self._answer(method, reader)
        if bearer is not None and not response.head.plain:
            raise Unreachable(
                "its answer is compressed, so that nobody sees whether it has a credential"
            )
        clean = None if bearer is None else Redactor(bearer.value)
        body, shown = response.body, response.head.forwarded()
        self._whole = body.done
        await self._pass_on(shown if clean is None else clean.whole(shown))
        while not body.done:
            try:
                data = await reader.read(_CHUNK)
                if not data:
                    body.end()
                out = body.feed(data)
            except (Malformed, OSError) as error:
                raise Unreachable(f"its answer broke off: {error}") from error
            if clean is not None:
                out = clean.feed(out) + (clean.end() if body.done else b"")
            self._whole = body.done
            await self._pass_on(response.framed(out))
        if response.chunked:
            await self._pass_on(LAST)

    async def _answer(self, method: str, reader: asyncio.StreamReader) -> "_Answer":
        """Read the head of the final answer. Raises Unreachable."""
        try:
            response = heads.parse_response(await self._head(reader))
            while response.status < 200 and response.status != 101:
                response = heads.parse_response(
                    await self._head(reader)
                )  # interim answers end here
            framing = heads.response_framing(response, method)
        except (Malformed, OSError) as error:
            raise Unreachable(f"its answer is not HTTP: {error}") from error
        if response.status == 101:
            raise Unreachable("it answered with another protocol")
        return _Answer(response, Body(framing, plain=True), framing.chunked)

    async def _pass_on(self, data: bytes) -> None:
        self._door.received(self._note, len(data))
        self._answered = True
        self._writer.write(data)
        await self._writer.drain()

    async def _tunnel(self, host: Host) -> None:
        if self._door.responses is not None:
            await self._established()
            await self._inside(host)
            return
        async with _closing(await self._door.reach(self._note, host)) as (reader, writer):
            await self._established()
            first = await self._hello(host)
            self._note.verdict, self._whole = "allowed", True
            self._door.sent(self._note, len(first))
            writer.write(first)
            there = asyncio.create_task(self._there(writer))
            back = asyncio.create_task(self._back(reader))
            try:
                await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
                if there.done():
                    there.result()
                await back
            finally:
                await _ended(there, back)

    async def _established(self) -> None:
        self._answered = True
        self._writer.write(_ESTABLISHED)
        await self._writer.drain()

    async def _hello(self, host: Host) -> bytes:
        """Read what the tunnel begins with. Raises NotTls unless it is TLS for this very host."""
        try:
            record = await self._reader.readexactly(hello.HEAD)
            record += await self._reader.readexactly(hello.length(record) - hello.HEAD)
        except asyncio.IncompleteReadError as error:
            raise NotTls("a tunnel is for TLS only") from error
        name = hello.server_name(record)
        if name is not None and name != host.name:
            raise NotTls(f"TLS for {name[:80]!r} in a tunnel to {host}")
        return record

    async def _there(self, writer: asyncio.StreamWriter) -> None:
        while data := await self._reader.read(_CHUNK):
            self._door.sent(self._note, len(data))
            writer.write(data)
            await writer.drain()
        writer.write_eof()

    async def _back(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(_CHUNK):
            await self._pass_on(data)

    async def _inside(self, host: Host) -> None:
        """Read the request that stands, without TLS, in a tunnel of an exam."""
        raw = await self._head(self._reader)
        if not raw or raw[0] == 22:
            raise Denied("in an exam no host is reached, and this client insists on TLS")
        head = heads.parse_request(raw, within=host)
        self._note.method = head.method
        self._answered = False
        await self._stand_in(head, secure=True)

    async def _stand_in(self, head: RequestHead, *, secure: bool) -> None:
        """Answer as the case declares it. Nothing is reached."""
        assert self._door.responses is not None
        body, content = Body(heads.request_framing(head.headers), plain=True), bytearray()
        while not body.done:
            data = await self._reader.read(_CHUNK)
            if not data:
                body.end()
            out = body.feed(data)
            self._door.sent(self._note, len(out))
            content += out
        scheme = "https" if secure else "http"
        other = ("https",) if head.host in self._door.terms.tls_hosts else ()
        schemes = (scheme, *other)
        wanted = responses.Wanted(head.method, head.host, head.path, schemes, bytes(content))
        found = responses.find(self._door.responses, wanted)
        if found is None:
            self._note.verdict = "unanswered"
            what = f"{head.method} {scheme}://{head.host}{head.path[:200]}"
            await self._refuse(502, f"the case declares no response to {what}")
            return
        self._note.verdict = "declared"
        await self._pass_on(responses.written(found, head.method))

    async def _refuse(self, status: int, why: str) -> None:
        """Tell the tool in one line, where it can still hear it."""
        self._note.why = self._note.why or why
        if self._answered or self._writer.is_closing():
            return
        line = "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in why)[:300]
        body = f"{line}\n".encode()
        reason = line if status == 403 else f"{_WORDS[status]}: {line}"
        head = (
            f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with contextlib.suppress(OSError, TimeoutError):
            self._writer.write(head.encode() + body)
            self._writer.write_eof()
            async with asyncio.timeout(_LINGER):
                while await self._reader.read(_CHUNK):
                    pass  # closed with words unread, a connection is reset and the answer is lost


@dataclass(frozen=True)
class _Answer:
    """The head of a host's answer, and what takes its body apart."""

    head: ResponseHead
    body: Body
    chunked: bool

    def framed(self, content: bytes) -> bytes:
        """Return content as the answer's framing has it."""
        return chunk(content) if self.chunked and content else content


@contextlib.asynccontextmanager
async def _closing(streams: Streams) -> AsyncIterator[Streams]:
    try:
        yield streams
    finally:
        streams[1].close()


async def _ended(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
