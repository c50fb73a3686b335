"""`toolguild halt` and `resume` as a person uses them."""

import json
import os
import signal
import threading

import pytest
from tests.cli.conftest import Shell
from tests.cli.conftest import shell as shell  # a fixture

from toolguild.cli.state import State, held, write_state
from toolguild.settings import load_settings


def test_an_order_is_stored_listed_and_lifted_while_no_guild_runs(shell: Shell) -> None:
    done = shell.run("halt", "all", "--reason", "a key has leaked", "--user", "ana", "--json")
    assert done.code == 0, done.err
    (order,) = done.json["orders"]
    assert (order["target"], order["outcome"], order["on"]) == ("all", "stored", True)
    (listed,) = shell.run("halt", "list", "--json").json["halts"]
    assert (listed["by"], listed["reason"]) == ("ana", "a key has leaked")
    wrong = shell.run("resume", "pool")
    assert (wrong.code, "pool is not halted; halted: all" in wrong.err) == (2, True)
    assert shell.run("resume", "all").code == 0
    assert shell.run("halt", "list", "--json").json == {"halts": []}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("halt", "tool", "nothing", "--reason", "x"), "there is no such tool"),
        (("halt", "agent", "nobody", "--reason", "x"), "there are auditor"),
        (("halt", "run", "t-0", "--reason", "x"), "t-0"),
        (("halt", "pool", "--reason", " "), "say why"),
        (("resume", "tool"), "say tool and which"),
        (("resume", "all", "of", "it"), "say all"),
    ],
)
def test_what_there_is_not_is_told_and_exits_with_2(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    ended = shell.run(*words)
    assert (ended.code, said in ended.err) == (2, True), ended.err


def test_who_may_not_halt_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = shell.folder / "policy.yaml"
    policy.write_text("version: 1\nmonitoring: { halters: [eva] }\n")
    monkeypatch.setenv("TOOLGUILD_POLICY", str(policy))
    ended = shell.run("halt", "all", "--reason", "x", "--user", "ana")
    assert (ended.code, "ana may not halt" in ended.err) == (5, True), ended.err
    assert shell.run("halt", "list", "--json").json == {"halts": []}


def test_an_order_is_not_taken_while_the_server_of_a_running_guild_is_down(shell: Shell) -> None:
    settings = load_settings()
    with held(settings):
        write_state(settings, State(pid=os.getpid(), started_at="", members=(), ready=True))
        ended = shell.run("halt", "all", "--reason", "x")
    assert (ended.code, "was not given" in ended.err) == (4, True), ended.err


def test_who_waits_is_told_what_is_halted_by_whom_and_why_and_it_ends_after_the_resume(
    shell: Shell,
) -> None:
    assert shell.run("halt", "all", "--reason", "a key has leaked", "--user", "ana").code == 0
    running = shell.start("run", "Slug of the title", "--json")
    killer = threading.Timer(60, lambda: running.send_signal(signal.SIGKILL))
    killer.start()
    try:
        assert running.stderr is not None
        for line in running.stderr:
            if "the guild is halted by ana: a key has leaked" in line:
                break
        lifted = shell.run("resume", "all", "--json")
        assert [one["outcome"] for one in lifted.json["orders"]] == ["taken"]
        out, err = running.communicate()
    finally:
        killer.cancel()
    assert running.returncode == 0, err
    assert json.loads(out)["status"] == "succeeded"
