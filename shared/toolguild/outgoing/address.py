"""Postal addresses: streets as several countries write them, boxes, and what follows "lives at"."""

import re
from collections.abc import Iterator

from toolguild.outgoing.span import Span, union
from toolguild.outgoing.words import Text

_CAP = r"[^\W\d_a-zà-ÿ][\w'’.-]{0,30}"
_SUFFIX = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Circle|Cir|Square|Sq|Place|Pl"
    r"|Terrace|Ter|Parkway|Pkwy|Highway|Hwy|Way|Close|Crescent|Gardens?|Grove|Mews|Row|Alley|Trail|Loop|Walk"
    r"|Quay|Parade|Esplanade|Hill|Green|Greens|Point|Ridge|Crossing|Common|Turnpike|Plaza|Route|Run|Pass)"
)
_UNIT = r"(?:,? ?\n? ?(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|#)\.? ?#?(?:\d\w{0,5}|[A-Z]\d{0,4}\b))"
_STREET = re.compile(
    r"\d(?<![\w.,$€£].)\d{0,5}[A-Za-z]?,? (?:\d{1,6}[A-Za-z]?,? )?(?:(?:[NSEW]|North|South|East|West)\.? )?"
    rf"(?:{_CAP} ){{1,5}}{_SUFFIX}\b\.?{_UNIT}{{0,2}}"
)
_UNIT_ANCHOR = re.compile(
    rf"\d(?<![\w.,].)\d{{0,5}}[A-Za-z]?,? (?:[\w'’.-]{{1,30}} ){{0,5}}[\w'’.-]{{1,30}}{_UNIT}{{1,2}}"
)
_GERMANIC = re.compile(r"(?<!\w)(?:[^\W\d_a-zß-ÿ][\w-]{0,30}[ -]){0,2}[^\W\d_a-zß-ÿ][\w-]{0,30}\Z")
_ENDINGS = (
    *(
        "straße",
        "strasse",
        "str.",
        "weg",
        "gasse",
        "platz",
        "allee",
        "ufer",
        "damm",
        "gatan",
        "vägen",
        "veien",
    ),
    *(
        "gata",
        "straat",
        "laan",
        "plein",
        "gracht",
        "gade",
        "vej",
        "katu",
        "tie",
        "utca",
        "ulice",
        "bakken",
    ),
)
_HOUSE = re.compile(r" \d{1,5}(?: ?[A-Za-z](?!\w))?(?![\d%]|\.\d)")
_NUMBER_FIRST = re.compile(
    r"\d(?<!\w.)\d{0,4}(?: ?(?:bis|ter|[A-Z]))?,? (?:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai"
    r"|route|cours|square)"
    r"(?: (?:de la|de l['’]|des|du|de|d['’]|la|le|les))? ?[^\W\d_][\w'’-]{1,30}(?: [^\W\d_a-zà-ÿ][\w'’-]{0,30}){0,3}"
)
_BEGINNINGS = (
    *(
        "Calle ",
        "C/ ",
        "Avenida ",
        "Avda. ",
        "Plaza ",
        "Paseo ",
        "Carrer ",
        "Via ",
        "Viale ",
        "Piazza ",
        "Corso ",
    ),
    *(
        "Largo ",
        "Rua ",
        "Travessa ",
        "Praça ",
        "Rue ",
        "ul. ",
        "ulica ",
        "al. ",
        "Calea ",
        "Strada ",
    ),
)
_NAMED = re.compile(
    r"(?:(?:de la|de los|del|de|da|do|dos|di|della|dei|delle|la|los|las) ){0,2}"
    r"[^\W\d_a-zà-ÿ][\w'’.-]{0,30}(?: (?:(?:de|del|da|di) )?[^\W\d_a-zà-ÿ][\w'’.-]{0,30}){0,3}"
    r",? (?:n[º°.] ?)?\d{1,5}(?![\w%])"
)
# a house's number before and behind a street that has no word for one, with a town below it
_NUMBERED = re.compile(
    rf"\d(?<![\w.,].)\d{{0,5}} (?:{_CAP} ){{1,4}}\d{{1,5}}(?=[ \t]*,?[ \t]*\n[ \t>]*,?[ \t]*{_CAP}[^\n]{{0,40}}(?:\n|\d))"
)
_BOX = re.compile(r"[Pp](?<!\w.)(?:\.? ?[Oo]\.? ?[Bb]ox|ostfach|ostbus) ?#?\d{1,7}")
_TAIL = re.compile(
    rf"(?:[ \t]*(?:,[ \t]*\n?|\n[ \t]*,?)[ \t]*|[ \t]+)"
    rf"(?:[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}\b|[A-Z]{{1,2}}[- ]?\d{{4,6}}(?:-\d{{3,4}})?\b|\d{{4,6}}(?:-\d{{3,4}})?\b"
    rf"|\d{{3}} \d{{2}}\b|[A-Z]{{2}}\b(?! [a-z])|(?:{_CAP} ){{0,3}}{_CAP}(?:\b|(?<=\.)))"
)
_LIVES = (
    *(
        "lives at",
        "live at",
        "living at",
        "lived at",
        "resides at",
        "residing at",
        "moved to",
        "ship to",
    ),
    *(
        "shipped to",
        "deliver to",
        "delivered to",
        "address is",
        "address of",
        "address:",
        "mail to",
        "sent to",
    ),
    *(
        "address",
        "billing address",
        "shipping address",
        "home address",
        "wohnhaft in",
        "wohnt in",
        "habite au",
    ),
    *(
        "vive en",
        "domiciled at",
        "located at",
        "office at",
        "house at",
        "adresse",
        "indirizzo",
        "dirección",
    ),
    *("street", "send it to", "my address", "visit us at", "we're at", "is located on", "come to"),
    *(
        "is at",
        "meet me at",
        "meet you at",
        "lives on",
        "live on",
        "return to",
        "pick up at",
        "drop off at",
    ),
)
_FOLLOWS = re.compile(
    r"[\s:=\"']*(?:is[\s:]+|to[\s:]+|in[\s:]+|(?:of|for) [^\n:]{1,40}? is[\s:]+)?"
    r"((?=[^\n.]{0,40}\d)(?:\d|[^\W\d_a-zà-ÿ])[^\n.!?;{}\[\]\"<>|]{3,80}(?:(?<=Apt)\.[^\n.!?;{}\[\]\"<>|]{1,40}|(?<=\bSt)\.[^\n.!?;{}\[\]\"<>|]{1,40})?)"
)
_CORNER = re.compile(
    rf" ((?:[\w.'’-]+ ){{1,5}}(?:and|&) (?:(?:{_CAP}|\d\w{{0,4}})\b\.? ?){{1,4}}(?<! ))"
)
# the last word of an address is a name or has a number; what is said after it begins with neither
_LAST = re.compile(r".*(?<![^\W_])[A-ZÀ-ÖØ-Þ\d][\w'’.-]*", re.S)
_STREETLIKE = re.compile(r"\d[\w/-]{0,6},? [^\W\d_]|[^\W\d_]{3,} \d{1,5}")
_LABELS = ("address", "street", "addr", "adresse", "anschrift", "straße", "strasse", "dirección")


