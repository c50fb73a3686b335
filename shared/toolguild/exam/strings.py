"""Texts and small files for generated inputs, kept close to the examples at hand."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import JsonValue

_EDGES = ("", "a", " ", "Ab", "hello world", "0", "é", "日本 🙂", "a\nb", "  x  ", "q\"uo'te")
_NO_ROWS = frozenset(("json", "xml", "html", "htm", "svg", "yaml", "yml", "toml", "ini"))
_FORMATS: dict[str, tuple[str, ...]] = {
    "date": ("2024-02-29", "2000-01-01", "1999-12-31", "2023-06-15"),
    "date-time": ("2024-02-29T23:59:59Z", "2000-01-01T00:00:00Z", "2023-06-15T12:30:00+02:00"),
    "time": ("00:00:00Z", "23:59:59Z", "12:30:00Z"),
    "email": ("a@example.org", "first.last@mail.example.com"),
    "uri": ("https://example.org/", "https://example.org/a?b=c#d"),
    "ipv4": ("127.0.0.1", "192.0.2.17"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426614174000"),
}


class Pool:
    """The values that the cases give to each argument or key, whatever their depth."""

    def __init__(self, arguments: Iterable[Mapping[str, JsonValue]]) -> None:
        self._values: dict[str, list[JsonValue]] = {}
        for one in arguments:
            for name, value in one.items():
                self._add(name, value, 0)

    def all(self, name: str) -> list[JsonValue]:
        """Return every value seen under this name."""
        return self._values.get(name, [])

    def texts(self, name: str) -> list[str]:
        """Return the texts among them."""
        return [value for value in self.all(name) if isinstance(value, str)]

    def numbers(self, name: str) -> list[float]:
        """Return the numbers among them."""
        return [v for v in self.all(name) if isinstance(v, int | float) and not isinstance(v, bool)]

    def keys(self, name: str) -> list[str]:
        """Return the keys of the objects among them."""
        return sorted({key for value in self.all(name) if isinstance(value, dict) for key in value})

    def _add(self, name: str, value: JsonValue, depth: int) -> None:
        if depth > 8 or len(self._values.setdefault(name, [])) >= 200:
            return
        self._values[name].append(value)
        if isinstance(value, dict):
            for key, inner in value.items():
                self._add(key, inner, depth + 1)
        elif isinstance(value, list):
            for inner in value:
                self._add(name, inner, depth + 1)


def text_value(
    schema: Mapping[str, JsonValue],
    known: Sequence[str],
    rng: random.Random,
    *,
    keep: bool,
    size: int,
) -> tuple[str | None, bool]:
    """Return a text and whether it was made up; None where nothing is known of what it should look like.

    With `keep`, known texts are not edited.
    """
    special = schema.get("format")
    if isinstance(special, str) and special in _FORMATS:
        return rng.choice((*_FORMATS[special], *known)), False
    if known and (keep or "pattern" in schema or rng.random() < 0.4):
        return rng.choice(known), False
    if "pattern" in schema or keep:
        return None, False
    made = (
        edited_text(rng.choice(known), rng)
        if known and rng.random() < 0.5
        else rng.choice(_EDGES[: 2 + size])
    )
    low, high = schema.get("minLength"), schema.get("maxLength")
    if isinstance(low, int) and len(made) < low <= 10_000:
        made = (made or "a") * low
        made = made[: max(low, 1)]
    if isinstance(high, int):
        made = made[:high]
    return made, True


def edited_text(text: str, rng: random.Random) -> str:
    """Return the text with one small change."""
    at = rng.randrange(len(text) + 1)
    changes = (
        text[:at] + text[at + 1 :],
        text[:at] + text[max(0, at - 1) :],
        text.upper(),
        text.lower(),
        text[::-1],
        text + text,
        f" {text} ",
        f"{text[:at]}é{text[at:]}",
    )
    return rng.choice(changes)


def edited_file(name: str, text: str, rng: random.Random) -> str:
    """Return the file with rows dropped, doubled or in another order; its first row stays in tables.

    Files whose parts are not rows (JSON, XML, HTML) come back as they are: a row less breaks them.
    """
    if name.rsplit(".", 1)[-1].lower() in _NO_ROWS:
        return text
    rows = text.splitlines()
    heads = 1 if name.lower().endswith((".csv", ".tsv")) else 0
    head, body = rows[:heads], rows[heads:]
    return "\n".join([*head, *_edited_rows(body, rng)]) + ("\n" if text.endswith("\n") else "")


def _edited_rows(rows: list[str], rng: random.Random) -> Iterator[str]:
    if not rows:
        return
    at = rng.randrange(len(rows))
    match rng.randrange(4):
        case 0:
            yield from rows[:at]
            yield from rows[at + 1 :]
        case 1:
            yield from rows[: at + 1]
            yield from rows[at:]
        case 2:
            yield from rng.sample(rows, k=len(rows))
        case _:
            yield from rng.sample(rows, k=max(1, len(rows) // 2))
