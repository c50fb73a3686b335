"""Where something was found in a text, and which finding wins where two overlap."""

from collections.abc import Iterable
from typing import NamedTuple

SURE = 0.5  # findings that score less are left alone


class Span(NamedTuple):
    """Something found: its kind, where it stands, and how sure that is, 0 to 1."""

    kind: str
    start: int
    end: int
    score: float


def settled(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans that do not overlap, in order: the surer one stays, then the longer one."""
    kept: list[Span] = []
    ordered = sorted(
        (one for one in spans if one.end > one.start), key=lambda one: (one.start, -one.end)
    )
    for span in ordered:
        if kept and span.start < kept[-1].end:
            before = kept[-1]
            if (span.score, span.end - span.start) > (before.score, before.end - before.start):
                kept[-1] = span
            continue
        kept.append(span)
    return tuple(kept)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans that cover all that any of them covers; overlapping ones become one of the surer kind."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if kept and span.start < kept[-1].end:
            before = kept[-1]
            kind = span.kind if span.score > before.score else before.kind
            score = max(span.score, before.score)
            kept[-1] = Span(kind, before.start, max(before.end, span.end), score)
        elif span.end > span.start:
            kept.append(span)
    return tuple(kept)
