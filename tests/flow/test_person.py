"""A person in the flow: approving code before it runs, rejecting it, cancelling a task."""

import asyncio

from hall import Hall

from toolguild.client import inbox
from toolguild.client import task as client
from toolguild.client.task import Order
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import events

GOAL = Order(goal=Goal.of_text("Slug of the title"), autonomy="A")


async def decide(hall: Hall, decision: str, reason: str) -> inbox.Answer:
    """Answer the one question that waits, as eva."""
    (asked,) = await inbox.waiting(hall.bus)
    signer = KeyDirectory(hall.settings.keys).person("eva")
    given = inbox.signed(asked, signer, decision, by="eva", reason=reason)
    return (await inbox.decide(hall.bus, [given]))[0]


async def test_at_level_a_nothing_runs_before_a_person_approves_and_then_the_task_goes_on(
    hall: Hall,
) -> None:
    task = await client.submit(hall.bus, hall.artifacts, GOAL, hall.policy)
    seen = []
    async with asyncio.timeout(30):
        async for noted in client.follow(hall.bus, task):
            body = noted.envelope.body
            seen.append(body.kind)
            if isinstance(body, events.TaskWaits):
                assert "test-draft" not in seen
                assert isinstance(await decide(hall, "approve", ""), events.DecisionTaken)
            if isinstance(body, events.ResultReleased):
                break

    assert isinstance(body, events.ResultReleased)
    assert body.result.status == "succeeded", body.result.reason
    assert "test-draft" in seen
    assert await inbox.waiting(hall.bus) == []


async def test_code_that_a_person_rejects_is_not_run(hall: Hall) -> None:
    task = await client.submit(hall.bus, hall.artifacts, GOAL, hall.policy)
    async with asyncio.timeout(30):
        async for noted in client.follow(hall.bus, task):
            body = noted.envelope.body
            assert body.kind != "test-draft"
            if isinstance(body, events.TaskWaits):
                assert isinstance(await decide(hall, "reject", "no"), events.DecisionTaken)
            if isinstance(body, events.ResultReleased):
                break

    assert isinstance(body, events.ResultReleased)
    assert body.result.status == "stuck"
    assert "eva rejected it: no" in body.result.reason


async def test_a_cancelled_task_ends_as_cancelled_and_what_comes_late_changes_nothing(
    hall: Hall,
) -> None:
    task = await client.submit(hall.bus, hall.artifacts, GOAL, hall.policy)
    async with asyncio.timeout(30):
        async for noted in client.follow(hall.bus, task):
            body = noted.envelope.body
            if isinstance(body, events.TaskWaits):
                await client.cancel(hall.bus, task, by="ana", reason="changed my mind")
            if isinstance(body, events.ResultReleased):
                break

    assert isinstance(body, events.ResultReleased)
    assert body.result.status == "cancelled"
    assert "cancelled by ana: changed my mind" in body.result.reason
