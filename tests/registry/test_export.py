"""An exported tool works on its own: no guild, no toolguild, its exam still passes."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from toolguild.errors import UsageError
from toolguild.registry import MemoryRegistry
from toolguild.registry.diff import diff
from toolguild.registry.export import export_files, export_tool
from toolguild.registry.export.rewrite import javascript_source, python_source
from toolguild.report.tooling import facts
from toolguild.testing import samples
from toolguild.tool import Case, Published

WITHOUT_TOOLGUILD = (
    "import sys; sys.modules['toolguild'] = None; import pytest; sys.exit(pytest.main(['-q']))"
)
FILES: dict[str, Any] = {
    "input_schema": {
        "type": "object",
        "properties": {"path": {"type": "string", "format": "path"}},
        "required": ["path"],
    },
    "output_schema": {"type": "integer"},
    "examples": (),
}
UPPER = '''\
"""Copies text in capitals: "/data" is only mentioned here."""

from __future__ import annotations

from guild import read


def upper(path):
    """Keep /output in this text."""
    text = read(path=path)
    name = "upper.txt"
    with open(f"/output/{name}", "w") as file:
        file.write(text.upper())
    with open("/output/" "more.json", "w") as file:
        file.write('{"n": 1}')
    return len(text)
'''
READ = "def read_text(path):\n    return open(path).read()\n"
UPPER_JAVASCRIPT = """\
const fs = require("fs");
const { read } = require('guild');
async function upper({ path }) {
  const text = read({ path });
  const name = "upper.txt";
  fs.writeFileSync(`/output/${name}`, text.toUpperCase());
  fs.writeFileSync("/output/more.json", '{"n": 1}');
  return text.length;
}
"""
READ_JAVASCRIPT = (
    "const fs = require('fs');\nmodule.exports = ({ path }) => fs.readFileSync(path, 'utf8');\n"
)


def with_exam(*cases: Case, **changes: Any) -> Published:
    return samples.published(samples.tool(samples.draft(**changes), samples.exam(cases=cases)))


async def closure_of(language: str) -> list[Published]:
    """Publish a tool that reads and writes files and uses another, and return both."""
    sources = (UPPER, READ) if language == "python" else (UPPER_JAVASCRIPT, READ_JAVASCRIPT)
    registry = MemoryRegistry()
    read = with_exam(
        Case(arguments={"path": "/data/a"}, expected="x", files={"a": "x"}),
        **FILES
        | {"name": "read_text", "language": language, "entry": "read_text", "source": sources[1]},
    )
    case = Case(
        arguments={"path": "/data/in.txt"},
        expected=5,
        files={"in.txt": "hello"},
        expected_files={"upper.txt": "HELLO\n", "more.json": '{"n": 1.0}'},
    )
    upper = with_exam(
        case,
        Case(arguments={"path": "/data/b"}, files={"b": ""}, only_runs=True),
        **FILES
        | {
            "name": "upper",
            "language": language,
            "entry": "upper",
            "source": sources[0],
            "uses": {"read": read.tool.digest},
            "dependencies": ("numpy==2.4.6",),
        },
    )
    for entry in (read, upper):
        await registry.publish(entry.tool, entry.publication)
    return list(registry.closure(upper.tool.digest))


def run(folder: Path, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, input=stdin, capture_output=True, text=True, timeout=110
    )


def exam_of(folder: Path, language: str) -> subprocess.CompletedProcess[str]:
    if language == "python":
        return run(folder, sys.executable, "-c", WITHOUT_TOOLGUILD)
    return run(folder, str(shutil.which("node")), "--test")


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_an_exported_tool_passes_its_exam_on_its_own(tmp_path: Path, language: str) -> None:
    folder = export_tool(await closure_of(language), tmp_path / "new" / "upper")
    ended = exam_of(folder, language)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ("2 passed" if language == "python" else "# pass 2") in ended.stdout


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_the_exported_exam_notices_a_wrong_answer(tmp_path: Path, language: str) -> None:
    folder = export_tool(await closure_of(language), tmp_path / "upper")
    place = next(folder.rglob("cases.json"))
    right = json.loads(place.read_text())[0]
    wrong: list[dict[str, Any]] = [
        {"expected": 6},
        {"expected": True},
        {"expected": None},
        {"expected_files": {"upper.txt": "HELL"}},
        {"expected_files": {"more.json": '{"n": 2}'}},
        {"files": {"other.txt": "hello"}},
    ]
    place.write_text(json.dumps([right | changes for changes in wrong]))
    ended = exam_of(folder, language)
    assert ("6 failed" if language == "python" else "# fail 6") in ended.stdout


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_the_command_of_an_exported_tool_answers_in_json(
    tmp_path: Path, language: str
) -> None:
    folder = export_tool(await closure_of(language), tmp_path / "upper")
    command = (
        [sys.executable, "-m", "upper"]
        if language == "python"
        else [str(shutil.which("node")), "cli.js"]
    )
    (folder / "in.txt").write_text("hello")
    ended = run(folder, *command, '{"path": "in.txt"}', "--output", "made")
    assert (ended.returncode, ended.stdout) == (0, "5\n"), ended.stderr
    assert (folder / "made" / "upper.txt").read_text() == "HELLO"
    ended = run(folder, *command, stdin='{"path": "in.txt"}')
    assert (ended.returncode, ended.stdout) == (0, "5\n"), ended.stderr
    assert (folder / "output" / "upper.txt").read_text() == "HELLO"
    for wrong in ("{", "[]"):
        ended = run(folder, *command, wrong)
        assert ended.returncode == 2
        assert "the arguments are not" in ended.stderr


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_an_exported_tool_says_where_it_comes_from(language: str) -> None:
    closure = await closure_of(language)
    files = export_files(closure)
    records = [Published.model_validate(one) for one in json.loads(files["provenance.json"])]
    assert records == closure[::-1]
    readme = files["README.md"]
    for told in (closure[-1].tool.digest, closure[0].tool.title, "Apache-2.0", "scripted"):
        assert told in readme
    if language == "python":
        project = tomllib.loads(files["pyproject.toml"])["project"]
        assert project["dependencies"] == ["numpy==2.4.6"]
        assert (project["name"], project["version"], project["license"]) == (
            "upper",
            "1.0",
            "Apache-2.0",
        )
    else:
        package = json.loads(files["package.json"])
        assert (package["name"], package["version"], package["license"]) == (
            "upper",
            "1.0.0",
            "Apache-2.0",
        )


def test_a_hostile_description_stays_text(tmp_path: Path) -> None:
    nasty = 'a "quote" \\ \n[tool.evil]\nx = 1 \x7f %s {} """ \U0001f600'
    folder = export_tool([samples.named("sum_column", description=nasty)], tmp_path / "out")
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert "evil" not in project["tool"]
    ended = run(folder, sys.executable, "-m", "sum_column", "--help")
    assert ended.returncode == 0, ended.stderr
    assert exam_of(folder, "python").returncode == 0


