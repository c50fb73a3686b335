"""The chain holds all that was on the bus, once and in order, whatever dies when."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from nats.js import JetStreamContext
from tests.chain.chains import OTHER, chain, next_page
from tests.runtime.guildhall import until as comes_to

from toolguild.canonical import digest_of_bytes
from toolguild.chain import entry
from toolguild.chain.page import Page, Position, parsed
from toolguild.messages import events
from toolguild.policy.model import AuditRules
from toolguild.runtime import scribe as scribes
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.dead import DeadLetter, bury, discard
from toolguild.runtime.ending import ended
from toolguild.runtime.scribe import SUBJECT, write_chain
from toolguild.runtime.server import NatsServer
from toolguild.runtime.stream import message_at
from toolguild.runtime.topology import AUDIT, DEAD, LOG, WORK, ensure_streams

from .desk import (
    FULL,
    checked,
    fact,
    messages,
    of_kind,
    order,
    scribe,
    until,
    whole,
    writing,
    written,
)


async def in_log(bus: Bus, count: int) -> None:
    """Return once the log has so many messages: the server copies orders into it by itself, a moment later."""

    async def there() -> bool:
        return (await bus.js.stream_info(LOG)).state.last_seq >= count

    await comes_to(there)


def letter(number: int) -> DeadLetter:
    return DeadLetter(
        agent="executor-run",
        code="bug",
        reason="it broke",
        subject=f"toolguild.do.run-tool.t-{number}",
        headers={"Nats-Msg-Id": f"m-{number}"},
        body=base64.b64encode(b"{}").decode(),
        deliveries=5,
        at="2026-01-01T00:00:00+00:00",
    )


async def test_events_copies_of_commands_and_dead_letters_are_recorded_with_what_names_them(
    bus: Bus,
) -> None:
    async with writing(bus):
        await bus.publish(fact(1))
        await bus.publish(order(2))
        await bury(bus, letter(3))
        found = await until(bus, messages(3))

    assert found[0]["kind"] == "began"
    by_stream = {(one["stream"], one["seq"]): one for one in found[1:]}
    assert set(by_stream) == {(LOG, 1), (LOG, 2), (DEAD, 1)}
    first, copy = by_stream[LOG, 1], by_stream[LOG, 2]
    assert first["subject"] == "toolguild.fact.work-failed.t-0001"
    assert first["id"] == str(fact(1).id)
    assert first["source"] == "/toolguild/planner/task"
    assert first["sha256"] == digest_of_bytes(fact(1).model_dump_json().encode())
    assert copy["subject"] == "toolguild.seen.undo-task.t-0002"
    assert copy["headers"]["Nats-Stream"] == WORK
    assert copy["headers"]["Nats-Sequence"] == "1"
    told = await whole(bus)
    assert (told.compared, told.unrecorded, told.walk.gaps) == (3, 0, [])


async def test_pages_are_full_when_there_is_much_and_soon_when_there_is_little(bus: Bus) -> None:
    for number in range(40):
        await bus.publish(fact(number))
    async with writing(bus, scribe(FULL)):
        await until(bus, messages(40))
    pages = [parsed(one.data) for n in range(1, 7) if (one := await message_at(bus, AUDIT, n))]

    assert [len(page.items) for page in pages] == [8, 8, 8, 8, 8, 1]
    assert all(page.number == page.header["seq"] for page in pages)
    await whole(bus)


async def test_a_chain_of_digests_keeps_no_content_and_verifies_as_well(bus: Bus) -> None:
    async with writing(bus, scribe(AuditRules(content="digests", page_seconds=0.02))):
        await bus.publish(fact(1))
        found = await until(bus, messages(1))
    page = await message_at(bus, AUDIT, (await bus.js.stream_info(AUDIT)).state.last_seq)

    assert found[-1]["body"] == "no"
    assert page is not None
    assert b"why 1" not in page.data
    assert (await whole(bus)).compared == 1


async def test_of_a_large_body_the_digest_of_its_content_is_kept_and_whether_it_was_there(
    bus: Bus,
) -> None:
    body = events.WorkFailed(about_key="t-1", of="x", code="failed", reason="long " * 100_000)
    large = fact(1).model_copy(update={"body": body})
    async with writing(bus):
        await bus.publish(large)
        missing = b'{"$claim":{"sha256":"' + b"0" * 64 + b'","bytes":5}}'
        await bus.send("toolguild.fact.x.t-1", missing, {"Nats-Msg-Id": "gone"})
        found = await until(bus, messages(2))

    sha256 = digest_of_bytes(large.model_dump_json().encode())
    assert found[-2]["content"]["sha256"] == sha256
    assert found[-2]["content"]["stored"] is True
    assert found[-1]["content"] == {"sha256": "0" * 64, "bytes": 5, "stored": False}


async def test_bytes_that_are_no_text_and_bodies_as_large_as_can_be_are_recorded(bus: Bus) -> None:
    async with writing(bus):
        await bus.send("toolguild.fact.x.t-1", b"\xff\x00\xfe", {"Nats-Msg-Id": "a"})
        await bus.send("toolguild.fact.x.t-1", b'"' * 250_000, {"Nats-Msg-Id": "b"})
        await bus.send("toolguild.fact.x.t-1", b"\x01" * 1_000_000, {"Nats-Msg-Id": "c"})
        for number in range(6):
            await bus.send("toolguild.fact.x.t-1", b"x" * 250_000, {"Nats-Msg-Id": f"d{number}"})
        found = await until(bus, messages(9))

    kept = [one["body"] for one in found[1:]]
    assert kept == ["base64", "text", "no", *["text"] * 6]
    await whole(bus)


@pytest.mark.parametrize(
    "claim",
    [
        b'{"$claim":{"sha256":"\\ud800","bytes":1}}',
        b'{"$claim":{"sha256":"' + b"a" * 64 + b'","bytes":1e400}}',
        b'{"$claim":{"sha256":"' + b"a" * 64 + b'","bytes":99999999999999999999}}',
        b'{"$claim":' + b"[" * 100_000,
    ],
)
async def test_a_reference_that_is_none_is_recorded_as_the_bytes_that_it_is(
    bus: Bus, claim: bytes
) -> None:
    headers = {"Nats-Msg-Id": "x" * 2000, "ce-source": "\u00e9" * 900, "traceparent": "z" * 5000}
    async with writing(bus):
        await bus.send("toolguild.fact.x.t-1", claim, headers)
        found = await until(bus, messages(1))

    assert "content" not in found[-1]
    assert found[-1]["sha256"] == digest_of_bytes(claim)
    assert len(found[-1]["headers"]["traceparent"]) == 512
    await whole(bus)


# Whatever dies when


class Death(BaseException):
    """The process is gone: nothing of it runs after this."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("page", [1, 2, 4])
