"""A goal is a sentence or a file; what cannot be used is refused with its line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.errors import UsageError
from toolguild.goal import Goal, RangeCheck, load_goal, parse_goal

WHOLE = """\
primary: Sum the amounts
success_criteria:
  - the answer is a number
  - text: it is the sum
    check: {equals: {value: 6, pointer: ""}}
  - text: a table is written
    check:
      file: {name: "*.csv", columns: [a, b]}
  - text: between
    check: {range: {minimum: 1, maximum: 10}}
  - text: short forms
    check: {contains: total}
  - text: schema
    check: {schema: {type: number}}
constraints: [no network]
preferences: [short code]
examples:
  - arguments: {rows: [1, 2]}
    expected: 3
    files: {in.csv: "a,b\\n1,2\\n"}
capabilities:
  read: ["*.csv"]
"""


def test_a_whole_goal_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "goal.yaml"
    path.write_text(WHOLE, encoding="utf-8")

    goal = load_goal(path)

    assert goal.primary == "Sum the amounts"
    assert [one.text for one in goal.success_criteria][:2] == [
        "the answer is a number",
        "it is the sum",
    ]
    assert goal.success_criteria[3].check == RangeCheck(minimum=1, maximum=10)
    assert goal.examples[0].expected == 3
    assert goal.capabilities is not None


def test_a_goal_survives_the_wire() -> None:
    goal = parse_goal(WHOLE)

    assert Goal.model_validate_json(goal.model_dump_json()) == goal


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("success_criteria: []", ["line 1", "primary", "missing"]),
        ("primary: ' '", ["line 1", "primary", "empty"]),
        ("primary: x\nsucces_criteria: [a]", ["line 2", "did you mean 'success_criteria'"]),
        (
            "primary: x\nsuccess_criteria:\n- text: a\n  check: {rang: {}}",
            ["line 4", "success_criteria[0].check", "one of schema, equals"],
        ),
        (
            "primary: x\nsuccess_criteria:\n- text: a\n  check:\n    file: {nam: x}",
            ["line 5", "success_criteria[0].check.file"],
        ),
        (
            "primary: x\nsuccess_criteria:\n- text: a\n  check: {range: {minimum: 2, maximum: 1}}",
            ["line 4", "minimum 2 is over maximum 1"],
        ),
        (
            "primary: x\nsuccess_criteria:\n- text: a\n  check: {length: {}}",
            ["line 4", "needs minimum, maximum or both"],
        ),
        (
            "primary: x\nsuccess_criteria:\n- text: a\n  check: {schema: {type: nonsense}}",
            ["line 4", "no JSON Schema"],
        ),
        (
            "primary: x\nexamples:\n- files: {../a: x}",
            ["line 3", "examples[0].files", "plain file name"],
        ),
        ("primary: [x]", ["line 1", "primary", "string"]),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, parts: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_goal(text)

    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("x" * 40_000, "longer than 32 KB"),
        ("a\x00b", r"U\+0000"),
        ("a\x1b[31m", r"U\+001B"),
        ("pay \u202eevil", r"U\+202E"),
    ],
)
def test_a_sentence_that_cannot_be_a_goal_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Goal.of_text(text)


def test_a_sentence_is_a_goal() -> None:
    assert (
        Goal.of_text("  Count the\nlines, bitte: äöü \n").primary == "Count the\nlines, bitte: äöü"
    )


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_goal_or_a_usage_error(text: str) -> None:
    for read in (Goal.of_text, parse_goal):
        try:
            goal = read(text)
        except UsageError:
            continue
        assert goal.primary


def test_a_wrong_key_inside_a_check_gets_a_hint() -> None:
    text = "primary: x\nsuccess_criteria:\n- text: a\n  check: {file: {name: x, minbytes: 1}}"

    with pytest.raises(UsageError, match=r"line 4: .*minbytes.*did you mean 'min_bytes'"):
        parse_goal(text)


def test_the_short_form_of_a_check_that_has_none_is_refused() -> None:
    text = "primary: x\nsuccess_criteria:\n- text: a\n  check: {range: 5}"

    with pytest.raises(UsageError, match=r"line 4: .*range needs fields"):
        parse_goal(text)


def test_an_example_file_stays_small() -> None:
    text = f"primary: x\nexamples:\n- files: {{a.csv: {'x' * 70_000}}}"

    with pytest.raises(UsageError, match="over 64 KB"):
        parse_goal(text)
