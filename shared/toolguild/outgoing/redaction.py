"""Taking out what must not leave: the same value becomes the same place-holder wherever it stood."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import JsonValue

from toolguild.outgoing import secrets
from toolguild.outgoing.span import Span, union
from toolguild.outgoing.words import BETWEEN

Find = Callable[[str, str], tuple[Span, ...]]  # of a text and what a table calls it
MANY = 64  # texts of one column: more are looked through in one go


class Taken(NamedTuple):
    """What was taken out: its place-holder, and where it stood first."""

    placeholder: str
    kind: str
    value: str
    where: str


@dataclass
class Redactor:
    """Replaces what is found, and remembers it. `personal` and `secret` find; None looks for nothing.

    `stays` are kinds that the task is for, `own` the words of the person who asked: what stands in them
    stays too. With `only_note`, personal data is counted and stays.
    """

    personal: Find | None = None
    secret: Find | None = secrets.found
    kinds: Sequence[str] = ("*",)
    stays: frozenset[str] = frozenset()
    own: str = ""
    only_note: bool = False
    taken: dict[tuple[str, str], Taken] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    stayed: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    _numbers: Counter[str] = field(default_factory=Counter)

    def text(self, text: str, where: str, label: str = "") -> str:
        """Return a text without what must not leave."""
        return self._replace(text, self._spans(text, label), where)

    def texts(self, texts: Sequence[str], where: str, label: str = "") -> list[str]:
        """Return the cells of one column so; many are looked through as one text."""
        if len(texts) <= MANY or any("\0" in text for text in texts):
            return [self.text(text, where, label) if text else text for text in texts]
        whole = BETWEEN.join(texts)
        spans = self._spans(whole, label)
        cleaned, at, begin = [], 0, 0
        for text in texts:
            end = begin + len(text)
            mine = []
            while at < len(spans) and spans[at].start < end:
                if spans[at].start >= begin:
                    span = spans[at]
                    mine.append(
                        Span(span.kind, span.start - begin, min(span.end, end) - begin, span.score)
                    )
                at += 1
            cleaned.append(self._replace(text, mine, where) if mine else text)
            begin = end + len(BETWEEN)
        return cleaned

    def value(self, value: JsonValue, where: str, label: str = "") -> JsonValue:
        """Return a JSON value so, the keys of its objects included. The keys say what their values are."""
        match value:
            case str():
                return self.text(value, where, label)
            case bool() | float() | None:
                return value
            case int():
                text = str(value)
                cleaned = self.text(text, where, label) if label and len(text) > 5 else text
                return value if cleaned == text else cleaned
            case dict():
                return self._object(value, where)
            case list():
                return self._list(value, where, label)
        raise TypeError(f"{type(value).__name__} is no JSON")

    def _object(self, value: dict[str, JsonValue], where: str) -> dict[str, JsonValue]:
        names = self.texts(list(value), where)
        cleaned: dict[str, JsonValue] = {}
        for name, (old, inner) in zip(names, value.items(), strict=True):
            while name in cleaned:
                name += "*"
            cleaned[name] = self.value(inner, where, old if len(old) <= 60 else "")
        return cleaned

    def _list(self, value: list[JsonValue], where: str, label: str) -> list[JsonValue]:
        if len(value) > MANY and all(isinstance(one, str) for one in value):
            return list(self.texts([str(one) for one in value], where, label))
        if len(value) > MANY and all(isinstance(one, dict) for one in value):
            return self._records([one for one in value if isinstance(one, dict)], where)
        return [self.value(one, where, label) for one in value]

    def _records(self, rows: list[dict[str, JsonValue]], where: str) -> list[JsonValue]:
        """Look through records column by column."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        renamed = dict(zip(names, self.texts(names, where), strict=True))
        cleaned: list[dict[str, JsonValue]] = [dict(row) for row in rows]
        for name in names:
            texts = [(number, row[name]) for number, row in enumerate(rows) if name in row]
            plain = [(number, one) for number, one in texts if isinstance(one, str)]
            for (number, _), text in zip(
                plain, self.texts([one for _, one in plain], where, name), strict=True
            ):
                cleaned[number][name] = text
            for number, one in texts:
                if not isinstance(one, str):
                    cleaned[number][name] = self.value(one, where, name)
        if any(old != new for old, new in renamed.items()):
            return [{renamed[name]: one for name, one in row.items()} for row in cleaned]
        return list(cleaned)

    def take(self, kind: str, value: str, where: str) -> str:
        """Take something out whole and return its place-holder: the metadata of a picture, for instance."""
        self.counts[kind] += 1
        known = self.taken.get((kind, value))
        if known is None:
            self._numbers[kind] += 1
            placeholder = f"[{kind.replace('_', ' ')} {self._numbers[kind]}]"
            known = self.taken[kind, value] = Taken(placeholder, kind, value, where)
        return known.placeholder

    def _spans(self, text: str, label: str) -> tuple[Span, ...]:
        found: list[Span] = []
        if self.secret is not None:
            found += (one._replace(score=2.0) for one in self.secret(text, label))
        if self.personal is not None:
            found += (one for one in self.personal(text, label) if self._wanted(one.kind))
        return union(found)

    def _wanted(self, kind: str) -> bool:
        return "*" in self.kinds or kind in self.kinds

    def _replace(self, text: str, spans: Iterable[Span], where: str) -> str:
        parts, last = [], 0
        for span in spans:
            value = text[span.start : span.end]
            if span.score <= 1.0:  # personal
                if span.kind in self.stays or (len(value) > 1 and value in self.own):
                    self.stayed[span.kind] += 1
                    continue
                if self.only_note:
                    self.noted[span.kind] += 1
                    continue
            parts += [text[last : span.start], self.take(span.kind, value, where)]
            last = span.end
        return "".join([*parts, text[last:]]) if parts else text


def redact_text(text: str) -> str:
    """Replace every credential in a text by its kind in brackets."""
    parts, last = [], 0
    for span in secrets.found(text):
        parts += [text[last : span.start], f"[redacted: {span.kind}]"]
        last = span.end
    return "".join([*parts, text[last:]])
