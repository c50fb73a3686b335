"""What a passage does, whatever its words: who is addressed, what is ordered, of what. Pure.

Features are concepts of the lexicon, pairs of them in one sentence, and the form of the text. How much each
speaks for an order to the machine that reads stands in `orders.json`, fitted by `bench/orders.py`.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import product
from typing import NamedTuple

from toolguild.screen.concept import Hit, lexicon, plain

# Words for a salutation: whom they stand right before is spoken to.
_DEAR = frozenset(
    [
        "dear",
        "hey",
        "hi",
        "hello",
        "ok",
        "cher",
        "chere",
        "bonjour",
        "estimado",
        "estimada",
        "querido",
        "hola",
        "gentile",
        "caro",
        "cara",
        "ciao",
        "prezado",
        "prezada",
        "caro",
        "ola",
        "lieber",
        "liebe",
        "werter",
        "hallo",
        "beste",
        "уважаемый",
        "уважаемая",
        "дорогой",
        "szanowny",
        "drogi",
        "attention",
        "achtung",
    ]
)
WHO = (
    "addressed",
    "called",
    "machine",
    "actor",
    "whoever",
    "processing",
    "reads it",
    "self",
    "you",
    "user",
    "person",
)
ACTS = (
    *("say", "send", "run", "destroy", "grant", "reveal", "override", "waste", "memory"),
    *("secrecy", "first act"),
)
THINGS = ("address", "dest", "secret", "prompt", "output", "verdict", "reward", "task", "exact")
MANNER = (
    "must",
    "when",
    "pretext",
    "game",
    "hidden place",
    "role mark",
    "role name",
    "teaching",
    "literal",
    "shell",
)
_LINKS = (  # without which an order is hardly one to a machine about what it can do
    (
        "reader",
        (
            "machine",
            "actor",
            "whoever",
            "reads it",
            "user",
            "prompt",
            "role mark",
            "role name",
            "hidden place",
        ),
    ),
    (
        "object",
        ("address", "dest", "secret", "prompt", "output", "verdict", "task", "shell", "literal"),
    ),
    ("act", ACTS),
)
_POWERS = frozenset(ACTS) - {"first act"}

_FILE = "orders.json"
_PAIRS = frozenset(
    (
        *product(WHO, (*ACTS, *THINGS, *MANNER)),
        *product(ACTS, (*THINGS, *MANNER)),
        *product(THINGS, MANNER),
    )
)
_FORMS = (
    (
        "address",
        re.compile(
            r"https?://|\bwww\.|[\w.+-]{1,40}@[\w-]{1,40}\.\w|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[\w-]{2,40}\.example\b"
        ),
    ),
    (
        "shell",
        re.compile(
            r"\b(?:curl|wget|pip3? install|npm i(?:nstall)?|npx|chmod|rm -rf?|sudo|bash|eval|os\.system)\b|\|"
            r"\s*(?:ba)?sh\b|\w\(\)|\w\(\w{1,20}="
        ),
    ),
    (
        "hidden place",
        re.compile(
            r"<!--|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:px|pt)?\b|"
            r"color\s*:\s*(?:white|#fff)|opacity\s*:\s*0|\balt=|^\s*(?:#(?!#)|//|/\*|\*|--|;|%|rem\b|\"\"\"|''')",
            re.M,
        ),
    ),
    (
        "role mark",
        re.compile(
            r"[\"']role[\"']\s*:\s*[\"'](?:system|developer|assistant|tool)[\"']|\btool[ _](?:result|"
            r"response|output|call)\b|"
            r"\bfunction[ _](?:result|call)\b|\bresult of step\b|\bnext_action\b|[-=#*]{3,}\s*(?:end|begin|"
            r"start|new)\b|"
            r"\bend of (?:file|data|document|input|text|untrusted)|<\|?im_|\[/?inst|###\s*(?:instruction|"
            r"system|new)|"
            r"</?(?:system|tool|untrusted|data|document|context|instructions?)\b"
        ),
    ),
    (
        "role name",
        re.compile(
            r"(?:^|\n|\\n|\"|\[|<|\()\s*(?:system|assistant|developer|user|human|ai|model|tool|operator|"
            r"admin\w*)\s*[\"\]>)]?\s*:"
        ),
    ),
    (
        "literal",
        re.compile(
            r"\"[^\"\n]{1,60}\"|'[^'\n]{2,60}'|“[^”\n]{1,60}”|「[^」\n]{1,40}」|\b\d[\d.,]*\b"
        ),
    ),
    ("question", re.compile(r"[?？]")),
    ("colon", re.compile(r"\w\s?[:：—–]\s")),
    (
        "code",
        re.compile(
            r"^\s*(?:def|class|import|from|return|if|for|while|function|const|let|var|select|insert|"
            r"create)\b|[;{}]\s*$|==|=>|\w\.\w+\(|^\s*[\w.]+\s*=\s",
            re.M,
        ),
    ),
    ("time stamp", re.compile(r"\b\d{4}-\d\d-\d\d[t ]\d\d:\d\d")),
    (
        "greeting",
        re.compile(
            r"^\W*(?:dear|hi|hello|liebe[r]?|sehr geehrte[rs]?|hola|ciao|bonjour|cher|chère|prezad[oa]|"
            r"estimad[oa]|gentile)\b|@\w+\b(?!\.)|\b(?:best|thanks|regards|cheers|sincerely)\s*,"
        ),
    ),
)
# Somebody who is spoken to: right before the name of a machine, or a colon or comma right after it.
_CALL = frozenset(
    [
        "to",
        "for",
        "note",
        "notes",
        "notice",
        "dear",
        "hey",
        "hi",
        "hello",
        "attention",
        "message",
        "hint",
        "reminder",
        "instruction",
        "instructions",
        "warning",
        "memo",
        "ok",
        "all",
        "any",
        "every",
        "an",
        "die",
        "den",
        "das",
        "der",
        "alle",
        "pour",
        "a",
        "aux",
        "au",
        "aviso",
        "para",
        "por",
        "per",
        "nota",
        "atencao",
        "al",
        "la",
        "il",
        "cari",
        "voor",
        "aan",
        "dla",
        "do",
        "для",
        "给",
        "致",
        "对",
        "for",
    ]
)
_THIS = frozenset(
    [
        "this",
        "these",
        "dies",
        "diese",
        "diesen",
        "das",
        "hier",
        "ceci",
        "cela",
        "esto",
        "questo",
        "isto",
        "tekst",
        "это",
        "此",
        "本",
        "これ",
    ]
)
_TURN = re.compile(r"^[^:：,，—–\n]{0,70}[:：,，—–]")
_JUNK = re.compile(
    r"^[\W_]*(?:(?:note|notes|nota|hinweis|aviso|todo|fixme|important|please|kindly|bitte|and|then|"
    r"also|now|por favor)\b[\W_]*)*"
)


class Weights(NamedTuple):
    """How much each feature speaks for an order; the sum of the bias and of those present is the margin."""

    bias: float
    by_feature: Mapping[str, float]

    def margin(self, features: Iterable[str]) -> float:
        """Return the log-odds that a passage with these features orders a machine about."""
        return self.bias + math.fsum(self.by_feature.get(one, 0.0) for one in features)

    def heaviest(self, features: Iterable[str], most: int = 3) -> tuple[str, ...]:
        """Name the features that say most for an order, in words for people."""
        known = [(self.by_feature.get(one, 0.0), one) for one in features]
        return tuple(one for weight, one in sorted(known, reverse=True)[:most] if weight > 0)


def concepts(text: str) -> frozenset[str]:
    """Return what one sentence, line or cell speaks of, and its form. `text` is as `normal` gives it."""
    read = plain(text)
    hits = lexicon().hits(read)
    found = {one.concept for one in hits}
    found |= {name for name, form in _FORMS if form.search(text)}
    if {"machine", "actor", "whoever"} & found and _addressed(read, text):
        found.add("addressed")
        words = re.findall(r"[^\W_]+", read)
        named = {one.at for one in hits if one.concept in ("machine", "actor", "whoever")}
        if any(word in _DEAR and {at + 1, at + 2} & named for at, word in enumerate(words)):
            found.add("called")
    if _reads_it(hits, read):
        found.add("reads it")
    start = _JUNK.match(read)
    lead = lexicon().hits(read[start.end() if start else 0 :][:60])
    if "code" not in found and any(one.at == 0 and one.concept in _POWERS for one in lead):
        found.add("first act")
    return frozenset(found)


def features(said: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return the features of sentences that stand together: each concept, and pairs of them."""
    together = frozenset[str]().union(*said)
    pairs = {f"{one} + {other}" for one, other in _PAIRS if one in together and other in together}
    many = {f"{len(said)} pieces"} if len(said) > 1 else set()
    lone = {f"no {name}" for name, group in _LINKS if together.isdisjoint(group)}
    return together | pairs | many | lone


def _addressed(read: str, text: str) -> bool:
    """Whether a machine is spoken to: named first before a colon, comma or dash, or after "to"."""
    turn = _TURN.match(text)
    head = plain(turn.group()) if turn else read[:50]
    named = [
        one.at for one in lexicon().hits(head) if one.concept in ("machine", "actor", "whoever")
    ]
    if not named:
        return False
    words = re.findall(r"[^\W_]+", head)
    return any(at <= 1 or bool(_CALL & set(words[max(0, at - 4) : at])) for at in named)


def _reads_it(hits: Sequence[Hit], read: str) -> bool:
    """Whether somebody is told of who reads or processes this very text."""
    selves = {one.at for one in hits if one.concept == "self"}
    words = re.findall(r"[^\W_]+", read)
    selves |= {at for at, word in enumerate(words) if word in _THIS}
    return any(
        not selves.isdisjoint(range(one.at - 1, one.at + 5))
        for one in hits
        if one.concept == "processing"
    )


@cache
def weights() -> Weights:
    """Return the shipped weights."""
    text = resources.files("toolguild.screen").joinpath(_FILE).read_text(encoding="utf-8")
    held = json.loads(text)
    return Weights(float(held["bias"]), {str(k): float(v) for k, v in held["weights"].items()})
