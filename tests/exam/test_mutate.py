"""Mutants are small, different, parse, and never touch what an exam cannot see."""

import pytest

from toolguild.exam.mutate import mutants

PYTHON = '''\
"""A module."""
import csv


def total(rows: list, limit: int = 3, *, strict: bool = False) -> dict:
    """Return 7 things."""
    kept = []
    for index in range(len(rows)):
        if rows[index] > limit and not (index == 9 or strict):
            kept.append(rows[index] * 2)
    if limit < 0:
        raise ValueError("limit must be 5 or more" + str(limit + 1))
    print("done", 42)
    text = open("/data/é.txt", encoding="utf-8").read()[1:limit]
    return {"kept": kept, "é": f"{limit - 1}", "text": text, "share": len(kept) / 4.5}
'''
JAVASCRIPT = """\
const fs = require("fs");
function total({ rows, limit }) {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    if (!rows[i].off && rows[i].n > limit) { sum += rows[i].n * 2; }
  }
  if (limit < 0) { throw new Error("limit must be " + (limit + 1)); }
  console.log("done", 42);
  return { sum, name: "é", share: sum / 4 };
}
"""


@pytest.mark.parametrize("source", [PYTHON, JAVASCRIPT], ids=["python", "javascript"])
def test_mutants_are_different_and_deterministic_and_bounded(source: str) -> None:
    language = "python" if source is PYTHON else "javascript"
    every = mutants(source, language, 100)  # type: ignore[arg-type]  # one of the two languages
    assert len(every) > 8
    assert len({one.source for one in every}) == len(every)
    assert source not in {one.source for one in every}
    some = mutants(source, language, 5, seed=1)  # type: ignore[arg-type]  # as above
    assert some == mutants(source, language, 5, seed=1)  # type: ignore[arg-type]  # as above
    assert len(some) == 5
    for one in every:
        changed = [
            n
            for n, (old, new) in enumerate(
                zip(source.splitlines(), one.source.splitlines(), strict=True), start=1
            )
            if old != new
        ]
        assert changed == [one.line]


def titles(source: str, language: str) -> list[str]:
    return [one.title for one in mutants(source, language, 200)]  # type: ignore[arg-type]  # a language


def test_python_faults_of_every_kind_are_made() -> None:
    told = titles(PYTHON, "python")
    for change in (
        "line 9: > became >=",
        "line 9: == became !=",
        "line 9: and became or",
        "line 9: or became and",
        "line 9: not was dropped",
        "line 8: the range ends one earlier",
        "line 10: * became +",
        "line 10: the statement was deleted",
        "line 11: < became <=",
        "line 14: the slice ends one earlier",
        "line 15: / became *",
        "line 15: 4.5 became 5.5",
        "line 15: the return value became None",
    ):
        assert change in told, told


def test_python_messages_prints_docstrings_imports_and_defaults_are_left_alone() -> None:
    lines = {one.line for one in mutants(PYTHON, "python", 200)}
    assert not lines & {1, 2, 5, 6, 12, 13}
    assert not any("utf-8" in one for one in titles(PYTHON, "python"))


def test_javascript_faults_of_every_kind_are_made() -> None:
    told = titles(JAVASCRIPT, "javascript")
    for change in (
        "line 4: < became <=",
        "line 5: && became ||",
        "line 5: ! was dropped",
        "line 5: > became >=",
        "line 5: += became -=",
        "line 5: * became +",
        "line 5: the statement was deleted",
        "line 9: the return value became null",
        "line 9: / became *",
        "line 9: 4 became 5",
    ):
        assert change in told, told
    lines = {one.line for one in mutants(JAVASCRIPT, "javascript", 200)}
    assert not lines & {1, 8}


@pytest.mark.parametrize(
    ("source", "language"),
    [("def broken(:", "python"), ("function (", "javascript"), ("", "python")],
)
def test_code_that_does_not_parse_has_no_mutants(source: str, language: str) -> None:
    assert titles(source, language) == []


def test_joining_texts_is_no_arithmetic() -> None:
    assert not any("+ became -" in one for one in titles("x = 'a' + str(y)\n", "python"))
    assert not any("+ became -" in one for one in titles('x = "a" + y;\n', "javascript"))
