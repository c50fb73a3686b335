"""Trouble on the side of NATS: what is asked is refused clearly, what is under way waits and goes on by itself."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from nats.js.api import DiscardPolicy

from toolguild.client import task as client
from toolguild.client.overview import tasks
from toolguild.client.task import Order
from toolguild.errors import PermanentError, Unavailable, UsageError
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import Event, TaskId
from toolguild.policy import Policy
from toolguild.runtime.artifacts import StoredArtifacts
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.dead import dead_letters
from toolguild.runtime.disk import Disk
from toolguild.runtime.journal import BucketJournal
from toolguild.runtime.readiness import connected
from toolguild.runtime.retry import PATIENCE, retried
from toolguild.runtime.server import NatsServer, nats_server
from toolguild.runtime.store import bucket
from toolguild.runtime.topology import LOG, ensure_streams

from .guildhall import Add, Added, SumWanted, adder, at_work, book, envelope, sums_of, until

JUNK = "toolguild.fact.test-junk.t-0"
STORE_MB = 16


class Held:
    """Work that begins, and goes on when it is told to."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.times = asyncio.Event(), asyncio.Event(), 0

    async def work(self, command: Add) -> Event:
        self.times += 1
        self.begun.set()
        await self.go_on.wait()
        return Added(task=command.task, sum=sum(command.numbers), note=command.note)


async def fill(bus: Bus) -> None:
    """Publish until the server has no room left, not even for one byte."""
    number = 0
    for size in (512 * 1024, 16 * 1024, 256, 1):
        refused = ""
        while not refused:
            number += 1
            try:
                await bus.send(JUNK, b"x" * size, {"Nats-Msg-Id": str(number)})
            except Unavailable as error:
                refused = str(error)
        assert "no room left" in refused


async def empty(bus: Bus) -> None:
    await retried(lambda: bus.js.purge_stream(LOG, subject=JUNK), "purge")


@asynccontextmanager
async def small(tmp_path: Path) -> AsyncIterator[Bus]:
    """A server that may keep little."""
    async with (
        nats_server(tmp_path / "nats", store_mb=STORE_MB) as server,
        connect(server.url) as bus,
    ):
        await ensure_streams(bus.js)
        yield bus


async def troubled(bus: Bus, text: str) -> None:
    check = connected(bus)

    async def told() -> bool:
        return text in await check()

    await until(told)


async def test_what_is_under_way_when_the_server_is_full_waits_and_goes_on_with_new_room(
    tmp_path: Path,
) -> None:
    held = Held()
    async with small(tmp_path) as bus, at_work(bus, book, adder(held.work)):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await held.begun.wait()
        await fill(bus)
        held.go_on.set()
        await troubled(bus, "no room left")
        began, used = time.monotonic(), time.process_time()
        await asyncio.sleep(1.5)
        assert time.process_time() - used < 0.5 * (time.monotonic() - began), "it spins"
        assert held.times <= 4  # each time that it tried to answer
        await empty(bus)
        assert (await sums_of(bus, 1)).sums == (3,)
        await bus.publish(envelope(SumWanted(numbers=(4,))))
        assert (await sums_of(bus, 2)).sums == (3, 4)
        assert await dead_letters(bus) == []
        await until(lambda: well(bus))


async def well(bus: Bus) -> bool:
    return await connected(bus)() == ""


async def test_records_that_find_no_room_wait_too(bus: Bus) -> None:
    async def limited(most: int) -> None:
        config = (await bus.js.stream_info("KV_tasks")).config
        config.max_bytes, config.discard = most, DiscardPolicy.NEW
        await bus.js.update_stream(config)

    async with at_work(bus, book, adder()):
        await limited(64)
        for number in range(20):
            await bus.publish(envelope(SumWanted(numbers=(number,))))
        await troubled(bus, "maximum bytes exceeded")
        await limited(-1)
        state = await sums_of(bus, 20)
    assert sorted(state.sums) == list(range(20))
    assert await dead_letters(bus) == []


