"""Goals wait in the queue of their user, and are let in by turns."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from gatehouse import ENDED, STARTED, Toils, at_gate, gatehouse, give, seen, until

from toolguild.agent import Gate
from toolguild.client import log
from toolguild.client import task as client
from toolguild.goal import Goal
from toolguild.messages import Brief, Event, TaskId, commands, events
from toolguild.runtime.admit import admit
from toolguild.runtime.bus import Bus, connect
from toolguild.runtime.dead import dead_letters
from toolguild.runtime.goals import HASHED, let_in, token, waiting
from toolguild.runtime.server import NatsServer
from toolguild.runtime.topology import GOALS, goal_subject, queue_name


def two(user: str) -> int:
    return 2


async def holds(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return once a condition holds."""
    async with asyncio.timeout(60):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


async def left(bus: Bus) -> int:
    """How many goals wait or are under way."""
    return (await bus.js.stream_info(GOALS)).state.messages


async def none_left(bus: Bus) -> None:
    async def none() -> bool:
        return await left(bus) == 0

    await holds(none)


async def most_at_once(bus: Bus) -> Counter[str]:
    """Return how many tasks of each user were under way at most, by the order of the log."""
    users: dict[str, str] = {}
    now: Counter[str] = Counter()
    most: Counter[str] = Counter()
    async for entry in log.entries(bus, (STARTED, ENDED), live=False):
        envelope = await log.envelope(bus, entry)
        assert envelope is not None
        match envelope.body:
            case events.GoalGiven(task=task, brief=brief):
                users[task] = brief.user
                now[brief.user] += 1
                most[brief.user] = max(most[brief.user], now[brief.user])
            case events.ResultReleased(task=task):
                now[users[task]] -= 1
    return most


async def test_no_user_has_more_tasks_under_way_than_allowed_however_many_gates_there_are(
    bus: Bus,
) -> None:
    allowed = {"ana": 3, "bob": 1}
    for number in range(30):
        await give(bus, ("ana", "bob")[number % 2])
    async with gatehouse(bus, allowed.__getitem__, Toils().work, gates=3):
        await until(30, bus, ENDED)
        await none_left(bus)
    assert len(set(await seen(bus, STARTED))) == len(await seen(bus, STARTED)) == 30
    most = await most_at_once(bus)
    assert most["ana"] <= 3
    assert most["bob"] == 1


async def test_a_user_uses_the_whole_share_and_the_oldest_goals_come_first(bus: Bus) -> None:
    toils = Toils()
    given = [await give(bus, "ana", "long") for _ in range(5)]
    async with gatehouse(bus, two, toils.work):
        assert await until(2, bus, STARTED) == given[:2]
        toils.go_on.set()
        await until(5, bus, ENDED)
    assert await seen(bus, STARTED) == given


async def test_a_goal_does_not_wait_for_those_of_another_user(bus: Bus) -> None:
    toils = Toils()
    async with gatehouse(bus, two, toils.work):
        for _ in range(20):
            await give(bus, "ana", "long")
        mine = await give(bus, "bob")
        assert await until(1, bus, ENDED) == [mine]
        assert len(await until(3, bus, STARTED)) == 3
        toils.go_on.set()
        await until(21, bus, ENDED)


@pytest.mark.parametrize("user", ["Ana Lovelace", "a.b>c*", "Zoë", "h-0123", "", "x" * 300])
async def test_any_name_has_a_queue_and_the_rules_of_its_own(bus: Bus, user: str) -> None:
    asked: list[str] = []

    def rules(name: str) -> int:
        asked.append(name)
        return 1

    toils = Toils()
    await give(bus, user, "long")
    async with gatehouse(bus, rules, toils.work):
        await until(1, bus, STARTED)
        await give(bus, user)

        async def one_waits() -> bool:  # the server counts a moment later
            return await waiting(bus, user) == 1

        await holds(one_waits)
        toils.go_on.set()
        await until(2, bus, ENDED)
    assert set(asked) == {user}
    assert token(user).startswith(HASHED)


def test_names_that_look_alike_share_no_queue() -> None:
    hashed = token("Ana")
    names = ["ana", "Ana", "ANA", "a.na", "a na", hashed]
    assert len({token(name) for name in names}) == len(names)
    assert token("ana") == "ana"


@pytest.mark.parametrize(
    "event",
    [
        events.TaskWaits(task=TaskId("t"), build="b-1", draft="d" * 64, why="level A"),
        events.Escalated(task=TaskId("t"), rule="time", why="slow", holds=True, item="i-1"),
        events.Steered(about_key="t", order=1, state="paused"),
    ],
)
async def test_a_task_that_waits_for_a_person_takes_up_no_place(bus: Bus, event: Event) -> None:
    toils = Toils()
    given = [await give(bus, "ana", "long") for _ in range(2)]
    async with gatehouse(bus, lambda user: 1, toils.work):
        assert await until(1, bus, STARTED) == given[:1]
        about = "about_key" if isinstance(event, events.Steered) else "task"
        await client.send(bus, event.model_copy(update={about: given[0]}))
        assert await until(2, bus, STARTED) == given
        toils.go_on.set()
        await until(2, bus, ENDED)


