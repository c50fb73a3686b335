"""Two codes are the same if they differ only in comments, layout, and the names that they give."""

import pytest

from toolguild.capability import Language
from toolguild_synthesizer.normal_code import normal

TOTAL = '''
def total(rows, factor=2):
    """Add up."""
    found = 0  # nothing yet
    for row in rows:
        found += row["price"] * factor
    return found
'''
RENAMED = """
def total(items, factor = 2):
    result: int = 0
    for item in items:
        result += item["price"]*factor
    return result
"""
SCRIPT = """
// adds up
function total({ rows }) {
  let found = 0;
  for (const row of rows) { found += Number(row.price); }
  return found;
}
"""
RENAMED_SCRIPT = """
function total({ rows }) {
  let sum = 0; /* nothing yet */
  for (const item of rows) {
    sum += Number(item.price);
  }
  return sum;
}
"""


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        (TOTAL, RENAMED, "python"),
        (SCRIPT, RENAMED_SCRIPT, "javascript"),
        ("def (", "def  (", "python"),
        ("", "# nothing\n", "python"),
        ("const f = (a, b) => a + b", "const g = (x, y) =>\n x + y", "javascript"),
    ],
)
def test_other_names_comments_and_layout_make_no_other_code(
    one: str, other: str, language: Language
) -> None:
    assert normal(one, language) == normal(other, language)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        (TOTAL, TOTAL.replace("+=", "-="), "python"),
        (TOTAL, TOTAL.replace('"price"', '"cost"'), "python"),
        (TOTAL, TOTAL.replace("return found", "return sum(rows)"), "python"),
        ("x = int(y)", "x = float(y)", "python"),
        ("def f(a, b):\n    return a - b\n", "def f(a, b):\n    return b - a\n", "python"),
        (SCRIPT, SCRIPT.replace("Number", "parseInt"), "javascript"),
        (SCRIPT, SCRIPT.replace("row.price", "row.cost"), "javascript"),
        ("const s = 'a // b'", "const s = 'a // c'", "javascript"),
        ("const f = (a, b) => a - b", "const f = (a, b) => b - a", "javascript"),
    ],
)
def test_another_operator_literal_function_or_order_makes_another_code(
    one: str, other: str, language: Language
) -> None:
    assert normal(one, language) != normal(other, language)
