"""Version numbers say whether a tool still does what it did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolguild.errors import UsageError
from toolguild.registry import next_version, parse_version

versions = st.tuples(st.integers(0, 999), st.integers(0, 999)).map(lambda v: f"{v[0]}.{v[1]}")


@pytest.mark.parametrize(
    ("existing", "compatible", "expected"),
    [
        ([], True, "1.0"),
        ([], False, "1.0"),
        (["1.0"], True, "1.1"),
        (["1.0"], False, "2.0"),
        (["1.9", "1.10"], True, "1.11"),
        (["2.0", "1.7"], False, "3.0"),
    ],
)
def test_the_next_version_follows_behaviour(
    existing: list[str], compatible: bool, expected: str
) -> None:
    assert next_version(existing, compatible=compatible) == expected


@given(existing=st.lists(versions), compatible=st.booleans())
def test_the_next_version_is_newer_than_all(existing: list[str], compatible: bool) -> None:
    new = parse_version(next_version(existing, compatible=compatible))
    assert all(new > parse_version(old) for old in existing)


@pytest.mark.parametrize("text", ["", "1", "1.0.0", "01.0", "v1.0", "1.-1", "1.0\n", "١.٠"])
def test_other_texts_are_no_versions(text: str) -> None:
    with pytest.raises(UsageError, match="is no version"):
        parse_version(text)
