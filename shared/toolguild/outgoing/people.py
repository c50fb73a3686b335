"""Names of people: one pass over capitalised words, each judged by the words around it, its form, and lists.

Of a name that only a dictionary of all the world's names would know, the rules see nothing unless the words
around it, or its own form, speak of a person.
"""

import itertools
import re
from collections.abc import Iterator

from toolguild.outgoing import cues
from toolguild.outgoing.lists import family, famous, given, ordinary, phrases
from toolguild.outgoing.span import Span
from toolguild.outgoing.surnames import FREQUENT, surname, thing
from toolguild.outgoing.words import Text

_CAPITAL = "[A-ZÀ-ÖØ-ÞĀ-ɎА-ЯΑ-Ω]"
_PART = rf"{_CAPITAL}(?:[^\W\d_]|(?<=\w)['\u2019-](?=[^\W\d_])){{0,30}}"
_INITIAL = rf"{_CAPITAL}(?:\.|(?=[ \xa0]))"
_LINK = (
    r"(?:(?:van der|van den|van de|van het|de la|de los|de las|von der|von dem|von und zu|van|von|der|den|de|del|della"
    r"|di|da|dos|das|du|le|la|bin|bint|ibn|ben|abu|al|el|ter|ten|af|av|zu|zum|y|e|d['\u2019]) )"
)
_MORE = rf"(?:[ \xa0](?:{_INITIAL}|{_LINK}?{_PART}))"
# A look behind stands after the first letter: an expression that begins with one is tried at every place.
_SEQUENCE = re.compile(
    rf"{_CAPITAL}(?<![\w@/.&-].)(?:\.(?: ?{_CAPITAL}\.){{0,3}} ?{_PART}|{_PART[len(_CAPITAL) :]}){_MORE}{{0,4}}(?![\w@/])"
)
_WHOLE = re.compile(rf"(?:{_CAPITAL}\. ?){{0,3}}{_PART}(?:{_MORE}){{0,4}}")
_MARKS = " \t\xa0,\"'(:=*?\uff1a"
_ENUMERATION = re.compile(
    rf"{_CAPITAL}(?<![\w@/.&-].){_PART[len(_CAPITAL) :]}(?:, {_PART}){{2,30}}(?:,? (?:and|or|&) {_PART})?(?![\w@/])"
)
_ONE = re.compile(_PART)
_GIVEN = re.compile(rf"{_PART}(?: {_INITIAL})?(?![\w@])")
_LABEL = re.compile(
    r"(?:\A|[\n,;|{(\[>*]|[.!] |  )[ \t\"'*>-]*([^\W\d_][^\W\d_'\u2019. /-]*(?:[ _/-][^\W\d_]{1,16}){0,3})"
    r"[ \t]?[\"'*]{0,2}[ \t]*[:=\uff1a?][ \t\"'*]*\Z"
)
# a name before an address in angle brackets, as in the head of a mail
_MAILED = re.compile(r"[\"']?([^<>\n\"':,;]{2,50}(?:, [^<>\n\"':,;]{2,30})?)[\"']? ?\Z")
_LOWER = re.compile(
    r"(?:my name is|my name's|name:|call me) +([a-zà-ÿ\u0100-\u024f]{2,20}(?: [a-zà-ÿ\u0100-\u024f]\.?)?"
    r"(?: [a-zà-ÿ\u0100-\u024f]{2,20})?)(?![\w@./:-])"
)
# below the first line of a letter's head stand a street, a code or a number
_BELOW = re.compile(r"[ \t]*\n(?:[^\n]{0,60}\n){0,3}[^\n]{0,60}(?:\d{4}|@)")
_GREETED = re.compile(r"[ \t]*[,!:.\n\uff0c]|[ \t]*\Z| [-\u2013]")
_CALLED = frozenset(phrase.split()[-1] for phrase in cues.CALLED + cues.SAID)
_VERBS = frozenset(phrase for phrase in cues.SAID if " " not in phrase) - {"it", "attn"} | {
    "i\u2019m",
    "meet",
    "call",
}
_SHORT = ("the", "a", "an", "at", "in")  # before a capital, they speak of a place or a thing
_STORMS = frozenset(
    [
        "Hurricane",
        "Storm",
        "Typhoon",
        "Cyclone",
        "Saint",
        "St",
        "Santa",
        "San",
        "Santo",
        "São",
        "Sankt",
        "Sainte",
        "Mount",
        "Mt",
        "Lake",
        "Lac",
        "Fort",
        "Port",
        "Cape",
        "Hotel",
        "Villa",
        "Café",
        "Restaurant",
        "Casa",
        "Playa",
        "Isla",
        "Puerto",
        "Ciudad",
        "Rio",
        "Río",
        "Sierra",
        "Monte",
        "Cerro",
        "Costa",
        "Nova",
        "Nuevo",
        "Nueva",
        "Novo",
        "New",
        "North",
        "South",
        "East",
        "West",
        "Northern",
        "Southern",
        "Eastern",
        "Western",
        "Great",
        "Little",
        "Upper",
        "Lower",
        "Old",
        "Los",
        "Las",
        "El",
        "La",
        "Le",
        "Les",
        "Planet",
        "Operation",
        "Mont",
        "Sharm",
        "Kota",
        "Bahía",
        "Bahia",
        "Baie",
        "Val",
        "Bois",
        "Pont",
        "Aix",
        "Novi",
        "Nizhny",
        "Veliky",
        "Ust",
        "Zielona",
        "Nowy",
        "Karlovy",
        "Ascoli",
        "Reggio",
        "Bocas",
        "Museo",
        "Museum",
        "Château",
        "Castle",
        "Chapel",
        "Cathedral",
        "Basilica",
        "Place",
        "Plaza",
        "Piazza",
        "Rue",
        "Avenue",
        "Via",
        "Camp",
        "Bad",
        "Burg",
        "Castel",
    ]
)
_TRADE = frozenset(
    ("Martens", "Proper", "Pepper", "Fields", "Muscle", "Oetker", "Beat", "Robot", "Bean", "Clean")
)
_PARTICLES = frozenset(
    (
        "Van",
        "Von",
        "De",
        "Da",
        "Di",
        "Del",
        "Der",
        "Den",
        "Le",
        "La",
        "Du",
        "El",
        "Al",
        "Dos",
        "Ten",
        "St",
    )
)
_CLOSING_LINE = 90


