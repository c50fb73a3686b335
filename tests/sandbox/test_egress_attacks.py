"""What a hostile tool, or a hostile host, tries on the proxy: each ends soon, refused and recorded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.sandbox.hosts import server
from tests.sandbox.test_egress import ASK, PUBLIC, Outside, proxy_to, say

from toolguild.sandbox.egress.body import Body
from toolguild.sandbox.egress.head import Framing

POST = b"POST http://a.example/x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
CONNECT = b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n"


@asynccontextmanager
async def answering(raw: bytes, *, every: int = 0) -> AsyncIterator[Outside]:
    """A host that says this whatever it is asked, byte by byte where `every` is set, and then nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for at in range(0, len(raw), every or len(raw)):
                writer.write(raw[at : at + (every or len(raw))])
                await writer.drain()
                if every:
                    await asyncio.sleep(0.05)
            if not every:
                writer.write_eof()
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield Outside({"a.example": [[PUBLIC]]}, port)


@pytest.mark.parametrize(
    "raw",
    [
        POST + b"FFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n",  # a size past 64 bits
        POST + b"7fffffff\r\nx\r\n0\r\n\r\n",  # two gigabytes announced
        POST + b"1;" + b"a" * 5000 + b"\r\nx\r\n0\r\n\r\n",  # an extension that does not end
        POST + b" 1\r\nx\r\n0\r\n\r\n",
        POST + b"1\rx\r\n0\r\n\r\n",
        POST + b"1\r\nxGET /smuggled HTTP/1.1\r\n\r\n",
        POST.replace(b"chunked", b"chunked\r\nTransfer-Encoding: identity") + b"0\r\n\r\n",
        POST.replace(b"Transfer-Encoding: chunked", b"Transfer-Encoding: \x0bchunked")
        + b"0\r\n\r\n",
        POST.replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\n") + b"0\r\n\r\n",
        ASK.replace(b"/x", b"/x\r\nX: injected"),
        ASK.replace(b"/x", b"/x%0d%0a HTTP/1.1\r\nHost: b.example\r\n\r\n"),
        ASK.replace(b"Host:", b"Host :"),
        ASK.replace(b"Host: a.example", b"Host: a.example@b.example"),
        ASK.replace(b"//a.example", b"//a.example\\@b.example"),
        ASK.replace(b"//a.example", b"//a.example#@b.example"),
        ASK.replace(b"Host: a.example", b"Host: a.example\x00.b.example"),
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"\r\n\r\n" + ASK,
        CONNECT + b"Content-Length: 5\r\n\r\nhello" * 20,
    ],
)
async def test_smuggling_and_injection_reach_nobody(raw: bytes) -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]], "b.example": [[PUBLIC]]}, asked.port)
        async with proxy_to(outside, "a.example:80", "a.example:443", request_seconds=5) as (
            proxy,
            port,
        ):
            answer = await say(port, raw)
            records = await proxy.close()
    assert b" 200 OK" not in answer
    assert asked.requests == []
    assert len(records) == 1
    assert records[0].verdict != "declared"
    assert records[0].why


async def test_what_comes_with_a_connect_is_no_second_request() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)
        async with proxy_to(outside, "a.example:443") as (proxy, port):
            answer = await say(
                port, CONNECT + b"\r\nGET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"
            )
            (request,) = await proxy.close()
    assert answer.count(b"HTTP/1.1") == 1
    assert (asked.requests, request.verdict) == ([], "denied")


@pytest.mark.parametrize(
    "target",
    [
        *(
            "[::ffff:127.0.0.1]:80",
            "[::1]:80",
            "[0:0:0:0:0:ffff:7f00:1]:80",
            "[::ffff:a9fe:a9fe]:80",
        ),
        *("[64:ff9b::7f00:1]:80", "[2002:7f00:1::]:80", "[fe80::1]:80", "[::]:80", "0.0.0.0:80"),
        *(
            "[fe80::1%25lo]:80",
            "127.1:80",
            "0177.0.0.1:80",
            "0x7f000001:80",
            "①.0.0.1:80",
            "127。0。0。1:80",
        ),
    ],
)
async def test_no_spelling_of_a_local_address_is_public(target: str) -> None:
    async with server() as asked:
        outside = Outside(port=asked.port)
        raw = f"GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n\r\n"
        async with proxy_to(outside, "*") as (_, port):
            answer = await say(port, raw.encode())
    assert b" 403 " in answer or b" 400 " in answer
    assert (outside.dialled, asked.reached) == ([], 0)


async def test_a_redirect_to_a_private_address_is_refused_when_it_is_followed() -> None:
    location = b"http://169.254.169.254/latest/meta-data/"
    raw = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % location
    async with answering(raw) as outside, proxy_to(outside, "a.example:80", "*") as (_, port):
        assert location in await say(port, ASK)
        followed = b"GET %b HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n" % location
        assert b" 403 " in await say(port, followed)
    assert [address for address, _ in outside.dialled] == [PUBLIC]


async def test_a_tool_that_dribbles_its_request_is_cut_off() -> None:
    async with proxy_to(
        Outside({"a.example": [[PUBLIC]]}), "a.example:80", request_seconds=0.5
    ) as (proxy, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ASK[:-2])
        dribbling = asyncio.create_task(_dribble(writer))
        answer = await asyncio.wait_for(reader.read(), 10)
        dribbling.cancel()
        writer.close()
        (request,) = await proxy.close()
    assert b" 504 " in answer
    assert "not over in 0.5 seconds" in request.why


async def _dribble(writer: asyncio.StreamWriter) -> None:
    for number in range(200):
        writer.write(b"X%d: y\r\n" % number)
        await asyncio.sleep(0.05)


async def test_a_host_that_dribbles_its_answer_is_cut_off() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 900
    async with (
        answering(raw, every=2) as outside,
        proxy_to(outside, "a.example:80", request_seconds=0.6) as (proxy, port),
    ):
        await say(port, ASK)
        (request,) = await proxy.close()
    assert "not over in 0.6 seconds" in request.why


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/0.9 200 OK\r\n\r\n",
        b"<html>",
        b"",
    ],
)
async def test_an_answer_that_could_be_read_in_two_ways_is_not_passed_on(raw: bytes) -> None:
    async with answering(raw) as outside, proxy_to(outside, "a.example:80") as (proxy, port):
        answer = await say(port, ASK)
        (request,) = await proxy.close()
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert request.why.startswith("its answer is not HTTP") or "protocol" in request.why


async def _hears(port: int) -> bool:
    try:
        return await say(port, b"nonsense\r\n\r\n") != b""
    except OSError:
        return False


async def test_who_knocks_for_ever_finds_the_door_shut() -> None:
    async with proxy_to(Outside(), "a.example:80", requests=2, at_once=8) as (proxy, port):
        knocks = 0
        while knocks < 200 and await _hears(port):
            knocks += 1
        records = await proxy.close()
    assert knocks <= 2 * 2 + 64
    assert len(records) == 4, "what is recorded is bounded, too"


def test_a_large_chunk_goes_on_in_pieces_and_is_never_held_as_a_whole() -> None:
    body, size = Body(Framing(chunked=True)), 8 << 20
    out = body.feed(b"%x\r\n" % size)
    for _ in range(size >> 16):
        piece = body.feed(b"x" * (1 << 16))
        assert len(piece) >= 1 << 16, "nothing piles up"
        out += piece
    out += body.feed(b"\r\n0\r\n\r\n")
    assert body.done
    plain = Body(Framing(chunked=True), plain=True)
    assert plain.feed(out) == b"x" * size
