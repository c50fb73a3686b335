"""The registry over a real server: crashes between writes, lost races, restarts, garbage, several readers."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import nats.errors
import pytest
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig

from toolguild.errors import Conflict, Misconfigured, PermanentError, TemporaryError
from toolguild.registry import JetStreamRegistry, open_registry
from toolguild.registry.bucket import Bucket, Stored, bind, name_key, tool_key
from toolguild.testing import samples
from toolguild.tool import Published


async def until(
    true: Callable[[], bool], *registries: JetStreamRegistry, seconds: float = 60
) -> None:
    """Wait until something holds of registries, looking again whenever one of them has changed."""
    async with asyncio.timeout(seconds):
        while not true():
            changes = [
                asyncio.ensure_future(registry.changed(registry.changes)) for registry in registries
            ]
            try:
                await asyncio.wait(changes, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for change in changes:
                    change.cancel()


async def publish(registry: JetStreamRegistry, entry: Published) -> Published:
    return await registry.publish(entry.tool, entry.publication)


class CrashingBucket(Bucket):
    """Loses its connection at the n-th write: before it, or with `after` when it has been made."""

    def __init__(self, bucket: Bucket, at: int, *, after: bool) -> None:
        super().__init__(bucket._js, bucket._kv)
        self._at, self._after = at, after

    async def save(self, key: str, body: bytes, *, over: Stored | None) -> Stored:
        self._at -= 1
        if self._at == 0 and not self._after:
            raise TemporaryError("gone")
        stored = await super().save(key, body, over=over)
        if self._at == 0:
            raise TemporaryError("gone")
        return stored


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", [1, 2])
async def test_publishing_again_completes_what_a_crash_interrupted(
    js: JetStreamContext, write: int, after: bool
) -> None:
    entry = samples.named("sum_column")
    crashing = JetStreamRegistry(CrashingBucket(await bind(js), write, after=after))
    with pytest.raises(TemporaryError):
        await publish(crashing, entry)
    crashing.close()
    async with open_registry(js) as registry:
        finished = write == 2 and after
        assert (registry.find("sum_column") is not None) == finished
        await publish(registry, entry)
        found = registry.find("sum_column")
        assert found is not None
        assert found.tool == entry.tool


async def test_a_version_left_over_by_a_crash_can_be_taken_by_another_tool(
    js: JetStreamContext,
) -> None:
    crashing = JetStreamRegistry(CrashingBucket(await bind(js), 2, after=False))
    with pytest.raises(TemporaryError):
        await publish(crashing, samples.named("sum_column"))
    crashing.close()
    async with open_registry(js) as registry:
        other = samples.named("sum_column", description="another one")
        await publish(registry, other)
        assert [entry.tool for entry in registry.versions("sum_column")] == [other.tool]


async def test_of_tools_racing_for_a_version_one_wins_and_no_trace_is_left_of_the_others(
    js: JetStreamContext,
) -> None:
    async with AsyncExitStack() as stack:
        registries = [await stack.enter_async_context(open_registry(js)) for _ in range(4)]
        entries = [samples.named("sum_column", description=f"number {n}") for n in range(4)]
        ends = await asyncio.gather(
            *(publish(one, entry) for one, entry in zip(registries, entries, strict=True)),
            return_exceptions=True,
        )
        won = [end for end in ends if isinstance(end, Published)]
        assert len(won) == 1
        assert sum(isinstance(end, Conflict) for end in ends) == 3
    async with open_registry(js) as registry:
        assert [entry.tool for entry in registry.versions("sum_column")] == [won[0].tool]
        assert sum(registry.get(entry.tool.digest) is not None for entry in entries) == 1


async def test_who_lost_a_version_knows_at_once_which_ones_are_taken(js: JetStreamContext) -> None:
    async with open_registry(js) as other:
        first = await publish(other, samples.named("sum_column", "1.0"))
    alone = JetStreamRegistry(await bind(js))  # nothing tells it what others do
    assert alone.versions("sum_column") == []
    with pytest.raises(Conflict):
        await publish(alone, samples.named("sum_column", "1.0", description="another one"))
    assert alone.versions("sum_column") == [first]
    alone.close()


async def test_versions_published_at_once_are_all_kept(js: JetStreamContext) -> None:
    async with AsyncExitStack() as stack:
        registries = [await stack.enter_async_context(open_registry(js)) for _ in range(4)]
        entries = [samples.named("sum_column", f"1.{n}", description=str(n)) for n in range(8)]
        await asyncio.gather(
            *(publish(registries[n % 4], entry) for n, entry in enumerate(entries))
        )
        for registry in registries:
            await until(partial(_has_versions, registry, 8), registry)


def _has_versions(registry: JetStreamRegistry, count: int) -> bool:
    return len(registry.versions("sum_column")) == count


async def test_a_change_of_status_survives_a_race_and_revocation_wins_for_ever(
    js: JetStreamContext,
) -> None:
    async with open_registry(js) as one, open_registry(js) as other:
        entry = await publish(one, samples.named("sum_column"))
        tool = entry.tool.digest
        await asyncio.gather(
            *(one.set_status(tool, "deprecated", f"reason {n}") for n in range(5)),
            other.set_status(tool, "revoked", "harm"),
            return_exceptions=True,
        )
        await until(lambda: not one.runnable(tool) and not other.runnable(tool), one, other)
    async with open_registry(js) as later:
        assert not later.runnable(tool)


async def test_publication_and_revocation_reach_every_reader(js: JetStreamContext) -> None:
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(open_registry(js)) for _ in range(4)]
        tool = (await publish(readers[0], samples.named("sum_column"))).tool.digest
        await until(lambda: all(reader.runnable(tool) for reader in readers), *readers)
        await until(
            lambda: all(reader.find("sum_column") is not None for reader in readers), *readers
        )
        await readers[1].set_status(tool, "revoked", "harm")
        await until(lambda: not any(reader.runnable(tool) for reader in readers), *readers)
        await until(lambda: not any(reader.search("sum") for reader in readers), *readers)


async def test_the_registry_is_read_anew_after_the_server_was_killed(server: Any) -> None:
    client = await server.connect()
    writer = await server.connect()
    try:
        js, other = client.jetstream(timeout=60), writer.jetstream(timeout=60)
        await js.create_key_value(KeyValueConfig(bucket="tools"))
        async with open_registry(js) as registry, open_registry(other) as elsewhere:
            tool = (await publish(elsewhere, samples.named("sum_column"))).tool.digest
            await until(lambda: registry.runnable(tool), registry)
            server.kill()
            other._timeout = 0.5  # nobody answers: that need not take long
            with pytest.raises(TemporaryError):
                await elsewhere.set_status(tool, "revoked", "harm")
            assert registry.find("sum_column") is not None  # what was known is still known
            other._timeout = 5
            server.start()
            await _again(lambda: elsewhere.set_status(tool, "revoked", "harm"))
            await until(lambda: not registry.runnable(tool), registry)
    finally:
        await client.close()
        await writer.close()


async def _again(attempt: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await attempt()
                return
            except TemporaryError:
                await asyncio.sleep(0.05)


class DeafWatcher:
    """Passes on what is there, and nothing that comes later."""

    def __init__(self, watcher: Any) -> None:
        self._watcher = watcher
        self._deaf = False

    def __aiter__(self) -> "DeafWatcher":
        return self

    async def __anext__(self) -> Any:
        if self._deaf:
            await asyncio.Event().wait()
        entry = await anext(self._watcher)
        self._deaf = entry is None
        return entry

    async def stop(self) -> None:
        await self._watcher.stop()


async def test_an_order_to_run_a_tool_may_come_before_the_news_of_it(js: JetStreamContext) -> None:
    used = samples.named("inner")
    tool = samples.named("outer", uses={"inner": used.tool.digest})
    async with open_registry(js) as writer:
        deaf = JetStreamRegistry(await bind(js))  # nothing follows the bucket
        await publish(writer, used)
        await publish(writer, tool)
        assert deaf.get(tool.tool.digest) is None
        await deaf.learn(tool.tool.digest)
        assert [one.tool.name for one in deaf.closure(tool.tool.digest)] == ["inner", "outer"]


async def test_a_watch_that_has_gone_deaf_is_noticed(
    js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Bucket.watch

    async def deaf(self: Bucket) -> Any:
        return DeafWatcher(await watch(self))

    async with open_registry(js) as writer:
        monkeypatch.setattr(Bucket, "watch", deaf)
        async with open_registry(js, check_seconds=0.05) as registry:
            tool = (await publish(writer, samples.named("sum_column"))).tool.digest
            await until(lambda: registry.runnable(tool), registry)
            await writer.set_status(tool, "revoked", "harm")
            await until(lambda: not registry.runnable(tool), registry)


class HastyWatcher(DeafWatcher):
    """Says that all has been read before anything has, as nats-py may on a busy machine."""

    def __init__(self, watcher: Any) -> None:
        super().__init__(watcher)
        self._said = False

    async def __anext__(self) -> Any:
        if not self._said:
            self._said = True
            return None
        return await anext(self._watcher)


async def test_a_registry_is_ready_only_when_all_has_been_read(
    js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_registry(js) as writer:
        entry = await publish(writer, samples.named("sum_column"))
    watch = Bucket.watch

    async def hasty(self: Bucket) -> Any:
        return HastyWatcher(await watch(self))

    monkeypatch.setattr(Bucket, "watch", hasty)
    async with open_registry(js) as registry:
        assert registry.all() == [entry]


async def test_a_registry_whose_last_entry_was_taken_away_for_good_is_read(
    js: JetStreamContext,
) -> None:
    kv = await js.key_value("tools")
    async with open_registry(js) as writer:
        entry = await publish(writer, samples.named("sum_column"))
    await kv.put("name.gone", b"{}")
    await js.purge_stream("KV_tools", subject="$KV.tools.name.gone")
    async with open_registry(js) as registry:
        assert registry.all() == [entry]
    await js.purge_stream("KV_tools")
    async with open_registry(js) as registry:
        assert registry.all() == []


async def test_a_failed_read_never_looks_like_an_empty_registry(
    server: Any, js: JetStreamContext
) -> None:
    client = await server.connect()
    short = client.jetstream(timeout=60)
    async with open_registry(js) as registry:
        entry = await publish(registry, samples.named("sum_column"))
        bucket = await bind(short)
        server.kill()
        short._timeout = 0.3
        with pytest.raises(TemporaryError):
            async with open_registry(short, load_seconds=0.5):
                pytest.fail("opened without having read anything")
        with pytest.raises(TemporaryError):
            await bucket.get(tool_key(entry.tool.digest))
        assert registry.all() == [entry]
    with contextlib.suppress(OSError):
        await client.close()


async def test_without_the_bucket_the_operator_is_told(server: Any) -> None:
    client = await server.connect()
    with pytest.raises(Misconfigured, match="no key-value bucket 'tools'"):
        async with open_registry(client.jetstream()):
            pytest.fail("opened a bucket that is not there")
    await client.close()


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"tool": 1}', b"\xff\xfe"])
async def test_an_unreadable_entry_hides_itself_and_nothing_else(
    js: JetStreamContext, garbage: bytes
) -> None:
    kv = await js.key_value("tools")
    async with open_registry(js) as registry:
        good = (await publish(registry, samples.named("good"))).tool
        bad = (await publish(registry, samples.named("bad"))).tool
        await kv.put(tool_key(bad.digest), garbage)
        await until(lambda: tool_key(bad.digest) in registry.unreadable, registry)
        assert not registry.runnable(bad.digest)
        assert registry.find("bad") is None
        assert registry.runnable(good.digest)
    async with open_registry(js) as registry:
        assert [entry.tool.name for entry in registry.all()] == ["good"]


async def test_an_older_state_never_replaces_a_newer_one(js: JetStreamContext) -> None:
    async with open_registry(js) as registry:
        tool = (await publish(registry, samples.named("sum_column"))).tool
        before = await (await bind(js)).get(tool_key(tool.digest))
        assert before is not None
        await registry.set_status(tool.digest, "revoked", "harm")
        registry.apply(tool_key(tool.digest), before.body, before.revision)
        assert not registry.runnable(tool.digest)


async def test_what_the_bucket_has_lost_without_a_word_is_forgotten_at_the_next_reading(
    js: JetStreamContext,
) -> None:
    async with open_registry(js, check_seconds=0.02, reread_seconds=0.1) as registry:
        kept = await publish(registry, samples.named("kept"))
        lost = (await publish(registry, samples.named("lost"))).tool.digest
        await js.purge_stream("KV_tools", subject=f"$KV.tools.{tool_key(lost)}")
        await until(lambda: registry.get(lost) is None, registry)
        assert registry.find("kept") == kept


async def test_an_entry_under_another_tools_digest_is_not_used(js: JetStreamContext) -> None:
    kv = await js.key_value("tools")
    async with open_registry(js) as registry:
        entry = await publish(registry, samples.named("good"))
        forged = samples.named("bad").tool.digest
        await kv.put(tool_key(forged), entry.model_dump_json().encode())
        await until(lambda: tool_key(forged) in registry.unreadable, registry)
        assert registry.get(forged) is None


async def test_an_unreadable_name_stops_publishing_under_it(js: JetStreamContext) -> None:
    kv = await js.key_value("tools")
    await kv.put(name_key("sum_column"), json.dumps({"versions": 3}).encode())
    async with open_registry(js) as registry:
        with pytest.raises(PermanentError, match="unreadable"):
            await publish(registry, samples.named("sum_column"))
        assert registry.find("sum_column") is None


async def test_a_deleted_entry_is_forgotten(js: JetStreamContext) -> None:
    kv = await js.key_value("tools")
    async with open_registry(js) as registry:
        entry = await publish(registry, samples.named("sum_column"))
        await kv.delete(tool_key(entry.tool.digest))
        await until(lambda: registry.get(entry.tool.digest) is None, registry)
        assert registry.find("sum_column") is None
        assert registry.search("sum") == []


async def test_opening_and_closing_is_quick_and_leaves_nothing_running(
    js: JetStreamContext,
) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(5):
        async with asyncio.timeout(60), open_registry(js, check_seconds=0.001):
            pass
    await until(lambda: len(asyncio.all_tasks()) <= before)


async def test_a_callers_error_leaves_the_block_as_it_is(js: JetStreamContext) -> None:
    with pytest.raises(nats.errors.Error, match="mine"):
        async with open_registry(js):
            raise nats.errors.Error("mine")
