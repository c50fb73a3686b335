"""Names of people: by titles, labels, greetings and signatures, and by frequent given and family names.

Of a name that only a dictionary of all the world's names would know, the rules see nothing unless the words
around it speak of a person.
"""

import re
from collections.abc import Iterator

from toolguild.outgoing.lists import family, famous, given, ordinary
from toolguild.outgoing.span import Span
from toolguild.outgoing.words import Text

_CAPITAL = "[A-ZÀ-ÖØ-ÞĀ-ɎА-ЯΑ-Ω]"
_PART = rf"{_CAPITAL}(?:[^\W\d_]|(?<=\w)['’-](?=[^\W\d_])){{0,30}}"
_INITIAL = rf"{_CAPITAL}(?:\.|(?=[ \xa0]))"
_LINK = (
    r"(?:(?:van der|van den|van de|de la|de los|von der|van|von|der|den|de|del|della|di|da|dos|du|le|la|bin|ibn|al|el"
    r"|ter|af|zu) )"
)
_MORE = rf"(?:[ \xa0](?:{_INITIAL}|{_LINK}?{_PART}))"
_NAME = rf"{_PART}{_MORE}{{0,3}}"
# A look behind stands after the first letter: an expression that begins with one is tried at every place.
_SEQUENCE = re.compile(
    rf"{_CAPITAL}(?<![\w@/.&-].){_PART[len(_CAPITAL) :]}{_MORE}{{0,3}}(?![\w@/])"
)
_TITLES = (
    *(
        "mr",
        "mr.",
        "mrs",
        "mrs.",
        "ms",
        "ms.",
        "miss",
        "mx",
        "mx.",
        "dr",
        "dr.",
        "prof",
        "prof.",
        "professor",
    ),
    *(
        "rev.",
        "hon.",
        "sr.",
        "sra.",
        "srta.",
        "mme",
        "mme.",
        "mlle",
        "capt.",
        "lt.",
        "sgt.",
        "col.",
        "gen.",
        "sir",
    ),
    *(
        "dame",
        "lady",
        "lord",
        "madame",
        "monsieur",
        "herr",
        "herrn",
        "frau",
        "señor",
        "señora",
        "signor",
    ),
    *("signora", "senhor", "senhora", "dhr.", "mevr.", "hr.", "fru", "doctor", "reverend"),
)
_TITLED = re.compile(rf"[ \xa0](?:Dr\.[ \xa0])?({_NAME})")
_LABELLED = (
    *(
        "full name",
        "first name",
        "last name",
        "surname",
        "given name",
        "family name",
        "maiden name",
        "nom",
    ),
    *(
        "name",
        "customer",
        "patient",
        "client",
        "employee",
        "applicant",
        "tenant",
        "recipient",
        "beneficiary",
    ),
    *(
        "contact person",
        "contact",
        "attn",
        "attention",
        "cardholder",
        "card holder",
        "account holder",
        "sender",
    ),
    *(
        "author",
        "manager",
        "owner",
        "buyer",
        "seller",
        "passenger",
        "guest",
        "student",
        "teacher",
        "witness",
    ),
    *(
        "nombre",
        "nome",
        "naam",
        "vorname",
        "nachname",
        "prénom",
        "apellido",
        "name on card",
        "spouse",
        "payee",
    ),
)
_INTRODUCED = (
    *(
        "my name is",
        "name is",
        "named",
        "called",
        "approved by",
        "signed by",
        "written by",
        "prepared by",
    ),
    *(
        "reviewed by",
        "submitted by",
        "reported by",
        "created by",
        "on behalf of",
        "i am",
        "i'm",
        "this is",
    ),
    *(
        "speak to",
        "speak with",
        "spoke to",
        "ask for",
        "mi nombre es",
        "me llamo",
        "je m'appelle",
        "ich heiße",
    ),
    *(
        "starring",
        "directed by",
        "assistant to",
        "follow up with",
        "my friend",
        "my colleague",
        "my boss",
    ),
    *(
        "my brother",
        "my wife",
        "my husband",
        "my son",
        "my daughter",
        "met with",
        "meet with",
        "hired",
    ),
    *(
        "regards to",
        "married to",
        "engaged to",
        "daughter of",
        "son of",
        "wife of",
        "husband of",
        "sister of",
    ),
)
_AFTER_LABEL = re.compile(rf"[ \t\"']*[:=?][ \t\"']*({_NAME})(?![\w@/(.]*[\w@/(])")
_AFTER_WORDS = re.compile(rf"[ \t]+({_NAME})(?![\w@/])")
_GREETINGS = (
    *(
        "dear",
        "hi",
        "hello",
        "hey",
        "bonjour",
        "hallo",
        "liebe",
        "lieber",
        "hola",
        "querido",
        "querida",
    ),
    *("estimado", "estimada", "caro", "cara", "good morning", "good afternoon", "good evening"),
)
_GREETED = re.compile(rf"[ ,]+({_NAME})(?=[ \t]*[,!:.\n]|[ \t]*\Z| [-\u2013])")
_CLOSINGS = (
    *(
        "regards",
        "sincerely",
        "faithfully",
        "truly",
        "cheers",
        "thanks",
        "thank you",
        "signed",
        "grüße",
        "grüßen",
    ),
    *("cordialement", "saludos", "love", "best", "wishes", "saluti", "hälsningar"),
)
_CLOSED = re.compile(rf"[ \t]*[,.!]?[ \t]*\n+[ \t]*({_NAME})[ \t]*(?=\n|\Z)")
_ONE = re.compile(_PART)
_ENUMERATION = re.compile(
    rf"{_CAPITAL}(?<![\w@/.&-].){_PART[len(_CAPITAL) :]}(?:, {_PART}){{2,30}}(?:,? (?:and|or|&) {_PART})?(?![\w@/])"
)
_GIVEN = re.compile(rf"{_PART}(?: {_INITIAL})?(?![\w@])")
_DOES = re.compile(
    r"[ \t]+(?:said|says|asked|asks|wrote|writes|told|tells|replied|lives|lived|works|worked|joined|resigned|married"
    r"|was born|is married|moved|called|phoned|emailed|reported|signed|complained|listed|thinks|believes|explained"
    r"|studied|teaches|graduated|died|who)\b|'s (?:wife|husband|son|daughter|mother|father|birthday|phone|address|"
    r"email|account|passport|salary|doctor|lawyer|friend|boss|house|car)\b|[ ,]+(?:aged? )?\(?\d{2}\)?,? (?:years|from|of)\b"
)
# below the first line of a letter's head stand a street, a code or a number
_BELOW = re.compile(r"[ \t]*\n(?:[^\n]{0,60}\n){0,3}[^\n]{0,60}(?:\d{4}|@)")


