"""Tables inside a text: their columns, so that what a column is called says what its cells are."""

import re
from collections.abc import Iterator

from toolguild.outgoing import address, cues, numbers, people, telephone
from toolguild.outgoing.span import Span
from toolguild.outgoing.words import Text, plain_label

MAX_ROWS = 2000  # of a table inside a text; a file that is a table is looked through as one
_HEAD = re.compile(r"^[ \t>]*\|?[ \t\"]*[^\W\d][^\n.!?:]{1,300}$", re.M)
_MARKS = re.compile(r"[,;\t|]")


_WANTED = frozenset(
    word
    for label in cues.NAME_LABELS
    | cues.PERSON_LABELS
    | telephone.LABELS
    | frozenset(address.LABELS)
    for word in label.split()
) - {
    "to",
    "from",
    "de",
    "von",
    "an",
    "present",
    "y",
    "i",
    "of",
    "on",
    "by",
    "host",
    "agent",
    "user",
}


def tabled(text: Text) -> Iterator[Span]:
    """Yield what the names of the columns of a table in a text say of its cells."""
    if text.label or "\n" not in text.plain:
        return
    for label, start, cell in columns(text.plain, _WANTED):
        bare = cell.strip(" \t\r\"'")
        if not bare:
            continue
        kind = ""
        if people.whole(bare, label) and not people.names_things(label):
            kind = "person"
        elif telephone.labelled(label) and numbers.whole(bare):
            kind = "phone"
        elif address.labelled(label) and address.whole(bare):
            kind = "address"
        if kind:
            begin = start + cell.index(bare)
            yield Span(kind, begin, begin + len(bare), 0.8)


def telling(labels: list[str]) -> list[str]:
    """Return what columns are called; a `name` beside a first name is a family name."""
    plain = [plain_label(label.strip().strip("\"'*` ")) for label in labels]
    if not cues.NAME_LABELS.intersection(plain):
        return plain
    return ["last name" if one in _BESIDE else one for one in plain]


_BESIDE = frozenset(("name", "nom", "nome", "naam", "namn", "navn", "nombre"))


def columns(text: str, wanted: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    """Yield label, place and text of the cells of tables whose columns have one of the wanted words in their name."""
    at = 0
    while at < len(text):
        head = _HEAD.search(text, at)
        if head is None:
            return
        at = head.end() + 1
        line = head[0]
        mark = _MARKS.search(line)
        if mark is None:
            continue
        labels = telling(line.split(mark[0]))
        chosen = [n for n, one in enumerate(labels) if wanted.intersection(one.split())]
        if not chosen or len(labels) < 2 or any(len(one) > 40 for one in labels):
            continue
        for start, cells in _rows(text, at, mark[0], len(labels)):
            at = start + sum(map(len, cells)) + len(cells)
            place = start
            for number, cell in enumerate(cells):
                if number in chosen:
                    yield labels[number], place, cell
                place += len(cell) + 1


def _rows(text: str, at: int, mark: str, size: int) -> Iterator[tuple[int, list[str]]]:
    for _ in range(MAX_ROWS):
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)]
        cells = line.split(mark)
        if len(cells) != size:
            return
        yield at, cells
        if end < 0:
            return
        at = end + 1