def people(text: Text) -> Iterator[Span]:
    """Yield names of people; a name found once is found wherever its parts stand again."""
    if text.label and names_things(text.label):
        return
    found = [*_all(text), *_cells(text)]
    yield from found
    yield from _again(text, found)


def whole(text: str, label: str) -> bool:
    """Whether a whole cell is somebody's name, by what its column is called."""
    bare = text.strip()
    known_label, weak = label in cues.NAME_LABELS, label in cues.PERSON_LABELS
    if not (known_label or weak or _about_people(label)) or not _WHOLE.fullmatch(bare):
        return False
    if bare in phrases() or (bare.upper() == bare and " " not in bare and len(bare) < 4):
        return False
    parts = _parts(bare)
    if any(_ordinary(one) for one in parts):
        return False
    if known_label or ("name" in label.split() and label != "name"):
        return True
    trades = label in (
        "name",
        "customer",
        "client",
        "owner",
        "kunde",
        "cliente",
        "klant",
        "buyer",
        "seller",
        "payee",
        "payer",
    )
    return _known(parts) or (not trades and len(parts) > 1) or surname(parts[-1])


def names_things(label: str) -> bool:
    """Whether a column holds the names of things: `product name`, `city`."""
    words = label.split()
    return bool(cues.THINGS.intersection(words)) and not any(
        one in ("person", "customer", "employee", "patient", "contact", "first", "last", "full", "surname") for one in words
    )  # fmt: skip


def _about_people(label: str) -> bool:
    words = label.split()
    return any(
        one in cues.PERSON_LABELS and one not in ("de", "to", "from", "von", "an", "present") for one in words
    ) or " ".join(words[:2]) in cues.NAME_LABELS  # fmt: skip


def _cells(text: Text) -> Iterator[Span]:
    if not text.label:
        return
    for start, cell in text.cells():
        if cell and whole(cell, text.label):
            lead = len(cell) - len(cell.lstrip())
            yield Span("person", start + lead, start + lead + len(cell.strip()), 0.8)


def _all(text: Text) -> Iterator[Span]:
    prose = not text.label and text.plain.count(" ", 0, 5000) > 1
    for match in _SEQUENCE.finditer(text.plain):
        yield from _judged(text, match[0], match.start(), prose)
    yield from _enumerated(text)
    yield from _mailed(text)
    if "name" in text.low or "call me" in text.low:
        for match in _LOWER.finditer(text.plain):
            if any(
                _known([one.strip(".").capitalize()]) or surname(one.capitalize())
                for one in match[1].split()
            ):
                yield Span("person", *match.span(1), 0.7)