async def test_a_scribe_that_dies_at_a_page_leaves_a_chain_that_another_one_goes_on_with(
    bus: Bus, page: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        await bus.publish(fact(number))
    real, count = JetStreamContext.publish, 0

    async def mortal(self: JetStreamContext, subject: str, *args: Any, **more: Any) -> Any:
        nonlocal count
        if subject != SUBJECT:
            return await real(self, subject, *args, **more)
        count += 1
        if count == page and not after:
            raise Death
        done = await real(self, subject, *args, **more)
        if count == page:
            raise Death
        return done

    monkeypatch.setattr(JetStreamContext, "publish", mortal)
    with pytest.raises(Death):
        await write_chain(bus, "auditor", scribe(), stop=asyncio.Event())
    monkeypatch.setattr(JetStreamContext, "publish", real)
    async with writing(bus):
        await until(bus, messages(30))

    assert (await whole(bus)).compared == 30


async def test_an_answer_that_is_lost_makes_no_page_twice(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = JetStreamContext.publish, 0

    async def lossy(self: JetStreamContext, subject: str, *args: Any, **more: Any) -> Any:
        nonlocal lost
        done = await real(self, subject, *args, **more)
        if subject == SUBJECT and lost < 3:
            lost += 1
            raise TimeoutError
        return done

    monkeypatch.setattr(JetStreamContext, "publish", lossy)
    async with writing(bus):
        for number in range(20):
            await bus.publish(fact(number))
        await until(bus, messages(20))

    assert lost == 3
    assert (await whole(bus)).compared == 20


async def test_of_several_scribes_one_writes_and_another_takes_over(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scribes, "LOOK", 0.05)
    monkeypatch.setattr(scribes, "STANDS", 0.2)
    async with writing(bus) as first, writing(bus) as second, writing(bus):
        for number in range(60):
            await bus.publish(fact(number))
        await until(bus, messages(60))
        await ended((first.task, second.task))
        for number in range(60, 90):
            await bus.publish(fact(number))
        await until(bus, messages(90))

    assert (await whole(bus)).compared == 90


async def test_the_server_is_killed_again_and_again_and_nothing_is_lost_or_recorded_twice(
    nats: NatsServer,
) -> None:
    async with connect(nats.url) as bus:
        await ensure_streams(bus.js)
        async with writing(bus):
            for number in range(40):
                if number in (10, 25):
                    assert nats.pid is not None
                    process = nats._process
                    assert process is not None
                    process.kill()
                    await process.wait()
                    await nats.start()
                await bus.publish(fact(number))
            await until(bus, messages(40))
        assert (await whole(bus)).compared == 40


# What never came


async def test_a_chain_that_begins_late_says_from_where(bus: Bus) -> None:
    for number in range(6):
        await bus.publish(fact(number))
        await bus.publish(order(number))
    await in_log(bus, 12)
    await bus.js.purge_stream(LOG, seq=9)
    async with writing(bus):
        found = await until(bus, messages(4))

    assert found[0]["streams"][LOG] == {"first": 9, "last": 12}
    gaps = [(x["stream"], x["first"], x["last"]) for x in found if x["kind"] == "gap"]
    assert gaps == [(LOG, 1, 8)]
    # the orders whose copies are gone still wait to be done
    derived = [(x["stream"], x["seq"], x["subject"]) for x in found if x["kind"] == "derived"]
    assert derived == [(WORK, n, f"toolguild.do.undo-task.t-{n - 1:04d}") for n in range(1, 5)]
    told = await whole(bus)
    assert [one.kind for one in told.walk.gaps] == ["gap", *["derived"] * 4]


async def test_messages_that_are_gone_before_they_are_recorded_are_named(bus: Bus) -> None:
    async with writing(bus):
        await bus.publish(fact(0))
        await until(bus, messages(1))
    for number in range(1, 8):
        await bus.publish(fact(number))
    for sequence in (3, 4, 6):
        await bus.js.delete_msg(LOG, sequence)
    async with writing(bus):
        found = await until(bus, messages(5))

    assert [(x["first"], x["last"]) for x in found if x["kind"] == "gap"] == [(3, 4), (6, 6)]
    await whole(bus)


async def test_what_goes_after_it_was_recorded_leaves_no_gap(bus: Bus) -> None:
    async with writing(bus):
        for number in range(5):
            await bus.publish(fact(number))
        await bury(bus, letter(1))
        await until(bus, messages(6))
        await bus.js.purge_stream(LOG, seq=4)
        await discard(bus, 1, by="ana", why="done")
        await until(bus, messages(7))

    told = await whole(bus)
    assert told.walk.gaps == []
    assert told.compared == 3


async def test_an_order_whose_copy_never_came_into_the_log_is_derived_from_its_queue(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scribes, "LOOK", 0.05)
    await bus.publish(order(1))
    await bus.publish(order(2))
    await bus.publish(order(3))
    await bus.publish(order(4))
    await in_log(bus, 4)
    for copy in (3, 4):  # as if the server had died between storing and copying
        await bus.js.delete_msg(LOG, copy)
    await bus.js.delete_msg(WORK, 3)  # done already
    async with writing(bus):
        found = await until(bus, of_kind("derived"))

    gaps = [(x["stream"], x["first"], x["last"]) for x in found if x["kind"] == "gap"]
    assert gaps == [(LOG, 3, 4), (WORK, 3, 3)]
    (derived,) = [x for x in found if x["kind"] == "derived"]
    assert (derived["stream"], derived["seq"]) == (WORK, 4)
    assert derived["id"] == str(order(4).id)
    await whole(bus)


async def test_a_made_up_header_hides_nothing(bus: Bus) -> None:
    forged = {"Nats-Msg-Id": "x", "Nats-Stream": WORK, "Nats-Sequence": "900000000000"}
    async with writing(bus):
        await bus.send("toolguild.seen.undo-task.t-1", b"{}", forged)
        await bus.send("toolguild.fact.x.t-1", b"{}", forged | {"Nats-Msg-Id": "y"})
        await bus.publish(order(1))
        await until(bus, messages(3))

    assert (await whole(bus)).walk.gaps == []


async def test_a_stream_that_was_made_anew_is_named_and_read_from_its_beginning(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scribes, "LOOK", 0.05)
    async with writing(bus):
        for number in range(5):
            await bus.publish(fact(number))
        await until(bus, messages(5))
    await bus.js.delete_stream(LOG)
    await ensure_streams(bus.js)
    await bus.publish(fact(7))
    async with writing(bus):
        found = await until(bus, messages(6))

    (reset,) = [x for x in found if x["kind"] == "reset"]
    assert (reset["stream"], reset["was"], reset["ends"]) == (LOG, 5, 1)
    told = await checked(bus)
    assert told.walk.faults == []
    assert told.compared == 1


# Somebody else writes


async def _page(bus: Bus, number: int) -> Page:
    found = await message_at(bus, AUDIT, number)
    assert found is not None
    return parsed(found.data)


async def _garbage(bus: Bus, last: int) -> bytes:
    return b"hello"


async def _copy(bus: Bus, last: int) -> bytes:
    return (await _page(bus, 2)).encoded()


async def _forgery(bus: Bus, last: int) -> bytes:
    """Return the very page that would come next, but for the key that signs it."""
    position = Position.after(await _page(bus, last))
    item = entry.gap(LOG, 21, 21, at="", why="nothing happened")
    return next_page(position, [item], 21, last + 1, key=OTHER).encoded()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_garbage, "it is no page"),
        (_copy, "which was written as message 2"),
        (_forgery, "not the auditor's"),
    ],
    ids=["garbage", "a copy", "another signature"],
)
async def test_a_message_that_somebody_else_puts_into_the_audit_stream_is_named_and_passed_over(
    bus: Bus, content: Callable[[Bus, int], Awaitable[bytes]], said: str
) -> None:
    async with writing(bus):
        for number in range(20):
            await bus.publish(fact(number))
        await until(bus, messages(20))
        last = (await bus.js.stream_info(AUDIT)).state.last_seq
        await bus.js.publish(SUBJECT, await content(bus, last))
        await bus.publish(fact(20))
        found = await until(bus, messages(21))

    (foreign,) = [x for x in found if x["kind"] == "foreign"]
    assert foreign["seq"] == last + 1
    told = await checked(bus)
    assert len(told.walk.faults) == 1
    assert said in str(told.walk.faults[0])
    assert told.walk.entries == len(found)
    assert told.compared == 21


