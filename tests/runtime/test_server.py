"""Our own NATS server: private, durable, and gone when we are."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from ports import free_port

from toolguild.client import log
from toolguild.errors import Misconfigured, UsageError
from toolguild.runtime.bus import Bus, connect, redacted
from toolguild.runtime.server import NatsServer, nats_server, running
from toolguild.runtime.topology import ensure_streams

from .guildhall import Add, SumWanted, adder, at_work, book, envelope, sums_of


def alive(pid: int) -> bool:
    """Say whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def listening_on(port: int) -> set[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if int(row[1].split(":")[1], 16) == port}


async def gone(pid: int) -> None:
    async with asyncio.timeout(60):
        while True:
            if not alive(pid):
                return
            await asyncio.sleep(0.01)


async def test_a_stranger_without_the_password_is_refused(nats: NatsServer) -> None:
    port = int(nats.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()  # what the server tells about itself
    writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
    assert await reader.readline() == b"-ERR 'Authorization Violation'\r\n"
    writer.close()
    await writer.wait_closed()
    with pytest.raises(
        Misconfigured, match=r"at nats://127.0.0.1:.* refuses this user and password"
    ):
        async with connect(f"nats://toolguild:wrong@127.0.0.1:{port}"):
            pass


async def test_other_users_can_read_neither_seed_nor_data(nats: NatsServer, tmp_path: Path) -> None:
    directory = tmp_path / "nats"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for name in ("guild.seed", "server.conf", "server.json"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600


async def test_its_configuration_holds_no_secret(nats: NatsServer, tmp_path: Path) -> None:
    seed = (tmp_path / "nats" / "guild.seed").read_text()
    assert seed in nats.url
    assert seed not in (tmp_path / "nats" / "server.conf").read_text()


async def test_data_of_a_guild_that_had_a_password_goes_on(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("of long ago")
    async with nats_server(tmp_path) as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
    assert not (tmp_path / "password").exists()


async def test_it_listens_on_loopback_only(nats: NatsServer) -> None:
    port = int(nats.url.rpartition(":")[2])
    assert listening_on(port) == {"0100007F"}


async def test_it_writes_to_disk_before_it_acknowledges(nats: NatsServer, tmp_path: Path) -> None:
    assert "sync_interval: always" in (tmp_path / "nats" / "server.conf").read_text()


async def test_what_it_kept_is_there_when_it_starts_again(tmp_path: Path) -> None:
    for count in (1, 2):
        async with nats_server(tmp_path) as server, connect(server.url) as bus:
            await ensure_streams(bus.js)
            async with at_work(bus, book, adder()):
                await bus.publish(envelope(SumWanted(numbers=(1,))))
                await sums_of(bus, count)
    async with nats_server(tmp_path) as server, connect(server.url) as bus:
        assert (await sums_of(bus, 2)).sums == (1, 1)


async def test_work_goes_on_when_the_server_is_killed_and_started_again(
    nats: NatsServer, bus: Bus
) -> None:
    stop = asyncio.Event()
    keeper = asyncio.create_task(nats.keep_running(stop))
    async with at_work(bus, book, adder()):
        for number in range(30):
            await bus.publish(envelope(SumWanted(numbers=(number,))))
            if number in (5, 15):
                pid = nats.pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
        state = await sums_of(bus, 30)
    stop.set()
    await keeper
    assert (state.wanted, sorted(state.sums)) == (30, list(range(30)))


async def test_the_log_keeps_the_order_in_which_things_were_said_when_the_server_is_killed(
    nats: NatsServer, bus: Bus
) -> None:
    stop = asyncio.Event()
    keeper = asyncio.create_task(nats.keep_running(stop))
    said: list[UUID] = []
    for number in range(30):
        kind = SumWanted if number % 2 else Add
        one = envelope(kind(numbers=(number,)))
        await bus.publish(one)
        await bus.publish(one)  # heard twice, kept once
        said.append(one.id)
        if number in (9, 19):
            assert nats.pid is not None
            os.kill(nats.pid, signal.SIGKILL)
    every = ["toolguild.fact.>", "toolguild.seen.>"]
    kept = [entry async for entry in log.entries(bus, every, live=False)]
    assert [(await bus.read(entry.data)).id for entry in kept] == said
    assert [entry.sequence for entry in kept] == sorted(entry.sequence for entry in kept)
    stop.set()
    await keeper


async def test_a_connection_to_a_server_that_was_killed_is_closed_quietly(tmp_path: Path) -> None:
    for number in range(5):
        async with nats_server(tmp_path / str(number)) as server, connect(server.url) as bus:
            await bus.client.publish("anything", b"x" * 100_000)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)


async def test_a_killed_parent_leaves_no_server_behind(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from toolguild.runtime.server import nats_server\n"
        "async def main():\n"
        "    async with nats_server(Path(sys.argv[1])) as server:\n"
        "        print(server.pid, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    server = int(await asyncio.wait_for(parent.stdout.readline(), 60))
    assert alive(server)
    parent.kill()
    await parent.wait()
    await gone(server)
    async with nats_server(tmp_path) as again:  # and its data can be used at once
        assert again.pid != server


async def test_a_server_stopped_in_order_is_not_started_again(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    await server.start()
    keeper = asyncio.create_task(server.keep_running(asyncio.Event()))
    await asyncio.sleep(0)
    await server.stop()
    await asyncio.wait_for(keeper, 60)
    assert server.pid is None


async def test_a_second_guild_on_the_same_data_is_told_what_to_do(
    nats: NatsServer, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"already running with this data.*TOOLGUILD_DATA_DIR"):
        await NatsServer(tmp_path / "nats").start()
    assert running(tmp_path / "nats") == nats.url


async def test_a_guild_that_does_not_run_is_not_found(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    async with nats_server(tmp_path):
        pass
    assert running(tmp_path) is None
    (tmp_path / "server.json").write_text(json.dumps({"url": "nats://stale"}))
    assert running(tmp_path) is None


async def test_a_port_that_is_taken_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        port = free_port()
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(UsageError, match=rf"port {port} is taken.*TOOLGUILD_NATS_PORT"):
            await NatsServer(tmp_path, port=port).start()
    server = NatsServer(tmp_path, port=port)
    await server.start()
    assert server.url.endswith(f":{port}")
    await server.stop()


async def test_a_directory_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot keep data here.*TOOLGUILD_DATA_DIR"):
        await NatsServer(tmp_path / "file" / "nats").start()


async def test_a_disk_that_is_nearly_full_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"MB are free, .* MB are needed; free some space"):
        await NatsServer(tmp_path, needed_mb=10**9).start()


async def test_a_damaged_configuration_is_reported_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "jetstream").write_text("a file where a directory should be")
    with pytest.raises(UsageError, match="does not start with its data in"):
        await NatsServer(tmp_path).start()


async def test_nobody_there_is_said_within_the_time_allowed() -> None:
    with pytest.raises(Misconfigured, match="toolguild up"):
        async with connect("nats://127.0.0.1:9", within=0.2):
            pass


def test_a_password_is_not_shown() -> None:
    assert redacted("nats://me:secret@host:4222") == "nats://host:4222"
    assert redacted("nats://host:4222") == "nats://host:4222"
