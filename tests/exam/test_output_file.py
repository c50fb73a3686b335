"""A tool that answers with a path has to leave that file, with the text that the case expects."""

from typing import Any

import pytest

from toolguild.exam.accept import objection
from toolguild.exam.generate import Input
from toolguild.exam.mark import mark
from toolguild.exam.redact import tell_case
from toolguild.sandbox.interface import OutputFile, Ran, Usage
from toolguild.tool import Case

PATH: Any = {"type": "string", "format": "path"}


def left(value: Any, **files: bytes) -> Ran:
    written = tuple(OutputFile(f"{name}.csv", content) for name, content in files.items())
    return Ran("ok", value, written, "", Usage(0, 0, 0), None)


RUNS = Case(only_runs=True)
TEXT = Case(expected_files={"*": "x\n1"})


@pytest.mark.parametrize(
    ("case", "ran", "passed"),
    [
        (RUNS, left("/output/a.csv", a=b"anything"), True),
        (RUNS, left("/output/b.csv", a=b"anything"), False),
        (RUNS, left("a.csv", a=b"anything"), False),
        (RUNS, left("/output/a.csv"), False),
        (RUNS, left(3, a=b"anything"), False),
        (TEXT, left("/output/a.csv", a=b"x\n1\n", b=b"other"), True),
        (TEXT, left("/output/b.csv", a=b"x\n1\n", b=b"other"), False),
        (TEXT, left("/output/c.csv", a=b"x\n1\n"), False),
    ],
)
def test_the_file_that_the_answer_names_counts(case: Case, ran: Ran, passed: bool) -> None:
    assert mark(case, ran, PATH).passed is passed


def test_a_hidden_text_stays_hidden() -> None:
    secret = Case(expected_files={"*": "hidden-text"})
    ran = left("/output/a.csv", a=b"other")
    told = tell_case(secret, mark(secret, ran, PATH))
    assert "hidden-text" not in told
    assert "files below /output" in told


def test_a_generated_input_needs_the_file_too() -> None:
    made = Input({}, {}, wild=False)
    assert objection(made, left("/output/a.csv", a=b""), PATH, "python") == ""
    assert "left below /output" in objection(made, left("/output/a.csv"), PATH, "python")
