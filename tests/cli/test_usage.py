"""Bad usage and bad input: a clear message, the right exit code, nothing started, nothing written."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer.main
from ports import free_port
from tests.cli.conftest import Shell

from toolguild.cli.app import app
from toolguild.runtime.bus import connect
from toolguild.runtime.server import NEEDED_MB

HEAVY = ("litellm", "pandas", "numpy", "openai", "docker", "aiohttp", "nats", "jinja2")


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in sorted(getattr(group, "commands", {}).items()):
        yield (*path, name), command
        yield from commands(command, (*path, name))


ALL = dict(commands(typer.main.get_command(app)))
LEAVES = {path: one for path, one in ALL.items() if not getattr(one, "commands", None)}


def test_the_commands_are_those_that_are_promised() -> None:
    assert {" ".join(path) for path in LEAVES} == {
        "run",
        "demo",
        "up",
        "status",
        "restart",
        "down",
        "pause",
        "resume",
        "cancel",
        "override",
        "constrain",
        "guide",
        "replay",
        "reveal",
        "keys list",
        "keys rights",
        "keys rotate",
        "keys revoke",
        "nats config",
        "nats bootstrap",
        "policy usage",
        "audit verify",
        "audit export",
        "audit show",
        "audit search",
        "audit keys",
        "audit head",
        "halt run",
        "halt tool",
        "halt agent",
        "halt pool",
        "halt all",
        "halt list",
        "safety report",
        "doctor",
        "drill",
        "review",
        "sandbox run",
        "sandbox check",
        "dead list",
        "dead show",
        "dead requeue",
        "dead discard",
        "inbox list",
        "inbox show",
        "inbox approve",
        "inbox reject",
        "inbox edit",
        "inbox batch",
        "trust list",
        "trust show",
        "trust reset",
        "tasks list",
        "tasks show",
        "tasks events",
        "tasks wait",
        "tasks cancel",
        "tasks prune",
        "tools list",
        "tools search",
        "tools show",
        "tools call",
        "tools diff",
        "tools pin",
        "tools unpin",
        "tools deprecate",
        "tools revoke",
        "tools quarantine",
        "tools release",
        "tools baseline",
        "tools export",
    }


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_takes_json_and_shows_an_example(path: tuple[str, ...]) -> None:
    command = LEAVES[path]
    assert f"toolguild {' '.join(path)}" in command.help
    assert any("--json" in option.opts for option in command.params)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...], shell: Shell) -> None:
    ended = shell.run(*path, "--help")
    assert ended.code == 0
    assert "Usage: toolguild" in ended.out


def test_the_version_is_told(shell: Shell) -> None:
    ended = shell.run("--version")
    assert (ended.code, ended.out.split()[0]) == (0, "toolguild")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from toolguild.cli import main\n"
        "main(['run', '--help'])\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "say what you want"),
        (("run", ""), "the goal is empty"),
        (("run", "  \n "), "the goal is empty"),
        (("run", "x", "-f", "goal.yaml"), "not both"),
        (("run", "-f", "none.yaml"), "there is no such file"),
        (("run", "-f", "."), "is a folder"),
        (("run", "-f", "bad.yaml"), "bad.yaml, line 2"),
        (("run", "x", "--input", "none.csv"), "there is no such file"),
        (("run", "x", "--input", "."), "is a folder; name the files in it"),
        (("run", "x", "--input", "a.csv", "--input", "more/a.csv"), "the same name"),
        (("run", "x", "--output", "a.csv"), "is a file; name a folder"),
        (("run", "x", "--policy", "none.yaml"), "there is no such file"),
        (("run", "x", "--policy", "bad.yaml"), "bad.yaml, line 1"),
        (("run", "x", "--autonomy", "Z"), "'A', 'B', 'C', 'D'"),
        (("run", "x", "--max-seconds", "0"), "max-seconds"),
        (("run", "x", "--model", "openai/gpt-4o"), "OPENAI_API_KEY"),
        (("run", "x", "--model", "recorded:none.jsonl"), "none.jsonl"),
        (("tools", "call", "x", "--args", "{"), "not valid JSON"),
        (("tools", "call", "x", "--args", "[1]"), "must be a JSON object"),
        (("tools", "call", "x", "--args", '{"a": NaN}'), "NaN is not JSON"),
        (("tools", "pin", "x"), "say which version"),
        (("tools", "search", " "), "say what to search for"),
        (("tools", "nonsense"), "nonsense"),
        (("sandbox", "run", "none.py", "--call", "f"), "there is no such file"),
        (("sandbox", "run", "a.csv", "--call", "f"), "neither Python (.py) nor JavaScript"),
        (("sandbox", "run", "binary.py", "--call", "f"), "not UTF-8 text"),
        (("sandbox", "run", "ok.py", "--call", "f()"), "no name of a function"),
        (("sandbox", "run", "ok.py", "--call", "f", "--backend", "none"), "bubblewrap"),
        (("review", "none.py"), "there is no such file"),
        (("review", "a.csv"), "no code that can be reviewed"),
        (("review", "ok.py", "--policy", "bad.yaml"), "bad.yaml, line 1"),
        (("demo", "--output", "more"), "is there already"),
        (("--nonsense",), "--nonsense"),
        (("nonsense",), "nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_is_named_and_nothing_is_started(
    arguments: tuple[str, ...], said: str, shell: Shell
) -> None:
    (shell.folder / "more").mkdir()
    for name in ("a.csv", "more/a.csv"):
        (shell.folder / name).write_text("a\n1\n")
    (shell.folder / "bad.yaml").write_text("primary: x\nnonsense: 1\n")
    (shell.folder / "binary.py").write_bytes(b"\xff\xfe\x00")
    (shell.folder / "ok.py").write_text("def f():\n    return 1\n")
    before = sorted(shell.folder.rglob("*"))
    ended = shell.run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert ended.err.startswith("toolguild: ")
    assert sorted(shell.folder.rglob("*")) == before
    assert not Path(os.environ["TOOLGUILD_DATA_DIR"], "nats").exists()


def test_an_error_is_one_object_when_json_is_asked_for(shell: Shell) -> None:
    ended = shell.run("run", "", "--json")
    assert ended.code == 2
    assert json.loads(ended.out) == {
        "error": {"code": "usage", "message": "the goal is empty; say what you want"}
    }


def test_no_model_is_noticed_before_anything_starts(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOOLGUILD_MODEL")
    ended = shell.run("run", "x")
    assert ended.code == 2
    assert "TOOLGUILD_MODEL=openai/gpt-4o" in ended.err
    assert "toolguild demo" in ended.err


def test_a_model_server_that_is_not_there_is_noticed_before_anything_starts(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLGUILD_MODEL", "openai/m")
    monkeypatch.setenv("TOOLGUILD_API_BASE", "http://127.0.0.1:1/v1")
    ended = shell.run("run", "x")
    assert (ended.code, ended.out) == (4, "")
    assert "no model server answers at http://127.0.0.1:1/v1 (Connection refused)" in ended.err
    assert "TOOLGUILD_API_BASE" in ended.err
    assert not Path(os.environ["TOOLGUILD_DATA_DIR"], "nats").exists()


def test_a_wrong_setting_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLGUILD_NATS_PORT", "many")
    ended = shell.run("tools", "list")
    assert ended.code == 2
    assert "TOOLGUILD_NATS_PORT" in ended.err


def test_a_data_folder_that_cannot_be_used_is_named(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shell.folder / "file").touch()
    monkeypatch.setenv("TOOLGUILD_DATA_DIR", str(shell.folder / "file"))
    ended = shell.run("tools", "list")
    assert ended.code == 2
    assert "TOOLGUILD_DATA_DIR" in ended.err


def test_input_that_is_larger_than_the_disk_is_told_before_anything_is_stored(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (shell.folder / "large.csv").open("wb") as file:
        file.truncate(3 * 2**20)
    usage = shutil.disk_usage(shell.folder)
    small = usage._replace(free=(NEEDED_MB + 5) * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: small)
    ended = shell.run("run", "x", "--input", "large.csv")
    assert (ended.code, ended.out) == (2, "")
    assert "5.0 MB are free for input and 6.0 MB are needed" in ended.err
    assert not Path(os.environ["TOOLGUILD_DATA_DIR"], "nats").exists()


def test_a_port_that_is_taken_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        port = free_port()
        taken.bind(("127.0.0.1", port))
        taken.listen()
        monkeypatch.setenv("TOOLGUILD_NATS_PORT", str(port))
        ended = shell.run("tools", "list")
    assert ended.code == 2
    assert f"port {port} is taken" in ended.err
    assert "TOOLGUILD_NATS_PORT" in ended.err


def test_unknown_names_are_told_with_what_there_is(shell: Shell) -> None:
    for arguments, hint in (
        (("tools", "show", "nothing"), "`toolguild tools list` shows all"),
        (("tasks", "show", "t-0"), "`toolguild tasks list`"),
        (("tasks", "cancel", "t-0"), "`toolguild tasks list`"),
        (("inbox", "show", "i-abcd"), "`toolguild inbox list`"),
        (("dead", "show", "7"), "`toolguild dead list`"),
        (("dead", "requeue", "7"), "`toolguild dead list`"),
    ):
        ended = shell.run(*arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
        assert hint in ended.err


def test_an_empty_guild_has_empty_lists(shell: Shell) -> None:
    for group, key in (
        ("tools", "tools"),
        ("tasks", "tasks"),
        ("inbox", "waiting"),
        ("dead", "dead"),
    ):
        ended = shell.run(group, "list", "--json")
        assert (ended.code, ended.json) == (0, {key: []})


def test_a_server_that_is_not_there_is_named_without_its_password(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLGUILD_NATS_URL", "nats://u:secret@127.0.0.1:1")
    monkeypatch.setattr("toolguild.cli.door.connect", partial(connect, within=0.5))
    ended = shell.run("tools", "list")
    assert ended.code == 4
    assert "no NATS server answers" in ended.err
    assert "secret" not in ended.err