def people(text: Text) -> Iterator[Span]:
    """Yield names of people; a name found once is found wherever its parts stand again."""
    found = list(_all(text))
    yield from found
    yield from _again(text, found)


def _all(text: Text) -> Iterator[Span]:
    for start, end in text.ends_of(_TITLES):
        match = _TITLED.match(text.plain, end)
        if match is not None and text.plain[start].isupper() and _first(match[1]) not in ordinary():
            yield Span("person", start, _cut(match[1], match.start(1)), 0.9)
    for start, end in text.ends_of(_GREETINGS):
        match = _GREETED.match(text.plain, end)
        before = text.plain[max(0, start - 40) : start].rstrip(" \t")
        if (
            match is not None
            and (not before or before[-1] in "\n\"'>.!")
            and not _is_ordinary(match[1])
        ):
            yield Span("person", match.start(1), _cut(match[1], match.start(1)), 0.8)
    for _, end in text.ends_of(_CLOSINGS):
        match = _CLOSED.match(text.plain, end)
        if match is not None and not _is_ordinary(match[1]):
            yield Span("person", match.start(1), _cut(match[1], match.start(1)), 0.75)
    yield from _by_words(text)
    yield from _by_lists(text)
    yield from _enumerated(text)
    yield from _cell(text)


def _by_words(text: Text) -> Iterator[Span]:
    for words, pattern in ((_LABELLED, _AFTER_LABEL), (_INTRODUCED, _AFTER_WORDS)):
        for _, end in text.ends_of(words):
            match = pattern.match(text.plain, end)
            if match is None or _is_ordinary(match[1]):
                continue
            parts = match[1].split()
            if len(parts) > 1 or _known(parts):
                yield Span("person", match.start(1), _cut(match[1], match.start(1)), 0.8)