async def test_a_task_that_goes_on_without_a_person_keeps_its_place(bus: Bus) -> None:
    toils = Toils()
    first, second = [await give(bus, "ana", "long") for _ in range(2)]
    async with gatehouse(bus, lambda user: 1, toils.work):
        await until(1, bus, STARTED)
        notice = events.Escalated(task=first, rule="time", why="slow", holds=False, item="i-1")
        await client.send(bus, notice)
        await client.send(bus, events.Steered(about_key=first, order=1, state="going"))
        assert await until(1, bus, await given_to(bus, "bob")) != [second]
        assert await seen(bus, STARTED) != [first, second]
        toils.go_on.set()
        await until(3, bus, ENDED)


async def given_to(bus: Bus, user: str) -> str:
    """Give a goal that ends at once; what came before it has been heard by then."""
    return f"toolguild.fact.result-released.{await give(bus, user)}"


async def test_tasks_under_way_when_the_gate_dies_keep_their_places_and_lose_them_when_they_end(
    bus: Bus, nats: NatsServer
) -> None:
    toils = Toils()
    for _ in range(4):
        await give(bus, "ana", "long")
    async with gatehouse(bus, two, toils.work, gates=0):
        async with connect(nats.url) as other:
            gate = Gate("gate", two)
            dying = asyncio.create_task(
                admit(other, "hall", gate, stop=asyncio.Event(), ack_wait=1.0)
            )
            await until(2, bus, STARTED)
            await other.client.close()  # nothing more is heard of it
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
        async with at_gate(bus, two, ack_wait=1.0):

            async def come_again() -> bool:  # what the dead gate held, once its ack wait is over
                info = await bus.js.consumer_info(GOALS, queue_name("ana"))
                return (info.num_redelivered or 0) >= 2

            await holds(come_again)
            assert len(await seen(bus, STARTED)) == 2
            toils.go_on.set()
            await until(4, bus, ENDED)
            await none_left(bus)
    assert len(await seen(bus, STARTED)) == 4
    assert await dead_letters(bus) == []


async def test_the_gate_carries_on_when_the_server_is_back(bus: Bus, nats: NatsServer) -> None:
    toils = Toils()
    async with gatehouse(bus, two, toils.work):
        for _ in range(3):
            await give(bus, "ana", "long")
        await until(2, bus, STARTED)
        await nats.stop()
        await nats.start()
        toils.go_on.set()
        mine = await give(bus, "bob")
        assert mine in await until(4, bus, ENDED)
        await none_left(bus)
    assert len(await seen(bus, STARTED)) == 4


async def test_a_queue_goes_on_when_its_consumer_was_deleted(bus: Bus) -> None:
    toils = Toils()
    async with gatehouse(bus, two, toils.work):
        given = [await give(bus, "ana", "long") for _ in range(3)]
        await until(2, bus, STARTED)
        await bus.js.delete_consumer(GOALS, queue_name("ana"))
        toils.go_on.set()
        await until(3, bus, ENDED)
        await none_left(bus)
    assert sorted(await seen(bus, STARTED)) == sorted(given)


async def test_what_is_no_goal_becomes_a_dead_letter_and_keeps_no_place(bus: Bus) -> None:
    for body in (b"no json", b"{}"):
        await bus.send(goal_subject("ana", f"t-{len(body)}"), body, {"Nats-Msg-Id": str(len(body))})
    async with gatehouse(bus, lambda user: 1, Toils().work):
        mine = await give(bus, "ana")
        assert await until(1, bus, ENDED) == [mine]
        await none_left(bus)
    assert [kept.letter.code for kept in await dead_letters(bus)] == ["unreadable"] * 2


async def test_an_end_that_nobody_heard_of_is_found_when_the_next_gate_looks(bus: Bus) -> None:
    toils = Toils()
    async with gatehouse(bus, two, toils.work, gates=0):
        async with at_gate(bus, two, ack_wait=1.0):
            for _ in range(3):
                await give(bus, "ana", "long")
            await until(2, bus, STARTED)
        toils.go_on.set()
        await until(2, bus, ENDED)  # without a gate
        async with at_gate(bus, two, ack_wait=1.0):
            await until(3, bus, ENDED)
            await none_left(bus)


async def test_what_is_under_way_is_not_given_out_again_while_a_gate_looks_after_it(
    bus: Bus,
) -> None:
    """About real time: on a machine that stands still for a second, heartbeats are late; then it is given more."""
    given_out = []
    for number, wait in enumerate((1.0, 3.0, 9.0)):
        toils, user = Toils(), f"ana-{number}"
        async with gatehouse(bus, two, toils.work, gates=2, ack_wait=wait):
            for _ in range(2):
                await give(bus, user, "long")
            await until(2 * number + 2, bus, STARTED)
            await asyncio.sleep(1.5 * wait)
            info = await bus.js.consumer_info(GOALS, queue_name(user))
            given_out.append((info.num_ack_pending, info.num_redelivered))
            toils.go_on.set()
            await until(2 * number + 2, bus, ENDED)
        if given_out[-1] == (2, 0):
            return
    raise AssertionError(given_out)


def test_the_time_of_a_task_counts_from_when_it_is_let_in() -> None:
    brief = Brief(task=TaskId("t-1"), deadline="2026-01-01T00:10:00.000+00:00")
    order = commands.AdmitGoal(task=TaskId("t-1"), brief=brief, goal=Goal(primary="x"))
    given = let_in(order, "2026-01-01T00:00:00.000+00:00", "2026-01-01T05:00:00.000+00:00")
    assert given.brief.deadline == "2026-01-01T05:10:00.000+00:00"
    assert given.brief.started == "2026-01-01T05:00:00.000+00:00"  # halts before then move nothing
    asked = {"deadline": brief.deadline, "started": None}
    assert given.brief.model_copy(update=asked) == brief
