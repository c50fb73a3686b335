"""Regular expressions that can take exponential time on some input.

The shape looked for is a repeated group whose body can match the same text in two ways because it is
itself repeated and nothing fixed stands between two rounds: `(a+)+`, `(\\w+\\s?)*`, `(a+a)*`, `(a|a)*`.
"""

import re
import string
import warnings
from functools import lru_cache
from typing import NamedTuple

_SAMPLE = string.printable + "\u00e9\u4e2d"
_MAX_LENGTH = 2_000
_MAX_DEPTH = 30


class _Atom(NamedTuple):
    optional: bool  # may match nothing
    unbounded: bool  # may match any number of times
    text: str


def is_slow(pattern: str) -> bool:
    """Say whether a regular expression has that shape. Never raises; what it cannot read is not slow."""
    if len(pattern) > _MAX_LENGTH or ")" not in pattern:
        return False
    starts: list[int] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            position += 2
            continue
        if character == "[":
            position = _class_end(pattern, position)
            continue
        if character == "(":
            starts.append(position)
            if len(starts) > _MAX_DEPTH:
                return True  # nobody can say
        elif character == ")" and starts:
            start = starts.pop()
            if _unbounded(pattern, position + 1) and _ambiguous(pattern[start + 1 : position]):
                return True
        position += 1
    return False


def _class_end(pattern: str, start: int) -> int:
    position = start + 1
    if pattern[position : position + 1] == "^":
        position += 1
    if pattern[position : position + 1] == "]":
        position += 1  # right here it is literal
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return position + 1


def _unbounded(pattern: str, position: int) -> bool:
    rest = pattern[position : position + 12]
    if rest[:1] in ("*", "+"):
        return rest[1:2] != "+"  # possessive
    if rest[:1] == "{":
        return "," in rest and rest.partition(",")[2][:1] == "}"
    return False


def _ambiguous(body: str) -> bool:
    if body.startswith("?"):
        if not body.startswith(("?:", "?P<")):
            return False  # looks around, comments, atomic groups
        body = body[2:] if body.startswith("?:") else body.partition(">")[2]
    branches = _split(body)
    plain = [branch for branch in branches if branch]
    if len(set(plain)) < len(plain) or _overlap(plain):
        return True  # (a|a)*, (\w|\d)*
    return any(_repeats_itself(branch) for branch in plain)


def _overlap(branches: list[str]) -> bool:
    """Whether two branches are one character each, and some character is in both."""
    seen: set[str] = set()
    for branch in branches[:20]:
        atoms = _atoms(branch)
        if len(atoms) == 1 and not atoms[0].optional and not atoms[0].unbounded:
            characters = _characters(atoms[0].text)
            if characters & seen:
                return True
            seen |= characters
    return False


def _repeats_itself(branch: str) -> bool:
    """Whether one unbounded atom can match all that the branch has to match, so that rounds run together."""
    atoms = _atoms(branch)
    needed = [atom for atom in atoms if not atom.optional or atom.unbounded]
    must = [atom for atom in needed if not atom.optional]
    loops = [atom for atom in needed if atom.unbounded]
    if len(needed) == 1:
        return needed[0].unbounded
    if not loops or len(must) > 8:
        return False
    common = frozenset.intersection(*(_characters(atom.text) for atom in must or loops))
    return any(common & _characters(atom.text) for atom in loops)


def _of_group(body: str) -> frozenset[str]:
    if body.startswith("?"):
        if not body.startswith(("?:", "?P<")):
            return frozenset()
        body = body[2:] if body.startswith("?:") else body.partition(">")[2]
    found: frozenset[str] = frozenset()
    for branch in _split(body):
        atoms = _atoms(branch)
        if len(atoms) == 1:
            found |= _characters(atoms[0].text)
    return found


@lru_cache(maxsize=1024)
def _characters(atom: str) -> frozenset[str]:
    """Return the characters that an atom matches, or a group that is nothing but such atoms."""
    if atom[:1] == "(" and len(atom) <= 80:
        return _of_group(atom[1:-1])
    if len(atom) > 80 or atom[:1] == "(" or (len(atom) > 1 and atom[0] not in "\\["):
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one = re.compile(atom)
    except (re.error, RecursionError, OverflowError):
        return frozenset()
    return frozenset(character for character in _SAMPLE if one.fullmatch(character))


def _split(body: str) -> list[str]:
    parts, depth, start, position = [], 0, 0, 0
    while position < len(body):
        character = body[position]
        if character == "\\":
            position += 2
            continue
        if character == "[":
            position = _class_end(body, position)
            continue
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append(body[start:position])
            start = position + 1
        position += 1
    return [*parts, body[start:]]


def _atoms(branch: str) -> list[_Atom]:
    atoms: list[_Atom] = []
    position = 0
    while position < len(branch):
        end = _atom_end(branch, position)
        text = branch[position:end]
        rest = branch[end : end + 1]
        optional, unbounded = rest in ("?", "*"), _unbounded(branch, end)
        if rest == "{":
            optional = branch[end : end + 2] in ("{0", "{,")
            end = branch.find("}", end) + 1 or len(branch)
        elif rest in ("?", "*", "+"):
            end += 1
        if branch[end : end + 1] in ("?", "+") and rest and rest in "?*+{":
            end += 1
        if text.startswith("(") and len(text) > 2 and not unbounded:
            unbounded = _ambiguous(text[1:-1])  # a group that is nothing but a repetition
        if text not in ("^", "$", "\\b", "\\B"):
            atoms.append(_Atom(optional, unbounded, text))
        position = max(end, position + 1)
    return atoms


def _atom_end(branch: str, position: int) -> int:
    character = branch[position]
    if character == "\\":
        return position + 2
    if character == "[":
        return _class_end(branch, position)
    if character != "(":
        return position + 1
    depth, end = 0, position
    while end < len(branch):
        if branch[end] == "\\":
            end += 2
            continue
        if branch[end] == "[":
            end = _class_end(branch, end)
            continue
        depth += {"(": 1, ")": -1}.get(branch[end], 0)
        end += 1
        if depth == 0:
            return end
    return len(branch)
