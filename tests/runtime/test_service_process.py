"""A service as a process of its own: started, asked, killed, stopped."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from nats.errors import Error as NatsError
from ports import free_port

from toolguild.runtime.bus import Bus
from toolguild.runtime.server import NatsServer
from toolguild.runtime.topology import ACK_WAIT

from .guildhall import Add, SumWanted, adder, at_work, book, envelope, sums_of, until

ROOT = Path(__file__).parents[2]
SERVICE = "tests.runtime.hall_service"
NEVER = 600.0  # seconds of silence: what is done before then was handed over by whoever had it


@asynccontextmanager
async def hall(data: Path, work_seconds: float = 0.0, **settings: str) -> AsyncIterator[Process]:
    """Run the service until the block ends; it is killed then, whatever it does."""
    environment = {name: value for name, value in os.environ.items() if "TOOLGUILD" not in name}
    environment |= {"TOOLGUILD_DATA_DIR": str(data)} | settings
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        SERVICE,
        str(work_seconds),
        cwd=ROOT,
        env=environment,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process, line: str) -> None:
    assert process.stdout is not None
    heard = await asyncio.wait_for(process.stdout.readline(), 60)
    assert heard.decode().strip() == line, heard


async def test_it_finds_the_guild_that_runs_with_its_data(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    async with hall(tmp_path) as process:
        await said(process, "open")
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        assert (await sums_of(bus, 1)).sums == (3,)


async def test_the_work_of_a_killed_service_is_taken_over_within_seconds(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    async with hall(tmp_path, 60) as process:
        await said(process, "open")
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await said(process, "started")
        process.kill()
        await process.wait()
    assert ACK_WAIT <= 5, "of the killed one; here it is cut short"
    async with at_work(bus, book, adder(), ack_wait=1.0):
        assert (await sums_of(bus, 1)).sums == (3,)


async def test_a_terminated_service_settles_what_is_under_way_and_exits_well(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    async with hall(tmp_path, 0.5) as process:
        await said(process, "open")
        await bus.publish(envelope(Add(numbers=(1, 2))))
        await said(process, "started")
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, out) == (0, b"closed\n"), err
    info = await bus.js.stream_info("TOOLGUILD_LOG", subjects_filter="toolguild.fact.test-added.*")
    assert info.state.subjects == {"toolguild.fact.test-added.t-1": 1}


async def test_work_that_outlasts_the_grace_is_left_to_others(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    async with hall(tmp_path, 600, TOOLGUILD_GRACE_SECONDS="0.2") as process:
        await said(process, "open")
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await said(process, "started")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    async with at_work(bus, book, adder(), ack_wait=NEVER):
        assert (await sums_of(bus, 1)).sums == (3,)


async def test_a_second_signal_leaves_what_is_under_way_to_others_at_once(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    async with hall(tmp_path, 600, TOOLGUILD_GRACE_SECONDS="600") as process:
        await said(process, "open")
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await said(process, "started")
        process.send_signal(signal.SIGTERM)
        with pytest.raises(TimeoutError):  # the first one is settled in order
            await asyncio.wait_for(process.wait(), 1)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    async with at_work(bus, book, adder(), ack_wait=NEVER):
        assert (await sums_of(bus, 1)).sums == (3,)


async def test_what_comes_while_it_stops_is_for_others(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    async with hall(tmp_path, 1) as process:
        await said(process, "open")
        await bus.publish(envelope(Add(numbers=(1, 2))))
        await said(process, "started")
        process.send_signal(signal.SIGTERM)
        await bus.publish(envelope(Add(numbers=(3, 4))))
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, out.count(b"started")) == (0, 0), err
    async with at_work(bus, book, adder()):  # what was on its way to the one that went comes again
        assert sorted((await sums_of(bus, 2)).sums) == [3, 7]


async def test_without_a_guild_it_says_what_to_do(tmp_path: Path) -> None:
    async with hall(tmp_path) as process:
        _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert b"start one with `toolguild up`" in err
    assert b"Traceback" not in err


async def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    async with hall(tmp_path, TOOLGUILD_HTTP_PORT="http") as process:
        _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert b"TOOLGUILD_HTTP_PORT" in err


async def test_its_logs_are_json_with_service_and_task(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    async with hall(tmp_path) as process:
        await said(process, "open")
        await bus.send("toolguild.fact.test-added.t-1", b"garbage", {"Nats-Msg-Id": "x"})
        assert process.stderr is not None
        lines: list[dict[str, Any]] = []
        async with asyncio.timeout(60):
            while not any("unreadable" in line["message"] for line in lines):
                lines.append(json.loads(await process.stderr.readline()))
    assert lines[-1]["service"] == "hall"
    assert lines[-1]["level"] == "error"
    assert set(lines[0]) >= {"time", "level", "logger", "message"}


async def page(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(60):
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                        return answer.status, await answer.text()
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.02)


async def status_of(port: int, status: int) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            found, text = await page(port, "/readyz")
            if found == status:
                return dict(json.loads(text))
            await asyncio.sleep(0.05)


async def shown(port: int, *lines: str) -> None:
    """Return once the metrics have these lines: a message is settled, and counted, after its answer is sent."""

    async def there() -> bool:
        metrics = (await page(port, "/metrics"))[1]
        return all(line in metrics for line in lines)

    await until(there)


async def test_it_tells_whether_it_is_alive_and_ready_and_how_it_fares(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    port = free_port()
    async with hall(tmp_path, TOOLGUILD_HTTP_PORT=str(port)) as process:
        await said(process, "open")
        assert await status_of(port, 200) == {
            "ready": True,
            "checks": {"nats": "ok", "consumers of hall": "ok"},
        }
        assert await page(port, "/healthz") == (200, '{"status": "alive"}')
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await sums_of(bus, 1)
        labels = 'agent="hall-add",kind="test-add"'
        await shown(
            port,
            f'toolguild_messages_handled_total{{{labels},outcome="done"}} 1.0',
            f"toolguild_message_seconds_count{{{labels}}} 1.0",
            'toolguild_queue_waiting{agent="hall-book"} 0.0',
        )

        pid = nats.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await nats.wait()
        away = await status_of(port, 503)
        assert away["checks"]["nats"] == "not connected to NATS"
        assert (await page(port, "/healthz"))[0] == 200
        await nats.start()
        await status_of(port, 200)


async def test_a_missing_consumer_makes_it_unready_until_it_is_made_again(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    port = free_port()
    async with hall(tmp_path, TOOLGUILD_HTTP_PORT=str(port)) as process:
        await said(process, "open")
        await status_of(port, 200)
        await bus.js.delete_consumer("TOOLGUILD_WORK", "hall-add")
        await status_of(port, 200)
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        assert (await sums_of(bus, 1)).sums == (3,)


async def test_standard_tooling_lists_it(bus: Bus, nats: NatsServer, tmp_path: Path) -> None:
    async with hall(tmp_path) as process:
        await said(process, "open")
        async with asyncio.timeout(60):
            while True:
                try:
                    answer = await bus.client.request("$SRV.INFO.hall", b"", timeout=1)
                    break
                except NatsError:  # nobody responds until it is up
                    await asyncio.sleep(0.02)
        info = json.loads(answer.data)
        ping = json.loads((await bus.client.request("$SRV.PING", b"", timeout=30)).data)
        stats = json.loads((await bus.client.request("$SRV.STATS.hall", b"", timeout=30)).data)
    assert info["description"] == "Adds numbers."
    assert info["metadata"]["add"] == "reads test-add"
    assert info["metadata"]["book"] == "reads test-sum-wanted, test-added, work-failed"
    assert ping["name"] == stats["name"] == "hall"
