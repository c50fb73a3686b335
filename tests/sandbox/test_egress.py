"""The proxy of a call: what it lets through, to which address, and what it refuses to read."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from tests.sandbox.hosts import server

from toolguild.errors import Unavailable, UsageError
from toolguild.sandbox.egress import head as heads
from toolguild.sandbox.egress import hello
from toolguild.sandbox.egress.body import Body
from toolguild.sandbox.egress.door import Asked as Tell
from toolguild.sandbox.egress.door import Door, Streams
from toolguild.sandbox.egress.head import Framing, Malformed
from toolguild.sandbox.egress.host import Address, Grant, Host, is_public, parse
from toolguild.sandbox.egress.proxy import Proxy
from toolguild.sandbox.egress.terms import EgressLimits, Terms
from toolguild.sandbox.interface import Ask

PUBLIC = "93.184.216.34"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("API.Example.COM.:443", Host("api.example.com", 443)),
        ("127.0.0.1:8080", Host("127.0.0.1", 8080)),
        ("[::1]:80", Host("::1", 80)),
        ("[0:0:0:0:0:0:0:1]:80", Host("::1", 80)),
        ("bücher.example:443", Host("xn--bcher-kva.example", 443)),
        ("host_1.example:1", Host("host_1.example", 1)),
    ],
)
def test_a_host_has_one_spelling(text: str, wanted: Host) -> None:
    assert parse(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *("example.com", "example.com:0", "example.com:65536", ":80", "", "a b:80", "a..b:80"),
        *(
            "user@example.com:80",
            "example.com:80/path",
            "http://example.com:80",
            "*.example.com:80",
        ),
        *(
            "2130706433:80",
            "0x7f.1:80",
            "0x7f000001:80",
            "127.1:80",
            "0177.0.0.1:80",
            "1.2.3.4.5:80",
        ),
        *("[fe80::1%eth0]:80", "::1:80", "[127.0.0.1]:80", "example.com\n:80"),
    ],
)
def test_what_two_readers_could_read_differently_is_no_host(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever it says
        parse(text)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001::1"),
    ],
)
def test_addresses_of_no_open_network_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_star_covers_every_name_and_public_address_but_nothing_local() -> None:
    grant = Grant(["*"])
    assert grant.covers(Host("example.com", 443))
    assert grant.covers(Host(PUBLIC, 80))
    assert not grant.covers(Host("127.0.0.1", 80))
    assert not grant.covers(Host("localhost", 80))
    assert not grant.covers(Host("a.localhost", 80))
    assert not grant.admits(Host("example.com", 443), ipaddress.ip_address("10.0.0.1"))


def test_an_entry_that_is_no_host_is_told_with_its_form() -> None:
    with pytest.raises(UsageError, match="name:port"):
        Grant(["example.com"])


GET = "GET / HTTP/1.1\r\nHost: a.example\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        "GET / HTTP/1.1\r\n",  # no host
        GET + "Host: a.example\r\n",
        GET + "Host: b.example\r\n",
        GET + "Content-Length: 1\r\nContent-Length: 1\r\n",
        GET + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        GET + "Content-Length: +1\r\n",
        GET + "Content-Length: 1, 1\r\n",
        GET + "Transfer-Encoding: xchunked\r\n",
        GET + "Transfer-Encoding: chunked, chunked\r\n",
        GET + "Transfer-Encoding : chunked\r\n",
        GET + "Folded: a\r\n b\r\n",
        GET + "Bare: a\nHost: b.example\r\n",
        GET + "Bare: a\rHost: b.example\r\n",
        GET + "Zero: \0\r\n",
        GET + " X: y\r\n",
        GET + "NoColon\r\n",
        "GET /  HTTP/1.1\r\nHost: a.example\r\n",
        "GET / HTTP/2.0\r\nHost: a.example\r\n",
        "GET / HTTP/1.1 \r\nHost: a.example\r\n",
        "GET a.example HTTP/1.1\r\nHost: a.example\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a.example\r\n",
        "TRACE / HTTP/1.1\r\nHost: a.example\r\n",
        "GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n",
        "GET http://u:p@a.example/ HTTP/1.1\r\nHost: a.example\r\n",
        "GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\n",
        "GET ftp://a.example/ HTTP/1.1\r\nHost: a.example\r\n",
        "GET http://2130706433/ HTTP/1.1\r\nHost: 2130706433\r\n",
        "CONNECT a.example HTTP/1.1\r\nHost: a.example\r\n",
        "CONNECT a.example:443 HTTP/1.1\r\nHost: b.example:443\r\n",
        "CONNECT http://a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n",
    ],
)
def test_a_head_that_could_mean_two_things_is_refused(raw: str) -> None:
    with pytest.raises(Malformed):
        heads.request_framing(heads.parse_request(f"{raw}\r\n".encode("latin-1")).headers)


def test_a_request_is_written_anew_for_its_host_and_this_connection_alone() -> None:
    raw = (
        "POST http://A.example:8080/p?q HTTP/1.1\r\nHost: a.example:8080\r\nX: 1\r\nProxy-Auth: secret\r\n"
        "Connection: keep-alive, X-Hop, Content-Length\r\nX-Hop: 1\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\n"
    )
    head = heads.parse_request(raw.encode())
    assert head.host == Host("a.example", 8080)
    assert head.forwarded().decode() == (
        "POST /p?q HTTP/1.1\r\nHost: a.example:8080\r\nX: 1\r\nContent-Length: 3\r\n"
        "Connection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhello!\r\n0\r\n\r\n",
        b"-5\r\nx",
        b"0x5\r\nhello\r\n",
        b"\r\n\r\n",
    ],
)
def test_sloppy_chunks_are_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        Body(Framing(chunked=True)).feed(raw)


def test_chunks_are_written_anew_without_what_comes_along() -> None:
    body = Body(Framing(chunked=True))
    raw = b"5;ext=1\r\nhello\r\n03\r\nabc\r\n0\r\nTrailer: x\r\n\r\nGET /smuggled"
    out = b"".join(body.feed(raw[at : at + 1]) for at in range(len(raw)))
    assert (out, body.done) == (b"5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n", True)


def client_hello(name: str | None) -> bytes:
    """What a real TLS client says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def test_the_server_that_a_tunnel_is_for_is_read_from_its_first_record() -> None:
    named, unnamed = client_hello("Api.Example.com"), client_hello(None)
    assert hello.length(named[:5]) == len(named)
    assert hello.server_name(named) == "api.example.com"
    assert hello.server_name(unnamed) is None
    for end in range(6, len(named)):
        with pytest.raises(hello.NotTls):
            hello.server_name(named[:end])


