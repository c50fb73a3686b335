"""Asking: re-asking, fallbacks, budget, journal and labels, with a scripted model behind the real door."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from toolguild.budget.ledger import Amount, Ledger, Price
from toolguild.budget.memory import MemoryLedgers
from toolguild.errors import Misconfigured, OutOfBudget, PermanentError, TemporaryError
from toolguild.guild import Role
from toolguild.messages import Brief
from toolguild.model.ask import AskedModels, Manner
from toolguild.model.library import PromptLibrary
from toolguild.model.memory import memory_models
from toolguild.model.observe import ChatDone, ChatStart
from toolguild.model.request import Call, Completion
from toolguild.model.scripted import ScriptedModel, load_script
from toolguild.runtime.journal import MemoryJournal


class Plan(BaseModel):
    steps: list[str]


GOOD = '{"steps": ["a"]}'


class Script:
    """Says these things, one after another, and remembers what it was asked. An exception is raised."""

    def __init__(self, *says: str | BaseModel | Exception) -> None:
        self.says = list(says)
        self.asked: list[tuple[Role, str, Mapping[str, Any], int]] = []

    def __call__(
        self, role: Role, prompt: str, values: Mapping[str, Any], sample: int
    ) -> str | BaseModel:
        self.asked.append((role, prompt, values, sample))
        said = self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


class Watched(ScriptedModel):
    """A scripted model that keeps the calls it gets."""

    def __init__(self, *says: str | BaseModel | Exception, **options: Any) -> None:
        self.script = Script(*says)
        super().__init__(self.script, **options)
        self.calls: list[Call] = []

    async def complete(self, call: Call) -> Completion:
        self.calls.append(call)
        return await super().complete(call)


def ask(models: AskedModels, brief: Brief, **options: Any) -> Awaitable[Any]:
    return models.ask("planner", "plan", {"goal": "g"}, Plan, brief=brief, key="k", **options)


async def test_an_answer_is_validated_and_labelled(prompts: PromptLibrary, brief: Brief) -> None:
    model = Watched(Plan(steps=["a"]), model="stub")

    answer = await ask(memory_models(model, prompts), brief)

    assert answer.value == Plan(steps=["a"])
    assert (answer.model, answer.source) == ("stub", "scripted")
    assert answer.prompt == prompts.get("plan").digest
    assert (answer.usage.role, answer.usage.calls) == ("planner", 1)
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert model.script.asked[0][:3] == ("planner", "plan", {"goal": "g"})


async def test_code_comes_without_its_wrapping(prompts: PromptLibrary, brief: Brief) -> None:
    models = memory_models(Watched("Sure!\n```python\nx = 1\n```"), prompts)

    answer = await models.ask_code("synthesizer", "code", {"goal": "g"}, brief=brief, key="k")

    assert answer.value == "x = 1\n"


async def test_a_malformed_answer_is_asked_again_with_the_reasons(
    prompts: PromptLibrary, brief: Brief
) -> None:
    model = Watched("I cannot", '{"steps": 7}', GOOD)

    answer = await ask(memory_models(model, prompts), brief)

    assert answer.value == Plan(steps=["a"])
    assert answer.usage.calls == 3
    second, third = (call.request.messages for call in model.calls[1:])
    assert second[-2].content == "I cannot"
    assert "no complete JSON" in second[-1].content
    assert '"steps"' in second[-1].content, "the schema is shown once it was missed"
    assert "steps: Input should be a valid array (got 7)" in third[-1].content
    assert len(third) == len(second), "earlier failures would only fill the context"


async def test_the_first_try_is_cooler_than_the_next_one(
    prompts: PromptLibrary, brief: Brief
) -> None:
    model = Watched("no", GOOD, GOOD)
    models = memory_models(model, prompts, manner=Manner(temperature=0.1, sample_temperature=0.9))

    await ask(models, brief)
    await ask(models, brief, sample=1)

    assert [call.temperature for call in model.calls] == [0.1, 0.9, 0.9]


async def test_a_valid_answer_with_complaints_is_asked_again(
    prompts: PromptLibrary, brief: Brief
) -> None:
    def check(plan: Plan) -> Sequence[str]:
        return ["step x: there is no such tool"] if "x" in plan.steps else []

    model = Watched('{"steps": ["x"]}', GOOD)

    answer = await ask(memory_models(model, prompts), brief, check=check)

    assert answer.value == Plan(steps=["a"])
    assert "no such tool" in model.calls[1].request.messages[-1].content


async def test_complaints_about_code_are_told_too(prompts: PromptLibrary, brief: Brief) -> None:
    model = Watched("import os", "x = 1")

    answer = await memory_models(model, prompts).ask_code(
        "synthesizer",
        "code",
        {"goal": "g"},
        brief=brief,
        key="k",
        check=lambda code: ["line 1: os is not allowed"] if "os" in code else [],
    )

    assert answer.value == "x = 1\n"
    assert "os is not allowed" in model.calls[1].request.messages[-1].content
    assert "JSON" not in model.calls[1].request.messages[-1].content


async def test_garbage_for_ever_ends(prompts: PromptLibrary, brief: Brief) -> None:
    model = Watched(*["garbage"] * 10, model="babble")

    with pytest.raises(
        PermanentError, match=r"babble gave no usable answer .*'plan' in 3 calls"
    ) as e:
        await ask(memory_models(model, prompts), brief)

    assert len(model.calls) == 3
    assert "stronger model" in str(e.value)


async def test_the_same_garbage_is_asked_again_in_earnest(
    prompts: PromptLibrary, brief: Brief
) -> None:
    model = Watched("garbage", "garbage", GOOD)

    answer = await ask(memory_models(model, prompts, journal=MemoryJournal()), brief)

    assert answer.value == Plan(steps=["a"])
    assert len({call.request.digest for call in model.calls}) == 3


async def test_a_long_garbage_answer_is_not_quoted_whole(
    prompts: PromptLibrary, brief: Brief
) -> None:
    model = Watched("x" * 1_000_000, GOOD)

    await ask(memory_models(model, prompts), brief)

    assert model.calls[1].request.size < 5000


async def test_the_narrowed_schema_is_what_is_sent(prompts: PromptLibrary, brief: Brief) -> None:
    model = Watched(GOOD, GOOD)
    models = memory_models(model, prompts)

    await ask(models, brief, schema={"type": "object", "enum": [1]})
    await ask(models, brief)

    assert model.calls[0].request.answer_schema == {"type": "object", "enum": [1]}
    assert model.calls[1].request.answer_schema == Plan.model_json_schema()


async def test_a_prompt_of_another_role_is_refused(prompts: PromptLibrary, brief: Brief) -> None:
    models = memory_models(Watched(GOOD), prompts)

    with pytest.raises(Misconfigured, match="prompt for the planner, not the judge"):
        await models.ask("judge", "plan", {"goal": "g"}, Plan, brief=brief, key="k")


def with_fallback(models: AskedModels, *providers: ScriptedModel) -> AskedModels:
    return replace(models, route=lambda role, override: providers)


@pytest.mark.parametrize(
    "failure", [TemporaryError("busy"), Misconfigured("no key"), PermanentError("too long")]
)
async def test_a_model_that_fails_is_replaced_by_the_next(
    prompts: PromptLibrary, brief: Brief, failure: Exception
) -> None:
    first, second = Watched(failure, model="first"), Watched(GOOD, model="second")

    answer = await ask(with_fallback(memory_models(first, prompts), first, second), brief)

    assert answer.model == "second"


async def test_a_model_that_answers_garbage_is_replaced_by_the_next(
    prompts: PromptLibrary, brief: Brief
) -> None:
    first, second = Watched(*["no"] * 3, model="first"), Watched("no", GOOD, model="second")

    answer = await ask(with_fallback(memory_models(first, prompts), first, second), brief)

    assert answer.model == "second"
    assert answer.usage.calls == 5
    assert len(second.calls[0].request.messages) == 2, "it starts from the prompt"


async def test_a_conversation_stays_with_the_model_that_answers(
    prompts: PromptLibrary, brief: Brief
) -> None:
    first, second = Watched(TemporaryError("busy"), GOOD), Watched("no", GOOD, model="second")

    answer = await ask(with_fallback(memory_models(first, prompts), first, second), brief)

    assert answer.model == "second"
    assert (len(first.calls), len(second.calls)) == (1, 2)


async def test_when_all_models_fail_the_first_failure_is_told(
    prompts: PromptLibrary, brief: Brief
) -> None:
    first, second = Watched(TemporaryError("busy", after=7)), Watched(Misconfigured("no key"))

    with pytest.raises(TemporaryError, match="busy"):
        await ask(with_fallback(memory_models(first, prompts), first, second), brief)


async def test_the_task_s_own_choice_of_model_reaches_the_route(
    prompts: PromptLibrary, brief: Brief
) -> None:
    seen = []

    def route(role: Role, override: str | None) -> list[ScriptedModel]:
        seen.append((role, override))
        return [Watched(GOOD)]

    models = replace(memory_models(Watched(), prompts), route=route)
    await ask(models, brief.model_copy(update={"model": "openai/x"}))

    assert seen == [("planner", "openai/x")]


async def test_a_redelivery_neither_pays_again_nor_gets_another_answer(
    prompts: PromptLibrary, brief: Brief
) -> None:
    model, ledgers = Watched("garbage", GOOD, "other"), MemoryLedgers()
    models = memory_models(model, prompts, journal=MemoryJournal(), ledgers=ledgers)

    first = await ask(models, brief)
    spent = ledgers.ledgers[brief.task]
    second = await ask(models, brief)

    assert second == first
    assert len(model.calls) == 2
    assert ledgers.ledgers[brief.task] == spent
    assert spent.spent.calls == 2


async def test_a_crash_between_two_calls_pays_only_for_the_second_again(
    prompts: PromptLibrary, brief: Brief
) -> None:
    model = Watched("garbage", TemporaryError("down"), GOOD)
    models = memory_models(model, prompts, journal=MemoryJournal())

    with pytest.raises(TemporaryError):
        await ask(models, brief)
    answer = await ask(models, brief)

    assert answer.value == Plan(steps=["a"])
    assert len(model.calls) == 3
    assert answer.usage.calls == 2


async def test_other_keys_and_samples_are_other_effects(
    prompts: PromptLibrary, brief: Brief
) -> None:
    model = Watched(*[GOOD] * 3)
    models = memory_models(model, prompts, journal=MemoryJournal())

    await ask(models, brief)
    await ask(models, brief, sample=1)
    await models.ask("planner", "plan", {"goal": "g"}, Plan, brief=brief, key="k2")

    assert len(model.calls) == 3


async def test_a_question_that_comes_again_is_not_paid_again_though_the_world_has_changed(
    prompts: PromptLibrary, brief: Brief
) -> None:
    """A plan is asked for; its planner dies; by the time it is asked for again, there are more tools."""
    model = Watched(GOOD)
    models = memory_models(model, prompts, journal=MemoryJournal())

    first = await ask(models, brief)
    again = await models.ask("planner", "plan", {"goal": "more tools"}, Plan, brief=brief, key="k")

    assert len(model.calls) == 1
    assert again == first


async def test_money_and_tokens_are_counted(prompts: PromptLibrary, brief: Brief) -> None:
    model = Watched(GOOD, price=Price(input=0.0001, output=0.001))
    ledgers = MemoryLedgers()

    answer = await ask(memory_models(model, prompts, ledgers=ledgers), brief)

    used = answer.usage
    assert used.usd == pytest.approx(used.input_tokens * 0.0001 + used.output_tokens * 0.001)
    spent = Amount(calls=1, tokens=used.input_tokens + used.output_tokens, usd=used.usd)
    assert ledgers.ledgers[brief.task] == Ledger(spent=spent)


@pytest.mark.parametrize("limit", [{"max_tokens": 100}, {"max_usd": 0.0001}])
async def test_a_task_without_budget_asks_nobody(
    prompts: PromptLibrary, brief: Brief, limit: dict[str, Any]
) -> None:
    model = Watched(GOOD, price=Price(input=0.0001, output=0.001))

    with pytest.raises(OutOfBudget, match="limit"):
        await ask(memory_models(model, prompts), brief.model_copy(update=limit))

    assert model.calls == []


async def test_a_small_budget_makes_answers_shorter_before_it_refuses(
    prompts: PromptLibrary, brief: Brief
) -> None:
    model = Watched(GOOD)

    await ask(memory_models(model, prompts), brief.model_copy(update={"max_tokens": 1000}))

    assert 256 <= model.calls[0].max_output_tokens < 1000


async def test_the_fallback_is_not_a_way_around_the_budget(
    prompts: PromptLibrary, brief: Brief
) -> None:
    dear, free = Watched(GOOD, price=Price(input=1, output=1)), Watched(GOOD)
    models = with_fallback(memory_models(dear, prompts), dear, free)

    with pytest.raises(OutOfBudget, match="US dollars"):
        await ask(models, brief.model_copy(update={"max_usd": 0.5}))

    assert dear.calls == free.calls == []


async def test_the_operator_s_ceiling_holds_whatever_the_task_asks(
    prompts: PromptLibrary, brief: Brief
) -> None:
    models = memory_models(Watched(GOOD), prompts)
    ceiling = models.policy.budget.ceiling.model_copy(update={"tokens": 100})
    budget = models.policy.budget.model_copy(update={"ceiling": ceiling})
    models = replace(models, policy=models.policy.model_copy(update={"budget": budget}))

    with pytest.raises(OutOfBudget, match="its limit is 100"):
        await ask(models, brief.model_copy(update={"max_tokens": 10**9}))


async def test_a_failed_call_gives_its_reservation_back(
    prompts: PromptLibrary, brief: Brief
) -> None:
    ledgers = MemoryLedgers()

    with pytest.raises(TemporaryError):
        await ask(memory_models(Watched(TemporaryError("x")), prompts, ledgers=ledgers), brief)

    assert ledgers.ledgers[brief.task] == Ledger()


async def test_parallel_calls_of_one_task_cannot_overspend_together(
    prompts: PromptLibrary, brief: Brief
) -> None:
    under_way, two, go = 0, asyncio.Event(), asyncio.Event()
    most: list[int] = []

    async def script(*_: object) -> str:
        nonlocal under_way
        under_way += 1
        if under_way == 2:
            two.set()
        most.append(ledgers.ledgers[brief.task].committed.tokens)
        await go.wait()
        under_way -= 1
        return GOOD

    model, ledgers = ScriptedModel(script), MemoryLedgers()
    manner = Manner(max_output_tokens=1000)
    models = memory_models(model, prompts, manner=manner, ledgers=ledgers)
    small = brief.model_copy(update={"max_tokens": 2800})
    calls = [
        asyncio.ensure_future(
            models.ask("planner", "plan", {"goal": "g"}, Plan, brief=small, key=f"k{n}")
        )
        for n in range(6)
    ]
    await asyncio.wait_for(two.wait(), 60)
    for _ in range(50):
        await asyncio.sleep(0)  # whoever could start in spite of what is promised would have
    assert under_way == 2, "two whole answers fit; nobody gets a shortened one for their sake"

    go.set()
    await asyncio.wait_for(asyncio.gather(*calls), 60)

    assert max(most) <= 2800
    assert ledgers.ledgers[brief.task].reserved == {}


async def test_no_call_starts_after_the_deadline(prompts: PromptLibrary, brief: Brief) -> None:
    model = Watched(GOOD)
    models = replace(memory_models(model, prompts), now=lambda: datetime(2030, 1, 1, tzinfo=UTC))

    with pytest.raises(OutOfBudget, match="time was over"):
        await ask(models, brief.model_copy(update={"deadline": "2029-12-31T23:59:59Z"}))
    assert model.calls == []


async def test_a_call_may_not_outlast_the_deadline(prompts: PromptLibrary, brief: Brief) -> None:
    model = Watched(GOOD)
    models = replace(memory_models(model, prompts), now=lambda: datetime(2030, 1, 1, tzinfo=UTC))

    await ask(models, brief.model_copy(update={"deadline": "2030-01-01T00:00:20+00:00"}))

    assert model.calls[0].timeout == 20


async def test_each_call_is_observed_with_whether_its_answer_was_usable(
    prompts: PromptLibrary, brief: Brief
) -> None:
    seen: list[tuple[ChatStart, ChatDone]] = []

    @contextmanager
    def observe(start: ChatStart) -> Iterator[ChatDone]:
        done = ChatDone()
        seen.append((start, done))
        yield done

    models = memory_models(Watched("garbage", GOOD), prompts, journal=MemoryJournal())
    models = replace(models, observe=observe)
    await ask(models, brief)
    await ask(models, brief)

    assert [(start.repeated, done.usable) for start, done in seen] == [(False, False), (True, True)]


async def test_a_bug_in_a_script_is_not_hidden(prompts: PromptLibrary, brief: Brief) -> None:
    with pytest.raises(ZeroDivisionError):
        await ask(memory_models(Watched(ZeroDivisionError()), prompts), brief)


def test_a_script_is_found_by_its_name() -> None:
    model = load_script("json:loads")

    assert model.model == "scripted:json:loads"
    for wrong in ("json:nothing", "no_such_module:f", ""):
        with pytest.raises(Misconfigured, match="scripted:"):
            load_script(wrong)


async def test_an_answer_is_checked_once_although_it_is_read_again_from_the_journal(
    prompts: PromptLibrary, brief: Brief
) -> None:
    checked: list[Plan] = []

    def check(plan: Plan) -> Sequence[str]:
        checked.append(plan)
        return ()

    answer = await ask(memory_models(Watched(GOOD), prompts), brief, check=check)

    assert answer.value == Plan(steps=["a"])
    assert len(checked) == 1