def test_a_tool_named_like_a_module_or_a_keyword_gets_a_package_of_its_own() -> None:
    for name in ("json", "class", "tests"):
        assert f"{name}_tool/tool.py" in export_files([samples.named(name)])


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        export_tool([samples.named("sum_column")], tmp_path)
    assert [place.name for place in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(UsageError, match=r"mine\.txt"):
        export_tool([samples.named("sum_column")], tmp_path / "mine.txt")


def test_two_languages_do_not_go_into_one_package() -> None:
    closure = [samples.named("one"), samples.named("two", language="javascript")]
    with pytest.raises(UsageError, match="javascript and python"):
        export_files(closure)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from guild import a", "from p.guild import a"),
        ("from guild import (a,\n  b as c)", "from p.guild import a, b as c"),
        ("import guild", "from p import guild as guild"),
        ("import json, guild as g", "import json; from p import guild as g"),
        ("from guild.x import a\nimport guilds", "from guild.x import a\nimport guilds"),
        ("x = '/database'", "x = '/database'"),
        ("é = '/data/é'", "from p.paths import placed as _placed\né = _placed('/data/é')"),
        ("x = f'{a}/output/b'", "x = f'{a}/output/b'"),
    ],
)
def test_python_code_is_changed_only_where_it_needs_a_guild(before: str, after: str) -> None:
    assert python_source(before, guild="p.guild", paths="p.paths") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("const g = require('guild');", 'const g = require("./g.js");'),
        ("const g = require(`guild`)", 'const g = require("./g.js")'),
        ("const g = 'guild';", "const g = 'guild';"),
        ("f('/data')", "f(require(\"./p.js\").placed('/data'))"),
        ("f(`/output/${a}`)", 'f(require("./p.js").placed(`/output/${a}`))'),
        (
            "f(tag`/data/x`, {'/data/y': 1}, '/database')",
            "f(tag`/data/x`, {'/data/y': 1}, '/database')",
        ),
    ],
)
def test_javascript_code_is_changed_only_where_it_needs_a_guild(before: str, after: str) -> None:
    assert javascript_source(before, guild="./g.js", paths="./p.js") == after


def test_a_diff_shows_manifest_and_code_and_nothing_else() -> None:
    old = samples.named("sum_column").tool
    assert diff(old, old) == ""
    assert (
        diff(
            old,
            samples.tool(
                old.draft.model_copy(update={"provenance": samples.provenance(task="t-2")})
            ),
        )
        == ""
    )
    new = samples.named("sum_column", "1.1", source="x = 1", aliases=("sum",)).tool
    shown = diff(old, new)
    assert "--- sum_column@1.0/manifest.json\n+++ sum_column@1.1/manifest.json\n" in shown
    assert '-  "version": "1.0"\n' in shown
    assert "--- sum_column@1.0/source.py\n+++ sum_column@1.1/source.py\n" in shown
    assert "+x = 1\n\\ No newline at end of file\n" in shown
    assert "signature" not in shown


async def test_an_export_names_who_edited_the_code_what_it_was_made_from_and_every_licence() -> (
    None
):
    used, own = await closure_of("python")
    made = samples.provenance(agent="person:ana", parents=("sha256:" + "9" * 64,))
    draft = own.tool.draft.model_copy(update={"provenance": made, "licence": "MIT"})
    changed = own.model_copy(update={"tool": own.tool.model_copy(update={"draft": draft})})
    readme = export_files([used, changed])["README.md"]
    told = ("person:ana, who edited what the model", made.prompt, made.parents[0], "\nMIT\n")
    for part in (*told, f"`{used.tool.digest}`, Apache-2.0"):
        assert part in readme, part
    assert dict(facts(changed))["licence"] == "MIT"
    assert "person:ana, who edited what" in dict(facts(changed))["written by"]
