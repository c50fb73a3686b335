"""Personal data in texts: which labelled places the output filter covers, and what else it takes away."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from toolguild.outgoing import personal, secrets
from toolguild.safety.baseline import PERSONAL
from toolguild.safety.sample import Sample, samples
from toolguild.safety.share import Share
from toolguild.safety.table import Bar, Row, Table

Place = tuple[int, int]  # first character, and the one behind the last
Looks = Mapping[str, Callable[[str], Sequence[Place]]]

PLAIN, RULES = "plain patterns", "rules"
SETS = {"": "pii_presidio_synth", "blind: ": "blind_personal"}  # what their rows are called, file
# Kinds with a shape of their own; the others need context or a model of the language.
STRUCTURED = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS")
NOT_PERSONAL = ("ORGANIZATION", "GPE", "TITLE", "DATE_TIME", "NRP", "DOMAIN_NAME", "AGE")
CLEAN = ("benign_requests_mbpp", "benign_user_tasks_agentdojo", "blind_texts")


def measure(folder: Path | None = None) -> Table:
    """Measure by kind how much of the labelled places is covered, and how much of what is taken is labelled."""
    looks = {PLAIN: _plain, RULES: _rules}
    table: list[Row] = []
    for called, name in SETS.items():
        table += [
            replace(row, name=called + row.name) for row in _set(samples(name, folder), looks)
        ]
    table += [_clean(name, folder, looks) for name in CLEAN]
    notes = (
        "A labelled place counts as covered when at least half of it is. Not looked for: "
        + ", ".join(NOT_PERSONAL).lower().replace("_", " ")
        + ".",
        "Taken and labelled: of the places that are taken out, those that the set labels as anything at all.",
    )
    return Table("personal", "Personal data in results", (PLAIN, RULES), table, notes)


def _set(rows: Sequence[Sample], looks: Looks) -> list[Row]:
    seen = {name: [look(str(row["text"])) for row in rows] for name, look in looks.items()}
    kinds = sorted({span["type"] for row in rows for span in row["spans"]} - set(NOT_PERSONAL))
    found = [_kind(kind, rows, seen) for kind in kinds]
    return [*found, _labelled(rows, seen)] if rows else []


def _kind(kind: str, rows: Sequence[Sample], seen: Mapping[str, Sequence[Sequence[Place]]]) -> Row:
    def share(places: Sequence[Sequence[Place]]) -> Share:
        hits = [
            _covered((span["start"], span["end"]), taken)
            for row, taken in zip(rows, places, strict=True)
            for span in row["spans"]
            if span["type"] == kind
        ]
        return Share(sum(hits), len(hits))

    bars = (Bar(RULES, least=95),) if kind in STRUCTURED else ()
    cells = {name: share(places) for name, places in seen.items()}
    return Row(kind.lower().replace("_", " "), True, cells, bars)


def _labelled(rows: Sequence[Sample], seen: Mapping[str, Sequence[Sequence[Place]]]) -> Row:
    def share(places: Sequence[Sequence[Place]]) -> Share:
        hits = [
            any(one[0] < span["end"] and span["start"] < one[1] for span in row["spans"])
            for row, taken in zip(rows, places, strict=True)
            for one in taken
        ]
        return Share(sum(hits), len(hits))

    cells = {name: share(places) for name, places in seen.items()}
    return Row("taken and labelled (precision)", True, cells, (Bar(RULES, least=95),))


def _clean(name: str, folder: Path | None, looks: Looks) -> Row:
    texts = [str(row["text"]) for row in samples(name, folder)]
    cells = {
        column: Share(sum(bool(look(text)) for text in texts), len(texts))
        for column, look in looks.items()
    }
    return Row(f"{name.replace('_', ' ')}: texts with anything taken", False, cells)


def _covered(place: Place, taken: Iterable[Place]) -> bool:
    start, end = place
    covered = set(chain.from_iterable(range(max(start, one[0]), min(end, one[1])) for one in taken))
    return len(covered) >= max(1, (end - start) / 2)


def _plain(text: str) -> list[Place]:
    return [match.span() for shape in PERSONAL.values() for match in shape.finditer(text)]


def _rules(text: str) -> list[Place]:
    spans: Any = (*personal.found(text), *secrets.found(text))
    return [(one.start, one.end) for one in spans]
