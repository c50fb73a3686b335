"""Every call of a model is told once, whoever died in between; what the journal answers is no call."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import BaseModel

from toolguild.canonical import digest_of_bytes
from toolguild.messages import Brief
from toolguild.messages.events import ModelCalled
from toolguild.model.ask import AskedModels
from toolguild.model.called import AGAIN
from toolguild.model.library import PromptLibrary
from toolguild.model.memory import memory_models
from toolguild.model.scripted import ScriptedModel
from toolguild.runtime.bus import Bus
from toolguild.runtime.journal import MemoryJournal
from toolguild.runtime.modelcalls import ModelCallTeller
from toolguild.runtime.stream import held_by
from toolguild.runtime.topology import LOG
from toolguild.runtime.underway import working_on

GOOD = '{"steps": ["a"]}'


class Plan(BaseModel):
    steps: list[str]


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[ModelCalled] = []

    async def __call__(self, called: ModelCalled) -> None:
        self.calls.append(called)


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=0.5)
        return self.at


def models(
    prompts: PromptLibrary, told: Told, *says: str, clock: Clock | None = None
) -> AskedModels:
    left = list(says)
    model = ScriptedModel(lambda *_: left.pop(0), model="stub")
    made = memory_models(model, prompts, journal=MemoryJournal())
    return replace(made, tell=told, now=clock or Clock())


async def ask(asked: AskedModels, brief: Brief, key: str = "k") -> None:
    await asked.ask("planner", "plan", {"goal": "g"}, Plan, brief=brief, key=key)


async def test_a_call_is_told_with_whose_it_is_what_it_cost_and_what_names_it(
    prompts: PromptLibrary, brief: Brief
) -> None:
    told = Told()
    await ask(models(prompts, told, GOOD), brief)

    (one,) = told.calls
    assert (one.task, one.role, one.prompt, one.model, one.source) == (
        brief.task,
        "planner",
        "plan",
        "stub",
        "scripted",
    )
    assert one.answer == digest_of_bytes(GOOD.encode())
    assert one.prompt_digest == prompts.get("plan").digest
    assert one.input_tokens > 0
    assert one.output_tokens > 0
    assert one.seconds > 0
    assert one.question == "k.plan.0.1.0"


async def test_each_asking_again_is_a_call_of_its_own(prompts: PromptLibrary, brief: Brief) -> None:
    told = Told()
    await ask(models(prompts, told, "no plan at all", GOOD), brief)

    assert [one.question for one in told.calls] == ["k.plan.0.1.0", "k.plan.0.2.0"]
    assert len({one.request for one in told.calls}) == 2


async def test_what_the_journal_answers_soon_after_is_told_again_as_it_was_and_later_not(
    prompts: PromptLibrary, brief: Brief
) -> None:
    """Who died between the journal and the telling is made up for; the log drops what it has."""
    told, clock = Told(), Clock()
    asked = models(prompts, told, GOOD, clock=clock)
    await ask(asked, brief)
    await ask(asked, brief)
    assert told.calls[0] == told.calls[1]

    clock.at += timedelta(seconds=AGAIN)
    await ask(asked, brief)
    assert len(told.calls) == 2


async def test_a_call_that_failed_is_not_told(prompts: PromptLibrary, brief: Brief) -> None:
    told = Told()
    with pytest.raises(IndexError):
        await ask(models(prompts, told), brief)

    assert told.calls == []


async def test_the_log_has_one_event_for_a_call_with_its_command_as_the_cause(
    bus: Bus, prompts: PromptLibrary, brief: Brief
) -> None:
    told = Told()
    await ask(models(prompts, told, GOOD), brief)
    teller = ModelCallTeller(bus)
    with working_on(UUID(int=7), "planner/plan"):
        await asyncio.gather(*(teller(told.calls[0]) for _ in range(3)))

    (seen,) = [one async for one in held_by(bus, LOG)]
    envelope = await bus.read(seen.data)
    assert envelope.body == told.calls[0]
    assert (envelope.cause, envelope.source) == (UUID(int=7), "planner/plan")