def postal(text: Text) -> Iterator[Span]:
    """Yield postal addresses with the town, region, code and country that follow them."""
    yield from union(_all(text))


def _all(text: Text) -> Iterator[Span]:
    for pattern, score in (
        (_STREET, 0.85),
        (_UNIT_ANCHOR, 0.8),
        (_NUMBER_FIRST, 0.85),
        (_NUMBERED, 0.7),
        (_BOX, 0.9),
    ):
        for match in pattern.finditer(text.plain):
            if pattern is _STREET and not _plausible(match[0]):
                continue
            yield Span("address", match.start(), _tail(text.plain, match.end()), score)
    yield from _said(text)
    for _, end in text.ends_of(("corner of",)):
        corner = _CORNER.match(text.plain, end)
        if corner is not None:
            yield Span("address", *corner.span(1), 0.6)
    yield from _ending(text)
    yield from _beginning(text)
    wanted = any(word in text.label.split() for word in _LABELS) and "mail" not in text.label
    if wanted and not {"ip", "mac", "web"} & set(text.label.split()):
        bare = text.plain.strip()
        if 6 <= len(bare) <= 200 and _STREETLIKE.search(bare):
            yield Span("address", 0, len(text.plain), 0.8)


def _ending(text: Text) -> Iterator[Span]:
    """Streets whose name ends in the word for one, with the house's number behind it."""
    for ending in _ENDINGS:
        at = text.low.find(ending)
        while at >= 0:
            end = at + len(ending)
            house = _HOUSE.match(text.plain, end)
            if house is not None:
                name = _GERMANIC.search(text.plain[max(0, at - 70) : end].removesuffix("."))
                if name is not None and name.end() - name.start() > len(ending.rstrip(".")) + 1:
                    start = max(0, at - 70) + name.start()
                    yield Span("address", start, _tail(text.plain, house.end()), 0.85)
            at = text.low.find(ending, end)


def _beginning(text: Text) -> Iterator[Span]:
    """Streets whose name begins with the word for one."""
    for word in _BEGINNINGS:
        at = text.plain.find(word)
        while at >= 0:
            match = _NAMED.match(text.plain, at + len(word))
            if match is not None and not text.plain[at - 1 : at].isalnum():
                yield Span("address", at, _tail(text.plain, match.end()), 0.85)
            at = text.plain.find(word, at + len(word))


def _said(text: Text) -> Iterator[Span]:
    for start, end in text.ends_of(_LIVES):
        if (
            text.low[max(0, start - 7) : start]
            .rstrip()
            .endswith(("mail", "ip", "mac", "the", "web"))
        ):
            continue
        match = _FOLLOWS.match(text.plain, end)
        if match is None or not _STREETLIKE.search(match[1]) or "@" in match[1]:
            continue
        last = _LAST.search(match[1])
        stop = match.start(1) + (last.end() if last is not None else len(match[1]))
        if text.plain[stop : stop + 1] == "\n":
            stop = _tail(text.plain, stop)
        yield Span("address", match.start(1), stop, 0.6)


def _plausible(found: str) -> bool:
    """Whether a number and a street's name are an address, and not a count of things."""
    words = found.split()
    return not (words[-1] in ("Way", "Run", "Pass", "Common", "Hill", "Green") and len(words) < 3)


def _tail(text: str, end: int) -> int:
    """Return where the town, the code and the country after a street end; a sentence ends it too."""
    for _ in range(7):
        match = _TAIL.match(text, end)
        if match is None or match[0][-1] == "." or len(match[0]) > 60:
            break
        gap = match[0][: len(match[0]) - len(match[0].lstrip(" \t,\n"))]
        if "," not in gap and "\n" not in gap and not re.search(r"\d|^\s[A-Z]{2}$", match[0]):
            break
        end = match.end()
    return end
