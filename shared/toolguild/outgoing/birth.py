"""Dates of birth, by the words before them, and postcodes that stand alone."""

import re
from collections.abc import Iterator

from toolguild.outgoing.span import Span
from toolguild.outgoing.words import Text

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|janvier|février|mars|avril|mai|juin|juillet|août"
    r"|januar|februar|märz|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto"
    r"|septiembre|octubre|noviembre|diciembre)[a-z]{0,9}\.?"
)
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]{1,2}\d{1,2}[-/. ]{1,2}(?:\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of| de)? {_MONTH}(?: de)?,? \d{{4}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{4}}[年년] ?\d{{1,2}}[月월] ?\d{{1,2}}[日일])"
)
_BORN = re.compile(
    rf"[\s:=.,\"')(]*(?:(?:is|was|on|am|le|el|the)\b[\s:]*){{0,2}}({_DATE})(?!\d)", re.I
)
_WORDS = (
    *(
        "date of birth",
        "birth date",
        "birthdate",
        "birthday",
        "dob",
        "d.o.b",
        "born",
        "born on",
        "geboren",
    ),
    *(
        "geboren am",
        "geburtsdatum",
        "geb",
        "né le",
        "née le",
        "date de naissance",
        "fecha de nacimiento",
    ),
    *(
        "nacido el",
        "nacida el",
        "nato il",
        "nata il",
        "data di nascita",
        "data de nascimento",
        "födelsedatum",
    ),
    *("fødselsdato", "født", "geboortedatum", "data urodzenia", "ur", "datum narození", "syntynyt"),
    *("doğum tarihi", "дата рождения", "生年月日", "出生日期", "생년월일"),
)
_ALONE = re.compile(_DATE, re.I)
_UK = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_CODE = rf"(?:{_UK}|\d{{3,6}}(?:-\d{{2,4}})?|\d{{3}} \d{{2}}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{{4}} ?[A-Z]{{2}})"
_POSTCODE = re.compile(
    rf"[\s:=.,\"'#]*(?:(?:is|code|no|number)\b[\s:=\"']*){{0,2}}({_CODE})(?![\w-])", re.I
)
_CODES = (
    *("zip", "zip code", "zipcode", "postcode", "post code", "postal code", "plz", "postleitzahl"),
    *("code postal", "código postal", "cap", "postnummer"),
)


def births(text: Text) -> Iterator[Span]:
    """Yield dates that are said to be somebody's birth."""
    for _, end in text.ends_of(_WORDS):
        match = _BORN.match(text.plain, end)
        if match is not None:
            yield Span("birth_date", *match.span(1), 0.9)
    if any(
        word in text.label.split() or word == text.label for word in ("dob", "birthday", "born")
    ) or ("birth" in text.label):
        for start, cell in text.cells():
            match = _ALONE.search(cell[:40])
            if match is not None:
                yield Span("birth_date", start + match.start(), start + match.end(), 0.9)


def postcodes(text: Text) -> Iterator[Span]:
    """Yield postcodes that are called so."""
    for _, end in text.ends_of(_CODES):
        match = _POSTCODE.match(text.plain, end)
        if match is not None:
            yield Span("postcode", *match.span(1), 0.8)
    if text.label in _CODES:
        for start, cell in text.cells():
            match = re.fullmatch(rf"\s*({_CODE})\s*", cell[:20])
            if match is not None:
                yield Span("postcode", start + match.start(1), start + match.end(1), 0.8)
