"""Records in a bucket: those that are there are listed, whatever nats-py says of them."""

from typing import Any

import pytest
from nats.js.kv import KeyValue

from toolguild.runtime.bus import Bus
from toolguild.runtime.store import BucketStore, bucket


class Hasty:
    """Says that all has been read before anything has, as nats-py may on a busy machine."""

    def __init__(self, watcher: Any) -> None:
        self._watcher, self._sub, self._said = watcher, watcher._sub, False

    def __aiter__(self) -> "Hasty":
        return self

    async def __anext__(self) -> Any:
        return await self.updates()

    async def updates(self) -> Any:
        if not self._said:
            self._said = True
            return None
        return await self._watcher.updates()

    async def stop(self) -> None:
        await self._watcher.stop()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> list[Hasty]:
    """Have the first four watches of the test be hasty, and return those that were."""
    real, made = KeyValue.watchall, list[Hasty]()

    async def watchall(self: KeyValue, **options: Any) -> Any:
        watcher = await real(self, **options)
        if len(made) == 4:
            return watcher
        made.append(Hasty(watcher))
        return made[-1]

    monkeypatch.setattr(KeyValue, "watchall", watchall)
    return made


async def test_records_are_listed_though_nats_py_calls_the_bucket_empty_at_first(
    bus: Bus, hasty: list[Hasty]
) -> None:
    store = BucketStore(bucket(bus.js, "tasks"), bus.objects)
    for key in ("b", "a"):
        await store.save(key, b"{}", 0)
    assert await store.keys() == ["a", "b"]
    assert len(hasty) == 4


async def test_a_bucket_without_records_has_no_keys(bus: Bus, hasty: list[Hasty]) -> None:
    kv = bucket(bus.js, "tasks")
    store = BucketStore(kv, bus.objects)
    assert await store.keys() == []
    await kv.put("gone", b"{}")
    await kv.delete("gone")
    assert await store.keys() == []
