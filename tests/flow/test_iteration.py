"""Efforts that loop, in a real guild: noticed by their signs, tried in other ways, ended with the best attempt."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import iteration_script
import pytest
from hall import Hall, open_hall

from toolguild.client import inbox
from toolguild.client import task as client
from toolguild.client.task import Order
from toolguild.goal import Goal
from toolguild.identity import KeyDirectory
from toolguild.messages import TaskId, events

EDITED = 'def slugify(text):\n    words = text.lower().split()\n    return "-".join(words)\n'


@pytest.fixture
async def looping(tmp_path: Path) -> AsyncIterator[Hall]:
    """A guild whose model loops, and whose policy has patience and a stronger model."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        f"build:\n  attempts: 9\n  patience: 4\n  stronger: {iteration_script.STRONGER}\n"
    )
    iteration_script.asked.clear()
    model = "scripted:iteration_script:answer"
    async with open_hall(tmp_path, model=model, policy=policy) as hall:
        yield hall


def ways(name: str) -> list[str]:
    """Tell how each draft of a tool was asked for."""
    told = []
    for one in iteration_script.asked[name]:
        simple = any("smallest function" in objection for objection in one.objections)
        told.append("smaller" if simple else "stronger" if one.by == "stronger" else one.prompt)
    return told


async def test_each_way_to_loop_is_noticed_and_ends_as_stuck_once_every_other_way_was_tried(
    looping: Hall,
) -> None:
    signs = {
        "loop_error": "failed with the same error as attempt",
        "loop_code": "is the same code as attempt",
        "loop_news": "brought nothing new",
        "loop_two": "go back and forth between two states",
    }
    ended = await asyncio.gather(*(looping.run(name) for name in signs))

    for (name, sign), (result, seen) in zip(signs.items(), ended, strict=True):
        assert result.status == "stuck", (name, result.reason)
        assert sign in result.reason
        denied = [
            one.envelope.body for one in seen if isinstance(one.envelope.body, events.ToolDenied)
        ]
        assert denied[0].code == "stuck"
        assert denied[0].best is not None
        assert denied[0].best.name == name
        assert [way for way in ways(name) if way in ("stronger", "smaller")] == [
            "stronger",
            "smaller",
        ]
    assert ways("loop_news") == ["draft", "repair", "draft", "stronger", "smaller"]
    assert ways("loop_two")[:4] == ["draft", "repair", "repair", "draft"]


async def test_the_stronger_model_makes_what_the_usual_one_could_not(looping: Hall) -> None:
    result, seen = await looping.run("loop_until_stronger")

    assert (result.status, result.answer) == ("succeeded", "a-b"), result.reason
    assert ways("loop_until_stronger")[-1] == "stronger"
    drafts = [
        one.envelope.body for one in seen if isinstance(one.envelope.body, events.ToolDrafted)
    ]
    assert drafts[-1].draft.provenance.model == iteration_script.STRONGER
    (ready,) = (
        one.envelope.body for one in seen if isinstance(one.envelope.body, events.ToolReady)
    )
    assert ready.confidence is not None
    assert 0.5 < ready.confidence <= 1


async def test_a_draft_that_a_person_edits_is_reviewed_anew_and_approved_by_somebody_else(
    hall: Hall,
) -> None:
    order = Order(goal=Goal.of_text("Slug of the title"), autonomy="A")
    task = await client.submit(hall.bus, hall.artifacts, order, hall.policy)
    async with asyncio.timeout(150):
        first = await _question(hall, task, 1)
        assert first.ask.author == ""
        assert isinstance(await _decide(hall, first, "edit", "eva", EDITED), events.DecisionTaken)

        second = await _question(hall, task, 2)
        assert second.ask.author == "eva"
        assert second.ask.draft is not None
        assert second.ask.draft.source == EDITED
        own = await _decide(hall, second, "approve", "eva")
        assert isinstance(own, events.DecisionRefused)
        other = await _decide(hall, second, "approve", "max")
        assert isinstance(other, events.DecisionTaken)

        published = []
        async for noted in client.follow(hall.bus, task):
            body = noted.envelope.body
            if isinstance(body, events.ToolPublished):
                published.append((body.made, body.attempt))
            if isinstance(body, events.ToolReady | events.ResultReleased):
                break
    assert isinstance(body, events.ToolReady), body
    assert published == [(True, 2)]


async def _question(hall: Hall, task: TaskId, number: int) -> inbox.Question:
    """Return the task's n-th question about a draft, once it is asked."""
    found = 0
    async for noted in client.follow(hall.bus, task):
        found += isinstance(noted.envelope.body, events.TaskWaits)
        if found == number:
            break
    digest = noted.envelope.body.draft  # type: ignore[attr-defined]
    return inbox.find(await inbox.questions(hall.bus), f"i-{digest[:16]}")


async def _decide(
    hall: Hall, question: inbox.Question, decision: str, by: str, source: str | None = None
) -> inbox.Answer:
    signer = KeyDirectory(hall.settings.keys).person(by)
    given = inbox.signed(question, signer, decision, by=by, reason="as I say", source=source)
    (answer,) = await inbox.decide(hall.bus, [given], within=60)
    return answer
