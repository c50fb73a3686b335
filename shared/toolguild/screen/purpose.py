"""What a goal is for, whatever its words: who is harmed, how, by what, and what speaks for defence. Pure.

Features are the concepts of `harms.txt` and pairs of them. How much each speaks for misuse stands in
`misuse.json`, fitted by `bench/misuse.py`.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import combinations
from typing import NamedTuple

from toolguild.screen.concept import Lexicon, plain, read
from toolguild.screen.meaning import Weights

MOST = 6000  # characters of a goal that are weighed
SPREAD = 2.5  # log-odds below the limit at which meaning counts for nothing
CATEGORIES = {  # which category of the usage policy a kind of harm stands for
    "malware": "malware",
    "enter": "intrusion",
    "take": "credential-theft",
    "deceive": "phishing",
    "fraud": "fraud",
    "disrupt": "denial-of-service",
    "weapon": "weapons",
    "track": "surveillance",
    "secrets": "credential-theft",
    "covert": "surveillance",
}
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


class Purpose(NamedTuple):
    """How much a goal reads like misuse: 1 is where harmless goals hardly ever get; its category, and why."""

    score: float
    category: str
    signs: tuple[str, ...] = ()


def purpose(text: str) -> Purpose:
    """Weigh a goal, as `normal` gives it, sentence by sentence and as a whole; the worst counts."""
    whole = text[:MOST]
    said = [concepts(one) for one in _SENTENCE.split(whole) if one.strip()]
    together = frozenset[str]().union(*said) if len(said) < 4 else frozenset[str]()
    return max(
        map(_weighed, {*said, together}), key=lambda one: one.score, default=Purpose(0.0, "")
    )


def concepts(text: str) -> frozenset[str]:
    """Return what a sentence speaks of."""
    return frozenset(one.concept for one in _lexicon().hits(plain(text)))


def features(said: frozenset[str]) -> frozenset[str]:
    """Return the concepts, each pair of them, and whether any harm is named at all."""
    pairs = {" + ".join(pair) for pair in combinations(sorted(said), 2)}
    many = len(said & CATEGORIES.keys())
    return said | pairs | {f"{min(many, 4)} harms"}


def _weighed(said: frozenset[str]) -> Purpose:
    harms = sorted(said & CATEGORIES.keys())
    if not harms:
        return Purpose(0.0, "")
    seen = features(said)
    score = max(0.0, 1.0 + weights().margin(seen) / SPREAD)
    return Purpose(score, CATEGORIES[_worst(harms)], weights().heaviest(seen))


def _worst(harms: Sequence[str]) -> str:
    """Return the kind of harm that names the category: the most telling of those that are there."""
    order = tuple(CATEGORIES)
    return min(harms, key=order.index)


@cache
def weights() -> Weights:
    """Return the shipped weights."""
    text = resources.files("toolguild.screen").joinpath("misuse.json").read_text(encoding="utf-8")
    held = json.loads(text)
    return Weights(float(held["bias"]), {str(k): float(v) for k, v in held["weights"].items()})


@cache
def _lexicon() -> Lexicon:
    text = resources.files("toolguild.screen").joinpath("harms.txt").read_text(encoding="utf-8")
    return Lexicon(read(text))
