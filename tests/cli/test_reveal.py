"""`toolguild reveal`, and where the command line and the reports tell of what was taken out."""

from pathlib import Path

import pytest
from tests.cli.conftest import Shell

MAIL = "omar.haddad@post.example"


def test_what_was_taken_out_is_told_and_opens_for_the_right_person_on_record(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLGUILD_MODEL", "scripted:output_script:answer")
    (shell.folder / "notes.txt").write_text(f"Write to {MAIL} today.\n")
    goal = "Show what notes.txt says"
    ran = shell.run("run", goal, "-i", "notes.txt", "--json", "--user", "ana")
    assert ran.code == 0, ran.err
    assert ran.json["answer"] == "Write to [email 1] today.\n"
    assert set(ran.json["redacted"]) == {"email"}
    assert ran.json["sealed"] is True
    assert "output" in ran.json["layers"]
    assert MAIL not in ran.out
    task = ran.json["task"]
    for name in ("report.html", "report.md"):
        report = (Path(ran.json["report"]).parent / name).read_text()
        assert MAIL not in report
        assert "Layers of safety: input, capabilities, review" in report
        assert "Taken out before it left" in report

    shown = shell.run("tasks", "show", task)
    assert "layers   input, capabilities" in shown.err
    assert f"toolguild reveal {task}" in shown.err

    opened = shell.run("reveal", task, "--reason", "he asked", "--user", "ana", "--json")
    assert opened.code == 0, opened.err
    assert opened.json["answer"] == f"Write to {MAIL} today.\n"
    assert [(one["placeholder"], one["value"]) for one in opened.json["taken"]] == [
        ("[email 1]", MAIL)
    ]
    looked = shell.run("reveal", task, "--who", "--json").json["revealed"]
    assert [(one["by"], one["reason"]) for one in looked] == [("ana", "he asked")]

    refused = shell.run("reveal", task, "--reason", "curious", "--user", "ben")
    assert refused.code == 5
    assert "not sealed to ben; those who can open it: ana" in refused.err
    assert MAIL not in refused.out + refused.err


def test_a_reason_and_a_task_are_asked_for_and_a_key_can_be_made_before(shell: Shell) -> None:
    assert shell.run("reveal", "t-0123").code == 2
    assert "--reason" in shell.run("reveal", "t-0123").err
    assert "name a task" in shell.run("reveal").err
    made = shell.run("reveal", "--make-key", "--user", "ana", "--json")

    assert len(made.json["key"]) == 64
    key = next(Path(shell.folder.parent / "data").rglob("person-ana.seal.key"))
    assert key.stat().st_mode & 0o777 == 0o600
    assert shell.run("reveal", "--make-key", "--user", "ana", "--json").json == made.json
    assert shell.run("reveal", "--make-key", "--user", "a/b").code == 2
