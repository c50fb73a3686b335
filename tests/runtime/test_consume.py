"""Delivery over a real JetStream: what becomes of messages, good and bad."""

import asyncio
from collections import Counter

import pytest
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from toolguild.agent import Process
from toolguild.errors import (
    MAX_DELIVERIES,
    OutOfBudget,
    PermanentError,
    Refused,
    TemporaryError,
    UsageError,
)
from toolguild.messages import Event, Message
from toolguild.runtime.bus import Bus
from toolguild.runtime.claim import LIMIT
from toolguild.runtime.dead import Kept, dead_letter, dead_letters, discard, history, requeue
from toolguild.runtime.ending import ended
from toolguild.runtime.topology import DEAD, LOG, WORK

from .guildhall import (
    Add,
    Added,
    Sums,
    SumWanted,
    adder,
    advance,
    at_work,
    book,
    envelope,
    sums_of,
    until,
)


async def waiting(bus: Bus, stream: str) -> int:
    return (await bus.js.stream_info(stream)).state.messages


async def in_log(bus: Bus, subject: str) -> int:
    info = await bus.js.stream_info(LOG, subjects_filter=subject)
    return sum((info.state.subjects or {}).values())


async def copied(bus: Bus, kind: str, count: int) -> None:
    """Return once the log has so many copies of commands: the server makes them by itself, a moment later."""

    async def there() -> bool:
        return await in_log(bus, f"toolguild.seen.{kind}.*") >= count

    await until(there)
    assert await in_log(bus, f"toolguild.seen.{kind}.*") == count


async def buried(bus: Bus, count: int = 1) -> list[Kept]:
    async def enough() -> bool:
        return await waiting(bus, DEAD) >= count

    await until(enough)
    return await dead_letters(bus)


async def test_a_command_is_answered_and_the_answer_remembered(bus: Bus) -> None:
    async with at_work(bus, book, adder()):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        assert (await sums_of(bus, 1)).sums == (3,)
    assert await waiting(bus, WORK) == 0


async def test_the_log_holds_commands_beside_events(bus: Bus) -> None:
    async with at_work(bus, book, adder()):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await sums_of(bus, 1)
    await copied(bus, "test-add", 1)
    assert await in_log(bus, "toolguild.fact.test-added.*") == 1


async def test_a_message_published_twice_counts_once(bus: Bus) -> None:
    wish = envelope(SumWanted(numbers=(1,)))
    async with at_work(bus, book, adder()):
        await bus.publish(wish)
        await bus.publish(wish)
        await bus.publish(envelope(SumWanted(numbers=(2,))))
        state = await sums_of(bus, 2)
    assert (state.wanted, sorted(state.sums)) == (2, [1, 2])


async def test_a_large_body_travels_through_the_object_store(bus: Bus) -> None:
    note = "ü" * LIMIT
    async with at_work(bus, book, adder()):
        await bus.publish(envelope(SumWanted(numbers=(1, 2), note=note)))
        state = await sums_of(bus, 1)
    assert state.note == note
    await copied(bus, "test-add", 1)
    sent = await bus.js.get_msg(LOG, subject="toolguild.seen.test-add.t-1")
    assert len(sent.data or b"") < 200


async def test_a_temporary_error_is_tried_again(bus: Bus) -> None:
    tries = 0

    async def busy_once(command: Add) -> Event:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise TemporaryError("busy", after=0.05)
        return Added(task=command.task, sum=tries)

    async with at_work(bus, book, adder(busy_once)):
        await bus.publish(envelope(SumWanted(numbers=(1,))))
        assert (await sums_of(bus, 1)).sums == (2,)
    assert await dead_letters(bus) == []


async def test_a_handler_that_always_fails_ends_as_a_dead_letter_and_an_answer(bus: Bus) -> None:
    tries = 0

    async def busy(command: Add) -> Event:
        nonlocal tries
        tries += 1
        raise TemporaryError("still busy", after=0.01)

    async with at_work(bus, book, adder(busy)):
        await bus.publish(envelope(SumWanted(numbers=(1,))))
        assert (await sums_of(bus, 1)).failed == ("temporary",)
    assert tries == MAX_DELIVERIES
    (kept,) = await dead_letters(bus)
    assert (kept.letter.agent, kept.letter.code, kept.letter.reason) == (
        "hall-add",
        "temporary",
        "still busy",
    )
    assert 'raise TemporaryError("still busy", after=0.01)' in kept.letter.traceback
    assert kept.letter.deliveries == MAX_DELIVERIES
    assert await waiting(bus, WORK) == 0