def _by_lists(text: Text) -> Iterator[Span]:
    prose = not text.label and text.plain.count(" ") > 1
    for match in _SEQUENCE.finditer(text.plain):
        start = match.start()
        if " " not in match[0] and "\xa0" not in match[0]:
            if prose:
                yield from _lone(text, match[0], match.end())
            yield from _reversed(text, match[0], start, match.end())
            continue
        parts = match[0].replace("\xa0", " ").split(" ")
        at_line = text.plain[max(0, start - 6) : start].rstrip(" >\t")[-1:] in ("", "\n")
        while parts and (parts[0] in ordinary() and parts[0] not in given()):
            start += len(parts[0]) + 1
            parts = parts[1:]
        while parts and parts[-1] in ordinary():
            parts = parts[:-1]
        # a verb that begins the sentence, and then a name that begins with a frequent one
        while len(parts) > 2 and parts[0] not in given() and parts[1] in given():
            start += len(parts[0]) + 1
            parts = parts[1:]
        end = start + len(" ".join(parts))
        score = _score(parts, text.plain, end)
        if not score and at_line and start == match.start() and _heads_a_letter(text, parts, end):
            score = 0.55
        if score:
            yield Span("person", start, end, score)


def _enumerated(text: Text) -> Iterator[Span]:
    """Names with commas between them, of which half or more are frequent ones."""
    if text.plain.count(",") < 2:
        return
    for match in _ENUMERATION.finditer(text.plain):
        words = [(one[0], match.start() + one.start()) for one in _ONE.finditer(match[0])]
        if any(word in ordinary() for word, _ in words):
            continue
        if sum(_known([word]) for word, _ in words) * 2 >= len(words):
            for word, start in words:
                yield Span("person", start, start + len(word), 0.55)


def _heads_a_letter(text: Text, parts: list[str], end: int) -> bool:
    whole = " ".join(parts)
    if len(parts) < 2 or whole.isupper() or _is_ordinary(whole):
        return False
    return _BELOW.match(text.plain, end) is not None


def _lone(text: Text, word: str, end: int) -> Iterator[Span]:
    """A frequent given name that stands alone in prose."""
    if len(word) < 4 or word not in given() or word in ordinary() or word in famous():
        return
    behind = text.plain[end : end + 3]
    if (
        behind[:1] in ("_", "(", "=")
        or behind[:2] == "'s"
        or (behind[:1] == "." and behind[1:2].isalnum())
    ):
        return
    yield Span("person", end - len(word), end, 0.5)


def _reversed(text: Text, word: str, start: int, end: int) -> Iterator[Span]:
    """A family name, a comma and a given name."""
    if text.plain[end : end + 2] != ", " or word not in family():
        return
    match = _GIVEN.match(text.plain, end + 2)
    if match is not None and match[0].split()[0] in given() and match[0] not in family():
        yield Span("person", start, match.end(), 0.6)


def _score(parts: list[str], text: str, end: int) -> float:
    if len(parts) < 2 or any(_out_of_place(one) for one in parts[1:]):
        return 0.0
    if parts[0] in given():
        return 0.75
    if parts[0] in ordinary() or any(one.isupper() and len(one) > 2 for one in parts):
        return 0.0
    initial = any((len(one) == 2 and one[1] == ".") or len(one) == 1 for one in parts[1:-1])
    if initial and len(parts[-1]) > 2:
        return 0.7
    if any(one in given() for one in parts) or _DOES.match(text, end):
        return 0.6
    return 0.0


def _cell(text: Text) -> Iterator[Span]:
    """A whole cell of a column that holds names of people."""
    label = text.label
    named = any(
        word in label for word in ("full name", "first name", "last name", "surname", "contact")
    )
    whose = (
        "customer",
        "patient",
        "employee",
        "client",
        "person",
        "student",
        "tenant",
        "user",
        "author",
    )
    if not named and not (label == "name" or any(word in label for word in whose)):
        return
    bare = text.plain.strip()
    if not re.fullmatch(_NAME, bare) or _is_ordinary(bare):
        return
    parts = bare.split()
    if named or (len(parts) > 1 and (label != "name" or _known(parts))) or _known(parts):
        start = text.plain.find(bare)
        yield Span("person", start, start + len(bare), 0.8)


def _again(text: Text, found: list[Span]) -> Iterator[Span]:
    parts: set[str] = set()
    for span in found:
        for part in re.findall(_PART, text.plain[span.start : span.end]):
            if len(part) > 3 and part not in ordinary() and len(parts) < 500:
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
    return any(_out_of_place(one) and one not in given() for one in name.split())


def _out_of_place(word: str) -> bool:
    return len(word) > 1 and word in ordinary() and word not in family()


def _cut(name: str, start: int) -> int:
    """Return where a name ends: before the first ordinary word behind it."""
    end, at = start, 0
    for part in name.replace("\xa0", " ").split(" "):
        at += len(part)
        if _out_of_place(part):
            break
        end = start + at
        at += 1
    return end
