"""What words mean, in several languages: the lexicon of `concepts.txt`. Pure.

Words are compared without case and accents. Looking up a text takes time in proportion to its length.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import NamedTuple

_FILE = "concepts.txt"
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)  # scripts without blanks between words
_SHORTEST = 3  # characters of a beginning that stands for longer words


class Hit(NamedTuple):
    """A concept that a text speaks of, and at which of its words."""

    concept: str
    at: int


class _Entry(NamedTuple):
    concept: str
    words: tuple[str, ...]
    open: tuple[bool, ...]  # whether the word may go on

    def fits(self, words: list[str], at: int) -> bool:
        if at + len(self.words) > len(words):
            return False
        return all(
            word.startswith(wanted) if open_ else word == wanted
            for word, wanted, open_ in zip(words[at:], self.words, self.open, strict=False)
        )


class Lexicon:
    """Concepts by their words."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self._whole: dict[str, list[_Entry]] = {}
        self._begun: dict[str, list[_Entry]] = {}
        unspaced: dict[str, list[str]] = {}
        self._longest = _SHORTEST
        for concept, text in entries:
            if _UNSPACED.search(text):
                unspaced.setdefault(concept, []).append(plain(text))
                continue
            tokens = [(word, word_at_end) for word, word_at_end in _tokens(text)]
            entry = _Entry(concept, tuple(w for w, _ in tokens), tuple(o for _, o in tokens))
            first, is_open = tokens[0]
            (self._begun if is_open else self._whole).setdefault(first, []).append(entry)
            if is_open:
                self._longest = max(self._longest, len(first))
        self._unspaced = {
            concept: re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
            for concept, words in unspaced.items()
        }

    def hits(self, text: str) -> list[Hit]:
        """Return what a text that `plain` has made plain speaks of."""
        words = _WORD.findall(text)
        found = [
            Hit(entry.concept, at)
            for at, word in enumerate(words)
            for entry in self._candidates(word)
            if entry.fits(words, at)
        ]
        if _UNSPACED.search(text):
            found += [Hit(name, 0) for name, one in self._unspaced.items() if one.search(text)]
        return found

    def _candidates(self, word: str) -> list[_Entry]:
        found = [*self._whole.get(word, ())]
        for end in range(_SHORTEST - 1, min(len(word), self._longest) + 1):
            found += self._begun.get(word[:end], ())
        return found


def plain(text: str) -> str:
    """Return a text in lower case and without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return unicodedata.normalize("NFC", "".join(one for one in apart if not _accent(one)))


def _accent(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f"


def _tokens(text: str) -> list[tuple[str, bool]]:
    return [
        (word, part.endswith("*") and number == last)
        for part in plain(text).split()
        for words in (_WORD.findall(part),)
        for last in (len(words) - 1,)
        for number, word in enumerate(words)
    ]


@cache
def lexicon() -> Lexicon:
    """Return the shipped lexicon."""
    text = resources.files("toolguild.screen").joinpath(_FILE).read_text(encoding="utf-8")
    return Lexicon(read(text))


def read(text: str) -> list[tuple[str, str]]:
    """Return the entries of a lexicon's text, each with its concept."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found: list[tuple[str, str]] = []
    concept = ""
    for line in lines:
        if not line.startswith(" "):
            concept, _, line = line.partition(":")
        found += [(concept, one.strip()) for one in line.split(",") if one.strip()]
    return found
