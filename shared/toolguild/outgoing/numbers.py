"""Numbers that belong to a person: cards, accounts, telephones, identity numbers.

One pass finds runs of digits; what each could be is decided by length, form, check digits and the words
before it.
"""

import re
from collections.abc import Iterator

from toolguild.outgoing import checksum
from toolguild.outgoing.identity import identity
from toolguild.outgoing.span import Span
from toolguild.outgoing.telephone import labelled, telephone
from toolguild.outgoing.words import Text

# Seven digits or more with single marks between them, and what may stand before or behind a phone number.
_RUN = re.compile(
    r"[+(\d](?<![\w@#$€£+(].)(?<!\d[.,:].) ?\+?\d?(?:[ \t]?[./()\-\u2011\u2013\xa0]?[ \t]?\d){6,24}(?:(?![\w@])|(?=x\d))"
)
_EXTENSION = re.compile(r"[ ,]{0,2}(?:x|ext\.?|extension|#)[ .]?\d{1,6}(?!\w)", re.I)
_NO_DIGIT = re.compile(r"\D+")
_STAMP = re.compile(r"(?:19|20)\d\d-(?:0\d|1[0-2])-[0-3]\d(?:[ T-]{1,2}\d{1,2})?")
_CELL = re.compile(r"[\d +()./x\u2013-]{6,30}")
_IBAN = re.compile(r"[A-Z](?<![A-Za-z0-9].)[A-Z]\d{2}(?=[ -]?[A-Z0-9]{4})")
_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
    "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25,
    "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_SPEAKS_OF_CARD = (
    *("card", "cards", "credit", "debit", "visa", "mastercard", "amex", "maestro", "cc", "pan"),
    *("american express", "discover", "diners", "jcb", "kreditkarte", "carte", "tarjeta"),
)


def ibans(text: Text) -> Iterator[Span]:
    """Yield IBANs of the right length for their country with right check digits."""
    for match in _IBAN.finditer(text.plain):
        length = _LENGTHS.get(match[0][:2])
        if length is None:
            continue
        kept: list[str] = []
        at = match.start()
        while len(kept) < length and at < len(text.plain):
            one = text.plain[at]
            if one.isascii() and one.isalnum():
                kept.append(one)
            elif one not in " -\xa0":
                break
            at += 1
        whole = "".join(kept).upper()
        behind = text.plain[at : at + 1]
        if len(whole) == length and not behind.isalnum() and checksum.mod97(whole):
            yield Span("iban", match.start(), at, 0.99)


def numbers(text: Text) -> Iterator[Span]:
    """Yield cards, telephone numbers and identity numbers."""
    for match in _RUN.finditer(text.plain):
        run, start = match[0], match.start()
        if run.startswith("(+"):
            run, start = run[1:], start + 1
        found = _kind_of(text, run, start)
        if found is None:
            continue
        kind, score = found
        end = match.end()
        if kind == "phone":
            more = _EXTENSION.match(text.plain, end)
            end = more.end() if more else end
        elif run.startswith("("):
            start += 1
        yield Span(kind, start, end, score)
    if text.label and labelled(text.label):
        for start, cell in text.cells():
            if cell and whole(cell):
                yield Span("phone", start, start + len(cell), 0.9)


def whole(cell: str) -> bool:
    """Whether a cell of a column of telephone numbers is one."""
    return 6 <= sum(one.isdigit() for one in cell) <= 15 and _CELL.fullmatch(cell) is not None


def _kind_of(text: Text, run: str, start: int) -> tuple[str, float] | None:
    if run.replace(".", "", 1).isdigit() and "." in run:
        return None  # a decimal number
    if _STAMP.fullmatch(run):
        return None
    digits = run if run.isdigit() else _NO_DIGIT.sub("", run)
    marks = len(run) - len(digits)
    if not marks and len(digits) > 19:
        return None
    if run[0] not in "+(":
        known = identity(text, run, digits, start) or _card(text, run, digits, start)
        if known is not None:
            return known
    score = telephone(text, run, digits, start)
    return ("phone", score) if score else None


def _card(text: Text, run: str, digits: str, start: int) -> tuple[str, float] | None:
    if not 12 <= len(digits) <= 19 or not set(run) <= set("0123456789 -"):
        return None
    near = text.near(start, _SPEAKS_OF_CARD, 60)
    if not (near or _issued(digits)) or not checksum.luhn(digits):
        return None
    return ("card", 0.99 if near else 0.9)


def _issued(digits: str) -> bool:
    """Whether an issuer gives out numbers that begin so and are so long."""
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if two in (34, 37) or four in (2131, 1800):
        return length == 15
    if 300 <= three <= 305 or two in (36, 38, 39):
        return length == 14
    if two == 62:
        return 16 <= length <= 19
    maestro = two in (50, 56, 57, 58, 63, 67)
    others = 3528 <= four <= 3589 or four == 6011 or two == 65 or 644 <= three <= 649
    mastercard = 51 <= two <= 55 or 2221 <= four <= 2720
    return length == 16 and (digits[0] == "4" or mastercard or others or maestro)
