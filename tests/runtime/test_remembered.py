"""A record that was saved here is not asked for again, and never counts for more than what the store holds."""

import pytest

from toolguild.errors import Conflict
from toolguild.runtime.bus import Bus
from toolguild.runtime.remembered import RememberedStore
from toolguild.runtime.store import BucketStore, MemoryStore
from toolguild.runtime.topology import LOG

from .guildhall import SumWanted, adder, at_work, book, envelope, sums_of, until


class Counted(MemoryStore):
    """A store that counts what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.loads = 0

    async def load(self, key: str) -> tuple[bytes | None, int]:
        self.loads += 1
        return await super().load(key)


async def test_what_was_saved_here_is_given_once_without_asking_the_store() -> None:
    behind = Counted()
    store = RememberedStore(behind)
    revision = await store.save("t-1", b"one", 0)
    assert await store.load("t-1") == (b"one", revision)
    assert behind.loads == 0
    assert await store.load("t-1") == (b"one", revision)
    assert behind.loads == 1


async def test_what_another_one_saved_meanwhile_wins_and_is_loaded_next() -> None:
    behind = MemoryStore()
    store = RememberedStore(behind)
    revision = await store.save("t-1", b"ours", 0)
    newest = await behind.save("t-1", b"theirs", revision)
    _, known = await store.load("t-1")
    with pytest.raises(Conflict):
        await store.save("t-1", b"ours again", known)
    assert await store.load("t-1") == (b"theirs", newest)


async def test_after_a_save_that_failed_the_store_is_asked() -> None:
    behind = MemoryStore()
    store = RememberedStore(behind)
    revision = await store.save("t-1", b"ours", 0)
    newest = await behind.save("t-1", b"theirs", revision)
    with pytest.raises(Conflict):
        await store.save("t-1", b"not ours", revision)
    assert await store.load("t-1") == (b"theirs", newest)


async def test_the_oldest_are_forgotten_when_there_are_too_many() -> None:
    behind = Counted()
    store = RememberedStore(behind, most=10)
    for key in ("a", "b", "c"):
        await store.save(key, b"1234", 0)
    assert [(await store.load(key))[0] for key in ("c", "b")] == [b"1234", b"1234"]
    assert behind.loads == 0
    await store.load("a")
    assert behind.loads == 1


async def test_a_record_too_large_to_be_remembered_is_asked_for() -> None:
    behind = Counted()
    store = RememberedStore(behind, most=3)
    await store.save("a", b"1234", 0)
    assert (await store.load("a"))[0] == b"1234"
    assert behind.loads == 1


async def test_a_running_process_asks_the_bucket_for_a_record_once(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = 0
    real = BucketStore.load

    async def counted(self: BucketStore, key: str) -> tuple[bytes | None, int]:
        nonlocal loads
        loads += 1
        return await real(self, key)

    async def both_taken_in() -> bool:
        facts = await bus.js.consumer_info(LOG, "hall-book")
        return facts.ack_floor is not None and facts.ack_floor.consumer_seq == 2

    with monkeypatch.context() as patched:
        patched.setattr(BucketStore, "load", counted)
        async with at_work(bus, book, adder(), ack_wait=60.0):
            await bus.publish(envelope(SumWanted(numbers=(1, 2))))
            await until(both_taken_in)
    assert loads == 1
    assert (await sums_of(bus, 1)).sums == (3,)
