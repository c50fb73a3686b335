"""Which model serves which role."""

import re
from pathlib import Path

import pytest

from toolguild.errors import Misconfigured
from toolguild.model.settings import ROLES, VARIABLES, ModelSettings, Target
from toolguild.settings import load_settings

LOCAL = "http://127.0.0.1:8080/v1"


def read(**variables: str) -> ModelSettings:
    return ModelSettings.from_environment({f"TOOLGUILD_{k}": v for k, v in variables.items()})


def test_one_model_serves_every_role() -> None:
    settings = read(MODEL="openai/gpt-4o")

    assert all(settings.targets(role) == (Target("openai/gpt-4o"),) for role in ROLES)


def test_a_role_can_have_its_own_model_and_fallbacks() -> None:
    settings = read(MODEL="openai/a", MODELS__SYNTHESIZER="anthropic/b, openai/c,")

    assert settings.targets("synthesizer") == (Target("anthropic/b"), Target("openai/c"))
    assert settings.targets("planner") == (Target("openai/a"),)


def test_the_base_address_is_for_models_of_the_same_provider_only() -> None:
    settings = read(
        MODEL="openai/qwen",
        API_BASE=LOCAL,
        MODELS__JUDGE="anthropic/b,openai/c",
        API_BASES__REVIEWER="http://r",
    )

    assert settings.targets("planner") == (Target("openai/qwen", LOCAL),)
    assert settings.targets("judge") == (Target("anthropic/b"), Target("openai/c", LOCAL))
    assert settings.targets("reviewer") == (Target("openai/qwen", "http://r"),)


def test_a_name_can_carry_its_own_address() -> None:
    settings = read(MODEL=f"openai/qwen@{LOCAL},vertex_ai/claude@20250514", API_BASE="https://x")

    assert settings.targets("planner") == (
        Target("openai/qwen", LOCAL),
        Target("vertex_ai/claude@20250514"),
    )


def test_a_recording_stands_before_models_and_a_task_s_choice_before_both() -> None:
    settings = read(MODEL="openai/a", RECORDED="/r.jsonl")

    assert settings.targets("planner") == (Target("recorded:/r.jsonl"),)
    assert settings.targets("planner", "openai/b") == (Target("openai/b"),)
    assert settings.targets("planner", "recorded:x.jsonl") == (Target("recorded:x.jsonl"),)


@pytest.mark.parametrize("model", [None, "", " , "])
def test_no_model_explains_the_three_choices(model: str | None) -> None:
    with pytest.raises(Misconfigured) as caught:
        ModelSettings(model=model).targets("planner")

    for word in ("planner", "OPENAI_API_KEY", "TOOLGUILD_API_BASE", "toolguild demo"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"MODELS__BOSS": "x"},
            "TOOLGUILD_MODELS__BOSS: there is no role 'boss'; roles are planner",
        ),
        ({"MODEL_TIMEOUT": "soon"}, "TOOLGUILD_MODEL_TIMEOUT: .*'soon'"),
        ({"MODEL_RETRIES": "-1"}, "TOOLGUILD_MODEL_RETRIES"),
    ],
)
def test_a_wrong_variable_is_named(variables: dict[str, str], message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        read(**variables)


def test_the_settings_of_a_process_are_understood() -> None:
    settings = load_settings(
        model="openai/a", models={"judge": "openai/b"}, api_base=LOCAL, record=Path("/rec.jsonl")
    )

    ours = ModelSettings.from_environment(settings.environment())

    assert ours.targets("judge") == (Target("openai/b", LOCAL),)
    assert ours.record == Path("/rec.jsonl")


def test_every_variable_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "models.md").read_text()

    documented = set(re.findall(r"`(TOOLGUILD_[A-Z_]+)`", text))
    roles = {name for name in documented if "__" in name}
    assert documented - roles == set(VARIABLES.values())
    assert {name.partition("__")[0] for name in roles} == {
        "TOOLGUILD_MODELS",
        "TOOLGUILD_API_BASES",
    }
