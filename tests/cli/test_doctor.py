"""`toolguild doctor`: what works on this machine, and what to do about what does not."""

import pytest
from tests.cli.conftest import Shell


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
