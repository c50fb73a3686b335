"""A guild that stays: `toolguild up`, `status`, `down`."""

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from tests.cli.conftest import Shell

from toolguild.cli.seat import seats
from toolguild.errors import Unavailable
from toolguild.runtime.bus import connect
from toolguild.runtime.server import nats_server
from toolguild.runtime.topology import ensure_streams

SOON = 120.0  # seconds


def until(wanted: Callable[[], bool], what: str) -> None:
    """Look again and again until something holds; fail when it never does."""
    deadline = time.monotonic() + SOON
    while not wanted():
        assert time.monotonic() < deadline, f"{what} within {SOON:g} s"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def guild(shell: Shell) -> Iterator[Shell]:
    up = shell.run("up", "--executors", "2", "--json")
    assert up.code == 0, up.err
    assert up.json["ready"] is True
    yield shell
    shell.run("down")


@contextmanager
def killed_and_robbed(pid: int, guild: Shell) -> Iterator[None]:
    """Kill a process of a guild, and listen on its port before the guild can start it again."""
    state = json.loads((guild.folder.parent / "data" / "guild.json").read_text())
    (port,) = (
        int(one["health"].rpartition(":")[2]) for one in state["members"] if one["pid"] == pid
    )
    with socket.socket() as robber:
        robber.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        os.kill(state["pid"], signal.SIGSTOP)
        try:
            os.kill(pid, signal.SIGKILL)
            until(lambda: bound(robber, port), "the port of the killed process is free")
            robber.listen()
        finally:
            os.kill(state["pid"], signal.SIGCONT)
        yield


def bound(here: socket.socket, port: int) -> bool:
    try:
        here.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.timeout(400)  # some 10 s on a machine with nothing else to do
def test_a_guild_stays_heals_and_ends(guild: Shell) -> None:
    status = guild.run("status", "--json")
    assert status.code == 0
    members = {one["name"]: one for one in status.json["members"]}
    assert set(members) >= {
        "auditor",
        "executor-1",
        "executor-2",
        "planner",
        "reviewer",
        "synthesizer",
    }
    assert all(one["ready"] for one in members.values())
    assert "@" not in status.json["nats"]

    ended = guild.run("run", "Slug of the title", "--json")
    assert (ended.code, ended.json["answer"]) == (0, "hello-big-world"), ended.err

    second = guild.run("up")
    assert second.code == 2
    assert "`toolguild down` ends it" in second.err

    own_policy = guild.folder / "policy.yaml"
    own_policy.write_text("max_lines: 10\n")
    refused = guild.run("run", "Slug of the title", "--policy", str(own_policy))
    assert refused.code == 2
    assert "toolguild up --policy" in refused.err

    victim = members["executor-1"]

    def healed() -> bool:
        found = {one["name"]: one for one in guild.run("status", "--json").json["members"]}
        again = found["executor-1"]
        return bool(again["ready"] and again["pid"] != victim["pid"] and again["restarts"] == 1)

    with killed_and_robbed(victim["pid"], guild):
        until(healed, "the killed executor is back, on another port")
    assert guild.run("run", "Slug of the title", "--json").code == 0

    pids = [one["pid"] for one in guild.run("status", "--json").json["members"]]
    down = guild.run("down", "--json")
    assert (down.code, down.json) == (0, {"ended": True})
    assert not [pid for pid in pids if alive(pid)]
    gone = guild.run("status", "--json")
    assert (gone.code, gone.json["running"]) == (1, False)


def test_nothing_to_end_is_no_failure(shell: Shell) -> None:
    assert shell.run("down", "--json").json == {"ended": False}


def test_a_guild_that_cannot_start_says_why(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = shell.folder / "policy.yaml"
    policy.write_text("nonsense: 1\n")
    monkeypatch.setenv("TOOLGUILD_POLICY", str(policy))
    ended = shell.run("up")
    assert ended.code == 2
    assert "policy.yaml, line 1" in ended.err


def test_every_service_has_a_seat_and_executors_as_many_as_asked_for() -> None:
    made = seats(["auditor", "executor"], 3)
    assert [(one.name, one.service) for one in made] == [
        ("auditor", "auditor"),
        ("executor-1", "executor"),
        ("executor-2", "executor"),
        ("executor-3", "executor"),
    ]
    assert len({one.port for one in made}) == 4
    assert [one.name for one in seats(["executor"], 1)] == ["executor"]


def test_a_guild_whose_sandbox_does_not_open_says_why(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLGUILD_SANDBOX", "docker")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setattr("toolguild.cli.supervise.SANDBOX_WITHIN", 0.0)
    ended = shell.run("up", "--foreground")
    assert ended.code == 4
    assert "executor is not ready" in ended.err
    assert "no Docker engine answers: start Docker" in ended.err


def test_a_goal_that_the_store_has_no_room_for_is_refused_and_never_begun(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = shell.folder.parent / "data"

    async def fill() -> None:
        async with nats_server(data / "nats", store_mb=16) as server, connect(server.url) as bus:
            await ensure_streams(bus.js)
            for number, size in enumerate((*[512 * 1024] * 40, *[2048] * 300, *[1] * 100)):
                with suppress(Unavailable):
                    await bus.send(
                        "toolguild.fact.test-junk.t-0", b"x" * size, {"Nats-Msg-Id": str(number)}
                    )

    asyncio.run(fill())
    monkeypatch.setenv("TOOLGUILD_NATS_STORE_MB", "16")
    ended = shell.run("run", "Slug of the title", "--json")
    assert ended.code == 4, ended.err
    assert ended.json["error"]["code"] == "unavailable"
    assert "the goal was not taken, and nothing was started" in ended.json["error"]["message"]
    assert "TOOLGUILD_NATS_STORE_MB" in ended.err
    assert shell.run("tasks", "list", "--json").json["tasks"] == []
    monkeypatch.setenv("TOOLGUILD_NATS_STORE_MB", "64")
    assert shell.run("tasks", "list", "--json").json["tasks"] == []