@dataclass
class Outside:
    """A network that is not there: what names resolve to, and what was dialled."""

    names: dict[str, Sequence[Sequence[str]]] = field(default_factory=dict)  # answers, in turn
    port: int = 0  # of a local server that stands for every address
    dialled: list[tuple[str, int]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def resolve(self, host: Host) -> Sequence[Address]:
        self.asked.append(host.name)
        if host.address is not None:
            return [host.address]
        answers = self.names[host.name]
        answer = answers[min(self.asked.count(host.name), len(answers)) - 1]
        return [ipaddress.ip_address(one) for one in answer]

    async def dial(self, address: Address, port: int) -> Streams:
        self.dialled.append((str(address), port))
        return await asyncio.open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def proxy_to(
    outside: Outside, *hosts: str, tell: Tell | None = None, **limits: float
) -> AsyncIterator[tuple[Proxy, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    allowed = EgressLimits(**limits)  # type: ignore[arg-type]  # by name
    door = Door(
        Grant(hosts), Terms(allowed), resolve=outside.resolve, dial=outside.dial, asked=tell
    )
    proxy = Proxy(listener, door)
    try:
        yield proxy, listener.getsockname()[1]
    finally:
        await proxy.close()


async def say(port: int, raw: bytes) -> bytes:
    """Say something to the proxy and return all that it answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


ASK = b"GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1"]
)
async def test_a_granted_name_that_leads_inside_is_denied(address: str) -> None:
    outside = Outside({"a.example": [[address]]})
    async with proxy_to(outside, "a.example:80") as (proxy, port):
        answer = await say(port, ASK)
        (request,) = await proxy.close()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert (request.verdict, outside.dialled) == ("denied", [])
    assert "not public" in request.why


async def test_a_name_may_lead_to_an_address_that_is_listed_with_its_port() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [["10.0.0.7"]]}, asked.port)
        async with proxy_to(outside, "a.example:80", "10.0.0.7:80") as (_, port):
            assert b"GET /x" in await say(port, ASK)
        async with proxy_to(outside, "a.example:80", "10.0.0.7:81") as (_, port):
            assert b" 403 " in await say(port, ASK)
    assert outside.dialled == [("10.0.0.7", 80)]


async def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [["10.0.0.7", PUBLIC], ["127.0.0.1"]]}, asked.port)
        async with proxy_to(outside, "a.example:80") as (_, port):
            assert b" 200 " in await say(port, ASK)
            assert b" 403 " in await say(port, ASK)  # the name was bound anew meanwhile
    assert outside.dialled == [(PUBLIC, 80)]
    assert outside.asked == ["a.example", "a.example"]


async def test_a_name_that_is_not_granted_is_not_even_resolved() -> None:
    outside = Outside()
    async with proxy_to(outside, "b.example:80") as (_, port):
        assert b" 403 " in await say(port, ASK)
    assert outside.asked == []


async def test_a_request_is_told_before_anything_of_it_reaches_the_host() -> None:
    told: list[tuple[Ask, int]] = []
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)

        async def tell(ask: Ask) -> None:
            told.append((ask, len(outside.dialled)))

        async with proxy_to(outside, "a.example:80", tell=tell) as (_, port):
            assert b" 200 " in await say(port, ASK)
    assert told == [(Ask("a.example", 80, "GET", granted=True), 0)]
    assert outside.dialled == [(PUBLIC, 80)]


async def test_a_request_that_cannot_be_told_does_not_go_out() -> None:
    async def tell(ask: Ask) -> None:
        raise Unavailable("the log is full")

    outside = Outside({"a.example": [[PUBLIC]]})
    async with proxy_to(outside, "a.example:80", tell=tell) as (proxy, port):
        answer = await say(port, ASK)
        (request,) = await proxy.close()
    assert b" 403 " in answer
    assert (request.verdict, outside.dialled) == ("denied", [])
    assert "no record of the request could be made: the log is full" in request.why


async def test_refusals_are_told_with_their_reason_and_of_those_past_the_limit_only_one() -> None:
    told: list[Ask] = []

    async def tell(ask: Ask) -> None:
        told.append(ask)

    async with proxy_to(Outside(), "b.example:80", tell=tell, requests=2) as (_, port):
        for _ in range(5):
            assert b" 403 " in await say(port, ASK)
    assert [ask.granted for ask in told] == [False] * 3
    assert "a.example:80 is not among the granted hosts" in told[0].why
    assert "more than 2 requests" in told[2].why


async def test_what_follows_a_request_on_its_connection_goes_nowhere() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)
        async with proxy_to(outside, "a.example:80") as (_, port):
            answer = await say(port, ASK + b"GET http://a.example/second HTTP/1.1\r\n\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert asked.requests == [("GET", "/x", b"")]


async def test_a_chunked_body_arrives_whole() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)
        head = b"POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with proxy_to(outside, "a.example:80") as (_, port):
            await say(port, head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
    assert asked.requests == [("POST", "/x", b"abcde")]


async def test_past_the_limits_requests_are_denied_and_recorded() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)
        async with proxy_to(outside, "a.example:80", requests=2) as (proxy, port):
            answers = [await say(port, ASK) for _ in range(3)]
            records = await proxy.close()
    assert [b" 200 " in one for one in answers] == [True, True, False]
    assert [one.verdict for one in records] == ["allowed", "allowed", "denied"]
    assert "more than 2 requests" in records[-1].why


async def test_bytes_past_the_limit_are_cut_off_in_both_directions() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)
        big = b"x" * (2 << 20)
        head = b"POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % len(big)
        async with proxy_to(outside, "a.example:80", sent_mb=1) as (proxy, port):
            answer = await say(port, head + big)
            (sending,) = await proxy.close()
        asked.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(big), big)
        async with proxy_to(outside, "a.example:80", received_mb=1) as (proxy, port):
            cut = await say(port, ASK)
            (receiving,) = await proxy.close()
    assert (b" 403 " in answer, sending.verdict) == (True, "denied")
    assert asked.requests == [("GET", "/x", b"")]
    assert (len(cut) < len(big), receiving.verdict) == (True, "denied")


async def test_a_request_that_takes_too_long_is_ended() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with listening:
        outside = Outside({"a.example": [[PUBLIC]]}, listening.sockets[0].getsockname()[1])
        async with proxy_to(outside, "a.example:80", request_seconds=0.3) as (proxy, port):
            assert b" 504 " in await say(port, ASK)
            (request,) = await proxy.close()
    assert "not over in 0.3 seconds" in request.why


async def test_a_host_that_is_not_there_is_a_failure_and_no_denial() -> None:
    free = socket.create_server(("127.0.0.1", 0))
    outside = Outside({"a.example": [[PUBLIC]], "b.example": [[]]}, free.getsockname()[1])
    free.close()
    async with proxy_to(outside, "a.example:80", "b.example:80") as (proxy, port):
        assert b" 502 " in await say(port, ASK)
        assert b" 502 " in await say(port, ASK.replace(b"a.example", b"b.example"))
        records = await proxy.close()
    assert [one.verdict for one in records] == ["failed", "failed"]


@pytest.mark.parametrize(
    "first", [b"SSH-2.0-x\r\n", b"GET / HTTP/1.1\r\nHost: b.example\r\n\r\n", b"\x16\x03\x01"]
)
async def test_a_tunnel_that_does_not_begin_with_tls_sends_nothing(first: bytes) -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)
        async with proxy_to(outside, "a.example:443") as (proxy, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            writer.write(first)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
            (request,) = await proxy.close()
    assert (request.verdict, asked.requests) == ("denied", [])


async def test_a_tunnel_to_one_host_is_not_for_another() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)
        async with proxy_to(outside, "a.example:443") as (proxy, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            writer.write(client_hello("b.example"))
            assert await reader.read() == b""
            writer.close()
            (request,) = await proxy.close()
    assert "b.example" in request.why
    assert asked.heads == []


async def test_closing_ends_what_is_under_way_and_still_records_it() -> None:
    async with server() as asked:
        outside = Outside({"a.example": [[PUBLIC]]}, asked.port)
        async with proxy_to(outside, "a.example:80") as (proxy, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                b"POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\n"
            )
            await asyncio.wait_for(asked.was_reached.wait(), 10)
            (request,) = await proxy.close()
            assert await reader.read() == b""
            writer.close()
    assert (request.verdict, request.why) == ("allowed", "the call ended first")
