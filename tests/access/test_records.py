"""A record counts only if one wrote it who may write its bucket: whatever way it came there."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hall import OURS, open_hall
from nats.js.errors import APIError, NotFoundError
from prometheus_client import REGISTRY

from toolguild.canonical import Digest, digest_of_bytes
from toolguild.errors import Forged, PermanentError
from toolguild.identity import KeyDirectory
from toolguild.messages import TaskId, events
from toolguild.registry import open_registry
from toolguild.registry.bucket import name_key, tool_key
from toolguild.registry.jetstream import JetStreamRegistry
from toolguild.runtime.access.headers import plain
from toolguild.runtime.access.people import as_operator
from toolguild.runtime.access.recorded import RecordSeals
from toolguild.runtime.access.roster import OPERATOR, writers
from toolguild.runtime.access.seal import KEY, SIGNATURE, SIGNER, sign, signed_since
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.claim import LIMIT
from toolguild.runtime.claims import BucketClaims
from toolguild.runtime.dead import Kept, dead_letters
from toolguild.runtime.journal import BucketJournal
from toolguild.runtime.server import nats_server
from toolguild.runtime.services import load_service
from toolguild.runtime.store import BucketStore, bucket
from toolguild.runtime.topology import ensure_streams, streams
from toolguild.runtime.underway import working_on
from toolguild.settings import Settings
from toolguild.testing import samples

from .conftest import Grounds
from .test_rights import WRITERS

LONG_AGO = datetime.min.replace(tzinfo=UTC)
SERVICES = [load_service(name) for name in OURS]
REPLACES = "Nats-Expected-Last-Subject-Sequence"
OPERATION = "KV-Operation"


@dataclass(frozen=True)
class Land:
    """Streams, keys, and a connection that may do everything."""

    bus: Bus
    keys: KeyDirectory

    def as_(self, *users: str, since: datetime = LONG_AGO) -> Bus:
        """The bus as these users of the guild have it."""
        return self.bus.sealed(RecordSeals(self.keys, users, lambda: SERVICES, since))

    def store(self, name: str, *users: str) -> BucketStore:
        bus = self.as_(*users)
        return BucketStore(bucket(bus.js, name), bus.objects)

    def signed(
        self, signer: str, name: str, key: str, body: bytes, replaces: int, operation: str = "PUT"
    ) -> dict[str, str]:
        """The headers of a record by anybody, may they write it or not."""
        text = f"toolguild record 1\n{name}\n{key}\n{replaces}\n{operation}\n".encode() + body
        headers = {REPLACES: str(replaces)} | sign(signer, self.keys.private(signer), text)
        return headers if operation == "PUT" else headers | {OPERATION: operation}

    async def put(
        self, name: str, key: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> int:
        """Write as the server lets it, past everything that signs."""
        given = dict(headers) if headers is not None else None
        return (await self.bus.js.publish(f"$KV.{name}.{key}", body, headers=given)).seq

    async def raw(self, subject: str, headers: str, body: bytes = b"") -> int:
        """Write with headers as no library of ours would send them. Returns the revision."""
        inbox = self.bus.client.new_inbox()
        answers = await self.bus.client.subscribe(inbox)
        block = f"NATS/1.0\r\n{headers}\r\n".encode()
        line = f"HPUB {subject} {inbox} {len(block)} {len(block) + len(body)}\r\n"
        await self.bus.client._send_command(line.encode() + block + body + b"\r\n")
        await self.bus.client.flush()
        answer = json.loads((await answers.next_msg(timeout=60)).data)
        assert "error" not in answer, answer
        return int(answer["seq"])


@pytest.fixture
async def land(tmp_path: Path) -> AsyncIterator[Land]:
    async with nats_server(tmp_path / "nats") as server, connect(server.url) as bus:
        await ensure_streams(bus.js)
        keys = KeyDirectory(tmp_path / "keys")
        for name in (*OURS, OPERATOR):
            keys.private(name)
        yield Land(bus, keys)


def test_those_who_may_write_a_bucket_are_those_who_have_the_right() -> None:
    found = {name: set(who) for name, who in writers(SERVICES).items()}
    assert found == WRITERS


@pytest.mark.parametrize("name", sorted(WRITERS))
async def test_a_record_is_taken_from_who_may_write_its_bucket_and_from_nobody_else(
    land: Land, name: str
) -> None:
    mine = sorted(WRITERS[name])[0]
    own = land.store(name, mine)
    reader = land.store(name, mine if name == "journal" else "observer")
    key = "a.key"
    first = await own.save(key, b"one", 0)
    assert await reader.load(key) == (b"one", first)
    second = await own.save(key, b"two", first)
    assert await reader.load(key) == (b"two", second)
    intruders = {*OURS, OPERATOR, "observer"} - WRITERS[name]
    intruder = sorted(intruders)[0]
    with pytest.raises(PermanentError, match=f"bucket {name} is not for {intruder} to write"):
        await land.store(name, intruder).save(key, b"evil", second)
    at = await land.put(name, key, b"evil", land.signed(intruder, name, key, b"evil", second))
    for who in (own, reader):
        with pytest.raises(Forged, match=f"key of bucket {name}, revision {at}, is signed by"):
            await who.load(key)
    at = await land.put(name, key, b"evil")
    with pytest.raises(Forged, match="signed by nobody; only") as raised:
        await own.load(key)
    assert raised.value.code == "forged"
    assert raised.value.revision == at
    # Its rightful writer can put right what it knows.
    await own.save(key, b"three", at)
    assert (await reader.load(key))[0] == b"three"


async def test_a_record_of_another_key_or_bucket_or_with_other_bytes_is_forged(land: Land) -> None:
    own = land.store("budgets", "planner")
    genuine = land.signed("planner", "budgets", "t-1", b"body", 0)
    await land.put("budgets", "t-1", b"body", genuine)
    assert (await own.load("t-1"))[0] == b"body"
    await land.put("budgets", "t-2", b"body", genuine)
    await land.put("journal", "t-1", b"body", genuine)
    await land.put("budgets", "t-3", b"evil", land.signed("planner", "budgets", "t-3", b"body", 0))
    for name, key in (("budgets", "t-2"), ("journal", "t-1"), ("budgets", "t-3")):
        with pytest.raises(Forged, match="the signature of planner does not hold"):
            await land.store(name, "planner").load(key)


async def test_a_key_that_is_not_the_signers_or_not_any_more_is_not_taken(land: Land) -> None:
    own = land.store("tasks", "planner")
    theirs = land.signed("synthesizer", "tasks", "t-1", b"x", 0) | {SIGNER: "planner"}
    await land.put("tasks", "t-1", b"x", theirs)
    with pytest.raises(Forged, match="not planner's, or not any more"):
        await own.load("t-1")
    await own.save("t-2", b"x", 0)
    old = land.keys.keys("planner")[0][0]
    land.keys.rotate("planner")
    assert (await own.load("t-2"))[0] == b"x"
    land.keys.revoke(old)
    with pytest.raises(Forged, match="not any more"):
        await own.load("t-2")


async def test_an_old_record_cannot_be_put_in_again(land: Land) -> None:
    own = land.store("trust", "auditor")
    first = land.signed("auditor", "trust", "tool", b"trusted", 0)
    at = await land.put("trust", "tool", b"trusted", first)
    newest = await own.save("tool", b"distrusted", at)
    subject = "$KV.trust.tool"
    with pytest.raises(APIError, match="wrong last sequence"):
        await land.put("trust", "tool", b"trusted", first)
    text = "".join(f"{name}: {value}\r\n" for name, value in first.items())
    without = text.replace(f"{REPLACES}: 0\r\n", "")
    for lines in (
        without,
        f"{REPLACES}: {{}}\r\n{text}",
        f"{without}{REPLACES} : 0\r\n",
        f"{without}{REPLACES.lower()}: {{}}\r\n",
        f"{text}{REPLACES}-Subject: $KV.trust.other\r\n",
    ):
        await land.raw(subject, lines.format(newest), b"trusted")
        with pytest.raises(Forged) as raised:
            await own.load("tool")
        newest = raised.value.revision


async def test_headers_are_plain_or_not_read_at_all() -> None:
    assert plain(b"") == {}
    assert plain(b"NATS/1.0\r\na: b\r\nC:d e\r\n\r\n") == {"a": "b", "C": "d e"}
    for odd in (
        b"NATS/1.0\r\na: b\r\nA: c\r\n\r\n",
        b"NATS/1.0\r\na : b\r\n\r\n",
        b"NATS/1.0\r\na:  b\r\n\r\n",
        b"NATS/1.0\r\na: b \r\n\r\n",
        b"NATS/1.0\r\na: b\n c\r\n\r\n",
        b"NATS/1.0\r\nno colon\r\n\r\n",
        b"NATS/1.0\r\na: b\r\n",
        b"NATS/1.0 200\r\na: b\r\n\r\n",
        b"NATS/1.0\r\na: b\r\n\r\nc: d\r\n\r\n",
        b"\xff",
    ):
        assert plain(odd) is None, odd


async def test_a_large_record_holds_only_with_the_body_that_it_names(land: Land) -> None:
    own = land.store("tasks", "planner")
    body = b"x" * (LIMIT + 1)
    revision = await own.save("t-1", body, 0)
    assert await own.load("t-1") == (body, revision)
    # Another body under the same name, as anybody may store it.
    name = digest_of_bytes(body)
    info = await own._bodies._known(name)  # type: ignore[attr-defined]
    await land.bus.js.purge_stream("OBJ_artifacts", subject=f"$O.artifacts.C.{info.nuid}")
    await land.bus.js.publish(f"$O.artifacts.C.{info.nuid}", b"y" * (LIMIT + 1))
    with pytest.raises(PermanentError, match="damaged"):
        await own.load("t-1")


async def test_a_claim_is_taken_back_by_who_may_and_by_nobody_else(land: Land) -> None:
    executor, name = BucketClaims(bucket(land.as_("executor").js, "claims")), digest_of_bytes(b"k")
    assert await executor.claim("k")
    await executor.release("k")
    await executor.release("k")
    assert await executor.claim("k")
    at = (await land.bus.js.get_msg("KV_claims", subject=f"$KV.claims.{name}")).seq or 0
    for signer, operation in (("", "DEL"), ("", "PURGE"), ("planner", "DEL"), ("executor", "")):
        headers = {REPLACES: str(at), OPERATION: operation or "DEL"}
        if signer:  # the last one: a claim that somebody makes a deletion of
            headers = land.signed(signer, "claims", name, b"", at, operation or "PUT") | headers
        at = await land.put("claims", name, b"", headers)
        with pytest.raises(Forged, match="bucket claims"):
            await executor.claim("k")
        with pytest.raises(Forged, match="bucket claims"):
            await executor.release("k")


async def test_that_something_was_taken_back_cannot_be_said_again(land: Land) -> None:
    executor, name = BucketClaims(bucket(land.as_("executor").js, "claims")), digest_of_bytes(b"k")
    assert await executor.claim("k")
    await executor.release("k")
    said = await land.bus.js.get_msg("KV_claims", subject=f"$KV.claims.{name}")
    assert await executor.claim("k")
    with pytest.raises(APIError, match="wrong last sequence"):
        await land.put("claims", name, b"", said.headers)


async def test_no_message_takes_all_records_of_a_bucket_away(land: Land) -> None:
    own = land.store("tasks", "planner")
    await own.save("t-1", b"one", 0)
    for what in ("all", "sub"):
        with pytest.raises(APIError):
            await land.put("tasks", "t-2", b"", {"Nats-Rollup": what})
    assert (await own.load("t-1"))[0] == b"one"


async def test_a_bucket_of_an_earlier_version_takes_no_such_message_either(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server, connect(server.url) as bus:
        for config in streams():
            if config.name == "KV_tasks":
                await bus.js.add_stream(replace(config, allow_rollup_hdrs=True))
        await bus.js.publish("$KV.tasks.t-1", b"one")
        await ensure_streams(bus.js)
        with pytest.raises(APIError, match="rollup"):
            await bus.js.publish("$KV.tasks.t-2", b"", headers={"Nats-Rollup": "all"})
        assert (await bus.js.get_msg("KV_tasks", subject="$KV.tasks.t-1")).data == b"one"


class Effect:
    """Something that costs, and gives another answer each time."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self) -> bytes:
        self.calls += 1
        return f"answer {self.calls}".encode()


