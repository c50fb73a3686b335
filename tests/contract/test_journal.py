"""What every journal must do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from toolguild.guild import Journal
from toolguild.runtime.bus import connect
from toolguild.runtime.journal import BucketJournal, MemoryJournal
from toolguild.runtime.server import nats_server
from toolguild.runtime.store import bucket
from toolguild.runtime.topology import ensure_streams

from .sealed import sealed


@asynccontextmanager
async def memory(directory: Path) -> AsyncIterator[Journal]:
    yield MemoryJournal()


@asynccontextmanager
async def jetstream(directory: Path) -> AsyncIterator[Journal]:
    async with nats_server(directory) as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        yield BucketJournal(bucket(bus.js, "journal"), bus.objects)


@asynccontextmanager
async def signed(directory: Path) -> AsyncIterator[Journal]:
    async with nats_server(directory / "nats") as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        js = sealed(bus, directory / "keys", "planner").js
        yield BucketJournal(bucket(js, "journal"), bus.objects)


@pytest.fixture(params=[memory, jetstream, signed])
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    opened: AbstractAsyncContextManager[Journal] = request.param(tmp_path)
    async with opened as journal:
        yield journal


class Effect:
    """Something that costs, and gives another answer each time."""

    def __init__(self, failures: int = 0, size: int = 0) -> None:
        self.calls, self.failures, self.size = 0, failures, size

    async def __call__(self) -> bytes:
        self.calls += 1
        await asyncio.sleep(0)
        if self.calls <= self.failures:
            raise ConnectionError("busy")
        return f"answer {self.calls}".encode() + b"." * self.size


async def test_an_effect_is_paid_for_once(journal: Journal) -> None:
    effect = Effect()
    assert await journal.once("a key: with | any signs", effect) == b"answer 1"
    assert await journal.once("a key: with | any signs", effect) == b"answer 1"
    assert effect.calls == 1


async def test_another_key_is_another_effect(journal: Journal) -> None:
    effect = Effect()
    assert await journal.once("k", effect) != await journal.once("K", effect)


async def test_an_effect_that_failed_is_tried_again(journal: Journal) -> None:
    effect = Effect(failures=1)
    with pytest.raises(ConnectionError):
        await journal.once("k", effect)
    assert await journal.once("k", effect) == b"answer 2"


async def test_two_who_ask_at_once_pay_once(journal: Journal) -> None:
    effect = Effect()
    first, second = await asyncio.gather(journal.once("k", effect), journal.once("k", effect))
    assert (first, second, effect.calls) == (b"answer 1", b"answer 1", 1)


async def test_an_empty_answer_is_an_answer(journal: Journal) -> None:
    async def nothing() -> bytes:
        return b""

    effect = Effect()
    assert await journal.once("k", nothing) == b""
    assert await journal.once("k", effect) == b""
    assert effect.calls == 0


async def test_a_large_answer_is_kept_whole(journal: Journal) -> None:
    effect = Effect(size=2_000_000)
    assert len(await journal.once("k", effect)) == 2_000_008
    assert (await journal.once("k", effect)).startswith(b"answer 1.")
    assert effect.calls == 1


async def test_of_two_replicas_the_first_to_write_is_right(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        one = BucketJournal(bucket(bus.js, "journal"), bus.objects)
        other = BucketJournal(bucket(bus.js, "journal"), bus.objects)

        async def overtaken() -> bytes:
            assert await other.once("k", Effect()) == b"answer 1"
            return b"too late"

        assert await one.once("k", overtaken) == b"answer 1"


async def test_the_first_answer_counts_even_if_it_is_empty(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        one = BucketJournal(bucket(bus.js, "journal"), bus.objects)
        other = BucketJournal(bucket(bus.js, "journal"), bus.objects)

        async def nothing() -> bytes:
            return b""

        async def overtaken() -> bytes:
            await other.once("k", nothing)
            return b"too late"

        assert await one.once("k", overtaken) == b""
