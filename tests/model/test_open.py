"""Putting the models together from settings, over a real journal and real budgets."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import stamina
from prometheus_client import REGISTRY
from pydantic import BaseModel
from spans import collected
from tests.model.openai_server import fails, openai_server, says

from toolguild.budget.ledgers import JetStreamLedgers
from toolguild.budget.memory import MemoryLedgers
from toolguild.errors import Misconfigured, TemporaryError
from toolguild.guild import Models, Role
from toolguild.messages import Brief
from toolguild.model.check import check_choice, check_models
from toolguild.model.library import PromptLibrary
from toolguild.model.memory import NoJournal
from toolguild.model.open import OpenModels, open_models
from toolguild.model.settings import ROLES, ModelSettings
from toolguild.policy import Policy
from toolguild.runtime.bus import Bus
from toolguild.runtime.journal import BucketJournal


class Number(BaseModel):
    n: int


def seven(role: Role, prompt: str, values: Mapping[str, Any], sample: int) -> str:
    return '{"n": 7}'


SCRIPTED = f"scripted:{__name__}:seven"


@pytest.fixture(autouse=True)
def one_try() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


def opened(settings: ModelSettings, prompts: PromptLibrary) -> OpenModels:
    return open_models(
        settings, Policy.default(), NoJournal(), ledgers=MemoryLedgers(), prompts=prompts
    )


async def ask(models: Models, brief: Brief) -> Any:
    return await models.ask("planner", "plan", {"goal": "g"}, Number, brief=brief, key="k")


async def test_a_service_asks_with_journal_and_budget_on_the_bus(
    bus: Bus, prompts: PromptLibrary, brief: Brief
) -> None:
    journal = BucketJournal(await bus.js.key_value("journal"), bus.objects)
    async with openai_server(says('{"n": 7}')) as server:
        settings = ModelSettings(model="openai/small", api_base=server.url)
        models = open_models(settings, Policy.default(), journal, bus.js, prompts=prompts)
        first = await ask(models, brief)
        again = await ask(models, brief)
        await models.aclose()

    ledger = await JetStreamLedgers(bus.js).change(brief.task, lambda ledger: ledger)
    assert first.value == Number(n=7)
    assert again == first
    assert len(server.asked) == 1
    assert (ledger.spent.calls, ledger.spent.tokens, ledger.reserved) == (1, 18, {})


async def test_without_any_model_the_first_question_explains_the_choices(
    prompts: PromptLibrary, brief: Brief
) -> None:
    with pytest.raises(Misconfigured, match="toolguild demo"):
        await ask(opened(ModelSettings(), prompts), brief)


async def test_a_task_s_model_is_asked_instead_of_the_configured_one(
    prompts: PromptLibrary, brief: Brief
) -> None:
    async with openai_server(says('{"n": 1}')) as server:
        models = opened(ModelSettings(model=SCRIPTED, api_base=server.url), prompts)
        own = await ask(models, brief.model_copy(update={"model": f"openai/own@{server.url}"}))
        usual = await ask(models, brief)
        await models.aclose()

    assert (own.model, own.source) == ("openai/own", "local")
    assert (usual.value, usual.source) == (Number(n=7), "scripted")


@pytest.mark.parametrize("name", [SCRIPTED, f"openai/x, {SCRIPTED}"])
async def test_a_task_cannot_choose_a_script(
    prompts: PromptLibrary, brief: Brief, name: str
) -> None:
    with pytest.raises(Misconfigured, match="cannot choose a scripted model"):
        await ask(opened(ModelSettings(), prompts), brief.model_copy(update={"model": name}))


async def test_the_model_that_the_policy_calls_stronger_may_be_any(
    prompts: PromptLibrary, brief: Brief
) -> None:
    policy = Policy.default()
    build = policy.build.model_copy(update={"stronger": SCRIPTED})
    policy = policy.model_copy(update={"build": build})
    models = open_models(
        ModelSettings(), policy, NoJournal(), ledgers=MemoryLedgers(), prompts=prompts
    )

    answer = await ask(models, brief.model_copy(update={"model": SCRIPTED}))

    assert (answer.value, answer.source) == (Number(n=7), "scripted")


async def test_a_recording_is_made_and_played_by_settings_alone(
    prompts: PromptLibrary, brief: Brief, tmp_path: Path
) -> None:
    path = tmp_path / "r.jsonl"
    async with openai_server(says('{"n": 7}')) as server:
        recording = opened(
            ModelSettings(model="openai/small", api_base=server.url, record=path), prompts
        )
        await ask(recording, brief)
        await recording.aclose()

    played = await ask(opened(ModelSettings(recorded=path), prompts), brief)
    assert (played.value, played.model, played.source) == (Number(n=7), "openai/small", "recorded")


async def test_each_call_has_a_span(prompts: PromptLibrary, brief: Brief) -> None:
    with collected() as spans:
        await ask(opened(ModelSettings(model=SCRIPTED), prompts), brief)

    (span,) = [s for s in spans.get_finished_spans() if s.name == f"chat {SCRIPTED}"]
    assert span.attributes is not None
    assert span.attributes["gen_ai.request.model"] == SCRIPTED
    assert span.attributes["gen_ai.agent.name"] == "planner"
    assert span.attributes["gen_ai.usage.input_tokens"]


def counted(outcome: str, model: str) -> float:
    labels = {"role": "planner", "model": model, "source": "local", "outcome": outcome}
    return REGISTRY.get_sample_value("toolguild_model_calls_total", labels) or 0


async def test_calls_are_counted_by_what_became_of_them(
    prompts: PromptLibrary, brief: Brief
) -> None:
    async with openai_server(says("hm"), says('{"n": 7}'), fails(500)) as server:
        models = opened(ModelSettings(model=f"openai/counted@{server.url}"), prompts)
        await ask(models, brief)
        with pytest.raises(TemporaryError):
            await ask(models, brief)
        await models.aclose()

    outcomes = [counted(name, "openai/counted") for name in ("malformed", "ok", "failed")]
    assert outcomes == [1, 1, 1]


async def test_the_check_asks_each_model_once_and_says_what_is_wrong() -> None:
    async with openai_server(says("yes")) as good, openai_server(fails(401, "bad")) as bad:
        settings = ModelSettings(
            model=f"openai/good@{good.url}", models={"judge": f"openai/bad@{bad.url}"}
        )
        reports = {report.model: report for report in await check_models(settings)}

    assert reports["openai/good"].ok
    assert set(reports["openai/good"].roles) == set(ROLES) - {"judge"}
    assert reports["openai/good"].source == "local"
    assert len(good.asked) == 1
    assert not reports["openai/bad"].ok
    assert "OPENAI_API_KEY" in reports["openai/bad"].problem


def files_below(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


async def test_the_check_records_nothing(tmp_path: Path) -> None:
    async with openai_server(says("yes")) as server:
        settings = ModelSettings(
            model=f"openai/good@{server.url}", record=tmp_path / "new" / "r.jsonl"
        )
        (report,) = await check_models(settings)

    assert report.ok
    assert files_below(tmp_path) == []


async def test_the_check_without_any_model_explains_the_choices() -> None:
    (report,) = await check_models(ModelSettings())

    assert (report.ok, report.model, report.roles) == (False, "none", ROLES)
    assert "toolguild demo" in report.problem


async def test_the_check_of_a_recording_names_the_prompts_that_changed(
    prompts: PromptLibrary, brief: Brief, tmp_path: Path
) -> None:
    path = tmp_path / "r.jsonl"
    async with openai_server(says('{"n": 7}')) as server:
        model = f"openai/small@{server.url}"
        recording = opened(ModelSettings(model=model, record=path), prompts)
        await ask(recording, brief)
        await recording.aclose()

    (report,) = await check_models(ModelSettings(recorded=path))

    assert report.source == "recorded"
    assert "plan; record it again" in report.problem


@pytest.mark.parametrize(
    ("settings", "override", "message"),
    [
        ({}, None, "no language model is configured"),
        ({"model": "openai/gpt-4o"}, None, "needs a key: set OPENAI_API_KEY"),
        ({"model": "openai/x", "models": {"judge": "mistral/y"}}, None, "MISTRAL_API_KEY"),
        ({"recorded": "/nowhere/r.jsonl"}, None, "no recording /nowhere"),
        ({"model": SCRIPTED}, "foo-bar", "PROVIDER/NAME"),
        ({"model": SCRIPTED}, "opnai/gpt-4o", "PROVIDER/NAME"),
        ({"model": SCRIPTED}, "recorded:gone.jsonl", r"no recording gone\.jsonl"),
    ],
)
def test_a_choice_that_cannot_work_is_told_before_anything_starts(
    settings: dict[str, Any], override: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)
    if settings.get("models"):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    else:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    with pytest.raises(Misconfigured, match=message):
        check_choice(ModelSettings.model_validate(settings), override)


@pytest.mark.parametrize(
    "model",
    [
        "openai/small@http://127.0.0.1:1/v1",
        "ollama_chat/llama3.1",
        f"mistral/large, {SCRIPTED}",  # the fallback may do
        "together_ai/some-model",
    ],
)
def test_a_choice_that_may_work_passes(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)

    check_choice(ModelSettings(model=model))