async def test_a_chain_of_somebody_elses_key_is_not_gone_on_with(bus: Bus) -> None:
    for page in chain(2, 2, key=OTHER):
        await bus.js.publish(SUBJECT, page.encoded())
    async with writing(bus):
        await bus.publish(fact(1))
        found = [one async for one in _after(bus, 2)]

    assert [one["kind"] for one in found] == ["began", "foreign", "foreign", "message"]
    assert [str(one).partition(":")[0] for one in (await checked(bus)).walk.faults] == [
        "page 1",
        "page 2",
    ]


async def _after(bus: Bus, sequence: int) -> Any:
    await until(bus, messages(1))
    last = (await bus.js.stream_info(AUDIT)).state.last_seq
    for number in range(sequence + 1, last + 1):
        seen = await message_at(bus, AUDIT, number)
        assert seen is not None
        for item in parsed(seen.data).items:
            yield item.entry


async def test_a_message_of_the_log_that_the_chain_has_otherwise_is_named(bus: Bus) -> None:
    async with writing(bus):
        for number in range(5):
            await bus.publish(fact(number))
        await until(bus, messages(5))
    await bus.js.delete_stream(LOG)
    await ensure_streams(bus.js)
    for number in (0, 1, 9, 3, 4):  # somebody writes the log anew, with another third message
        await bus.publish(fact(number, f"t-{number:04d}"))
    told = await checked(bus)

    (fault,) = told.walk.faults
    assert fault.where == f"{LOG} 3"
    assert "another one than entry 4 recorded" in fault.what
    assert told.compared == 4


async def test_nobody_can_delete_a_page(bus: Bus) -> None:
    async with writing(bus):
        await bus.publish(fact(1))
        await until(bus, messages(1))
    with pytest.raises(Exception, match="delete"):
        await bus.js.delete_msg(AUDIT, 1)
    with pytest.raises(Exception, match="purge"):
        await bus.js.purge_stream(AUDIT)

    assert (await written(bus))[0]["kind"] == "began"
