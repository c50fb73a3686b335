"""Somebody changes the files of the server's store: verification names it, and never hangs over it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from toolguild.client.audit import Found
from toolguild.runtime.bus import connect
from toolguild.runtime.server import NatsServer
from toolguild.runtime.topology import ensure_streams

from .desk import FULL, checked, fact, messages, scribe, until, writing

COUNT = 31  # with the entry that begins the chain, four full pages


async def recorded(nats: NatsServer) -> None:
    async with connect(nats.url) as bus:
        await ensure_streams(bus.js)
        for number in range(COUNT):  # all of them first: the pages are the same each time
            await bus.publish(fact(number))
        async with writing(bus, scribe(FULL)):
            await until(bus, messages(COUNT))


async def found_after(nats: NatsServer, change: Callable[[Path], None], folder: Path) -> Found:
    """Verify once the server's files were changed while it was down."""
    await recorded(nats)
    await nats.stop()
    change(_stream(folder))
    await nats.start()
    async with connect(nats.url) as bus:
        await ensure_streams(bus.js)
        async with asyncio.timeout(60):
            return await checked(bus)


def _stream(folder: Path) -> Path:
    (found,) = folder.glob("**/streams/TOOLGUILD_AUDIT")
    return found


def _flip(at: Callable[[bytes], int]) -> Callable[[Path], None]:
    def change(stream: Path) -> None:
        (block,) = stream.glob("msgs/*.blk")
        content = bytearray(block.read_bytes())
        content[at(bytes(content))] ^= 1
        block.write_bytes(bytes(content))

    return change


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (lambda data: data.index(b"why 7"), "message 2"),
        (lambda data: data.index(b'"previous":"') + 20, "message 1"),
        (lambda data: data.rindex(b'"signature":"') + 20, "message 4"),
    ],
    ids=["an entry", "a header", "the last signature"],
)
async def test_a_byte_that_was_flipped_in_the_store_is_found(
    nats: NatsServer, tmp_path: Path, place: Callable[[bytes], int], where: str
) -> None:
    found = await found_after(nats, _flip(place), tmp_path)

    assert not found.walk.whole
    assert found.walk.faults[0].where == where
    assert found.compared < COUNT


async def test_a_block_that_was_cut_off_is_found(nats: NatsServer, tmp_path: Path) -> None:
    def cut(stream: Path) -> None:
        (block,) = stream.glob("msgs/*.blk")
        block.write_bytes(block.read_bytes()[: block.stat().st_size // 2])

    found = await found_after(nats, cut, tmp_path)

    assert not found.walk.whole


async def test_a_chain_that_was_taken_away_is_missed_by_what_the_log_still_holds(
    nats: NatsServer, tmp_path: Path
) -> None:
    await recorded(nats)
    async with connect(nats.url) as bus:
        await bus.js.delete_stream("TOOLGUILD_AUDIT")
        await ensure_streams(bus.js)
        found = await checked(bus)

    assert found.walk.pages == 0
    assert found.unrecorded == COUNT
