"""Settings from the environment, and what is said about wrong ones."""

from pathlib import Path

import pytest

from toolguild.errors import UsageError
from toolguild.settings import load_settings


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def test_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.data_dir == tmp_path / "toolguild"
    assert settings.keys == tmp_path / "toolguild" / "keys"
    assert settings.model is None


def test_the_environment_sets_plain_and_nested_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLGUILD_MODEL", "openai/gpt-4o")
    monkeypatch.setenv("TOOLGUILD_MODELS__SYNTHESIZER", "ollama_chat/qwen")
    monkeypatch.setenv("TOOLGUILD_HTTP_PORT", "8080")
    settings = load_settings()
    assert (settings.model, settings.models, settings.http_port) == (
        "openai/gpt-4o",
        {"synthesizer": "ollama_chat/qwen"},
        8080,
    )


def test_an_override_counts_unless_it_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLGUILD_MODEL", "a")
    assert load_settings(model=None).model == "a"
    assert load_settings(model="b").model == "b"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TOOLGUILD_HTTP_PORT", "70000"),
        ("TOOLGUILD_SANDBOX", "chroot"),
        ("TOOLGUILD_LOG_LEVEL", "loud"),
        ("TOOLGUILD_EXECUTORS", "none"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable):
        load_settings()


def test_an_unknown_role_is_named_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOOLGUILD_MODELS__POET", "x")
    with pytest.raises(UsageError, match="no such role: poet; roles are planner"):
        load_settings()


def test_another_process_gets_the_same_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = load_settings(
        data_dir=tmp_path / "data",
        nats_url="nats://u:p@127.0.0.1:1",
        models={"planner": "x"},
        log_format="text",
        grace_seconds=1.5,
    )
    for variable, value in mine.environment().items():
        monkeypatch.setenv(variable, value)
    assert load_settings() == mine
