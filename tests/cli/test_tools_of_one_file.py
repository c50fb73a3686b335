"""`toolguild sandbox` and `toolguild review`: commands that need no guild."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Shell

CODE = """
import json

def total(path):
    with open(path) as file:
        numbers = [float(line) for line in file]
    with open("/output/total.json", "w") as file:
        json.dump(sum(numbers), file)
    print("summed")
    return sum(numbers)

def broken(x):
    return 1 / x

def endless():
    while True:
        pass
"""


@pytest.fixture
def code(shell: Shell) -> Path:
    place = shell.folder / "total.py"
    place.write_text(CODE)
    return place


def test_a_call_in_the_sandbox_gives_value_files_and_usage(shell: Shell, code: Path) -> None:
    (shell.folder / "n.txt").write_text("1\n2.5\n")
    ended = shell.run(
        "sandbox", "run", str(code), "--call", "total", "--args", '{"path": "/data/n.txt"}',
        "--input", "n.txt", "--output", "out", "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert list(ended.json) == ["outcome", "value", "files", "usage", "error"]
    assert (ended.json["outcome"], ended.json["value"], ended.json["error"]) == ("ok", 3.5, None)
    (file,) = ended.json["files"]
    assert json.loads(Path(file["path"]).read_text()) == 3.5
    assert ended.json["usage"]["wall_seconds"] > 0
    assert "was not reviewed" in ended.err
    assert "summed" in ended.err


def test_a_call_that_fails_says_where_and_has_no_value(shell: Shell, code: Path) -> None:
    ended = shell.run(
        "sandbox", "run", str(code), "--call", "broken", "--args", '{"x": 0}', "--json"
    )
    assert ended.code == 4
    assert "value" not in ended.json
    error = ended.json["error"]
    assert set(error) == {"kind", "type", "message", "line"}
    assert (error["kind"], error["type"], error["line"]) == ("error", "ZeroDivisionError", 13)


def test_a_call_that_takes_too_long_is_ended(shell: Shell, code: Path) -> None:
    ended = shell.run(
        "sandbox", "run", str(code), "--call", "endless", "--seconds", "0.3", "--json"
    )
    assert (ended.code, ended.json["outcome"]) == (4, "timeout")


def test_javascript_runs_as_well(shell: Shell) -> None:
    (shell.folder / "twice.js").write_text("function twice({ x }) { return 2 * x; }\n")
    ended = shell.run("sandbox", "run", "twice.js", "--call", "twice", "--args", '{"x": 4}')
    assert (ended.code, ended.out) == (0, "8\n"), ended.err


def test_allowed_code_exits_with_zero(shell: Shell, code: Path) -> None:
    (shell.folder / "add.py").write_text("def add(a, b):\n    return a + b\n")
    ended = shell.run("review", "add.py", "--json")
    assert ended.code == 0
    assert ended.json == {"files": [{"file": "add.py", "verdict": "allow", "findings": []}]}


def test_a_finding_names_rule_line_and_policy_and_exits_with_one(shell: Shell) -> None:
    (shell.folder / "bad.py").write_text("import os\n\ndef f():\n    os.system('id')\n")
    ended = shell.run("review", "bad.py", "--json")
    assert ended.code == 1
    (file,) = ended.json["files"]
    assert file["verdict"] == "block"
    assert 4 in [one["line"] for one in file["findings"]]
    assert set(file["findings"][0]) == {"rule", "line", "severity", "message", "policy"}
    shown = shell.run("review", "bad.py")
    assert shown.code == 1
    assert "block  bad.py" in shown.out


def test_a_policy_decides_what_is_allowed(shell: Shell) -> None:
    (shell.folder / "long.py").write_text("def f():\n    return 1\n")
    (shell.folder / "policy.yaml").write_text("max_lines: 1\n")
    ended = shell.run("review", "long.py", "--policy", "policy.yaml", "--json")
    assert ended.code == 1
    assert ended.json["files"][0]["findings"][0]["policy"] == "max_lines"


def test_findings_come_as_sarif(shell: Shell) -> None:
    (shell.folder / "bad.py").write_text("eval('1')\n")
    ended = shell.run("review", "bad.py", "--sarif")
    assert ended.code == 1
    assert ended.json["version"] == "2.1.0"
    assert ended.json["runs"][0]["results"]
