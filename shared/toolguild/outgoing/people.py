"""Names of people: by titles, labels, greetings and signatures, and by frequent given and family names.

Of a name that only a dictionary of all the world's names would know, the rules see nothing unless the words
around it speak of a person.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from toolguild.outgoing.ordinary import ORDINARY
from toolguild.outgoing.span import Span
from toolguild.outgoing.words import Text

_PART = r"[^\W\d_a-zß-öø-ÿ](?:[^\W\d_]|(?<=\w)['’-](?=[^\W\d_])){0,30}"
_INITIAL = r"[^\W\d_a-zß-öø-ÿ]\."
_LINK = r"(?:(?:van der|van den|van de|de la|de los|von der|van|von|der|den|de|del|della|di|da|dos|du|le|la|bin|ibn|al|el|ter|af|zu) )"
_NAME = rf"{_PART}(?:[ \xa0](?:{_INITIAL}|{_LINK}?{_PART})){{0,3}}"
_WHOLE = rf"{_PART}(?:[ \xa0](?:{_INITIAL}|{_LINK}?{_PART})){{1,3}}"
_TITLED = re.compile(
    r"(?<!\w)(?:(?:Mr|Mrs|Ms|Mx|Dr|Prof|Rev|Hon|Sr|Sra|Srta|Mme|Mlle|Capt|Lt|Sgt|Col|Gen)\.|Mr|Mrs|Ms|Miss|Mx|Dr|Prof"
    r"|Professor|Sir|Dame|Lady|Lord|Madame|Mme|Monsieur|Mlle|Herrn?|Frau|Señora?|Signora?|Senhora?|Dhr\.|Mevr\."
    rf"|Hr\.|Fru|Doctor|Reverend)[ \xa0](?:Dr\.[ \xa0])?({_NAME})"
)
_SEQUENCE = re.compile(rf"(?<![\w@/.&-]){_WHOLE}(?![\w@/])")
_REVERSED = re.compile(rf"(?<![\w@/.-])({_PART}), ({_PART}(?: {_INITIAL})?)(?![\w@])")
_LABELLED = (
    *("full name", "first name", "last name", "surname", "given name", "family name", "maiden name", "nom"),
    *("name", "customer", "patient", "client", "employee", "applicant", "tenant", "recipient", "beneficiary"),
    *("contact person", "contact", "attn", "attention", "cardholder", "card holder", "account holder", "sender"),
    *("author", "manager", "owner", "buyer", "seller", "passenger", "guest", "student", "teacher", "witness"),
    *("nombre", "nome", "naam", "vorname", "nachname", "prénom", "apellido", "name on card", "spouse", "payee"),
)
_INTRODUCED = (
    *("my name is", "name is", "named", "called", "approved by", "signed by", "written by", "prepared by"),
    *("reviewed by", "submitted by", "reported by", "created by", "on behalf of", "i am", "i'm", "this is"),
    *("speak to", "speak with", "spoke to", "ask for", "mi nombre es", "me llamo", "je m'appelle", "ich heiße"),
    *("regards to", "married to", "engaged to", "daughter of", "son of", "wife of", "husband of", "sister of"),
)
_AFTER_LABEL = re.compile(rf"[ \t\"']*[:=][ \t\"']*({_NAME})(?![\w@/(.]*[\w@/(])")
_AFTER_WORDS = re.compile(rf"[ \t]+({_NAME})(?![\w@/])")
_GREETING = re.compile(
    r"(?:^|(?<=[\n\"'>.!]))[ \t]*(?:Dear|Hi|Hello|Hey|Bonjour|Hallo|Lieber?|Hola|Querid[oa]|Estimad[oa]|Caro|Cara|"
    rf"Good (?:morning|afternoon|evening))[ ,]+({_NAME})(?=[ \t]*[,!:.\n]|[ \t]*$| [-\u2013])",
    re.M,
)
_CLOSING = re.compile(
    r"(?i:regards|sincerely|faithfully|truly|cheers|thanks|thank you|signed|grüße|grüßen|cordialement|saludos|love|best"
    rf"|wishes|saluti|hälsningar)[ \t]*[,.!]?[ \t]*\n+[ \t]*({_NAME})[ \t]*(?=\n|$)"
)
_DOES = re.compile(
    r"[ \t]+(?:said|says|asked|asks|wrote|writes|told|tells|replied|lives|lived|works|worked|joined|resigned|married"
    r"|was born|is married|moved|called|phoned|emailed|reported|signed|complained|listed|thinks|believes|explained"
    r"|studied|teaches|graduated|died|who)\b|'s (?:wife|husband|son|daughter|mother|father|birthday|phone|address|"
    r"email|account|passport|salary|doctor|lawyer|friend|boss|house|car)\b|[ ,]+(?:aged? )?\(?\d{2}\)?,? (?:years|from|of)\b"
)


def people(text: Text) -> Iterator[Span]:
    """Yield names of people; a name found once is found wherever its parts stand again."""
    found = list(_all(text))
    yield from found
    yield from _again(text, found)


def _all(text: Text) -> Iterator[Span]:
    for match in _TITLED.finditer(text.plain):
        if _first(match[1]) not in ORDINARY:
            yield Span("person", match.start(), _cut(match[1], match.start(1)), 0.9)
    yield from _by_words(text)
    for pattern, score in ((_GREETING, 0.8), (_CLOSING, 0.75)):
        for match in pattern.finditer(text.plain):
            if not _is_ordinary(match[1]):
                yield Span("person", match.start(1), _cut(match[1], match.start(1)), score)
    yield from _by_lists(text)
    yield from _cell(text)


def _by_words(text: Text) -> Iterator[Span]:
    for words, pattern, least in ((_LABELLED, _AFTER_LABEL, 1), (_INTRODUCED, _AFTER_WORDS, 2)):
        for _, end in text.ends_of(words):
            match = pattern.match(text.plain, end)
            if match is None or _is_ordinary(match[1]):
                continue
            parts = match[1].split()
            if len(parts) > least or _known(parts):
                yield Span("person", match.start(1), _cut(match[1], match.start(1)), 0.8)


def _by_lists(text: Text) -> Iterator[Span]:
    for match in _SEQUENCE.finditer(text.plain):
        start, parts = match.start(), match[0].replace("\xa0", " ").split(" ")
        while parts and (parts[0] in ORDINARY and parts[0] not in given()):
            start += len(parts[0]) + 1
            parts = parts[1:]
        while parts and parts[-1] in ORDINARY:
            parts = parts[:-1]
        score = _score(parts, text.plain, start + len(" ".join(parts)))
        if score:
            yield Span("person", start, start + len(" ".join(parts)), score)
    for match in _REVERSED.finditer(text.plain):
        if match[1] in family() and match[2].split()[0] in given():
            yield Span("person", *match.span(), 0.6)


def _score(parts: list[str], text: str, end: int) -> float:
    if len(parts) < 2 or any(one in ORDINARY and one not in family() for one in parts[1:]):
        return 0.0
    if parts[0] in given():
        return 0.75
    if parts[0] in ORDINARY or any(one.isupper() and len(one) > 2 for one in parts):
        return 0.0
    initial = any(len(one) == 2 and one[1] == "." or len(one) == 1 for one in parts[1:-1])
    if initial and len(parts[-1]) > 2:
        return 0.7
    if any(one in given() for one in parts) or _DOES.match(text, end):
        return 0.6
    return 0.0


def _cell(text: Text) -> Iterator[Span]:
    """A whole cell of a column that holds names of people."""
    label = text.label
    named = any(word in label for word in ("full name", "first name", "last name", "surname", "contact"))
    whose = ("customer", "patient", "employee", "client", "person", "student", "tenant", "user", "author")
    if not named and not (label == "name" or any(word in label for word in whose)):
        return
    bare = text.plain.strip()
    if not re.fullmatch(_NAME, bare) or _is_ordinary(bare):
        return
    parts = bare.split()
    if named or len(parts) > 1 and (label != "name" or _known(parts)) or _known(parts):
        start = text.plain.find(bare)
        yield Span("person", start, start + len(bare), 0.8)


def _again(text: Text, found: list[Span]) -> Iterator[Span]:
    parts = set()
    for span in found:
        for part in re.findall(_PART, text.plain[span.start : span.end]):
            if len(part) > 3 and part not in ORDINARY and len(parts) < 500:
                parts.add(part)
    parts -= {"Prof", "Miss", "Herr", "Frau", "Lady", "Lord"}
    for part in parts:
        at = text.plain.find(part)
        while at >= 0:
            end = at + len(part)
            alone = not (text.plain[at - 1 : at].isalnum() or text.plain[end : end + 1].isalnum())
            if alone:
                yield Span("person", at, end, 0.55)
            at = text.plain.find(part, end)


def _known(parts: list[str]) -> bool:
    return any(one in given() or one in family() for one in parts)


def _first(name: str) -> str:
    return name.split()[0]


def _is_ordinary(name: str) -> bool:
    """Whether a word in it is an ordinary one, which no name has."""
    return any(one in ORDINARY and one not in given() and one not in family() for one in name.split())


def _cut(name: str, start: int) -> int:
    """Return where a name ends: before the first ordinary word behind it."""
    end, at = start, 0
    for part in name.replace("\xa0", " ").split(" "):
        at += len(part)
        if part in ORDINARY and part not in family():
            break
        end = start + at
        at += 1
    return end


@cache
def given() -> frozenset[str]:
    """Frequent given names that are no ordinary words."""
    return _list("given.txt")


@cache
def family() -> frozenset[str]:
    """Frequent family names that are no ordinary words."""
    return _list("family.txt")


def _list(name: str) -> frozenset[str]:
    lines = (files("toolguild.outgoing") / "names" / name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
