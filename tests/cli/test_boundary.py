import errno
import json

import pytest

from toolguild.cli import app, boundary, exits
from toolguild.errors import Misconfigured, OutOfBudget, Refused, UsageError


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("bad input; mend it"), 2, "bad input; mend it"),
        (Misconfigured("no sandbox"), 4, "no sandbox"),
        (Refused("the policy says no"), 5, "the policy says no"),
        (OutOfBudget("no money"), 7, "no money"),
        (OSError(errno.ENOSPC, "No space left on device"), 4, "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 4, "no permission (/x)"),
        (ExceptionGroup("many", [ValueError("x"), UsageError("the cause")]), 2, "the cause"),
        (ExceptionGroup("a", [ExceptionGroup("b", [Refused("deep")])]), 5, "deep"),
        (KeyError("x"), 4, "a fault of Toolguild, not yours: KeyError: 'x'. TOOLGUILD_DEBUG=1"),
        (KeyboardInterrupt(), 130, "cancelled"),
    ],
)
def test_an_error_becomes_a_message_and_an_exit_code(
    error: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def failing(*, args: object, prog_name: str, standalone_mode: bool) -> None:
        raise error

    monkeypatch.setattr(app, "app", failing)
    assert boundary.run(["tools"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_a_command_that_a_person_stops_says_so_in_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("toolguild.cli.goal.read_goal", stopped)
    assert boundary.run(["run", "x", "--json"]) == 130
    out, err = capsys.readouterr()
    assert json.loads(out) == {"error": {"code": "cancelled", "message": "cancelled"}}
    assert err == "toolguild: cancelled\n"


def test_debugging_shows_where_it_happened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(**_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(app, "app", failing)
    monkeypatch.setenv("TOOLGUILD_DEBUG", "1")
    assert boundary.run(["tools"]) == 4
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("succeeded", 0),
        ("partial", 3),
        ("failed", 4),
        ("stuck", 4),
        ("refused", 5),
        ("waiting", 6),
        ("out_of_budget", 7),
        ("cancelled", 130),
    ],
)
def test_every_end_has_its_exit_code(status: str, code: int) -> None:
    assert exits._OF_STATUS[status] == code  # type: ignore[index]  # a status by its name
