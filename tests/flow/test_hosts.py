"""A goal whose tool sends something to a host that the policy grants: made, examined and run exactly once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hall import Hall, open_hall
from tests.sandbox.hosts import Asked, server

from toolguild.messages import events


@asynccontextmanager
async def hall_with(directory: Path, *hosts: str) -> AsyncIterator[Hall]:
    """A guild whose policy grants these hosts."""
    policy = directory / "policy.yaml"
    policy.write_text(f"capabilities:\n  hosts: {list(hosts)}\n")
    async with open_hall(directory, model="scripted:hosts_script:answer", policy=policy) as hall:
        yield hall


@pytest.fixture
async def host() -> AsyncIterator[Asked]:
    async with server() as asked:
        asked.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n107"
        yield asked


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_a_goal_that_posts_to_a_granted_host_posts_exactly_once(
    language: str, tmp_path: Path, host: Asked
) -> None:
    url = f"http://127.0.0.1:{host.port}/count"
    hosts = [f"127.0.0.1:{port}" for port in (host.port, 8001, 8002, 8003)]
    words = f"Post 7 to {url}" + (" in JavaScript" if language == "javascript" else "")
    async with hall_with(tmp_path, *hosts) as hall:
        result, seen = await hall.run(words)

    assert (result.status, result.answer) == ("succeeded", 107), result.reason
    assert host.requests == [("POST", "/count", b"7")], "neither exam nor trial reached the host"
    (ran,) = (one.envelope.body for one in seen if isinstance(one.envelope.body, events.ToolRan))
    (request,) = ran.requests
    assert (request.host, request.port, request.method) == ("127.0.0.1", host.port, "POST")
    assert request.verdict == "allowed"


async def test_without_a_grant_no_such_tool_is_made_and_the_host_is_not_reached(
    tmp_path: Path, host: Asked
) -> None:
    async with hall_with(tmp_path) as hall:
        result, _ = await hall.run(f"Post 7 to http://127.0.0.1:{host.port}/count")

    assert result.status != "succeeded"
    assert "do not import urllib.request: the policy denies it" in result.reason
    assert host.reached == 0
