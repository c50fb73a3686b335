"""Words of names, descriptions and queries, brought to one form. Pure."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VOWEL = re.compile(r"[aeiouy]")
_ENDINGS = ("ing", "ed", "er", "or", "tion", "sion", "ly")
_STOP = re.compile(
    "an?|and|any|are|as|at|be|by|do|does|each|every|for|from|give|given|has|have|i|in|into|is|its?|me|my|of|on|"
    "one|or|our|out|so|some|that|the|their|them|then|there|these|they|this|those|to|tool|up|us|was|we|what|"
    "when|where|which|will|with|your?|you"
)


def words(text: str) -> list[str]:
    """Return the words of a text in order, split at punctuation, underscores and camelCase, in lower case."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(plain.casefold())


def stems(text: str) -> list[str]:
    """Return the words of a text, each without its English ending, so that "converts" meets "converter"."""
    return [stem(word) for word in words(text)]


def query_stems(text: str, *, most: int = 24) -> list[str]:
    """Return the distinct stems that a query asks for: stop words are left out unless nothing else is there."""
    asked = words(text)
    telling = [word for word in asked if not _STOP.fullmatch(word)] or asked
    return list(dict.fromkeys(map(stem, telling)))[:most]


def stem(word: str) -> str:
    """Return an ASCII word without plural, -ing, -ed, -er, -ion; other words unchanged."""
    if not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and len(word) > 3 and word[-2] not in "sui":
        word = word[:-1]
    while (shorter := _without_ending(word)) != word:
        word = shorter
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word


def _without_ending(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending):
            rest = word[: -len(ending)] + ending[0] * ending.endswith("ion")
            if len(rest) >= 3 and _VOWEL.search(rest):
                return rest
    return word
