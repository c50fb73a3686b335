"""What is sent together, in which order it is begun, and what becomes of it when sending fails."""

import asyncio

import pytest

from toolguild.messages import Envelope, Message, TaskId
from toolguild.runtime.bus import Bus
from toolguild.runtime.outbox import AT_ONCE, groups, send_all
from toolguild.runtime.topology import LOG

from .guildhall import Add, Added, SumWanted, envelope


def outbox(*bodies: Message) -> list[Envelope]:
    return [envelope(body) for body in bodies]


def added(task: str) -> Added:
    return Added(task=TaskId(task), sum=1)


async def test_all_that_goes_together_is_begun_in_its_order_before_anything_is_acknowledged() -> (
    None
):
    said = outbox(added("t-1"), added("t-2"), added("t-3"))
    begun: list[Envelope] = []
    all_begun = asyncio.Event()

    async def send(one: Envelope) -> None:
        begun.append(one)
        if len(begun) == len(said):
            all_begun.set()
        await asyncio.wait_for(all_begun.wait(), 5)

    await send_all(said, send)
    assert begun == said


async def test_of_the_events_on_one_subject_only_one_is_under_way() -> None:
    said = outbox(added("t-1"), added("t-1"), added("t-2"), added("t-1"))
    assert [len(group) for group in groups(said)] == [1, 2, 1]


async def test_the_calls_of_one_step_go_out_together() -> None:
    said = outbox(*(Add(numbers=(n,)) for n in range(8)))
    assert [len(group) for group in groups(said)] == [8]


async def test_an_order_goes_out_when_what_was_said_before_it_is_in_the_log() -> None:
    said = outbox(
        SumWanted(numbers=()), added("t-1"), Add(numbers=()), Add(task=TaskId("t-2"), numbers=())
    )
    assert [len(group) for group in groups([*said, *outbox(added("t-1"))])] == [2, 2, 1]


async def test_not_too_many_are_under_way() -> None:
    said = outbox(*(added(f"t-{n}") for n in range(AT_ONCE + 1)))
    assert [len(group) for group in groups(said)] == [AT_ONCE, 1]


async def test_a_failure_is_raised_when_nothing_is_under_way_any_more() -> None:
    said = outbox(added("t-1"), added("t-2"))
    done: list[Envelope] = []

    async def send(one: Envelope) -> None:
        if one is said[0]:
            raise ConnectionError("lost")
        await asyncio.sleep(0)
        done.append(one)

    with pytest.raises(ConnectionError, match="lost"):
        await send_all(said, send)
    assert done == said[1:]


async def test_the_log_has_them_in_the_order_in_which_they_were_said(bus: Bus) -> None:
    said = outbox(*(added(f"t-{n}") for n in range(20)))
    await send_all(said, bus.publish)
    first = (await bus.js.get_last_msg(LOG, "toolguild.fact.test-added.t-0")).seq or 0
    places = [
        (await bus.js.get_last_msg(LOG, f"toolguild.fact.test-added.t-{n}")).seq for n in range(20)
    ]
    assert places == list(range(first, first + 20))
