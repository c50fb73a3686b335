"""A local HTTP server that remembers what it was asked, for tests of the way out."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Asked:
    """A server that answers every request with its method, path and body, and counts them."""

    port: int = 0
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    answer: bytes | None = None  # raw, instead of the usual one
    respond: Callable[[str], bytes] | None = None  # makes the raw answer from the head
    reached: int = 0  # connections
    was_reached: asyncio.Event = field(default_factory=asyncio.Event)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached += 1
        self.was_reached.set()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body = b""
            if "content-length" in fields:
                body = await reader.readexactly(int(fields["content-length"]))
            elif "transfer-encoding" in fields:
                while size := int(await reader.readline(), 16):
                    body += (await reader.readexactly(size + 2))[:-2]
                await reader.readline()
            method, path, _ = head.split(" ", 2)
            self.requests.append((method, path, body))
            self.was_asked.set()
            text = f"{method} {path} ".encode() + body
            usual = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text)
            answer = self.answer if self.respond is None else self.respond(head)
            writer.write(usual if answer is None else answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # somebody knocked and went away
        finally:
            writer.close()


@asynccontextmanager
async def server(tls: ssl.SSLContext | None = None) -> AsyncIterator[Asked]:
    """Serve on a free port of 127.0.0.1."""
    asked = Asked()
    listening = await asyncio.start_server(asked.serve, "127.0.0.1", 0, ssl=tls)
    asked.port = listening.sockets[0].getsockname()[1]
    try:
        yield asked
    finally:
        listening.close()
        await listening.wait_closed()
