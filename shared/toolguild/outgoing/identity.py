"""National identity numbers, passports and licences: by form and check digits, or by the words before them."""

import re
from collections.abc import Callable, Iterator

from toolguild.outgoing import checksum
from toolguild.outgoing.span import Span
from toolguild.outgoing.words import Text

_SOCIAL = ("ssn", "social security", "social", "soc sec", "sozialversicherung")
_HEALTH = ("nhs", "patient", "health", "hospital", "gp", "nhs number")
# by country: how many digits, its check, words that speak of it, and how it is written where that tells
_Rule = tuple[int, Callable[[str], bool], tuple[str, ...], re.Pattern[str] | None]
_RULES: tuple[_Rule, ...] = (
    (10, checksum.nhs, _HEALTH, None),
    (11, checksum.cpf, ("cpf",), re.compile(r"\d{3}\.\d{3}\.\d{3}-\d{2}")),
    (9, checksum.bsn, ("bsn", "burgerservicenummer", "sofinummer"), None),
    (11, checksum.pesel, ("pesel",), None),
    (12, checksum.verhoeff, ("aadhaar", "aadhar", "uidai", "uid"), None),
    (9, checksum.luhn, ("sin", "social insurance", "nas"), None),
    (10, checksum.luhn, ("personnummer", "pnr"), re.compile(r"\d{6}[-+]\d{4}")),
    (12, lambda d: checksum.luhn(d[2:]), ("personnummer",), re.compile(r"(?:19|20)\d{6}[-+]\d{4}")),
    (15, checksum.nir, ("nir", "sécurité sociale", "securite sociale", "insee"), None),
    (11, checksum.steuer_id, ("steuer-id", "steuer", "idnr", "tax", "identifikationsnummer"), None),
    (10, lambda d: True, ("cpr", "cpr-nummer"), None),
    (13, lambda d: True, ("rrn", "주민등록번호", "resident registration"), None),
    (11, lambda d: True, ("fødselsnummer", "national id", "egn", "cnp", "oib"), None),
)
# in every text that has one of these: a digit before a capital, or very many digits
_MIXED = re.compile(r"\d-?[A-Z]|\d{17}|\d [A-D](?!\w)|\d[-+A]\d{3}[0-9A-Y](?!\w)")
# A look behind stands after the first letter: an expression that begins with one is tried at every place.
_NINO = re.compile(r"[A-Z](?<!\w.)[A-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)")
_LETTERED: tuple[tuple[re.Pattern[str], Callable[[str], bool], tuple[str, ...]], ...] = (
    (re.compile(r"\d(?<!\w.)\d{7}-?[A-Z](?!\w)"), checksum.dni, ()),
    (re.compile(r"[XYZ](?<!\w.)\d{7}-?[A-Z](?!\w)"), checksum.dni, ()),
    (re.compile(r"[A-Z](?<!\w.)[A-Z]{5}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)"), checksum.codice_fiscale, ()),
    (re.compile(r"[1-9](?<!\w.)\d{16}[\dXx](?!\w)"), checksum.chinese, ()),
    (_NINO, lambda text: text[0] not in "DFIQUV" and text[1] not in "DFIOQUV" and text[:2] != "GB", ()),
    (_NINO, lambda text: True, ("ni", "nino", "national insurance", "ni number")),
    (re.compile(r"[A-Z](?<!\w.)[A-Z]{2}[PCHFATBLJG][A-Z]\d{4}[A-Z](?!\w)"), lambda text: True, ("pan",)),
    (re.compile(r"\d(?<!\w.)\d{5}[-+A]\d{3}[0-9A-Y](?!\w)"), lambda text: True, ("hetu", "henkilötunnus")),
)  # fmt: skip
_AFTER = r"[\s:#.,()\"'=]*(?:(?:no|nr|num|number|nummer|numéro|número|n[°º]|号|is|id|was|of|issued)\b[\s:#.,\"'=]*){0,3}"
_PASSPORT = re.compile(
    _AFTER + r"((?=[A-Z]{0,3}\d)(?=(?:[A-Z]*\d){3})[A-Z0-9]{6,10}|\d{2} ?\d{2} \d{6})(?!\w)", re.I
)
_LICENCE = re.compile(
    _AFTER + r"((?=(?:[A-Z \-]*\d){4})[A-Z0-9](?:[ -]?[A-Z0-9]){4,19})(?![\w-])", re.I
)
_LICENCES = (
    *(
        "driver's license",
        "drivers license",
        "driver license",
        "driver's licence",
        "driving licence",
    ),
    *(
        "driving license",
        "driver licence",
        "license number",
        "licence number",
        "führerschein",
        "dl",
    ),
    *("permis de conduire", "driver\u2019s license", "license no", "licence no", "my license"),
)
_PASSPORTS = (
    *(
        "passport",
        "reisepass",
        "passeport",
        "pasaporte",
        "paspoort",
        "passaporto",
        "pasaport",
        "paszport",
    ),
    *("паспорт", "护照", "護照", "护照号", "パスポート", "여권"),
)


def identity(text: Text, run: str, digits: str, start: int) -> tuple[str, float] | None:
    """Return what identity number a run of digits is, and how sure that is, or None."""
    if re.fullmatch(r"\d{3}-\d{2}-\d{4}", run) and digits[:3] not in ("000", "666"):
        return ("ssn", 0.95 if digits[0] != "9" or text.near(start, _SOCIAL) else 0.6)
    if len(digits) == 9 and text.near(start, _SOCIAL) and set(run) <= set("0123456789 -"):
        return ("ssn", 0.9)
    for size, right, words, form in _RULES:
        if len(digits) != size or not right(digits):
            continue
        if text.near(start, words) or (form is not None and form.fullmatch(run)):
            return ("national_id", 0.9)
    return None


def lettered(text: Text) -> Iterator[Span]:
    """Yield identity numbers that have letters in them."""
    if _MIXED.search(text.plain) is None:
        return
    for pattern, right, words in _LETTERED:
        for match in pattern.finditer(text.plain):
            bare = match[0].replace(" ", "").replace("-", "")
            if right(bare) and (not words or text.near(match.start(), words)):
                yield Span("national_id", *match.span(), 0.9)


def papers(text: Text) -> Iterator[Span]:
    """Yield numbers of passports and driving licences: what follows the words, with digits in it."""
    for kind, words, pattern in (
        ("passport", _PASSPORTS, _PASSPORT),
        ("licence", _LICENCES, _LICENCE),
    ):
        for _, end in text.ends_of(words):
            match = pattern.match(text.plain, end)
            if match is not None and not match[1].islower():
                yield Span(kind, *match.span(1), 0.85)
        if any(word in text.label for word in words):
            for start, cell in text.cells():
                bare = cell.strip()
                if 5 <= len(bare) <= 20 and sum(one.isdigit() for one in bare) >= 4:
                    yield Span(kind, start, start + len(cell), 0.85)
