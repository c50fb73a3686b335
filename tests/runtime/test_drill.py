"""Services and the NATS server are killed again and again under load: nothing is lost, nothing counts twice."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from toolguild.messages import TaskId
from toolguild.runtime.bus import Bus
from toolguild.runtime.dead import dead_letters
from toolguild.runtime.retry import retried
from toolguild.runtime.server import NatsServer
from toolguild.runtime.store import BucketStore, bucket
from toolguild.runtime.topology import LOG, WORK

from .guildhall import Sums, SumWanted, book, envelope, until

ROOT = Path(__file__).parents[2]
TASKS = 60


@asynccontextmanager
async def replica(data: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = os.environ | {"TOOLGUILD_DATA_DIR": str(data), "TOOLGUILD_LOG_LEVEL": "error"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.runtime.hall_service",
        "0.2",
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def ended(bus: Bus) -> dict[str, Sums]:
    store = BucketStore(bucket(bus.js, "tasks"), bus.objects)
    found: dict[str, Sums] = {}
    for key in await store.keys():
        raw, _ = await store.load(key)
        state = book.record.model_validate_json(raw or b"").state
        assert isinstance(state, Sums)
        if state.sums or state.failed:
            found[key] = state
    return found


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_everything_that_was_accepted_ends_once_whatever_is_killed(
    bus: Bus, nats: NatsServer, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    keeper = asyncio.create_task(nats.keep_running(stop))
    async with asyncio.timeout(200), AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(replica(tmp_path)) for _ in range(2)]
        for number in range(TASKS):
            await bus.publish(envelope(SumWanted(task=TaskId(f"t-{number}"), numbers=(number,))))
        for victim, progress in enumerate((10, 25, 40)):

            async def so_far(progress: int = progress) -> bool:
                return len(await ended(bus)) >= progress

            await until(so_far, within=60)
            replicas[victim].kill()
            assert nats.pid is not None
            os.kill(nats.pid, signal.SIGKILL)
            replicas.append(await stack.enter_async_context(replica(tmp_path)))

        async def all_ended() -> bool:
            work = await retried(lambda: bus.js.stream_info(WORK), "look at the work")
            return work.state.messages == 0 and len(await ended(bus)) == TASKS

        await until(all_ended, within=90)
        found = await ended(bus)
    stop.set()
    await keeper
    assert {task: state.sums for task, state in found.items()} == {
        f"t-{number}": (number,) for number in range(TASKS)
    }
    answers = await bus.js.stream_info(LOG, subjects_filter="toolguild.fact.test-added.*")
    assert answers.state.subjects == {
        f"toolguild.fact.test-added.t-{number}": 1 for number in range(TASKS)
    }
    assert await dead_letters(bus) == []