async def test_a_dead_letter_that_finds_no_room_is_not_lost(tmp_path: Path) -> None:
    go_on, tries = asyncio.Event(), 0

    async def broken(command: Add) -> Event:
        nonlocal tries
        tries += 1
        await go_on.wait()
        raise PermanentError("broken")

    async with small(tmp_path) as bus, at_work(bus, book, adder(broken)):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await until(lambda: done(tries == 1))
        await fill(bus)
        go_on.set()
        await troubled(bus, "no room left")
        await empty(bus)
        assert (await sums_of(bus, 1)).failed == ("failed",)
        assert [kept.letter.reason for kept in await dead_letters(bus)] == ["broken"]
    assert tries == 1


async def done(true: bool) -> bool:
    return true


async def test_an_answer_that_was_paid_for_is_not_paid_again_when_the_journal_is_full(
    tmp_path: Path,
) -> None:
    paid = 0

    async def pay() -> bytes:
        nonlocal paid
        paid += 1
        return b"an answer"

    async with small(tmp_path) as bus:
        journal = BucketJournal(bucket(bus.js, "journal"), bus.objects)
        await fill(bus)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await journal.once("key", pay)
        await empty(bus)
        assert await journal.once("key", pay) == b"an answer"
        again = BucketJournal(bucket(bus.js, "journal"), bus.objects)
        assert await again.once("key", pay) == b"an answer"
    assert paid == 1


async def submit(bus: Bus, tmp_path: Path, *files: Path) -> TaskId:
    order = Order(goal=Goal.of_text("Add up"), files=files)
    artifacts = StoredArtifacts(bus.objects, tmp_path / "cache")
    signer = KeyDirectory(tmp_path / "keys").person(order.user)
    return await client.submit(bus, artifacts, order, Policy.default(), signer=signer)


async def test_a_goal_that_finds_no_room_is_refused_at_once_and_nothing_of_it_is_there(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data.csv"
    data.write_text("a,b\n")
    async with small(tmp_path) as bus:
        await fill(bus)
        began = time.monotonic()
        for files in ((), (data,)):
            with pytest.raises(Unavailable, match=r"was not taken.*TOOLGUILD_NATS_STORE_MB"):
                await submit(bus, tmp_path, *files)
        assert time.monotonic() - began < PATIENCE  # nothing is asked again and again
        await empty(bus)
        assert await tasks(bus) == []
        task = await submit(bus, tmp_path, data)
        assert [line.task for line in await tasks(bus)] == [task]


@contextmanager
def impatient(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have requests that nobody answers fail soon; only while nobody is to answer."""
    with patch.context() as patched:
        patched.setattr("toolguild.runtime.retry.PATIENCE", 1.0)
        yield


@pytest.fixture
def asks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolguild.runtime.bus.ANSWER_WITHIN", 0.5)


async def test_a_goal_that_a_silent_server_takes_after_all_is_cancelled_there(
    asks_often: None, nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nats.pid is not None
    async with connect(nats.url) as bus:
        await ensure_streams(bus.js)
        os.kill(nats.pid, signal.SIGSTOP)
        try:
            told = r"not taken.*gave no answer.*toolguild status"
            with impatient(monkeypatch), pytest.raises(Unavailable, match=told):
                await submit(bus, tmp_path)
        finally:
            os.kill(nats.pid, signal.SIGCONT)

        async def both() -> bool:
            try:
                info = await bus.js.stream_info(LOG, subjects_filter="toolguild.>")
            except TimeoutError:
                return False
            kinds = [subject.split(".")[2] for subject in info.state.subjects or {}]
            return sorted(kinds) == ["admit-goal", "intervened"]

        await until(both)


async def test_work_goes_on_when_a_server_that_stood_still_for_seconds_moves_again(
    bus: Bus, nats: NatsServer
) -> None:
    held = Held()
    assert nats.pid is not None
    async with at_work(bus, book, adder(held.work), ack_wait=1.0):
        for number in range(4):
            await bus.publish(envelope(SumWanted(numbers=(number,))))
        await held.begun.wait()
        os.kill(nats.pid, signal.SIGSTOP)
        held.go_on.set()
        try:
            await asyncio.sleep(4)
        finally:
            os.kill(nats.pid, signal.SIGCONT)
        state = await sums_of(bus, 4)
    assert (state.wanted, sorted(state.sums)) == (4, [0, 1, 2, 3])
    assert await dead_letters(bus) == []


@asynccontextmanager
async def slow_road(port: int, delay: float) -> AsyncIterator[int]:
    """Forward connections to a port, everything on them so many seconds late in each direction."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await asyncio.sleep(delay)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(carry(reader, far_writer))
                group.create_task(carry(far_reader, writer))
        finally:
            far_writer.close()
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def test_work_over_a_slow_road_is_done_once(bus: Bus, nats: NatsServer) -> None:
    user, _, port = nats.url.rpartition(":")
    async with (
        slow_road(int(port), 0.05) as road,
        connect(f"{user}:{road}") as slow,
        at_work(slow, book, adder(), ack_wait=2.0),
    ):
        for number in range(3):
            await bus.publish(envelope(SumWanted(numbers=(number,))))
        state = await sums_of(bus, 3)
    assert (state.wanted, sorted(state.sums)) == (3, [0, 1, 2])
    assert await dead_letters(bus) == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)),
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip(f"mounting a disk needs root: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(("umount", "-l", str(place)), check=True)


def hog(disk: Path) -> Callable[[], None]:
    """Fill a disk to the last byte, and return what makes room again."""
    place = disk / "hog"
    with place.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"0" * 65536)
    return place.unlink


