"""Reading drafts without running them, in both languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.capability import Capabilities
from toolguild.policy import Policy
from toolguild.tool import ToolSpec
from toolguild_synthesizer import examine, javascript_code, python_code
from toolguild_synthesizer.signature import call, examples_of, returned, signature

NAMES = ("path", "column")
RIGHT = "import csv\n\n\ndef total(path, column):\n    return 1\n"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def total(path, column) return 1", "the code is no Python"),
        ("def other(path, column): ...", "there is no function total; the functions are: other"),
        ("def total(path): ...", "column is missing"),
        ("def total(path, column, limit): ...", "give limit a default value"),
        ("def total(path, column, *, limit): ...", "give limit a default value"),
        ("def total(path, column, /): ...", "take the / out"),
        ("class A:\n    def total(self, path, column): ...", "there is no function total"),
        ("x = '\0'", "the code is no Python"),
    ],
)
def test_python_that_cannot_be_called_as_wanted_is_complained_about(
    source: str, complaint: str
) -> None:
    assert complaint in python_code.complaints(source, "total", NAMES)[0]


@pytest.mark.parametrize(
    "source",
    [
        RIGHT,
        "def total(path, column, limit=3): ...",
        "def total(*, column, path, limit=3): ...",
        "def total(**arguments): ...",
    ],
)
def test_python_that_can_be_called_as_wanted_passes(source: str) -> None:
    assert python_code.complaints(source, "total", NAMES) == []


def test_what_would_act_on_loading_is_taken_off() -> None:
    shown = (
        RIGHT
        + "\n\nLIMIT = 3\nprint(total('a.csv', 'x'))\n"
        + "assert total('a', 'b') == 1\nif __name__ == '__main__':\n    total('a', 'b')\n"
    )

    assert python_code.trimmed(shown) == RIGHT + "\n\nLIMIT = 3\n"
    assert python_code.trimmed(RIGHT) == RIGHT


def test_a_docstring_and_statements_on_one_line_stay() -> None:
    source = '"""Says what."""\nX = 1; print(X)\n'

    assert python_code.trimmed(source) == source


def test_a_forgotten_import_of_a_standard_module_is_added() -> None:
    head = '"""Says what."""\nfrom __future__ import annotations\n'
    source = head + "def total(path):\n    return csv.reader(open(path))\n"

    whole = python_code.completed(source)
    assert python_code.imports(whole) == {"__future__", "csv"}
    assert python_code.undefined(whole) == ()
    assert python_code.completed(RIGHT) == RIGHT
    assert python_code.completed("def f(json):\n    return json.x\n").startswith("def")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(p):\n    return read_rows(p)\n", ("read_rows",)),
        ("def f(p):\n    return {r: s for r in p}\n", ("s",)),
        (
            "def f(p):\n    try:\n        return max(p)\n    except ValueError as e:\n        return str(e)\n",
            (),
        ),
        (
            "N = 3\nclass A:\n    x = N\ndef f(a=N):\n    def g(): return a, A, f\n    return g\n",
            (),
        ),
        ("def f():\n    global n\n    n = 1\n    return n\n", ()),
        ("from math import *\ndef f(): return sqrt(4)\n", ()),
        ("import os.path\ndef f(): return os.path.sep, __name__\n", ()),
        ("import re\ndef f(t): return [w for w in re.findall('\\d', t) if (x := w)]\n", ()),
    ],
)
def test_names_that_nobody_defines_are_found(source: str, expected: tuple[str, ...]) -> None:
    assert python_code.undefined(source) == expected


@settings(deadline=None)  # machines that run tests are busy
@given(st.text(max_size=200))
def test_no_text_makes_the_reading_of_code_fail(text: str) -> None:
    assert python_code.complaints(text, "total", NAMES)
    assert javascript_code.complaints(text, "total", NAMES)


def test_imports_and_guild_tools_are_named() -> None:
    source = "import os.path, numpy as np\nfrom guild import parse_date, other as o\nfrom pandas.io import x\n"

    assert python_code.libraries(source) == ("numpy", "pandas")
    assert python_code.guild_tools(source) == ("other", "parse_date")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("open('/output/a', 'w')", True),
        ("open(p, mode='ab')", True),
        ("Path(p).write_text('x')", True),
        ("Path(p).open('w')", True),
        ("Path(p).open()", False),
        ("frame.to_csv(p)", True),
        ("open(p)", False),
        ("open(p, 'r', newline='')", False),
        ("open('wax')", False),
        ("'w'.upper()", False),
    ],
)
def test_writing_is_seen(source: str, expected: bool) -> None:
    assert python_code.writes(source) is expected


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("function total({ path, column ) { }", "the code is no JavaScript (line 1)"),
        (
            "function other({ path, column }) {}",
            "there is no function total; the functions are: other",
        ),
        ("function total(path, column) {}", "total is called with one object"),
        ("function total({ path }) {}", "column is missing"),
    ],
)
def test_javascript_that_cannot_be_called_as_wanted_is_complained_about(
    source: str, complaint: str
) -> None:
    assert complaint in javascript_code.complaints(source, "total", NAMES)[0]


@pytest.mark.parametrize(
    "source",
    [
        "function total({ path, column, limit = 3 }) { return 1; }",
        "const total = ({ path, column }) => 1;\nmodule.exports = { total };",
        "async function total(options) { return options.path; }",
        "function total({ path, ...rest }) {}",
    ],
)
def test_javascript_that_can_be_called_as_wanted_passes(source: str) -> None:
    assert javascript_code.complaints(source, "total", NAMES) == []


def test_javascript_modules_and_guild_tools_are_named() -> None:
    source = (
        'const fs = require("node:fs/promises");\nconst _ = require("lodash/fp");\n'
        'const { parse_date, slug: s } = require("guild");\nrequire("guild").other({});\n'
    )

    assert javascript_code.libraries(source) == ("lodash",)
    assert javascript_code.guild_tools(source) == ("other", "parse_date", "slug")
    assert javascript_code.writes("fs.writeFileSync(p, x)")
    assert not javascript_code.writes("fs.readFileSync(p)")


def spec(**more: object) -> ToolSpec:
    fields: dict[str, object] = {
        "name": "total",
        "purpose": "Return a total.",
        "input_schema": {
            "type": "object",
            "properties": {
                "path": {"type": "string", "format": "path", "description": "a table"},
                "column": {"type": "string"},
            },
        },
        "output_schema": {"type": "object", "additionalProperties": {"type": "number"}},
        "examples": [
            {
                "arguments": {"path": "/data/a.csv", "column": "x"},
                "expected": {"a": 1},
                "files": {"a.csv": "x\n1\n"},
            }
        ],
        "capabilities": Capabilities(imports=("pandas",), read=("*",), write=("*.csv",)),
    }
    return ToolSpec.model_validate(fields | more)


def test_the_signature_is_the_one_of_the_schema() -> None:
    assert signature(spec()) == "def total(path: str, column: str) -> dict:"
    assert signature(spec(language="javascript")) == "function total({ path, column }) {"
    assert returned(spec()) == "object of numbers"


def test_an_example_is_a_call_with_its_files() -> None:
    (example,) = examples_of(spec())

    assert example["call"] == "assert total(path='/data/a.csv', column='x') == {'a': 1}"
    assert example["files"] == [{"name": "a.csv", "text": "x\n1\n"}]
    assert call("total", "javascript", spec().examples[0]) == (
        'assert.deepEqual(total({"path": "/data/a.csv", "column": "x"}), {"a": 1})'
    )


def test_an_import_that_nobody_granted_or_the_policy_denies_is_complained_about() -> None:
    policy = Policy.default()
    bad = "import requests\nimport subprocess\nimport pandas\n" + RIGHT
    found = examine.complaints(bad, spec(), policy, {})

    assert "do not import requests: use the standard library or pandas" in found
    assert "do not import subprocess: the policy denies it" in found
    assert not any("pandas" in one for one in found if "do not import pandas" in one)


def test_a_name_from_the_pattern_that_the_code_does_not_define_is_complained_about() -> None:
    source = "def total(path, column):\n    return largest_number(path, column)\n"

    assert examine.complaints(source, spec(), Policy.default(), {}) == [
        "largest_number is not defined: define it in the code"
    ]


def test_a_guild_tool_that_is_not_there_is_complained_about() -> None:
    found = examine.complaints("from guild import magic\n" + RIGHT, spec(), Policy.default(), {})

    assert found == ["the guild has no tool magic: do without it"]


def test_the_manifest_declares_what_the_code_uses_and_no_more() -> None:
    plain = examine.declared(RIGHT, spec())
    writing = examine.declared("import pandas\nframe.to_csv('/output/a.csv')\n", spec())

    more = examine.declared("import pandas, requests\n" + RIGHT, spec())

    assert more.imports == ("pandas",)
    assert (plain.imports, plain.read, plain.write) == ((), ("*",), ())
    assert (writing.imports, writing.write) == (("pandas",), ("*.csv",))


def test_a_credential_is_declared_by_code_that_reaches_its_host_and_only_where_it_was_asked_for() -> (
    None
):
    asked = Capabilities(hosts=("api.example.com:443",), credentials=("weather",))
    wanted = spec().model_copy(update={"capabilities": asked})
    reaching = examine.declared("import urllib.request\n" + RIGHT, wanted)

    assert (reaching.hosts, reaching.credentials) == (asked.hosts, asked.credentials)
    assert examine.declared(RIGHT, wanted).credentials == ()
    assert examine.declared("import urllib.request\n" + RIGHT, spec()).credentials == ()


def test_dependencies_carry_the_installed_versions() -> None:
    (only,) = examine.dependencies("import yaml\nimport json\n", "python")

    assert only.lower().startswith("pyyaml==")