def journal_of(land: Land, *users: str) -> BucketJournal:
    bus = land.as_(*users)
    return BucketJournal(bucket(bus.js, "journal"), bus.objects)


async def test_what_another_service_remembers_is_paid_for_again_and_replaced(land: Land) -> None:
    effect, evil = Effect(), b"evil"
    name = digest_of_bytes(b"k")
    await land.put("journal", name, evil, land.signed("executor", "journal", name, evil, 0))
    own = journal_of(land, "planner")
    assert await own.known("k") is None
    assert await own.once("k", effect) == b"answer 1"
    assert await journal_of(land, "planner").once("k", effect) == b"answer 1"
    for headers in (None, {OPERATION: "DEL"}):
        await land.put("journal", name, b"evil", headers)
        calls = effect.calls
        assert await journal_of(land, "planner").once("k", effect) == b"answer %d" % (calls + 1)
        assert await journal_of(land, "planner").known("k") == b"answer %d" % (calls + 1)


async def test_two_services_of_one_process_remember_each_for_itself(land: Land) -> None:
    """A guild in one process has one journal; which service is at work says whose an answer is."""
    effect, both = Effect(), journal_of(land, "planner", "reviewer")
    with working_on(None, "reviewer/review"):  # type: ignore[arg-type]  # whatever its cause
        assert await both.once("k", effect) == b"answer 1"
    assert await journal_of(land, "reviewer").known("k") == b"answer 1"
    assert await journal_of(land, "planner").known("k") is None
    with working_on(None, "planner/plan"):  # type: ignore[arg-type]
        assert await both.known("k") is None


