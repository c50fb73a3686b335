"""Bytes from others never break a decoder: messages, a child's answer, values, policy files."""

import json
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz import corpus, targets

FUZZ = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
GOLDEN = [json.loads(one) for one in corpus.messages()]
KINDS = st.sampled_from("VENFDZvx\x00")


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every part of a JSON value."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        inner = [*(value.items() if isinstance(value, dict) else enumerate(value))]
    return [at, *(path for key, part in inner for path in places(part, (*at, key)))]


def replaced(value: Any, at: tuple[Any, ...], by: Any) -> Any:
    """Return a JSON value in which one part is another."""
    if not at:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = replaced(value[at[0]], at[1:], by)
    return copy


@st.composite
def changed_messages(draw: st.DrawFn) -> bytes:
    """A message that was really sent, with one part put in for another."""
    one = draw(st.sampled_from(GOLDEN))
    at = draw(st.sampled_from(places(one)))
    return json.dumps(replaced(one, at, draw(JSON))).encode()


@st.composite
def some_frames(draw: st.DrawFn) -> bytes:
    """Frames in any order, some of which lie about their length or their nonce."""
    parts = [draw(st.sampled_from([b"R", b"", b"x"]))]
    for kind in draw(st.lists(KINDS, max_size=8)):
        body = draw(st.sampled_from([b"", b"1", b"a/b", b"..", b"{}", b"x" * 5000, b"\xff"]))
        lie = draw(st.sampled_from([None, None, None, 0, len(body) + 1, 1 << 40, (1 << 64) - 1]))
        parts.append(corpus.frame(kind, body, lie))
        if draw(st.integers(0, 9)) == 0:
            parts.append(struct.pack("<16scQ", b"\x02" * 16, b"V", 1) + b"1")
    return b"".join(parts)


def cut(data: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return the data, whole, cut short, or with a byte changed."""
    place = st.integers(0, 200)
    return st.one_of(
        data,
        st.builds(lambda one, at: one[:at], data, place),
        st.builds(
            lambda one, at, by: one[:at] + bytes([by]) + one[at + 1 :],
            data,
            place,
            st.integers(0, 255),
        ),
    )


@FUZZ
@given(st.binary(max_size=300) | changed_messages() | cut(st.sampled_from(corpus.messages())))
def test_what_is_no_message_is_refused_and_nothing_else_happens(data: bytes) -> None:
    targets.message(data)


@FUZZ
@given(st.binary(max_size=300) | cut(some_frames()))
def test_a_childs_answer_means_the_same_in_whatever_pieces_it_comes(data: bytes) -> None:
    targets.answer(data)


@FUZZ
@given(st.binary(max_size=100) | JSON.map(lambda one: json.dumps(one).encode()))
def test_a_returned_value_is_json_or_forged(data: bytes) -> None:
    targets.value(data)


@settings(FUZZ, max_examples=25)
@given(st.binary(max_size=300) | cut(some_frames()))
def test_an_exchange_with_a_hostile_child_ends(data: bytes) -> None:
    targets.exchange(data)


@FUZZ
@given(
    st.binary(max_size=300)
    | cut(st.sampled_from(corpus.policies()))
    | st.text("-:[]{}&*!|>'\"# \n\tab1", max_size=200).map(str.encode)
)
def test_a_policy_file_is_read_or_complained_about(data: bytes) -> None:
    targets.policy(data)


DEEP = {
    "lists": b"[" * 200_000,
    "closed lists": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 100_000,
    "a reference": b'{"$claim":' + b"[" * 200_000,
    "a closed reference": b'{"$claim":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a body": b'{"id":"00000000-0000-0000-0000-000000000001","body":{"kind":"goal-given","goal":'
    + b"[" * 100_000,
    "a number": b"1" * 400_000,
    "a number in a reference": b'{"$claim":{"sha256":' + b"1" * 100_000 + b"}}",
    "a text": b'"' + b"\\u0041" * 60_000 + b'"',
    "keys": b"{" + b",".join(b'"k%d":1' % n for n in range(30_000)) + b"}",
}


@pytest.mark.parametrize("target", ["message", "value", "policy"])
@pytest.mark.parametrize("kind", DEEP)
def test_deep_and_huge_json_is_refused_or_read_in_bounded_time(target: str, kind: str) -> None:
    targets.TARGETS[target](DEEP[kind])


def test_many_small_frames_take_time_in_proportion() -> None:
    named = b"".join(corpus.frame("N", b"f%d" % n) + corpus.frame("F", b"1") for n in range(5000))
    targets.answer(b"R" + named)
    targets.answer(b"R" + corpus.frame("D") * 20_000)
