"""Patterns of file names are compared as patterns, never as texts."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolguild.globs import common, matches, within

PIECES = st.sampled_from(["a", "b", ".", "*", "?", "[ab]", "[!a]", "/"])
GLOBS = st.lists(PIECES, max_size=5).map("".join)
NAMES = [
    "".join(one) for size in range(5) for one in product("ab./", repeat=size) if one[:1] != ("/",)
]


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("report*.csv", "*.csv", ("report*.csv",)),
        ("report*", "*.csv", ("report*.csv",)),
        ("*.csv", "*.json", ()),
        ("*", "*.csv", ("*.csv",)),
        ("a*", "*a", ("a", "a*a")),
        ("[ab].txt", "[bc].txt", ("[b].txt",)),
        ("plots/*.png", "*.png", ("plots/*.png",)),
        ("/sales.csv", "sales.csv", ("/sales.csv",)),
        ("Sales.csv", "sales.csv", ()),
        ("", "*", ("",)),
        ("[x", "[[]?", ("[x",)),
        ("a]", "*]", ("a]",)),
        ("*/", "?", ()),
    ],
)
def test_two_patterns_have_in_common_what_both_match(
    left: str, right: str, wanted: tuple[str, ...]
) -> None:
    assert common([left], [right]) == wanted


@given(GLOBS, GLOBS)
def test_a_name_matches_what_two_patterns_have_in_common_if_and_only_if_it_matches_both(
    left: str, right: str
) -> None:
    both = common([left], [right])
    for name in NAMES:
        assert matches(name, both) == (matches(name, [left]) and matches(name, [right])), name


@given(GLOBS, GLOBS)
def test_a_pattern_within_another_matches_no_name_that_the_other_does_not(
    inner: str, outer: str
) -> None:
    if within(inner, [outer]):
        assert not [n for n in NAMES if matches(n, [inner]) and not matches(n, [outer])]


@given(GLOBS)
def test_every_pattern_is_within_itself_and_within_everything(glob: str) -> None:
    assert within(glob, [glob])
    assert within(glob, ["*"])


def test_patterns_that_overlap_in_too_many_ways_have_nothing_in_common_and_take_no_time() -> None:
    assert common(["*a*b*c*d*e*f*"], ["*1*2*3*4*5*6*"]) == ()
    assert common(["*a" * 60], ["*b" * 60]) == ()
    assert within("*a" * 200, ["*a" * 200])


def test_what_is_covered_by_a_wider_pattern_is_not_listed_beside_it() -> None:
    assert common(["*.csv", "report.csv"], ["*"]) == ("*.csv",)
