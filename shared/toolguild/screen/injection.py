"""Does a text give orders to whoever reads it? By many small signs, in whatever alphabet or encoding. Pure.

A text of unknown origin is data. People write orders to each other too ("please send the report to ..."), so
no single ordinary order counts: what counts are signs of several families near each other.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from toolguild.screen.flag import Flag
from toolguild.screen.meaning import concepts, features, weights
from toolguild.screen.normal import hidden, normal
from toolguild.screen.signals import CARRIED, CARRIERS, REPORTED, REPORTS, SIGNALS

LETTERS = 4  # a piece with fewer letters and digits says nothing
LIMIT = 1.0  # score from which on a passage reads like an order
DOUBT = (
    0.4  # ... from which on it may be one: half of the orders that were worded anew lie above it
)
TOGETHER = 3  # ... whose meaning is weighed together
NEAR = 6  # pieces of a text that are looked at together
WIDE = 900  # characters that they have at most
PIECE = 1200  # characters of one piece
MOST = 200_000  # characters of a text that are looked at; the rest is for the anomaly rules
EXCERPT = 200
SHORT, KNOWN = 2000, 1024  # characters of a text whose passages are kept, and how many texts are
SPREAD = 2.5  # log-odds below the limit at which meaning counts for nothing
ADDED = 0.2  # share of the weaker evidence
ENCODED = frozenset(("base64", "hex", "binary", "percent", "morse", "invisible", "shifted letters"))
ADDS = 0.2  # that a sentence has to add to those after it, to belong to them
MEANING = "meaning"  # family of what only its meaning gives away
HIDDEN_LIMIT = 0.5  # score of what is encoded: nobody writes ordinary text so

_POLICY = "input.injection"
_BREAK = re.compile(
    r"\n|\\n|(?<=[.!?])\s+(?=\S)|(?<=[。！？।])|(?=<!--)|(?<=-->)|"
    r"</?(?:td|th|tr|p|div|li|br|h[1-6]|caption|title|body|html|code)\b[^>]{0,80}>|(?<=[\"'])[,;](?=[\"'\w])|(?<=\w)[,;](?=[\"'])"
)
_WORD = re.compile(r"[^\W_]")
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True)
class Passage:
    """A place that reads like an order."""

    start: int
    end: int
    families: tuple[str, ...]  # heaviest first
    score: float
    text: str
    how: str = ""  # how it was encoded; "": it was not
    signs: tuple[str, ...] = ()  # what of its meaning says most


def flags(text: str, *, where: str) -> tuple[Flag, ...]:
    """Return what in a text reads like an order to whoever processes it, worst first.

    `where` is its label, as in `toolguild.screen.provenance`. Orders are in place in a "goal": there only
    what overrides rules, forges a role, or asks for the prompt or a secret of the guild counts.
    """
    found = sorted(passages(text, where=where), key=lambda one: -one.score)
    return tuple(flag(one, where) for one in found)


def judged(passage: Passage, where: str) -> Flag:
    """Return the flag of a passage that a model, and not the rules, takes for an order."""
    return Flag(
        rule="injection.model",
        message=f"text from {where} reads like an instruction to a model that was asked "
        f"(score of the rules {passage.score:.1f})",
        policy="input.model",
        excerpt=_UNPRINTED.sub("\ufffd", passage.text)[:EXCERPT],
    )


def flag(passage: Passage, where: str) -> Flag:
    """Return the flag of a passage."""
    told = ", ".join(passage.families[:4])
    how = f", hidden by {passage.how}" if passage.how else ""
    how += f"; {', '.join(passage.signs)}" if passage.signs else ""
    return Flag(
        rule=f"injection.{passage.families[0].replace(' ', '-')}",
        message=f"text from {where} reads like an instruction ({told}{how}; score {passage.score:.1f})",
        policy=_POLICY,
        excerpt=_UNPRINTED.sub("\ufffd", passage.text)[:EXCERPT],
    )


def passages(text: str, *, where: str) -> tuple[Passage, ...]:
    """Return the places of a text that read like an order, in their order, none within another.

    Short texts are looked at once: requests to models show the same tools, goals and schemas again and again.
    """
    return _of_short(text, where) if len(text) <= SHORT else _of(text, where)


@lru_cache(maxsize=KNOWN)
def _of_short(text: str, where: str) -> tuple[Passage, ...]:
    return _of(text, where)


def _of(text: str, where: str) -> tuple[Passage, ...]:
    pieces, seen = _looked_at(text, where)
    return tuple(_apart(_found(pieces, seen)))


def doubtful(text: str, *, where: str) -> tuple[Passage, ...]:
    """Return the places of a text that may be orders, by their meaning, and are none of `passages`."""
    pieces, seen = _looked_at(text, where)
    sure = _found(pieces, seen)
    maybe = _apart(_found(pieces, seen, DOUBT), DOUBT)
    return tuple(
        one
        for one in maybe
        if not any(one.start < other.end and other.start < one.end for other in sure)
    )


def spans(text: str, *, where: str) -> tuple[tuple[int, int], ...]:
    """Return what to leave out of a text so that no order is left: the passages, and what goes on with them."""
    pieces, seen = _looked_at(text, where)
    out: list[tuple[int, int]] = []
    for one in _found(pieces, seen):
        start, end = one.start, _end(text, pieces, seen, one.end)
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return tuple(out)


def _looked_at(text: str, where: str) -> tuple[Sequence["_Piece"], Sequence["_Seen"]]:
    own = where == "goal" or where.startswith("hint")
    pieces = [piece for piece in _pieces(text[:MOST]) if len(_WORD.findall(piece.text)) >= LETTERS]
    return pieces, [_signs(piece, own=own) for piece in pieces]


def _found(
    pieces: Sequence["_Piece"], seen: Sequence["_Seen"], limit: float = LIMIT
) -> list[Passage]:
    return [passage for at in range(len(pieces)) for passage in _around(pieces, seen, at, limit)]


def _end(text: str, pieces: Sequence["_Piece"], seen: Sequence["_Seen"], end: int) -> int:
    """Return where an order ends: with the run of sentences that it stands in, and what else reads so."""
    for piece, signs in zip(pieces, seen, strict=True):
        if piece.start < end:
            continue
        gap = text[end : piece.start]
        more = signs.decoded is not None or any(weight > 0 for weight in signs.weights.values())
        if not more and (gap.strip() or "\n" in gap):
            return end
        end = piece.end
    return end


def windows(text: str) -> Iterator[tuple[frozenset[str], ...]]:
    """Yield what the sentences of a text speak of: each alone, and with up to two that follow it."""
    pieces, seen = _looked_at(text, "file")
    for at in range(len(pieces)):
        for many in range(1, TOGETHER + 1):
            if at + many <= len(pieces) and (
                many == 1 or pieces[at + many - 1].end - pieces[at].start <= WIDE
            ):
                yield tuple(one.said for one in seen[at : at + many])


@dataclass(frozen=True)
class _Piece:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class _Seen:
    weights: dict[str, float]  # by family
    decoded: tuple[str, dict[str, float]] | None = None  # what is encoded in it
    said: frozenset[str] = frozenset()  # what it speaks of


def _pieces(text: str) -> Iterator[_Piece]:
    """Cut a text where lines, sentences, cells and comments begin."""
    at = 0
    for cut in [*_BREAK.finditer(text), None]:
        end = cut.start() if cut else len(text)
        for start in range(at, end, PIECE):
            yield _Piece(start, text[start : min(start + PIECE, end)])
        at = cut.end() if cut else end


def _signs(piece: _Piece, *, own: bool) -> _Seen:
    text = normal(piece.text)
    signs = _weighed(text, own=own)
    best: tuple[str, dict[str, float]] | None = None
    for how, said in hidden(piece.text):
        inner = _weighed(said, own=own)
        meant = _meaning([concepts(said)]) if how in ENCODED and not own else 0.0
        if meant >= HIDDEN_LIMIT:
            inner[MEANING] = meant
        if sum(inner.values()) >= HIDDEN_LIMIT and (
            best is None or sum(inner.values()) > sum(best[1].values())
        ):
            best = how, inner
    return _Seen(
        signs,
        best if sum(signs.values()) < LIMIT else None,
        frozenset() if own else concepts(text),
    )


def _weighed(text: str, *, own: bool) -> dict[str, float]:
    found: dict[str, float] = {}
    for sign in SIGNALS:
        if own and not (sign.own and sign.weight >= LIMIT):
            continue
        if found.get(sign.family, 0.0) < sign.weight and sign.pattern.search(text):
            found[sign.family] = sign.weight
    if found and CARRIERS.search(text):
        found["hidden place"] = CARRIED
    if found and REPORTS.search(text):
        found["reported"] = -REPORTED
    return found


def _around(
    pieces: Sequence[_Piece], seen: Sequence[_Seen], at: int, limit: float
) -> Iterator[Passage]:
    """Yield the passages that begin with a piece: alone, or with those that follow it."""
    first = seen[at]
    piece = pieces[at]
    if first.decoded is not None:
        how, inner = first.decoded
        score = LIMIT + sum(inner.values())
        yield Passage(piece.start, piece.end, _heaviest(inner), score, piece.text, how)
        return
    signed = any(weight > 0 for weight in first.weights.values())
    if not first.said and not signed:
        return
    together: dict[str, float] = {}
    for last in range(at, min(at + NEAR, len(pieces))):
        if pieces[last].end - piece.start > WIDE and last > at:
            return
        if not signed and last > at and _alone(seen[last]) >= limit:
            return  # the order begins there
        for family, weight in seen[last].weights.items():
            known = together.get(family, 0.0)
            together[family] = min(known, weight) if weight < 0 else max(known, weight)
        meant = _meant(seen[at : last + 1])
        score = _score(together, meant)
        if score >= limit - 1e-9:
            families = _heaviest(together) or (MEANING,)
            text = " ".join(one.text.strip() for one in pieces[at : last + 1])
            fired = (
                weights().heaviest(features([one.said for one in seen[at : last + 1]]))
                if meant > 0
                else ()
            )
            yield Passage(piece.start, pieces[last].end, families, score, text, signs=fired)
            return


def _alone(one: _Seen) -> float:
    return _score(one.weights, _meant([one]))


def _score(by_family: Mapping[str, float], meant: float) -> float:
    """Put signs and meaning together: the stronger counts, and the other adds to it what makes it likelier."""
    named = any(weight > 0 and name != "hidden place" for name, weight in by_family.items())
    signs = sum(by_family.values()) if named else 0.0
    if meant <= 0:
        return signs
    weaker = min(signs, meant)
    return max(signs, meant) + (ADDED * weaker if weaker >= LIMIT / 2 else 0.0)


def _meant(seen: Sequence[_Seen]) -> float:
    """Weigh what sentences speak of, so that `LIMIT` is where harmless text hardly ever gets."""
    if len(seen) > TOGETHER or not any(one.said for one in seen):
        return 0.0
    said = [one.said for one in seen]
    whole = _meaning(said)
    # What the first sentence adds nothing to begins with the second one.
    return whole if len(said) == 1 or whole >= _meaning(said[1:]) + ADDS else 0.0


def _meaning(said: Sequence[frozenset[str]]) -> float:
    return LIMIT + weights().margin(features(said)) / SPREAD


def _heaviest(weights: dict[str, float]) -> tuple[str, ...]:
    named = [(name, w) for name, w in weights.items() if w > 0 and name != "hidden place"]
    return tuple(name for name, _ in sorted(named, key=lambda one: -one[1]))


def _apart(found: Sequence[Passage], limit: float = LIMIT) -> Iterator[Passage]:
    """Yield passages that do not overlap; of two that do, the later, shorter one says where it really is."""
    for at, one in enumerate(found):
        inner = [
            other
            for other in found[at + 1 : at + 1 + NEAR]
            if other.start < one.end and other.end <= one.end
        ]
        if not any(other.score >= limit for other in inner):
            yield one
