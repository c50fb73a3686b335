"""A goal whose tool sends something to a host that the policy grants: made, examined and run exactly once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hall import Hall, open_hall
from tests.sandbox.hosts import Asked, server

from toolguild.client import inbox
from toolguild.client import task as client
from toolguild.client.evidence import evidence
from toolguild.client.task import Order
from toolguild.goal import Goal
from toolguild.messages import commands, events
from toolguild.registry import open_registry


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
    (order,) = (one for one in seen if isinstance(one.envelope.body, commands.RunTool))
    (told,) = (one for one in seen if isinstance(one.envelope.body, events.HostAsked))
    assert told.envelope.cause == order.envelope.id
    said = told.envelope.body
    assert isinstance(said, events.HostAsked)
    assert (said.host, said.port, said.method, said.granted) == (
        *("127.0.0.1", host.port, "POST"),
        True,
    )
    assert (said.tool, said.step) == (ran.tool, ran.step)


async def test_who_decides_about_an_interrupted_call_is_shown_what_it_asked_for(
    tmp_path: Path, host: Asked
) -> None:
    host.answer = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\noops"  # the tool fails after its effect
    )
    hosts = [f"127.0.0.1:{port}" for port in (host.port, 8001, 8002, 8003)]
    order = Order(goal=Goal.of_text(f"Post 7 to http://127.0.0.1:{host.port}/count"))
    async with hall_with(tmp_path, *hosts) as hall:
        task = await client.submit(hall.bus, hall.artifacts, order, hall.policy)
        async with asyncio.timeout(150):
            async for noted in client.follow(hall.bus, task):
                body = noted.envelope.body
                if isinstance(body, events.Escalated) and body.holds:
                    break
        assert isinstance(body, events.Escalated)
        (asked,) = (one for one in await inbox.waiting(hall.bus) if one.item == body.item)
        async with open_registry(hall.bus.js) as registry:
            found = await evidence(hall.bus, registry, hall.policy, asked)

    assert "was interrupted" in asked.ask.why
    (request,) = found.requests
    assert request.text == f"step {asked.ask.step}: POST 127.0.0.1:{host.port}"


async def test_without_a_grant_no_such_tool_is_made_and_the_host_is_not_reached(
    tmp_path: Path, host: Asked
) -> None:
    async with hall_with(tmp_path) as hall:
        result, _ = await hall.run(f"Post 7 to http://127.0.0.1:{host.port}/count")

    assert result.status != "succeeded"
    assert "do not import urllib.request: the policy denies it" in result.reason
    assert host.reached == 0
