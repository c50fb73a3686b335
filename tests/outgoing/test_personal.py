"""What the rules find and what they let be; the held-out texts were written before the rules were tried."""

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.outgoing.holdout import CLEAN, PERSONAL, plain

from toolguild.outgoing import checksum
from toolguild.outgoing.personal import KINDS, found
from toolguild.outgoing.span import Span, settled, union

STRUCTURED = {"email", "phone", "iban", "card", "ssn", "ip", "mac", "national_id"}
HOSTILE = {
    "letters": "a" * 300_000,
    "at signs": "a@" * 100_000,
    "digits": "1" * 300_000,
    "groups of digits": "12 34 " * 50_000,
    "capitals": "Aa " * 100_000,
    "names": "Omar Haddad " * 25_000,
    "colons": "ab:" * 100_000,
    "dots": "1." * 100_000,
    "titles": "Mr. " * 50_000,
    "labels": "name: " * 50_000,
    "streets": "1 Aa Street " * 20_000,
    "plus signs": "+1" * 100_000,
    "brackets": "((" * 100_000,
    "births": "born on " * 30_000,
    "new lines": "Regards,\n" * 30_000,
    "licences": "passport no no no no " * 15_000,
}


def found_in(line: str) -> tuple[Counter[str], Counter[str], int]:
    """Return by kind how many spans there are and how many were found, and how many findings are none."""
    text, spans = plain(line)
    got = found(text)
    there, hit = Counter(kind for kind, _, _ in spans), Counter[str]()
    for kind, start, end in spans:
        covered = sum(max(0, min(end, one.end) - max(start, one.start)) for one in got)
        hit[kind] += covered * 2 >= end - start
    false = sum(
        not any(one.start < end and start < one.end for _, start, end in spans) for one in got
    )
    return there, hit, false


def test_the_rules_find_what_is_personal_in_held_out_texts() -> None:
    there, hit, false = Counter[str](), Counter[str](), 0
    for line in PERSONAL:
        one = found_in(line)
        there, hit, false = there + one[0], hit + one[1], false + one[2]

    assert set(there) <= set(KINDS)
    for kind in STRUCTURED:
        assert hit[kind] >= 0.95 * there[kind], kind
    assert hit["person"] >= 0.8 * there["person"]
    assert hit["address"] >= 0.8 * there["address"]
    assert false <= 0.03 * len(PERSONAL)


def test_the_rules_let_ordinary_texts_be() -> None:
    alarms = [(plain(line)[0], found(plain(line)[0])) for line in CLEAN]

    assert [(text, spans) for text, spans in alarms if spans] == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("4012888888881881", "card"),
        ("DE89370400440532013000", "iban"),
        ("943 476 5919 is her NHS number? NHS 943 476 5919", "national_id"),
        ("529.982.247-25", "national_id"),
    ],
)
def test_a_number_with_a_wrong_check_digit_is_none(text: str, kind: str) -> None:
    last = max(place for place, one in enumerate(text) if one.isdigit())
    wrong = text[:last] + str((int(text[last]) + 1) % 10) + text[last + 1 :]
    wrong = wrong.replace("943 476 5919 is", "123 456 7891 is")

    assert kind in {one.kind for one in found(text)}
    assert kind not in {one.kind for one in found(wrong)}


@pytest.mark.parametrize(
    ("cell", "label", "kind"),
    [
        ("Xolokhe Vratu", "customer_name", "person"),
        ("72128827", "phone", "phone"),
        ("1990-11-23", "dob", "birth_date"),
        ("7 Aa Gate", "street", "address"),
        ("533401372", "Passport No", "passport"),
    ],
)
def test_what_a_column_is_called_says_what_its_cells_are(cell: str, label: str, kind: str) -> None:
    assert {one.kind for one in found(cell, label)} == {kind}
    assert not found(cell, "lot")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long(name: str) -> None:
    began = time.process_time()
    found(HOSTILE[name])

    assert time.process_time() - began < 3


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.text(max_size=20))
def test_findings_are_in_order_in_the_text_and_do_not_overlap(text: str, label: str) -> None:
    last = 0
    for span in found(text, label):
        assert last <= span.start < span.end <= len(text)
        assert 0.5 <= span.score <= 1
        assert span.kind in KINDS
        last = span.end


def test_the_surer_finding_stays_and_a_union_covers_both() -> None:
    spans = [Span("person", 0, 5, 0.6), Span("email", 2, 9, 0.9)]

    assert settled(spans) == (Span("email", 2, 9, 0.9),)
    assert union(spans) == (Span("email", 0, 9, 0.9),)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="0123456789", min_size=11, max_size=18))
def test_check_digits_tell_one_changed_digit(digits: str) -> None:
    whole = next(digits + last for last in "0123456789" if checksum.luhn("9" + digits + last))
    wrong = whole[:-1] + str((int(whole[-1]) + 5) % 10)

    assert not checksum.luhn("9" + wrong)
