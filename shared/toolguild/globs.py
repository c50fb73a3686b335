"""Patterns of file names: which names they match, which lies within which, and what two have in common. Pure.

`*` is any text, slashes too, `?` any one character, `[abc]`, `[a-z]` and `[!abc]` one of a class; all else stands
for itself, case matters. A leading slash counts for nothing. These are the patterns of Python's `fnmatch`.
"""

import fnmatch
from collections.abc import Iterable
from functools import lru_cache

MOST_COMMON = 64  # patterns that two have in common; more are taken for none

_Tokens = tuple[str, ...]
_STAR = "*"


def matches(name: str, globs: Iterable[str]) -> bool:
    """Say whether a file name is matched by any of these patterns."""
    bare = name.lstrip("/")
    return any(fnmatch.fnmatchcase(bare, glob.lstrip("/")) for glob in globs)


def within(glob: str, others: Iterable[str]) -> bool:
    """Say whether all that a pattern matches is certainly matched by one of the others.

    True is always right; False may be wrong where only several of the others together match it all.
    """
    mine = _tokens(glob)
    return any(_contains(_tokens(other), mine) for other in others)


def common(mine: Iterable[str], theirs: Iterable[str]) -> tuple[str, ...]:
    """Return patterns that match the names that both sides match, sorted; empty when there is none.

    Two patterns that overlap in more ways than MOST_COMMON have nothing in common: write them simpler.
    """
    theirs = tuple(theirs)
    found = {one for left in mine for right in theirs for one in _common(left, right)}
    return tuple(sorted(one for one in found if not within(one, found - {one})))


@lru_cache(maxsize=4096)
def _common(left: str, right: str) -> frozenset[str]:
    if within(left, (right,)):
        return frozenset((left,))
    if within(right, (left,)):
        return frozenset((right,))
    try:
        both = _Common().of(_tokens(left), _tokens(right))
    except _TooMany:
        return frozenset()
    # No name begins with a slash, and a leading one counts for nothing: such a pattern would match other names.
    return frozenset("".join(one) for one in both if one[:1] != ("/",))


class _TooMany(Exception):
    """Two patterns overlap in too many ways."""


class _Common:
    """Lines two patterns up in every way in which one name can match both."""

    def __init__(self) -> None:
        self._known: dict[tuple[_Tokens, _Tokens], frozenset[_Tokens]] = {}

    def of(self, left: _Tokens, right: _Tokens) -> frozenset[_Tokens]:
        """Return the patterns. Raises _TooMany."""
        if (left, right) not in self._known:
            found = frozenset(self._of(left, right))
            if len(found) > MOST_COMMON or len(self._known) > 50 * MOST_COMMON:
                raise _TooMany
            self._known[left, right] = found
        return self._known[left, right]

    def _of(self, left: _Tokens, right: _Tokens) -> Iterable[_Tokens]:
        if not left or not right:
            if all(one == _STAR for one in left + right):
                yield ()
            return
        (one, *more), (other, *others) = left, right
        rest, last = tuple(more), tuple(others)
        if one == other == _STAR:  # the text of the shorter one is in that of the longer
            for both in self.of(rest, right) | self.of(left, last):
                yield both if both[:1] == (_STAR,) else (_STAR, *both)
        elif one == _STAR:
            yield from self.of(rest, right)
            yield from ((other, *both) for both in self.of(left, last))
        elif other == _STAR:
            yield from self.of(left, last)
            yield from ((one, *both) for both in self.of(rest, right))
        elif (narrow := _narrower(one, other)) is not None:
            yield from ((narrow, *both) for both in self.of(rest, last))


@lru_cache(maxsize=4096)
def _tokens(glob: str) -> _Tokens:
    """Take a pattern apart into characters, classes, `?` and `*`; `*?` is written `?*`, `**` as `*`."""
    found: list[str] = []
    text, at = glob.lstrip("/"), 0
    while at < len(text):
        end = at + 1
        if text[at] == "[":
            close = text.find("]", at + (3 if text[at + 1 : at + 2] == "!" else 2))
            end = close + 1 if close > 0 else end
        token = text[at:end]
        if token == "?" and found and found[-1] == _STAR:
            found.insert(-1, token)
        elif token != _STAR or found[-1:] != [_STAR]:
            found.append("[[]" if token == "[" else token)
        at = end
    return tuple(found)


def _contains(outer: _Tokens, inner: _Tokens) -> bool:
    """Match the inner pattern by the outer one, as if its own `*` were a character that only `*` matches."""
    states = {0}
    for token in (*inner, None):
        for at in range(len(outer)):  # what `*` may skip
            if at in states and outer[at] == _STAR:
                states.add(at + 1)
        if token is None:
            return len(outer) in states
        following = set()
        for at in states:
            if at < len(outer) and outer[at] == _STAR:
                following.add(at)
            elif at < len(outer) and token != _STAR and _narrower(outer[at], token) == token:
                following.add(at + 1)
        states = following
    raise AssertionError("the last token ends it")


def _narrower(one: str, other: str) -> str | None:
    """Return what matches exactly the characters that both tokens match, or None when there is none."""
    if one == other or other == "?":
        return one
    if one == "?":
        return other
    for single, many in ((one, other), (other, one)):
        if len(single) == 1:
            return single if fnmatch.fnmatchcase(single, many) else None
    characters = [
        sign for sign in map(chr, range(0x250)) if all(_is(sign, each) for each in (one, other))
    ]
    return _class_of(characters)


def _is(sign: str, token: str) -> bool:
    return fnmatch.fnmatchcase(sign, token)


def _class_of(characters: list[str]) -> str | None:
    """Return a class of these characters. Two classes are compared within the Latin alphabets only."""
    if not characters:
        return None
    first = [one for one in characters if one == "]"]
    last = [one for one in characters if one in "!-"]
    middle = [one for one in characters if one not in "]!-"]
    inner = "".join([*first, *middle, *last])
    return f"[{inner}]" if inner != "!" else "!"
