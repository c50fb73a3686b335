"""Personal data in a text, by rules: forms with check digits, words around them, and frequent names."""

import re
from collections.abc import Callable, Iterable, Iterator

from toolguild.outgoing.address import postal
from toolguild.outgoing.birth import births, postcodes
from toolguild.outgoing.identity import lettered, papers
from toolguild.outgoing.network import addresses, emails, macs
from toolguild.outgoing.numbers import ibans, numbers
from toolguild.outgoing.people import people
from toolguild.outgoing.span import SURE, Span, settled
from toolguild.outgoing.tables import tabled
from toolguild.outgoing.words import Text

KINDS = (
    *("email", "phone", "iban", "card", "ssn", "national_id", "passport", "licence", "ip", "mac"),
    *("address", "postcode", "birth_date", "person"),
)
_RULES: tuple[Callable[[Text], Iterator[Span]], ...] = (
    *(
        emails,
        addresses,
        macs,
        ibans,
        numbers,
        lettered,
        papers,
        births,
        postcodes,
        postal,
        people,
        tabled,
    ),
)
# most of a large table is numbers: no other rule finds anything in a text without letters
_WITHOUT_LETTERS = (addresses, macs, numbers, papers, births, postcodes)
_LETTER = re.compile(r"[^\W\d_]")


def found(text: str, label: str = "") -> tuple[Span, ...]:
    """Return what is personal in a text, in order and without overlaps; all of it scores `SURE` or more.

    `label` is what a table calls the text: the name of its column, or its key in an object.
    """
    return settled(candidates(text, label))


def candidates(text: str, label: str = "") -> Iterable[Span]:
    """Return all that the rules find, overlaps included, for somebody who has more to add."""
    read = Text.of(text, label)
    rules = _RULES if _LETTER.search(text) else _WITHOUT_LETTERS
    return [span for rule in rules for span in rule(read) if span.score >= SURE]