async def test_a_permanent_error_is_not_tried_again(bus: Bus) -> None:
    tries = 0

    async def never(command: Add) -> Event:
        nonlocal tries
        tries += 1
        raise PermanentError("no such model")

    async with at_work(bus, book, adder(never)):
        await bus.publish(envelope(SumWanted(numbers=(1,))))
        assert (await sums_of(bus, 1)).failed == ("failed",)
    assert tries == 1


async def test_a_failed_event_is_buried_and_answered_by_nobody(bus: Bus) -> None:
    def refuse(sums: Sums, event: Event) -> tuple[Sums, list[Event]]:
        if isinstance(event, SumWanted):
            raise PermanentError("not today")
        return advance(sums, event)[0], []

    deaf = Process("book", "tasks", book.reads, book.record, Sums(), refuse)
    async with at_work(bus, deaf):
        await bus.publish(envelope(SumWanted(numbers=(1,))))
        (kept,) = await buried(bus)
    assert kept.letter.reason == "not today"
    assert await in_log(bus, "toolguild.fact.work-failed.*") == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b'{"$claim":{}}',
        b'{"$claim":',
        b'{"body":{"kind":"nobody-knows"}}',
        b"[" * 100_000,
        b"x" * 900_000,
        envelope(Add(numbers=(1,)))
        .model_dump_json()
        .replace('"schema_version":1', '"schema_version":2')
        .encode(),
        envelope(Add(numbers=(1,))).model_dump_json().replace('"numbers"', '"figures"').encode(),
    ],
)
async def test_an_unreadable_message_is_buried_and_the_next_one_handled(
    bus: Bus, body: bytes
) -> None:
    async with at_work(bus, book, adder()):
        await bus.send("toolguild.do.test-add.t-1", body, {"Nats-Msg-Id": "garbage"})
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        assert (await sums_of(bus, 1)).sums == (3,)
        (kept,) = await buried(bus)
    assert (kept.letter.code, kept.letter.content) == ("unreadable", body)
    assert kept.letter.subject == "toolguild.do.test-add.t-1"
    assert await waiting(bus, WORK) == 0


async def test_a_message_whose_stored_body_is_gone_is_buried(bus: Bus) -> None:
    body = b'{"$claim":{"sha256":"' + b"0" * 64 + b'","bytes":300000}}'
    async with at_work(bus, adder()):
        await bus.send("toolguild.do.test-add.t-1", body, {"Nats-Msg-Id": "x"})
        (kept,) = await buried(bus)
    assert "is not in the store" in kept.letter.reason


async def test_a_dead_letter_can_be_requeued(bus: Bus) -> None:
    broken = True

    async def mended_later(command: Add) -> Event:
        if broken:
            raise PermanentError("broken")
        return Added(task=command.task, sum=sum(command.numbers))

    async with at_work(bus, book, adder(mended_later)):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        await sums_of(bus, 1)
        (first,) = await dead_letters(bus)
        await requeue(bus, first.number, by="alice")
        (second,) = await buried(bus)
        assert second.number > first.number
        assert (first.letter.requeued, second.letter.requeued) == (0, 1)
        broken = False
        (past,) = await history(bus, second.letter)
        assert (past.number, past.reason, past.by) == (first.number, "broken", "alice")
        assert (past.decision, past.died_at) == ("requeued", first.letter.at)
        await requeue(bus, second.number, by="bob")
        assert (await sums_of(bus, 2)).sums == (3,)
    assert await dead_letters(bus) == []


async def test_a_discarded_dead_letter_is_gone_and_the_log_says_who_and_why(bus: Bus) -> None:
    async def never(command: Add) -> Event:
        raise PermanentError("broken")

    async with at_work(bus, book, adder(never)):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        (kept,) = await buried(bus)
        await discard(bus, kept.number, by="alice", why="nobody needs it")
        assert await dead_letters(bus) == []
        (past,) = await history(bus, kept.letter)
        assert (past.decision, past.by, past.why) == ("discarded", "alice", "nobody needs it")
    assert await in_log(bus, "toolguild.fact.dead-letter-discarded.t-1") == 1


