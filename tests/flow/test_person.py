"""A person in the flow: approving code before it runs, rejecting it, cancelling a task."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from hall import Hall

from toolguild.client import inbox, log, trust
from toolguild.client import task as client
from toolguild.client.evidence import evidence
from toolguild.client.task import Order
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import Message, events
from toolguild.messages.narrow import moment
from toolguild.registry import open_registry

GOAL = Order(goal=Goal.of_text("Slug of the title"), autonomy="A")


async def decide(hall: Hall, decision: str, reason: str) -> inbox.Answer:
    """Answer the one question that waits, as eva."""
    (asked,) = await inbox.waiting(hall.bus)
    return await answer(hall, asked, decision, reason)


async def answer(
    hall: Hall,
    asked: inbox.Question,
    decision: str,
    reason: str,
    by: str = "eva",
    source: str | None = None,
) -> inbox.Answer:
    """Answer one question."""
    signer = KeyDirectory(hall.settings.keys).person(by)
    given = inbox.signed(asked, signer, decision, by=by, reason=reason, source=source)
    return (await inbox.decide(hall.bus, [given], within=60))[0]


async def test_at_level_a_nothing_runs_before_a_person_approves_and_then_the_task_goes_on(
    hall: Hall,
) -> None:
    task = await client.submit(hall.bus, hall.artifacts, GOAL, hall.policy)
    seen = []
    async with asyncio.timeout(90):
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
    (left,) = await inbox.waiting(hall.bus)
    assert (left.ask.purpose, left.ask.blocks) == ("audit", False)


async def test_code_that_a_person_rejects_is_not_run(hall: Hall) -> None:
    task = await client.submit(hall.bus, hall.artifacts, GOAL, hall.policy)
    async with asyncio.timeout(90):
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
    async with asyncio.timeout(90):
        async for noted in client.follow(hall.bus, task):
            body = noted.envelope.body
            if isinstance(body, events.TaskWaits):
                signer = KeyDirectory(hall.settings.keys).person("ana")
                why = "changed my mind"
                await client.cancel(hall.bus, task, by="ana", signer=signer, reason=why)
            if isinstance(body, events.ResultReleased):
                break

    assert isinstance(body, events.ResultReleased)
    assert body.result.status == "cancelled"
    assert "cancelled by ana: changed my mind" in body.result.reason


async def test_an_edit_is_a_new_draft_that_its_author_cannot_approve_but_another_person_can(
    hall: Hall,
) -> None:
    source = 'def slugify(text):\n    words = text.lower().split()\n    return "-".join(words)\n'
    task = await client.submit(hall.bus, hall.artifacts, GOAL, hall.policy)
    asked = 0
    async with asyncio.timeout(90):
        async for noted in client.follow(hall.bus, task):
            body = noted.envelope.body
            if isinstance(body, events.TaskWaits):
                asked += 1
                (shown,) = await inbox.waiting(hall.bus)
                if asked == 1:
                    await answer(hall, shown, "edit", "plainer", "ana", source)
                    continue
                assert (shown.ask.author, asked) == ("ana", 2)
                refused = await answer(hall, shown, "approve", "", "ana")
                assert isinstance(refused, events.DecisionRefused)
                assert "somebody else has to approve it" in refused.why
                await told_of_the_edit(hall, shown)
                assert isinstance(await answer(hall, shown, "approve", ""), events.DecisionTaken)
            if isinstance(body, events.ResultReleased):
                break

    assert isinstance(body, events.ResultReleased)
    assert body.result.status == "succeeded", body.result.reason
    async with open_registry(hall.bus.js) as registry:
        (made,) = registry.all()
    assert made.tool.draft.source == source
    assert made.tool.draft.provenance.agent == "person:ana"
    assert made.tool.approved_by == "eva"


async def told_of_the_edit(hall: Hall, shown: inbox.Question) -> None:
    """What a person sees of an edited draft is what was changed."""
    async with open_registry(hall.bus.js) as registry:
        found = await evidence(hall.bus, registry, hall.policy, shown)
    assert "that was edited" in found.against
    assert "+    words = text.lower().split()" in found.diff


async def test_an_audit_that_a_person_rejects_takes_the_trust_of_the_tools_that_took_part(
    hall: Hall,
) -> None:
    task = await client.submit(hall.bus, hall.artifacts, GOAL, hall.policy)
    audit: inbox.Question | None = None
    async with asyncio.timeout(90):
        async for noted in client.follow(hall.bus, task):
            body = noted.envelope.body
            if isinstance(body, events.TaskWaits):
                await decide(hall, "approve", "")
            if isinstance(body, events.ResultReleased):
                break
        while audit is None:
            audit = next(iter(await inbox.waiting(hall.bus)), None)
            await asyncio.sleep(0.02)
    assert isinstance(body, events.ResultReleased)
    (made,) = body.result.made
    assert audit.ask.tools == (made.digest,)
    counted = await answer(hall, audit, "reject", "the title was another one")
    assert isinstance(counted, events.DecisionTaken)

    changed = await first(hall, f"toolguild.fact.trust-changed.{made.digest}")
    assert isinstance(changed, events.TrustChanged)
    assert (changed.before, changed.level) == ("C", "A")
    assert "seen by eva: rejected after the fact: the title was another one" in changed.why
    async with asyncio.timeout(90):  # the run itself is counted as well, sooner or later
        one = await trust.standing(hall.bus, hall.policy, made.digest)
        while not one.verified:
            await asyncio.sleep(0.02)
            one = await trust.standing(hall.bus, hall.policy, made.digest)
    assert (one.level, one.held, one.verified, one.users) == ("A", True, 1, ("local",))


async def first(hall: Hall, subject: str) -> Message:
    """The first message on a subject, once it is there."""
    async with asyncio.timeout(90):
        async for entry in log.entries(hall.bus, [subject], live=True):
            noted = await log.envelope(hall.bus, entry)
            assert noted is not None
            return noted.body
    raise AssertionError("the log ended before it was there")


async def test_the_time_that_a_person_takes_is_not_the_tasks(hall: Hall) -> None:
    """The task has three times as long as this machine has just taken for one that takes longer."""
    began = asyncio.get_running_loop().time()
    await hall.run("Strip vowels")
    took = asyncio.get_running_loop().time() - began
    order = replace(GOAL, max_seconds=max(4.0, 3 * took))
    task = await client.submit(hall.bus, hall.artifacts, order, hall.policy)
    async with asyncio.timeout(250):
        async for noted in client.follow(hall.bus, task):
            body = noted.envelope.body
            if isinstance(body, events.TaskWaits):
                await over(hall, task)
                assert isinstance(await decide(hall, "approve", ""), events.DecisionTaken)
            if isinstance(body, events.ResultReleased):
                break

    assert isinstance(body, events.ResultReleased)
    assert body.result.status == "succeeded", body.result.reason


async def over(hall: Hall, task: str) -> None:
    """Return once the deadline that the task was given has passed."""
    entry = await log.newest(hall.bus, f"toolguild.fact.goal-given.{task}")
    noted = await log.envelope(hall.bus, entry) if entry else None
    assert noted is not None
    assert isinstance(noted.body, events.GoalGiven)
    assert noted.body.brief.deadline is not None
    left = (moment(noted.body.brief.deadline) - datetime.now(UTC)).total_seconds()
    await asyncio.sleep(max(0.0, left) + 1.5)  # a deadline is a moment of the clock
