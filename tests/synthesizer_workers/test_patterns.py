"""Every snippet that an author is shown does what it says: each is run here."""

import json
import re
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import toolguild_synthesizer
from toolguild.capability import Capabilities
from toolguild.tool import ToolSpec
from toolguild_synthesizer.patterns import MOST, patterns_for

FOLDER = Path(toolguild_synthesizer.__file__).parent / "prompts" / "patterns"
PATTERNS = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "task")


def code_of(name: str) -> str:
    found = re.search(r"```\w+\n(.*?)```", (FOLDER / f"{name}.md").read_text(), re.S)
    assert found is not None
    return found[1]


def loaded(name: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code_of(name), f"{name}.md", "exec"), names)  # our own snippet
    return names


def test_a_csv_is_read_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfname,n\r\na,1.5\r\nb,-2\r\nc,11\r\n")

    assert loaded("csv")["largest_number"](path, "n") == 11


def test_json_is_written_and_read_back(tmp_path: Path) -> None:
    pattern = loaded("json")
    pattern["write_json"]({"ä": [1]}, tmp_path / "a.json")

    assert pattern["read_json"](tmp_path / "a.json") == {"ä": [1]}


def test_xml_is_written_and_read_back(tmp_path: Path) -> None:
    pattern = loaded("xml")
    pattern["write_items"]({"a": 1, "b<": "x & y"}, tmp_path / "a.xml")

    assert pattern["texts_of"](tmp_path / "a.xml", "item") == ["1", "x & y"]


def test_text_files_are_written_and_read_back(tmp_path: Path) -> None:
    pattern = loaded("files")
    pattern["write_lines"](["a", "b"], tmp_path / "a.txt")

    assert pattern["read_lines"](tmp_path / "a.txt") == ["a", "b"]


def test_a_large_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("ab\nabcd\na\n")

    assert loaded("large")["longest_line"](path) == 4


def test_sql_runs_over_rows_and_over_a_file(tmp_path: Path) -> None:
    pattern = loaded("sql")
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("CREATE TABLE two (n)")
        database.execute("CREATE TABLE one (n)")

    assert pattern["count_over"]([("a", 1), ("b", 3)], 2) == 1
    assert pattern["tables_of"](tmp_path / "a.db") == ["one", "two"]


class Greeting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Greeting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def test_http_fetches_a_text(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert loaded("http")["fetch"](address) == "hello"


def test_a_program_is_run_without_a_shell() -> None:
    assert loaded("subprocess")["run_program"]("sort", ["-r"], "a\nb\n") == "b\na\n"


def test_a_chart_is_drawn_into_a_file(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = str(tmp_path / "chart.png")

    assert loaded("plot")["bar_chart"]({"a": 1, "b": 2}, path) == path
    assert Path(path).read_bytes().startswith(b"\x89PNG")


def test_the_javascript_pattern_reads_tables_and_json(tmp_path: Path) -> None:
    table, document = tmp_path / "a.csv", tmp_path / "a.json"
    table.write_bytes(b"\xef\xbb\xbfname,n\r\na,1\r\nb,2\r\n")
    document.write_text('{"a": 1}')
    script = code_of("javascript") + (
        f"console.log(JSON.stringify([readRows({{ path: {json.dumps(str(table))} }}),"
        f" readJson({{ path: {json.dumps(str(document))} }})]));"
    )
    done = subprocess.run(
        ["node", "-e", script], capture_output=True, text=True, timeout=60, check=True
    )

    rows = [{"name": "a", "n": "1"}, {"name": "b", "n": "2"}]
    assert json.loads(done.stdout) == [rows, {"a": 1}]


def test_every_pattern_has_a_test_here() -> None:
    tested = Path(__file__).read_text()

    assert [name for name in PATTERNS if f'("{name}")' not in tested] == []


def test_every_pattern_is_included_by_the_draft_prompt() -> None:
    prompt = (FOLDER.parent / "draft.md").read_text()

    assert [name for name in PATTERNS if f"patterns/{name}.md" not in prompt] == []


def spec(purpose: str, **more: Any) -> ToolSpec:
    return ToolSpec(
        name="a_tool",
        purpose=purpose,
        input_schema={"type": "object", "properties": {}},
        output_schema={"type": "string"},
        **more,
    )


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        ("Return the sum of a column of a CSV file.", ["csv"]),
        ("Write a bar chart of a CSV column.", ["plot", "csv"]),
        ("Convert a JSON file to XML.", ["xml", "json"]),
        ("Run a SQL query over a CSV table.", ["sql", "csv"]),
        ("Count words line by line in a huge log.", ["large", "files"]),
        ("Return the square of a number.", []),
    ],
)
def test_patterns_are_chosen_by_the_words_of_the_purpose(purpose: str, expected: list[str]) -> None:
    assert patterns_for(spec(purpose)) == expected


def test_granted_hosts_and_programs_bring_their_patterns_first() -> None:
    granted = Capabilities(hosts=("example.org:80",), programs=("sqlite3",))

    assert patterns_for(spec("Fetch a CSV.", capabilities=granted)) == ["http", "subprocess"]
    assert len(patterns_for(spec("Plot a CSV by a SQL query as JSON."))) == MOST


def test_a_javascript_tool_gets_the_javascript_pattern_only() -> None:
    assert patterns_for(spec("Read a CSV.", language="javascript")) == ["javascript"]
