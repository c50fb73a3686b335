"""`toolguild doctor`: what works on this machine, and what to do about what does not."""

from pathlib import Path

import pytest
from tests.cli.conftest import Shell

from toolguild.cli import doctor
from toolguild.policy import Policy


def test_the_sandbox_that_is_asked_for_has_to_work_even_if_another_does(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    fine = shell.run("doctor", "--no-model", "--json")
    assert fine.code == 0, fine.err
    monkeypatch.setenv("TOOLGUILD_SANDBOX", "docker")
    ended = shell.run("doctor", "--no-model")
    assert ended.code == 1
    assert "TOOLGUILD_SANDBOX=docker does not work, so no tool can run" in ended.out
    assert "set TOOLGUILD_SANDBOX=bubblewrap or unset it" in ended.out


def test_it_says_which_credentials_have_a_value_and_never_the_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "tgsecret0123456789"
    policy = Policy.model_validate(
        {
            "credentials": {
                "weather": {"host": "api.example.com:443"},
                "maps": {"host": "maps.example.com:443"},
                "open": {"host": "c.example.com:443"},
            }
        }
    )
    (tmp_path / "open").write_text(secret)
    (tmp_path / "open").chmod(0o644)
    monkeypatch.setenv("TOOLGUILD_CREDENTIAL_WEATHER", secret)
    monkeypatch.setenv("TOOLGUILD_CREDENTIALS_DIR", str(tmp_path))
    weather, maps, others = doctor.credentials(policy)
    assert (weather.state, weather.detail) == (
        "ok",
        "for api.example.com:443, value from TOOLGUILD_CREDENTIAL_WEATHER",
    )
    assert (maps.state, "cannot be read" in maps.detail) == ("warning", True)
    assert (others.state, "chmod 600" in others.detail) == ("warning", True)
    assert secret not in repr((weather, maps, others))