async def test_a_requeue_that_was_cut_off_is_told_once_and_sends_once(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(command: Add) -> Event:
        raise PermanentError("broken")

    async def dies(*_: object) -> None:
        raise ConnectionError

    async with at_work(bus, book, adder(never)):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        (kept,) = await buried(bus)
    with monkeypatch.context() as patched:
        patched.setattr("toolguild.runtime.dead._take_away", dies)
        with pytest.raises(ConnectionError):
            await requeue(bus, kept.number, by="alice")
    await requeue(bus, kept.number, by="alice")
    assert await dead_letters(bus) == []
    assert await in_log(bus, "toolguild.fact.dead-letter-requeued.t-1") == 1
    assert await waiting(bus, WORK) == 1


@pytest.mark.parametrize("error", [Refused("no"), OutOfBudget("spent"), UsageError("which?")])
async def test_a_command_whose_answer_is_no_is_answered_and_is_no_dead_letter(
    bus: Bus, error: Refused | OutOfBudget | UsageError
) -> None:
    async def no(command: Add) -> Event:
        raise error

    async with at_work(bus, book, adder(no)):
        await bus.publish(envelope(SumWanted(numbers=(1, 2))))
        assert (await sums_of(bus, 1)).failed == (error.code,)
    assert await dead_letters(bus) == []
    assert await waiting(bus, WORK) == 0


async def test_an_unknown_dead_letter_is_named_with_what_to_do(bus: Bus) -> None:
    with pytest.raises(UsageError, match="no dead letter 7; `toolguild dead list`"):
        await dead_letter(bus, 7)


async def test_long_work_is_kept_alive_by_heartbeats(bus: Bus) -> None:
    """About real time: on a machine that stands still for a second, heartbeats are late; then it is given more."""
    starts: Counter[tuple[int, ...]] = Counter()

    async def slow(command: Add) -> Event:
        starts[command.numbers] += 1
        await asyncio.sleep(command.numbers[0])
        return Added(task=command.task, sum=command.numbers[0])

    for tried, ack_wait in enumerate((1.0, 3.0, 9.0), 1):
        long = round(1.5 * ack_wait) + 1
        async with at_work(bus, book, adder(slow), ack_wait=ack_wait):
            await bus.publish(envelope(SumWanted(numbers=(long,))))
            await sums_of(bus, tried)
        if starts[long,] == 1:
            return
    raise AssertionError(starts)


async def unheard(msg: Msg) -> None:
    """What a replica says that has lost the network."""


async def test_the_work_of_a_replica_that_falls_silent_is_taken_over(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = asyncio.Event()

    async def hang(command: Add) -> Event:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def replica() -> None:
        async with at_work(bus, adder(hang), ack_wait=0.5):
            await asyncio.Event().wait()

    await bus.publish(envelope(Add(numbers=(1, 2))))
    with monkeypatch.context() as patched:
        for word in ("in_progress", "nak"):
            patched.setattr(Msg, word, unheard)
        silent = asyncio.create_task(replica())
        await asyncio.wait_for(started.wait(), 30)
        await ended((silent,))
    async with at_work(bus, book, adder(), ack_wait=0.5):
        assert (await sums_of(bus, 1)).sums == (3,)


async def test_a_busy_replica_takes_no_message_that_it_cannot_start(bus: Bus) -> None:
    release = asyncio.Event()
    held: list[int] = []

    async def hold(command: Add) -> Event:
        held.append(command.numbers[0])
        await release.wait()
        return Added(task=command.task, sum=command.numbers[0])

    async with at_work(bus, book, adder(hold, at_once=2)):
        for number in range(5):
            await bus.publish(envelope(Add(numbers=(number,))))

        async def full() -> bool:
            return len(held) == 2

        await until(full)

        async def counted() -> bool:  # a moment later: the server counts by itself
            info = await bus.js.consumer_info(WORK, "hall-add")
            return (info.num_ack_pending, info.num_pending) == (2, 3)

        await until(counted)
        release.set()
        await sums_of(bus, 5)


async def test_replicas_that_race_for_one_record_lose_nothing(bus: Bus) -> None:
    async with at_work(bus, book, adder()), at_work(bus, book, adder()):
        for number in range(40):
            await bus.publish(envelope(SumWanted(numbers=(number,))))
        state = await sums_of(bus, 40)
    assert (state.wanted, sorted(state.sums)) == (40, list(range(40)))


async def test_a_deleted_consumer_is_made_again(bus: Bus) -> None:
    async with at_work(bus, book, adder()):
        await bus.publish(envelope(SumWanted(numbers=(1,))))
        await sums_of(bus, 1)
        await bus.js.delete_consumer(WORK, "hall-add")
        await bus.js.delete_consumer(LOG, "hall-book")
        await bus.publish(envelope(SumWanted(numbers=(2,))))
        state = await sums_of(bus, 2)
    assert (state.wanted, state.sums) == (2, (1, 2))  # the events it read again changed nothing


async def test_stopping_settles_what_is_under_way_and_takes_nothing_new(bus: Bus) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def hold(command: Add) -> Event:
        started.set()
        await release.wait()
        return Added(task=command.task, sum=1)

    await bus.publish(envelope(Add(numbers=(1,))))
    async with at_work(bus, adder(hold, at_once=1)) as stop:
        await started.wait()
        await bus.publish(envelope(Add(numbers=(2,))))
        stop.set()
        release.set()
    assert await in_log(bus, "toolguild.fact.test-added.*") == 1
    assert await waiting(bus, WORK) == 1


async def test_an_idle_agent_stops_at_once(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolguild.runtime.consume.FETCH", 60.0)
    async with asyncio.timeout(30), at_work(bus, book, adder()) as stop:
        stop.set()  # a slot that waited for its fetch would need a minute


async def test_a_message_nobody_lives_to_settle_is_given_up(bus: Bus) -> None:
    class Fatal(BaseException):
        """Takes the replica down, like a segmentation fault."""

    deaths = 0

    async def fatal(command: Add) -> Event:
        nonlocal deaths
        deaths += 1
        raise Fatal

    await bus.publish(envelope(Add(numbers=(1,))))
    for _ in range(10):
        with pytest.raises(BaseExceptionGroup):
            async with at_work(bus, adder(fatal, at_once=1), ack_wait=0.1):
                await asyncio.Event().wait()
    async with at_work(bus, book, adder(fatal, at_once=1), ack_wait=0.1):
        assert (await sums_of(bus, 1)).failed == ("unsettled",)
    assert deaths == 10


async def test_a_message_that_comes_again_after_the_duplicate_window_counts_once(bus: Bus) -> None:
    wish = envelope(SumWanted(numbers=(1, 2)))
    async with at_work(bus, book, adder()):
        await bus.publish(wish)
        assert (await sums_of(bus, 1)).sums == (3,)
        for late in range(
            3
        ):  # the stream has forgotten the id, so that it takes the message as a new one
            await bus.send(
                wish.subject, wish.model_dump_json().encode(), {"Nats-Msg-Id": f"late-{late}"}
            )
        await copied(bus, "test-add", 1)
        command = await bus.js.get_msg(LOG, subject="toolguild.seen.test-add.t-1")
        await bus.send("toolguild.do.test-add.t-1", command.data or b"", {"Nats-Msg-Id": "late"})
        await bus.publish(envelope(SumWanted(numbers=(4,))))
        state = await sums_of(bus, 2)
        await copied(bus, "test-add", 3)  # the late command is work done twice,
        await until(lambda: idle(bus))
    assert (state.wanted, sorted(state.sums)) == (2, [3, 4])
    assert await in_log(bus, "toolguild.fact.test-added.*") == 2  # and one answer all the same


async def idle(bus: Bus) -> bool:
    info = await bus.js.consumer_info(LOG, "hall-book")
    return await waiting(bus, WORK) == 0 and not (info.num_pending or info.num_ack_pending)


async def test_an_event_that_a_process_fails_on_holds_up_no_other(bus: Bus) -> None:
    def strict(sums: Sums, event: Event) -> tuple[Sums, list[Message]]:
        if isinstance(event, SumWanted) and event.numbers == (13,):
            raise KeyError("of a case that nobody thought of")
        new, messages = advance(sums, event)
        return new, list(messages)

    process = Process("book", "tasks", book.reads, book.record, Sums(), strict)
    async with at_work(bus, process, adder()):
        await bus.publish(envelope(SumWanted(numbers=(13,))))
        for number in range(3):
            await bus.publish(envelope(SumWanted(numbers=(number,))))
        assert sorted((await sums_of(bus, 3)).sums) == [0, 1, 2]


async def test_streams_are_ensured_twice_without_harm(bus: Bus) -> None:
    from toolguild.runtime.topology import ensure_streams

    await bus.publish(envelope(SumWanted(numbers=(1,))))
    await ensure_streams(bus.js)
    assert await waiting(bus, LOG) == 1
    with pytest.raises(NotFoundError):
        await bus.js.get_msg(LOG, seq=2)
