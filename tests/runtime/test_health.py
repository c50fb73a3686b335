"""The pages of a service, asked as probes, Prometheus and strangers ask."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from toolguild.cli.seat import free_ports, unready
from toolguild.errors import Misconfigured
from toolguild.runtime import health
from toolguild.runtime.health import health_server


class Doing:
    """A check whose outcome a test sets, and which counts how often it was asked."""

    def __init__(self) -> None:
        self.wrong, self.asked = "", 0

    async def __call__(self) -> str:
        self.asked += 1
        return self.wrong


@asynccontextmanager
async def served(*checks: Doing) -> AsyncIterator[int]:
    (port,) = free_ports(1)
    named = {f"check {number}": check for number, check in enumerate(checks)}
    async with health_server("127.0.0.1", port, named, checks):
        yield port


async def answer(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes; return status, headers and body of what comes until the connection ends."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        whole = await reader.read()
        writer.close()
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in rest), body


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: here\r\nAccept: */*\r\n\r\n".encode()


async def test_a_service_is_alive_whatever_its_checks_say() -> None:
    check = Doing()
    check.wrong = "broken"
    async with served(check) as port:
        status, _, body = await answer(port, get("/healthz"))
    assert (status, json.loads(body), check.asked) == (200, {"status": "alive"}, 0)


async def test_it_is_ready_when_every_check_is_well_and_else_says_what_is_wrong() -> None:
    one, other = Doing(), Doing()
    async with served(one, other) as port:
        status, headers, body = await answer(port, get("/readyz?verbose"))
        assert (status, json.loads(body)["ready"]) == (200, True)
        assert int(headers["Content-Length"]) == len(body)
        assert await unready(port) == {}
        other.wrong = "no sandbox"
        status, _, body = await answer(port, get("/readyz"))
        assert await unready(port) == {"check 1": "no sandbox"}
    assert status == 503
    assert json.loads(body) == {
        "ready": False,
        "checks": {"check 0": "ok", "check 1": "no sandbox"},
    }


async def test_metrics_are_shown_after_the_samples_were_taken() -> None:
    check = Doing()
    async with served(check) as port:
        status, headers, body = await answer(port, get("/metrics"))
    assert (status, check.asked) == (200, 1)
    assert headers["Content-Type"].startswith("text/plain; version=")
    assert b"toolguild_dead_letters" in body


async def test_head_answers_as_get_does_without_the_body() -> None:
    async with served() as port:
        status, headers, body = await answer(port, get("/healthz", "HEAD"))
    assert (status, int(headers["Content-Length"]) > 0, body) == (200, True, b"")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get("/"), 404),
        (get("/healthz", "POST"), 405),
        (b"\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /healthz SPDY/1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 400),
        (b"\xff\xfe\x00\r\n\r\n", 400),
    ],
)
async def test_what_is_no_request_for_a_page_is_told_so(request_bytes: bytes, status: int) -> None:
    async with served() as port:
        assert (await answer(port, request_bytes))[0] == status
        assert (await answer(port, get("/healthz")))[0] == 200


async def test_a_line_without_end_is_not_read_to_its_end() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):  # told so, or cut off: what it still sends is not read
            writer.write(b"GET /" + b"a" * 10_000_000)
            said = await asyncio.wait_for(reader.read(), 20)
            assert not said or said.startswith(b"HTTP/1.1 400 ")
        writer.transport.abort()
        assert (await answer(port, get("/healthz")))[0] == 200


async def test_one_who_says_nothing_keeps_nobody_from_an_answer_and_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "REQUEST_WITHIN", 0.2)
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /heal")
        assert (await answer(port, get("/healthz")))[0] == 200
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()


async def test_the_server_ends_though_somebody_is_still_connected() -> None:
    async with asyncio.timeout(20):
        async with served() as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            assert (await answer(port, get("/healthz")))[0] == 200
        writer.close()


async def test_a_check_that_fails_costs_its_own_answer_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken() -> str:
        raise RuntimeError("a bug")

    (port,) = free_ports(1)
    async with health_server("127.0.0.1", port, {"broken": broken}):
        assert await unready(port) is None
        assert (await answer(port, get("/healthz")))[0] == 200
    assert "a bug" in caplog.text


async def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    async with served() as port:
        with pytest.raises(Misconfigured, match="TOOLGUILD_HTTP_PORT"):
            async with health_server("127.0.0.1", port, {}):
                raise AssertionError("it was taken")