def _judged(text: Text, run: str, start: int, prose: bool) -> Iterator[Span]:
    """Yield what of a run of capitalised words is somebody's name."""
    for mark in ("'s ", "\u2019s "):  # what belongs to somebody is no part of the name
        head, _, rest = run.partition(mark)
        if rest:
            yield from _judged(text, head, start, prose)
            yield from _judged(text, rest, start + len(head) + len(mark), prose)
            return
    if run[-2:] in ("'s", "\u2019s"):
        run = run[:-2]
    if run in phrases():
        return
    plain, single = text.plain, " " not in run and "\xa0" not in run and "." not in run
    before = text.low[max(0, start - 48) : start]
    last = before.rstrip(_MARKS).rsplit(None, 1)
    word = last[-1].rpartition("/")[2].lstrip("\"'(*>[{").rstrip(",;)!") if last else ""
    cue = _cue(text, before, word, start)
    if single:
        yield from _single(text, run, start, cue, prose)
        return
    parts = run.replace("\xa0", " ").split(" ")
    titled = cue == "title"
    stormy = False
    while parts and (_leads(parts[0]) or _title(parts[0])):
        titled = _title(parts[0])
        if not titled:
            cue = _cue_of(parts[0])
            stormy = parts[0] in _STORMS
        begun = start
        start += len(parts[0]) + 1
        parts = parts[1:]
        if titled and parts:
            yield from _titled(text, parts, begun, start)
            return
    if cue == "place" and before.rstrip()[-1:] == ".":
        return
    cut = False
    while parts and _ordinary(parts[-1]) and not (parts[-1] in FREQUENT and parts[0] in given()):
        parts, cut = parts[:-1], True
    # a verb that begins the sentence, and then a name that begins with a frequent one
    while (
        len(parts) > 2 and parts[0] not in given() and parts[1] in given() and "." not in parts[0]
    ):
        start += len(parts[0]) + 1
        parts = parts[1:]
    if (
        not parts
        or stormy
        or parts[0][0].islower()
        or (parts[0] in _STORMS and parts[0] not in given())
    ):
        return
    end = start + len(" ".join(parts))
    name = " ".join(parts)
    if (
        (titled or (cue in ("title", "called", "greeting", "closing", "label") and not cut))
        and (
            not any(_ordinary(one) and one not in _PARTICLES for one in parts)
            and name not in phrases()
        )
        and (cue != "greeting" or _GREETED.match(plain, end))
    ):
        yield Span("person", start, end, 0.85)
        return
    score = _score(parts, cue, cut, plain, end)
    if not score and not cut and _heads_a_letter(text, parts, start, end):
        score = 0.55
    if score and name not in phrases() and not _holds_phrase(parts):
        yield Span("person", start, end, score)
    elif len(parts) == 1 and not cut:
        yield from _single(text, parts[0], start, cue, prose)


def _leads(word: str) -> bool:
    """Whether a word before a name is no part of it."""
    low = word.lower()
    return word not in given() and (word in ordinary() or low in cues.GREETINGS or low in _VERBS)


def _cue_of(word: str) -> str:
    low = word.lower()
    if low in cues.GREETINGS:
        return "greeting"
    if low in cues.ROLES:
        return "role"
    return "said" if low in _VERBS else ""


def _titled(text: Text, parts: list[str], begun: int, start: int) -> Iterator[Span]:
    while parts and _title(parts[0]):
        start += len(parts[0]) + 1
        parts = parts[1:]
    kept: list[str] = []
    for one in parts:
        if _ordinary(one):
            break
        kept.append(one)
    if len(kept) == 1 and len(parts) > 1 and not _known(kept):
        return
    if kept and kept[0] not in _TRADE and not _thing(kept[0]):
        yield Span("person", begun, start + len(" ".join(kept)), 0.9)


