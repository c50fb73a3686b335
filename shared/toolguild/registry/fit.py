"""Whether a published tool could serve a request, by types and not by equal names. Pure.

Only what schemas say counts here: whether the tool answers *right* is found out by trying it on the
request's examples. What a schema leaves open is therefore not held against it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from toolguild.registry.schema import accepts, kinds, properties, required
from toolguild.registry.words import stems
from toolguild.tool import Draft, ToolSpec

_MOST_ASSIGNMENTS = 5000  # of arguments without a namesake; beyond them it is not guessed


@dataclass(frozen=True)
class Fit:
    """How to call the tool for the request."""

    mapping: Mapping[str, str]  # the request's argument name -> the tool's

    def arguments(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request's arguments under the tool's names. Raises KeyError for an unknown one."""
        return {self.mapping[name]: value for name, value in asked.items()}


def fit(spec: ToolSpec, draft: Draft) -> Fit | None:
    """Return how the tool takes the request's arguments, or None.

    Every argument of the request must find one of the tool's own, every required argument of the tool must
    get one that the request always gives, and what the tool returns must be what the request wants. Equal
    names decide first; then common words in names; then types, where exactly one assignment is best.
    """
    if not accepts(spec.output_schema, draft.output_schema):
        return None
    asked, offered = properties(spec.input_schema), properties(draft.input_schema)
    always, needed = required(spec.input_schema), required(draft.input_schema)
    same = {name: name for name in asked if name in offered}
    if not all(accepts(offered[name], asked[name]) for name in same):
        return None
    free = {
        ours: [
            theirs
            for theirs in offered
            if theirs not in same and accepts(offered[theirs], asked[ours])
        ]
        for ours in asked
        if ours not in same
    }
    if math.prod(map(len, free.values())) > _MOST_ASSIGNMENTS:
        return None
    matches = [
        same | match
        for match in _assignments(free)
        if needed <= {theirs for ours, theirs in (same | match).items() if ours in always}
    ]
    return _best(matches, asked, offered)


def _assignments(free: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    for chosen in product(*free.values()):
        if len(set(chosen)) == len(chosen):
            yield dict(zip(free, chosen, strict=True))


def _best(
    matches: Sequence[dict[str, str]], asked: Mapping[str, Any], offered: Mapping[str, Any]
) -> Fit | None:
    """Return the match that is likelier than every other; None when there is none, or it would be a guess."""
    scores = [sum(_likeness(*pair, asked, offered) for pair in match.items()) for match in matches]
    if not scores or scores.count(max(scores)) > 1:
        return None
    return Fit(matches[scores.index(max(scores))])


def _likeness(ours: str, theirs: str, asked: Mapping[str, Any], offered: Mapping[str, Any]) -> int:
    common = len(set(stems(ours)) & set(stems(theirs)))
    return 2 * common + (kinds(asked[ours]) == kinds(offered[theirs]))