async def test_a_disk_that_runs_full_holds_work_up_until_it_has_room(
    asks_often: None, disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    server = NatsServer(disk / "nats", needed_mb=2)
    await server.start()
    stop = asyncio.Event()
    keeper = asyncio.create_task(server.keep_running(stop))
    async with connect(server.url) as bus:
        await ensure_streams(bus.js)
        async with at_work(bus, book, adder(held.work)):
            await bus.publish(envelope(SumWanted(numbers=(1, 2), note="x" * 20_000)))
            await held.begun.wait()
            make_room = hog(disk)
            with impatient(monkeypatch):
                held.go_on.set()
                await troubled(bus, "gave no answer")
                with pytest.raises(Unavailable, match=r"was not taken.*neither full nor read-only"):
                    await submit(bus, tmp_path)
            make_room()
            assert (await sums_of(bus, 1)).sums == (3,)
            await bus.publish(envelope(SumWanted(numbers=(4,))))
            assert (await sums_of(bus, 2)).sums == (3, 4)
        assert await dead_letters(bus) == []
    stop.set()
    await keeper
    await server.stop()


async def remount(disk: Path, how: str) -> None:
    mount = ("mount", "-o", f"remount,{how}", str(disk))
    process = await asyncio.create_subprocess_exec(*mount)
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_a_read_only_disk_is_named_and_waited_for(disk: Path) -> None:
    await remount(disk, "ro")
    with pytest.raises(UsageError, match=r"Read-only file system; .*TOOLGUILD_DATA_DIR"):
        await NatsServer(disk / "nats").start()
    below = Disk(disk, spare=2**20)
    waiting = asyncio.create_task(below.has_room_again(limit=0))
    done, _ = await asyncio.wait((waiting,), timeout=1.5)
    assert not done
    await remount(disk, "rw")
    await asyncio.wait_for(waiting, 60)


async def test_a_server_that_was_out_of_room_uses_the_room_that_was_made_for_it(
    disk: Path,
) -> None:
    stop = asyncio.Event()
    taken = disk / "taken"
    taken.write_bytes(b"0" * 2**20 * 8)
    server = NatsServer(disk / "nats", needed_mb=2)
    await server.start()
    keeper = asyncio.create_task(server.keep_running(stop))
    async with connect(server.url) as bus:
        await ensure_streams(bus.js)
        await fill(bus)
        await remount(disk, "size=64m")
        taken.unlink()

        async def takes() -> bool:
            try:
                await bus.publish(envelope(SumWanted(numbers=(4,))))
            except Unavailable:
                return False
            return True

        await until(takes)
    stop.set()
    await keeper
    await server.stop()