def _single(text: Text, word: str, start: int, cue: str, prose: bool) -> Iterator[Span]:
    """A capitalised word that stands alone."""
    end = start + len(word)
    if cue == "title" and not _ordinary(word) and word not in _TRADE:
        begun = text.plain.rfind(" ", 0, start - 1) + 1
        begun = max(begun, text.plain.rfind("\n", 0, start) + 1)
        yield Span("person", begun, end, 0.9)
        return
    if _ordinary(word) or word.isupper():
        return
    certain = cue in ("called", "field", "closing")
    if cue == "greeting" and _GREETED.match(text.plain, end):
        certain = True
    if certain or (cue == "relation" and not _thing(word)):
        yield Span("person", start, end, 0.75)
        return
    known = word in given() or word in family()
    if cue in ("label", "said", "role") and ((known and word not in famous()) or surname(word)):
        yield Span("person", start, end, 0.7)
        return
    if cues.LIVES.match(text.plain, end) and not _thing(word) and word[1:].islower() and prose:
        yield Span("person", start, end, 0.6)
        return
    if known and prose and cues.DOES.match(text.plain, end) and not cue:
        yield Span("person", start, end, 0.55)
        return
    if text.plain[end : end + 2] == ", " and word in family():
        match = _GIVEN.match(text.plain, end + 2)
        if match is not None and match[0].split()[0] in given() and match[0] not in family():
            yield Span("person", start, match.end(), 0.6)
            return
    if prose and len(word) > 3 and word in given() and word not in famous() and cue != "place":
        behind = text.plain[end : end + 3]
        code = behind[:1] in ("_", "(", "=", "[") or (behind[:1] == "." and behind[1:2].isalnum())
        if not code and behind[:2] != "'s":
            yield Span("person", start, end, 0.5)


def _cue(text: Text, before: str, word: str, start: int) -> str:
    """What the words directly before a name say of it: the kind of cue, or nothing."""
    bare = word.rstrip(".?")
    if not before or before[-1:] == "\n":
        return "closing" if _closed(text, start) else ""
    if before[-1] in " \t\xa0" and word:
        tail = before.rstrip(" \t\xa0")
        if tail.endswith(word):
            if (
                bare in cues.TITLES
                and text.plain[start - (len(before) - len(tail)) - len(word)].isupper()
            ):
                return "title"
            if word in _CALLED or bare in _CALLED:
                if any(_ends(tail, phrase) for phrase in cues.CALLED if phrase.endswith(word)):
                    return "called"
                if any(_ends(tail, phrase) for phrase in cues.SAID if phrase.endswith(word)):
                    return "said"
            if bare in cues.RELATIONS:
                return "relation"
            if bare in cues.ROLES:
                return "role"
            if bare in _SHORT or (bare.capitalize() in _STORMS and bare not in cues.GREETINGS):
                return "place"
        if tail[-1:] in ("", ",") or tail.endswith(word):
            greeting = tail.rstrip(",")
            for phrase in (bare, " ".join(greeting.split()[-2:])):
                if phrase in cues.GREETINGS and _begins(greeting, phrase):
                    return "greeting"
        if tail.endswith(word + ",") and bare in cues.ROLES:
            return "role"
    if before.rstrip(" \t\"'*")[-1:] in (":", "=", "?", "\uff1a"):
        label = _LABEL.search(before)
        if label is not None:
            what = label[1].replace("_", " ").strip()
            if _named_field(text, start, what):
                return "field"
            if what in cues.PERSON_LABELS or what.split()[-1] in cues.PERSON_LABELS:
                return "label" if not names_things(what) else ""
        if any(_ends(before.rstrip(), phrase) for phrase in cues.CALLED if phrase.endswith("?")):
            return "called"
    return ""


def _named_field(text: Text, start: int, what: str) -> bool:
    if what in cues.NAME_LABELS:
        return True
    key = re.search(r"([A-Za-z]+)[\"' ]*[:=][\"' ]*\Z", text.plain[max(0, start - 30) : start])
    if key is None:
        return False
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key[1]).lower() in cues.NAME_LABELS


def _ends(tail: str, phrase: str) -> bool:
    return tail.endswith(phrase) and not tail[: -len(phrase)][-1:].isalnum()


def _begins(tail: str, phrase: str) -> bool:
    """Whether a greeting begins a line or a sentence."""
    before = tail[: len(tail) - len(phrase)].rstrip(" \t")
    return tail.endswith(phrase) and (not before or before[-1] in "\n\"'>.!:")


def _closed(text: Text, start: int) -> bool:
    before = text.low[max(0, start - _CLOSING_LINE) : start]
    if "\n" not in before or cues.CLOSED.search(before) is None:
        return False
    line = text.plain[start : start + 60].split("\n", 1)[0].strip()
    return _WHOLE.fullmatch(line) is not None or "," in line


