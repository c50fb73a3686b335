"""Small faults put into code on purpose, to see whether an exam notices them."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolguild.capability import Language


@dataclass(frozen=True)
class Edit:
    """A replacement of some bytes of the source."""

    kind: str  # "comparison", "arithmetic", ...: mutants are picked from every kind
    start: int
    end: int
    text: str
    line: int
    change: str  # "< became <="


@dataclass(frozen=True)
class Mutant:
    """The whole source with one fault in it."""

    source: str
    line: int
    change: str

    @property
    def title(self) -> str:
        """ "line 7: < became <="."""
        return f"line {self.line}: {self.change}"


def mutants(source: str, language: Language, limit: int, seed: int = 0) -> tuple[Mutant, ...]:
    """Return up to `limit` different mutants that still parse, spread over kinds of fault and lines.

    The same source, limit and seed give the same mutants. Code that does not parse has none.
    """
    from toolguild.exam import mutate_javascript, mutate_python  # both need this module's Edit

    finder = mutate_python if language == "python" else mutate_javascript
    data = source.encode()
    made: dict[str, Mutant] = {}
    for edit in _spread(finder.edits(source), random.Random(seed)):
        if len(made) == limit:
            break
        changed = (data[: edit.start] + edit.text.encode() + data[edit.end :]).decode()
        if changed != source and changed not in made and finder.parses(changed):
            made[changed] = Mutant(changed, edit.line, edit.change)
    return tuple(sorted(made.values(), key=lambda mutant: mutant.line))


def _spread(edits: Iterable[Edit], rng: random.Random) -> Iterator[Edit]:
    """Yield the edits in turns: one of each kind, then the next of each kind."""
    kinds: dict[str, list[Edit]] = {}
    for edit in edits:
        kinds.setdefault(edit.kind, []).append(edit)
    for some in kinds.values():
        rng.shuffle(some)
    while kinds:
        for kind in list(kinds):
            yield kinds[kind].pop()
            if not kinds[kind]:
                del kinds[kind]
