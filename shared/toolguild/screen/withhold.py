"""Untrusted text with what reads like an order left out. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from toolguild.screen.flag import Flag
from toolguild.screen.injection import doubtful, flag, judged, passages, spans

MARK = "[withheld: reads like an instruction]"

# What in code can speak to its reader: comments and texts in triple quotes. The code itself stays.
_COMMENTS = re.compile(
    r"\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|/\*.*?(?:\*/|\Z)|"
    r"#[^\n]*(?:\n[ \t\d]*#[^\n]*)*|//[^\n]*(?:\n[ \t\d]*//[^\n]*)*",
    re.S,
)


_EDGES = "\"' \t"  # of a cell or a quotation: they stay


class Screened(NamedTuple):
    """A text as it may be shown, and what was noticed about it."""

    text: str
    flags: tuple[Flag, ...]


Doubt = Callable[[str], bool]  # whether a passage that may be an order is one


def screened(
    text: str, *, where: str, code: bool = False, withhold: bool = True, doubt: Doubt | None = None
) -> Screened:
    """Return a text without its passages that read like an order; text that has none is returned as it is.

    Lines stay lines: each that is withheld, or part of it, is replaced by `MARK`. Of `code` only what stands in
    comments is looked at, so that nobody can hide code from its reviewer by writing an order beside it.
    `doubt` is asked about passages that may be orders; without it they are none.
    """
    found: list[Flag] = []
    shown, at = [], 0
    for start, end in _parts(text) if code else ((0, len(text)),):
        part = text[start:end]
        noticed = sorted(passages(part, where=where), key=lambda one: -one.score)
        found += [flag(one, where) for one in noticed]
        maybe = doubtful(part, where=where) if doubt is not None else ()
        told = [one for one in maybe if doubt is not None and doubt(one.text)]
        found += [judged(one, where) for one in told]
        out = spans(part, where=where) if noticed else ()
        out = tuple(sorted((*out, *((one.start, one.end) for one in told))))
        kept = _without(part, out) if out and withhold else part
        shown += [text[at:start], kept]
        at = end
    return Screened("".join([*shown, text[at:]]), tuple(found)) if found else Screened(text, ())


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """Yield where comments stand, without the marks that open and close them."""
    for one in _COMMENTS.finditer(text):
        found = one.group()
        mark = 3 if found[:3] in ('"""', "'''") else 1 if found[0] == "#" else 2
        close = mark if mark != 1 and found[:2] != "//" and len(found) >= 2 * mark else 0
        yield one.start() + mark, one.end() - close


def _without(text: str, out: tuple[tuple[int, int], ...]) -> str:
    kept, at = [], 0
    for start, end in out:
        start = max(start, at)
        while start < end and text[start] in _EDGES:
            start += 1
        while end > start and text[end - 1] in _EDGES:
            end -= 1
        gone = text[start:end].split("\n")
        kept += [text[at:start], "\n".join(MARK if line.strip() else line for line in gone)]
        at = end
    return "".join([*kept, text[at:]])
