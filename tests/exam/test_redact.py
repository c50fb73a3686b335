"""The author hears what failed: a person's case whole, a hidden case only in outline."""

from typing import Any

import pytest

from toolguild.exam.mark import mark
from toolguild.exam.redact import failures, shape, tell_case
from toolguild.sandbox.interface import Fault, OutputFile, Ran, Usage
from toolguild.testing import samples
from toolguild.tool import (
    Case,
    Exam,
    GeneratedResult,
    Property,
    PropertyResult,
    TestReport,
)
from toolguild.tool.exam import Origin

USED = Usage(0, 0, 0)
FAULT = Fault("error", "KeyError", "'secret-key'", line=3, source_line="    return row[name]")


def answered(value: Any, *files: OutputFile) -> Ran:
    return Ran("ok", value, files, "", USED, None)


def case(origin: Origin, **changes: Any) -> Case:
    base: dict[str, Any] = {
        "arguments": {"path": "/data/secret.csv", "n": -31337},
        "files": {"secret.csv": "column-secret\n4711\n"},
        "expected": {"total": 815, "parts": [1, 2]},
    }
    return Case(origin=origin, **(base | changes))


def told(one: Case, ran: Ran, schema: Any = None) -> str:
    return tell_case(one, mark(one, ran, schema or {}))


WRONG = answered({"total": 816, "parts": [1, 2]})


@pytest.mark.parametrize("origin", ["spec", "regression"])
def test_a_case_of_a_person_or_of_real_data_is_told_whole(origin: Origin) -> None:
    text = told(case(origin, expected_files={"out.txt": "line-one"}), WRONG)
    for part in ("-31337", "column-secret", "815", "got 816", "at /total", "line-one", "out.txt"):
        assert part in text


def test_a_hidden_case_gives_neither_input_nor_answer_away() -> None:
    text = told(case("examiner"), WRONG)
    for part in ("31337", "secret", "815", "816"):
        assert part not in text
    assert "at /total of the answer: another number is right" in text
    assert "n: a negative number" in text
    assert "text of 16 characters" in text
    assert "1 file(s)" in text


def test_the_place_in_a_list_is_not_given_away() -> None:
    text = told(case("examiner"), answered({"total": 815, "parts": [1, 3]}))
    assert "at /parts/* of the answer" in text


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        ({"total": 815}, "at the top of the answer: a key is missing"),
        ({"total": 815, "parts": [1]}, "at /parts of the answer: items are missing"),
        ({"total": 815, "parts": [1, 2, 3]}, "there are too many items"),
        ({"total": "815", "parts": [1, 2]}, "text is the wrong type"),
    ],
)
def test_the_kind_of_the_difference_is_told(got: Any, kind: str) -> None:
    text = told(case("examiner"), answered(got))
    assert kind in text
    assert "parts" in got or "parts" not in text.split("answer:")[1]


def test_the_message_of_a_crash_on_a_hidden_case_stays_hidden_but_its_line_does_not() -> None:
    text = told(case("examiner"), Ran("error", None, (), "", USED, FAULT))
    assert "secret-key" not in text
    assert "ended with error (KeyError)" in text
    assert "line 3: return row[name]" in text
    assert "'secret-key'" in told(case("spec"), Ran("error", None, (), "", USED, FAULT))


def test_a_crash_without_a_fault_is_told_too() -> None:
    text = told(case("examiner"), Ran("timeout", None, (), "", USED, None))
    assert text.endswith("ended with timeout.")


def test_a_wrong_file_of_a_hidden_case_is_told_without_its_content() -> None:
    one = case("examiner", expected=1, expected_files={"out.txt": "hidden line"})
    text = told(one, answered(1, OutputFile("out.txt", b"other")))
    assert "files below /output" in text
    assert "hidden line" not in text


def test_an_answer_beside_the_schema_is_told_by_the_schema() -> None:
    one = case("examiner", only_runs=True)
    assert "is not of type" in told(one, answered(3), {"type": "string"})


def test_visible_failures_come_first_and_the_rest_is_counted() -> None:
    hidden = tuple(Case(arguments={"n": n}, expected=n) for n in range(9))
    law = Case(arguments={"n": 77}, expected=77, origin="spec")
    exam = Exam(spec=samples.spec().digest, cases=(*hidden, law))
    results = tuple(mark(one, answered(-1), {}) for one in exam.cases)
    text = failures(exam, TestReport(draft=exam.spec, exam=exam.digest, results=results))
    assert "77" in text[0]
    assert all("hidden" in one for one in text[1:6])
    assert text[6] == "4 more cases fail"
    assert len(text) == 7


def test_failed_properties_and_inputs_are_told_and_what_passed_is_not() -> None:
    broken, held = Property(kind="same_length", argument="rows"), Property(kind="deterministic")
    exam = samples.exam(properties=(broken, held))
    generated = GeneratedResult(
        tried=9, failed=2, first_failure="the call ended with error", counterexample={"rows": []}
    )
    report = samples.report(
        on=exam,
        properties=(
            PropertyResult(property=broken.digest, passed=False, tried=4),
            PropertyResult(property=held.digest, passed=True, tried=4),
        ),
        generated=generated,
    )
    first, second = failures(exam, report)
    assert first == "The answer must be same length (rows): it was not, in 4 calls."
    assert second.startswith("2 of 9 inputs")
    assert '{"rows": []}' in second


def test_a_report_without_failures_has_nothing_to_tell() -> None:
    assert failures(samples.exam(), samples.report()) == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "a zero number"),
        (2.5, "a positive number"),
        ("", "empty text"),
        (True, "true or false"),
        (None, "null"),
        ([], "list of 0"),
        ([1, -1], "list of 2 (a negative number, a positive number)"),
        ({"a": 1, "b": []}, "{a: a positive number, b: list of 0}"),
        ({"a": {"b": {"c": {"d": 1}}}}, "{a: {b: {c: object}}}"),
    ],
)
def test_a_shape_says_what_kind_of_value_it_is(value: Any, text: str) -> None:
    assert shape(value) == text
