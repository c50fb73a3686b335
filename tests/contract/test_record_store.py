"""What every store of records must do. The memory store is a fair stand-in only if it passes too."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from toolguild.errors import Conflict
from toolguild.runtime.bus import connect
from toolguild.runtime.claim import LIMIT
from toolguild.runtime.server import nats_server
from toolguild.runtime.store import BucketStore, MemoryStore, RecordStore, bucket
from toolguild.runtime.topology import ensure_streams

from .sealed import sealed


@asynccontextmanager
async def memory(directory: Path) -> AsyncIterator[RecordStore]:
    yield MemoryStore()


@asynccontextmanager
async def jetstream(directory: Path) -> AsyncIterator[RecordStore]:
    async with nats_server(directory) as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        yield BucketStore(bucket(bus.js, "tasks"), bus.objects)


@asynccontextmanager
async def signed(directory: Path) -> AsyncIterator[RecordStore]:
    async with nats_server(directory / "nats") as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        js = sealed(bus, directory / "keys", "planner").js
        yield BucketStore(bucket(js, "tasks"), bus.objects)


@pytest.fixture(params=[memory, jetstream, signed])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RecordStore]:
    opened: AbstractAsyncContextManager[RecordStore] = request.param(tmp_path)
    async with opened as store:
        yield store


async def test_a_record_that_nobody_saved_is_empty(store: RecordStore) -> None:
    assert await store.load("t-1") == (None, 0)
    assert await store.keys() == []


async def test_what_was_saved_is_loaded_with_its_revision(store: RecordStore) -> None:
    first = await store.save("t-1", b"one", 0)
    second = await store.save("t-1", b"two", first)
    assert second > first
    assert await store.load("t-1") == (b"two", second)


async def test_a_stale_revision_is_refused_and_changes_nothing(store: RecordStore) -> None:
    await store.save("t-1", b"one", 0)
    with pytest.raises(Conflict):
        await store.save("t-1", b"two", 0)
    assert (await store.load("t-1"))[0] == b"one"


async def test_records_do_not_mix(store: RecordStore) -> None:
    await store.save("t-2", b"two", 0)
    await store.save("t-1", b"one", 0)
    assert (await store.load("t-1"))[0] == b"one"
    assert await store.keys() == ["t-1", "t-2"]


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1, 3 * 1024 * 1024])
async def test_a_large_record_is_kept_whole(store: RecordStore, size: int) -> None:
    record = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    revision = await store.save("t-1", record, 0)
    assert await store.load("t-1") == (record, revision)


async def test_a_record_that_looks_like_a_reference_is_kept_as_it_is(store: RecordStore) -> None:
    record = b'{"$claim":{"sha256":"00"}}'
    await store.save("t-1", record, 0)
    assert (await store.load("t-1"))[0] == record
