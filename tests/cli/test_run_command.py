"""`toolguild run` over a whole guild: real NATS, real sandbox, a scripted model."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from tests.cli.conftest import WITHIN, Shell

EXPENSES = "date,category,amount\n2026-01-01,books,2.5\n2026-01-02,rent,10\n2026-01-03,books,1\n"
ORDERS = "order_id,region,quantity\n1,north,2\n2,south,3\n"
GOAL = "Total amount per category in expenses.csv"
KEYS = ["task", "status", "answer", "files", "criteria", "tools", "model", "seconds", "trace_id"]
KEYS += ["report", "reason", "human", "best", "layers", "redacted", "sealed", "notes"]


@pytest.fixture
def expenses(shell: Shell) -> Path:
    place = shell.folder / "expenses.csv"
    place.write_text(EXPENSES)
    return place


def test_a_goal_makes_a_tool_and_the_next_user_reuses_it(shell: Shell, expenses: Path) -> None:
    made = shell.run("run", GOAL, "--input", str(expenses), "--json", "--user", "ana")
    assert made.code == 0, made.err
    assert list(made.json) == KEYS
    assert made.json["answer"] == {"books": 3.5, "rent": 10.0}
    assert made.json["model"]["source"] == "scripted"
    assert made.json["seconds"] > 0
    assert len(made.json["trace_id"]) == 32
    (tool,) = made.json["tools"]["made"]
    report = Path(made.json["report"])
    assert report.parent == shell.folder / "toolguild-output" / made.json["task"]
    assert "answers of a script" in report.read_text()
    assert tool["digest"] in report.read_text()
    assert "published" in made.err

    (shell.folder / "orders.csv").write_text(ORDERS)
    goal = "Total quantity per region in orders.csv"
    reused = shell.run("run", goal, "-i", "orders.csv", "-o", "out", "--json", "--user", "ben")
    assert reused.code == 0, reused.err
    assert reused.json["answer"] == {"north": 2.0, "south": 3.0}
    assert reused.json["tools"] == {"made": [], "reused": [tool]}
    assert Path(reused.json["report"]) == shell.folder / "out" / "report.html"

    listed = shell.run("tasks", "list", "--json").json["tasks"]
    assert [(one["user"], one["status"]) for one in listed] == [
        ("ben", "succeeded"),
        ("ana", "succeeded"),
    ]
    shown = shell.run("tasks", "show", made.json["task"], "--json").json
    assert shown["answer"] == made.json["answer"]
    assert shown["seconds"] == made.json["seconds"]
    kinds = [
        one["kind"]
        for one in shell.run("tasks", "events", made.json["task"], "--json").json["events"]
    ]
    assert kinds[0] == "goal-given"
    assert kinds[-1] == "result-released"
    assert {"plan-made", "draft-tool", "tool-published", "tool-ran"} <= set(kinds)

    _the_tool_can_be_used_and_governed(shell, tool)


def _the_tool_can_be_used_and_governed(shell: Shell, tool: dict[str, str]) -> None:
    name = tool["name"]
    found = shell.run("tools", "search", "sum per group", "--json").json["tools"]
    assert [one["digest"] for one in found] == [tool["digest"]]
    shown = shell.run("tools", "show", name, "--code", "--json").json
    assert "def sum_by_group" in shown["tool"]["draft"]["source"]
    assert "source" not in shell.run("tools", "show", name, "--json").json["tool"]["draft"]
    assert shown["tool"]["measured"]["seen"]["hosts"] == []
    assert "declared / measured in its tests" in shell.run("tools", "show", name).out

    arguments = '{"path": "orders.csv", "group_column": "region", "value_column": "quantity"}'
    called = shell.run("tools", "call", name, "--args", arguments, "-i", "orders.csv", "--json")
    assert called.code == 0, called.err
    assert list(called.json) == ["tool", "outcome", "value", "files", "usage", "error"]
    assert called.json["value"] == {"north": 2.0, "south": 3.0}

    failed = shell.run(
        "tools",
        "call",
        name,
        "--args",
        arguments.replace("quantity", "no"),
        "-i",
        "orders.csv",
        "--json",
    )
    assert failed.code == 4
    assert "value" not in failed.json
    assert failed.json["error"]["type"] == "KeyError"

    unfit = shell.run("tools", "call", name, "--args", '{"path": 3}', "--json")
    assert unfit.code == 2
    assert "The tool takes: path (a file), group_column (string)" in unfit.err

    unknown = shell.run("tools", "show", "sum_by_gruop")
    assert unknown.code == 2
    assert "did you mean sum_by_group" in unknown.err

    exported = shell.run("tools", "export", name, "--to", "package", "--json")
    assert exported.code == 0, exported.err
    assert "pyproject.toml" in exported.json["files"]

    assert shell.run("tools", "revoke", name, "--reason", "wrong", "--json").code == 0
    refused = shell.run("tools", "call", name, "--args", arguments, "-i", "orders.csv")
    assert refused.code == 5
    assert "revoked: wrong" in refused.err


def test_a_person_decides_about_code_at_level_a(shell: Shell) -> None:
    asked = shell.run("run", "Slug of the title", "--autonomy", "A", "--json")
    assert asked.code == 6, asked.err
    task = asked.json["task"]
    assert asked.json["status"] == "waiting"
    assert f"toolguild tasks wait {task}" in asked.json["reason"]

    (waiting,) = shell.run("inbox", "list", "--json").json["waiting"]
    assert waiting["tasks"] == [task]
    shown = shell.run("inbox", "show", waiting["draft"][:8], "--json").json
    assert "def slugify" in shown["source"]
    again = shell.run("tasks", "wait", task, "--json")
    assert again.code == 6
    approved = shell.run("inbox", "approve", waiting["draft"][:8], "--user", "ana", "--json")
    (decided,) = approved.json["decided"]
    assert (decided["decision"], decided["counts"], decided["tasks"]) == ("approve", True, [task])
    assert shell.run("inbox", "list", "--json").json["waiting"] == []

    ended = shell.run("tasks", "wait", task, "--json", "--output", "out")
    assert ended.code == 0, ended.err
    assert ended.json["answer"] == "hello-big-world"
    assert (shell.folder / "out" / "report.md").exists()


def test_ctrl_c_cancels_the_task(shell: Shell) -> None:
    with shell.start("run", "Think for ever", "--json") as process:
        try:
            assert process.stderr is not None
            assert any("plan the task" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=WITHIN)
        finally:
            process.kill()
    assert process.returncode == 130, err
    ended = json.loads(out)
    assert (ended["status"], list(ended)) == ("cancelled", KEYS)
    assert "Traceback" not in err


def test_ctrl_c_leaves_at_once_while_another_command_has_the_data(
    shell: Shell, tmp_path: Path
) -> None:
    directory = tmp_path / "data" / "nats"
    directory.mkdir(parents=True)
    (directory / "server.json").write_text(json.dumps({"url": "nats://127.0.0.1:1", "pid": 1}))
    with (directory / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with shell.start("run", "x", "--json") as process:
            try:
                assert process.stderr is not None
                assert any("waiting for its end" in line for line in process.stderr)
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=WITHIN)
            finally:
                process.kill()
    assert process.returncode == 130, err
    assert json.loads(out)["error"]["code"] == "cancelled"
    assert "Traceback" not in err


def test_a_disk_that_runs_full_ends_the_waiting_and_says_how_to_go_on(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = shutil.disk_usage

    def usage(place: str) -> object:
        begun = Path(os.environ["TOOLGUILD_DATA_DIR"], "nats", "server.json").exists()
        return room(place)._replace(free=1000) if begun else room(place)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.setattr("toolguild.cli.watch.LOOK", 0.01)
    ended = shell.run("run", "Think for ever")
    assert (ended.code, ended.out) == (4, "")
    assert "is full, so task t-" in ended.err
    assert "make room, then `toolguild tasks wait t-" in ended.err


def test_files_that_a_tool_makes_come_home_whole(shell: Shell) -> None:
    ended = shell.run("run", "Write a letter to Ana", "-o", "out", "--json")
    assert ended.code == 0, ended.err
    (file,) = ended.json["files"]
    content = Path(file["path"]).read_bytes()
    assert content == b"Dear Ana"
    assert file["bytes"] == len(content)
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert sorted(path.name for path in (shell.folder / "out").iterdir()) == [
        "letter.txt",
        "report.html",
        "report.md",
    ]