async def test_an_outcome_that_others_keep_from_being_written_is_given_all_the_same(
    land: Land,
) -> None:
    name = digest_of_bytes(b"k")
    js = land.as_("planner").js
    journal = BucketJournal(kv := bucket(js, "journal"), land.bus.objects)
    write, tries = kv.update, 0

    async def beaten(key: str, value: bytes, last: int) -> int:
        nonlocal tries
        tries += 1
        await land.put("journal", name, b"evil")
        return await write(key, value, last=last)

    kv.update = beaten  # type: ignore[method-assign,assignment]
    assert await journal.once("k", Effect()) == b"answer 1"
    assert tries == 5


async def test_records_of_before_an_update_are_read_and_later_ones_have_to_be_signed(
    land: Land, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    await land.put("tasks", "t-1", b"old")
    assert signed_since(keys, "records", noted=False) == datetime.max.replace(tzinfo=UTC)
    messages = signed_since(keys)
    since = signed_since(keys, "records")
    assert messages < since == signed_since(keys, "records")
    assert signed_since(keys, "records", noted=False) == since
    bus = land.as_("planner", since=since)
    store = BucketStore(bucket(bus.js, "tasks"), bus.objects)
    old, revision = await store.load("t-1")
    assert old == b"old"
    await land.put("tasks", "t-2", b"new")
    with pytest.raises(Forged, match="signed by nobody"):
        await store.load("t-2")
    await store.save("t-1", b"new", revision)
    assert (await store.load("t-1"))[0] == b"new"
    # What says it is signed has to be, however old.
    await land.put("tasks", "t-3", b"x", {SIGNER: "planner", KEY: "00", SIGNATURE: "AA=="})
    late = land.as_("planner", since=datetime.max.replace(tzinfo=UTC))
    with pytest.raises(Forged):
        await BucketStore(bucket(late.js, "tasks"), late.objects).load("t-3")


async def test_a_record_names_what_it_replaces(land: Land) -> None:
    kv = bucket(land.as_("planner").js, "tasks")
    with pytest.raises(PermanentError, match="without the revision that it replaces"):
        await kv.put("t-1", b"one")
    text = b"toolguild record 1\ntasks\nt-1\n\nPUT\none"
    loose = sign("planner", land.keys.private("planner"), text)
    await land.put("tasks", "t-1", b"one", loose)
    with pytest.raises(Forged, match="whatever it replaced"):
        await kv.get("t-1")


async def test_a_command_line_without_keys_reads_what_is_there(land: Land, tmp_path: Path) -> None:
    await land.store("trust", "auditor").save("tool", b"earned", 0)
    known = as_operator(land.bus, Settings(data_dir=tmp_path))
    assert (await BucketStore(bucket(known.js, "trust"), known.objects).load("tool"))[0]
    signed_since(tmp_path / "keys", "records")
    known = as_operator(land.bus, Settings(data_dir=tmp_path))
    await land.put("trust", "tool", b"stolen")
    with pytest.raises(Forged):
        await BucketStore(bucket(known.js, "trust"), known.objects).load("tool")
    elsewhere = as_operator(land.bus, Settings(data_dir=tmp_path / "laptop"))
    store = BucketStore(bucket(elsewhere.js, "trust"), elsewhere.objects)
    assert (await store.load("tool"))[0] == b"stolen"
    assert not (tmp_path / "laptop").exists()


# The registry, which is watched.


async def until(true: Callable[[], bool], registry: JetStreamRegistry) -> None:
    """Wait until something holds of a registry, looking again whenever it has changed."""
    async with asyncio.timeout(60):
        while not true():
            await registry.changed(registry.changes)


async def caught_up(registry: JetStreamRegistry, land: Land) -> None:
    """Return once a registry has taken in all that is in the bucket now: a later entry that it knows."""
    marker = samples.named(f"marker_{registry.changes}")
    async with open_registry(land.as_("reviewer").js) as writer:
        await writer.publish(marker.tool, marker.publication)
    await until(lambda: registry.get(marker.tool.digest) is not None, registry)


def forged_tools() -> float:
    return REGISTRY.get_sample_value("toolguild_records_forged_total", {"bucket": "tools"}) or 0.0


async def test_who_follows_the_registry_keeps_the_last_good_state_of_a_tool(land: Land) -> None:
    async with open_registry(land.as_("reviewer").js) as writer:
        entry = samples.named("good")
        await writer.publish(entry.tool, entry.publication)
        key = tool_key(entry.tool.digest)
        async with open_registry(land.as_("executor").js) as follower:
            genuine = await land.bus.js.get_msg("KV_tools", subject=f"$KV.tools.{key}")
            await writer.set_status(entry.tool.digest, "revoked", "harm")
            await until(lambda: not follower.runnable(entry.tool.digest), follower)
            assert genuine.data is not None
            assert genuine.headers is not None
            before = forged_tools()
            newest = (await land.bus.js.get_msg("KV_tools", subject=f"$KV.tools.{key}")).seq
            lines = "".join(f"{name}: {value}\r\n" for name, value in genuine.headers.items())
            # To run again: unsigned, as it once was, by another, and the revocation taken away.
            await land.put("tools", key, genuine.data)
            seq = (await land.bus.js.get_msg("KV_tools", subject=f"$KV.tools.{key}")).seq
            assert seq == (newest or 0) + 1
            await land.raw(
                f"$KV.tools.{key}", f"{REPLACES}: {seq}\r\n{lines}", genuine.data
            )  # which shows the server and nats-py different revisions
            seq = (seq or 0) + 1
            signed = land.signed("planner", "tools", key, genuine.data, seq)
            await land.put("tools", key, genuine.data, signed)
            await land.put("tools", key, b"", {OPERATION: "DEL"})
            await caught_up(follower, land)
            assert follower.get(entry.tool.digest) is not None
            assert not follower.runnable(entry.tool.digest)
            assert forged_tools() >= before + 4
            # Whoever starts now does not know the tool at all, and everything else is there.
            async with open_registry(land.as_("executor").js) as fresh:
                assert fresh.get(entry.tool.digest) is None
                assert fresh.all()
                with pytest.raises(Forged):
                    await fresh.learn(entry.tool.digest)


async def test_a_tool_whose_entry_was_forged_can_still_be_revoked(land: Land) -> None:
    entry = samples.named("good")
    key = tool_key(entry.tool.digest)
    async with (
        open_registry(land.as_("reviewer").js) as writer,
        open_registry(land.as_("executor").js) as follower,
    ):
        await writer.publish(entry.tool, entry.publication)
        await until(lambda: follower.runnable(entry.tool.digest), follower)
        await land.put("tools", key, b"evil")
        with pytest.raises(Forged):
            await writer.set_status(entry.tool.digest, "deprecated", "old")
        with pytest.raises(Forged):
            await writer.publish(entry.tool, entry.publication)
        await writer.set_status(entry.tool.digest, "revoked", "harm")
        await until(lambda: not follower.runnable(entry.tool.digest), follower)
    async with open_registry(land.as_(OPERATOR).js) as later:
        found = later.get(entry.tool.digest)
        assert found is not None
        assert found.status == "revoked"


async def test_a_name_whose_entry_was_forged_is_mended_by_who_writes_it(land: Land) -> None:
    first, second = samples.named("good"), samples.named("good", "2.0")
    async with open_registry(land.as_("reviewer").js) as writer:
        await writer.publish(first.tool, first.publication)
        await land.put("tools", name_key("good"), b'{"versions":{}}')
        await caught_up(writer, land)
        await writer.publish(second.tool, second.publication)
    async with open_registry(land.as_("executor").js) as later:
        assert len(later.versions("good")) == 2
        await land.put("tools", name_key("good"), b'{"versions":{}}')
    async with open_registry(land.as_("reviewer").js) as fresh:
        assert fresh.find("good") is None  # nobody here knows what it was
        with pytest.raises(Forged, match=r"name\.good of bucket tools"):
            await fresh.publish(first.tool, first.publication)


async def test_a_registry_whose_newest_entry_is_forged_opens(land: Land) -> None:
    async with open_registry(land.as_("reviewer").js) as writer:
        entry = samples.named("good")
        await writer.publish(entry.tool, entry.publication)
    await land.put("tools", tool_key(Digest("ab" * 32)), b"evil")
    async with open_registry(land.as_("executor").js) as registry:
        assert registry.find("good") is not None


# As a service that was taken over could try it, with the rights that it has.


async def answered(bus: Bus, subject: str, body: bytes, headers: dict[str, str]) -> None:
    """Have the server send what we stored, as the answer to a question with that reply subject."""
    await bus.js.publish("$O.artifacts.C.evil", body, headers=headers)
    await bus.client.publish("$JS.API.DIRECT.GET.OBJ_artifacts.$O.artifacts.C.evil", reply=subject)
    await bus.client.flush()


async def arrived(master: Bus, stream: str, subject: str, body: bytes) -> None:
    """Wait until the trick has worked as far as the server lets it."""
    async with asyncio.timeout(60):
        while True:
            with suppress(NotFoundError):
                if (await master.js.get_msg(stream, subject=subject)).data == body:
                    return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("name", ["trust", "tools", "tasks", "claims"])
async def test_what_a_service_has_the_server_put_into_a_bucket_is_forged(
    grounds: Grounds, tmp_path: Path, name: str
) -> None:
    """It needs no right to the bucket for that: a right to ask the server is enough."""
    keys = KeyDirectory(tmp_path / "keys")
    for one in (*OURS, OPERATOR):
        keys.private(one)
    owner = sorted(WRITERS[name])[0]
    async with grounds.master() as master, grounds.as_("synthesizer") as thief:
        land = Land(master, keys)
        store = land.store(name, owner)
        await store.save("kept", b"good", 0)
        genuine = await master.js.get_msg(f"KV_{name}", subject=f"$KV.{name}.kept")
        await store.save("kept", b"better", genuine.seq or 0)
        tries: list[tuple[bytes, dict[str, str]]] = [
            (b"evil 1", {}),
            (b"evil 2", land.signed("synthesizer", name, "kept", b"evil 2", 0) | {REPLACES: ""}),
            (b"good", {k: v for k, v in (genuine.headers or {}).items() if k != REPLACES}),
            (b"", {OPERATION: "DEL", "x": "y"}),
        ]
        for body, headers in tries:
            given = {k: v for k, v in headers.items() if v}
            await answered(thief, f"$KV.{name}.kept", body, given)
            if not body:
                continue
            await arrived(master, f"KV_{name}", f"$KV.{name}.kept", body)
            with pytest.raises(Forged):
                await store.load("kept")
        # And nothing that the server is made to send takes the other records away.
        await store.save("other", b"good", 0)
        await answered(thief, f"$KV.{name}.third", b"evil", {"Nats-Rollup": "all"})
        await answered(thief, f"$KV.{name}.fourth", b"evil", {})
        await arrived(master, f"KV_{name}", f"$KV.{name}.fourth", b"evil")
        assert (await store.load("other"))[0] == b"good"


async def test_two_who_may_write_a_bucket_do_not_sign_for_each_other(
    grounds: Grounds, tmp_path: Path
) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    for one in OURS:
        keys.private(one)
    async with grounds.master() as master, grounds.as_("executor") as thief:
        land = Land(master, keys)
        name = digest_of_bytes(b"a question to a model")
        subject = f"$KV.journal.{name}"
        evil = land.signed("executor", "journal", name, b"evil", 0)
        await thief.js.publish(subject, b"evil", headers=evil)
        assert await journal_of(land, "planner").known("a question to a model") is None
        assert await journal_of(land, "executor").known("a question to a model") == b"evil"


# In the real flow.


async def letters_of(bus: Bus) -> list[Kept]:
    async with asyncio.timeout(60):
        while True:
            if letters := await dead_letters(bus):
                return letters
            await asyncio.sleep(0.02)


Spoil = Callable[[Bus, str], Awaitable[object]]


async def _unsigned(bus: Bus, subject: str) -> None:
    await bus.js.publish(subject, b'{"state":{"level":"D"}}')


async def _gone(bus: Bus, subject: str) -> None:
    await bus.js.publish(subject, b"", headers={OPERATION: "DEL"})


@pytest.mark.parametrize("spoil", [_unsigned, _gone])
async def test_a_process_whose_record_was_forged_sets_the_message_aside(
    tmp_path: Path, spoil: Spoil
) -> None:
    tool = Digest("ab" * 32)
    async with open_hall(tmp_path, ("auditor",)) as hall:
        async with connect(str(hall.settings.nats_url)) as thief:
            await spoil(thief, f"$KV.trust.{tool}")
        incident = events.IncidentSeen(tool=tool, task=TaskId("t-1"), what="x", by="executor")
        await hall.says("planner", incident)
        letters = await letters_of(hall.bus)
        assert [(one.letter.agent, one.letter.code) for one in letters] == [
            ("auditor-trust", "forged")
        ]
        assert f"record {tool} of bucket trust" in letters[0].letter.reason
        # It goes on with everything else.
        other = Digest("cd" * 32)
        await hall.says("planner", incident.model_copy(update={"tool": other}))
        store = BucketStore(bucket(hall.bus.js, "trust"), hall.bus.objects)
        async with asyncio.timeout(60):
            while True:
                if (await store.load(other))[0] is not None:
                    break
                await asyncio.sleep(0.02)
        raw = await hall.bus.js.get_msg("KV_trust", subject=f"$KV.trust.{other}")
        assert (raw.headers or {})[SIGNER] == "auditor"