def _score(parts: list[str], cue: str, cut: bool, text: str, end: int) -> float:
    """How sure it is that these words are somebody's name; 0 where nothing speaks for it."""
    names = [one for one in parts if not (len(one) < 3 or one[0].islower() or one.endswith("."))]
    initial = any((len(one) <= 2 or "." in one) and one[0].isupper() for one in parts[:-1])
    if (
        len(parts) < 2
        or not names
        or any(
            _ordinary(one) and one not in _PARTICLES and not (one == parts[-1] and one in FREQUENT)
            for one in parts[1:]
        )
    ):
        return 0.0
    first, last, cue = parts[0], parts[-1], "" if cue == "place" else cue
    if any(one.isupper() and len(one) > 2 for one in parts) and not (
        first in given() or last in family()
    ):
        return 0.0
    here = [one for one in names if one in given()]
    familiar = last in family() or surname(last) or last in given()
    familiar = familiar or (last in FREQUENT and first in given())
    if first in given():
        if first in famous() and not familiar and not cue and not cues.DOES.match(text, end):
            return 0.0 if _thing(last) or last[-1] == "s" or cut else 0.6
        if familiar or not _thing(last):
            return (
                0.0 if cut and not (familiar and len(parts) > 1 and first not in famous()) else 0.75
            )
        return 0.0
    if cut:
        return 0.0
    if (
        initial
        and len(last) > 2
        and (familiar or cue or len(parts) > 2 or cues.DOES.match(text, end))
        and not _thing(last)
    ):
        return 0.7
    if _ordinary(first) or any(_thing(one) for one in names):
        return 0.0
    if here or surname(last) or (last in family() and first not in family() and len(last) > 2):
        return 0.6
    if cue in ("said", "role", "relation", "label", "title") or cues.DOES.match(text, end):
        return 0.6
    if first in family() and last in family() and min(len(first), len(last)) < 5:
        return 0.55
    return 0.0


def _enumerated(text: Text) -> Iterator[Span]:
    """Names with commas between them, of which half or more are frequent ones."""
    if text.plain.count(",", 0, 5000) < 2:
        return
    for match in _ENUMERATION.finditer(text.plain):
        words = [(one[0], match.start() + one.start()) for one in _ONE.finditer(match[0])]
        if any(word in ordinary() for word, _ in words):
            continue
        if sum(word in famous() for word, _ in words) * 3 > len(words):
            continue
        if sum(word in given() for word, _ in words) * 2 >= len(words):
            for word, start in words:
                yield Span("person", start, start + len(word), 0.55)


def _mailed(text: Text) -> Iterator[Span]:
    at = text.plain.find(" <")
    while at >= 0:
        if text.plain.find("@", at, at + 70) > 0:
            match = _MAILED.search(text.plain, max(0, at - 90), at + 1)
            name = match[1].strip() if match is not None else ""
            pieces = [one.strip() for one in name.split(",")]
            if name and all(_WHOLE.fullmatch(one) for one in pieces):
                words = [one for piece in pieces for one in piece.split()]
                if not any(_ordinary(one) for one in words) and (len(words) > 1 or _known(words)):
                    start = text.plain.index(name, max(0, at - 90))
                    yield Span("person", start, start + len(name), 0.8)
        at = text.plain.find(" <", at + 2)


def _heads_a_letter(text: Text, parts: list[str], start: int, end: int) -> bool:
    at_line = text.plain[max(0, start - 6) : start].rstrip(" >\t?")[-1:] in ("", "\n")
    whole_line = " ".join(parts)
    if not at_line or len(parts) < 2 or whole_line.isupper() or any(map(_ordinary, parts)):
        return False
    return _BELOW.match(text.plain, end) is not None


def _again(text: Text, found: list[Span]) -> Iterator[Span]:
    parts: set[str] = set()
    for span in found:
        for part in _ONE.findall(text.plain[span.start : span.end]):
            if len(part) > 3 and part not in ordinary() and not _title(part):
                parts.add(part)
    if not parts or len(text.plain) < 2 * max((span.end - span.start for span in found), default=0):
        return
    for match in _ONE.finditer(text.plain):
        if match[0] in parts:
            at, end = match.span()
            if not (text.plain[at - 1 : at].isalnum() or text.plain[end : end + 1].isalnum()):
                yield Span("person", at, end, 0.55)


def _parts(name: str) -> list[str]:
    return name.replace("\xa0", " ").split(" ")


def _holds_phrase(parts: list[str]) -> bool:
    return any(f"{one} {two}" in phrases() for one, two in itertools.pairwise(parts))


def _title(word: str) -> bool:
    return word.rstrip(".").lower() in cues.TITLES and word[0].isupper()


def _known(parts: list[str]) -> bool:
    return any(one in given() or one in family() for one in parts)


def _thing(word: str) -> bool:
    return thing(word) and word not in family() and word not in given()


def _ordinary(word: str) -> bool:
    """Whether a word is an ordinary one, which no name has."""
    return len(word) > 1 and word in ordinary() and word not in family() and word not in given()
