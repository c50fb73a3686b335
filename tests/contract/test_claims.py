"""What every keeper of claims must do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from toolguild.guild import Claims
from toolguild.runtime.bus import connect
from toolguild.runtime.claims import BucketClaims, MemoryClaims
from toolguild.runtime.server import nats_server
from toolguild.runtime.store import bucket
from toolguild.runtime.topology import ensure_streams

from .sealed import sealed


@asynccontextmanager
async def memory(directory: Path) -> AsyncIterator[tuple[Claims, Claims]]:
    claims = MemoryClaims()
    yield claims, claims


@asynccontextmanager
async def jetstream(directory: Path) -> AsyncIterator[tuple[Claims, Claims]]:
    async with nats_server(directory) as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        kv = bucket(bus.js, "claims")
        yield BucketClaims(kv), BucketClaims(kv)


@asynccontextmanager
async def signed(directory: Path) -> AsyncIterator[tuple[Claims, Claims]]:
    async with nats_server(directory / "nats") as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        js = sealed(bus, directory / "keys", "executor").js
        kv = bucket(js, "claims")
        yield BucketClaims(kv), BucketClaims(kv)


@pytest.fixture(params=[memory, jetstream, signed])
async def replicas(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Claims, Claims]]:
    """Two replicas' view of the same claims."""
    opened: AbstractAsyncContextManager[tuple[Claims, Claims]] = request.param(tmp_path)
    async with opened as claims:
        yield claims


async def test_only_the_first_who_asks_may_begin(replicas: tuple[Claims, Claims]) -> None:
    one, other = replicas
    assert await one.claim("run: t-1 | 1:s1:0") is True
    assert await other.claim("run: t-1 | 1:s1:0") is False
    assert await one.claim("run: t-1 | 1:s1:0") is False


async def test_another_key_is_another_effect(replicas: tuple[Claims, Claims]) -> None:
    one, other = replicas
    assert await one.claim("k")
    assert await other.claim("K")


async def test_of_many_who_ask_at_once_one_is_first(replicas: tuple[Claims, Claims]) -> None:
    one, other = replicas
    told = await asyncio.gather(*(who.claim("k") for who in (one, other) * 5))
    assert sorted(told) == [False] * 9 + [True]


async def test_a_claim_that_is_taken_back_is_free_for_one(replicas: tuple[Claims, Claims]) -> None:
    one, other = replicas
    assert await one.claim("k")
    await one.release("k")
    told = await asyncio.gather(one.claim("k"), other.claim("k"), other.claim("k"))
    assert sorted(told) == [False, False, True]


async def test_taking_back_what_nobody_claimed_changes_nothing(
    replicas: tuple[Claims, Claims],
) -> None:
    one, other = replicas
    await one.release("k")
    assert await other.claim("k")
