"""What a goal is for: is it misuse by the usage policy? By what is done to what, not by words alone. Pure."""

import re
from typing import Literal, NamedTuple

from toolguild.policy.usage import Usage
from toolguild.screen.flag import Flag
from toolguild.screen.harm import ACTION, DEFENCE, MISUSE, NEGATED, PLAIN, PURPOSE, STUDIED
from toolguild.screen.normal import normal
from toolguild.screen.purpose import Purpose, purpose

Action = Literal["allow", "ask", "refuse"]

SURE = 1.0  # score from which on a goal is meant so
DOUBTFUL = 0.6  # ... from which on it may be
NEUTRAL = 0.6  # weight of a word that nothing governs
DEFENDED = 0.6  # weight of all words in a goal whose purpose is defence
PLAINLY = 0.3  # for each sign that makes the purpose plain
SURER = 0.5  # weight of meaning beyond its limit
HARMLESS = 0.15  # below it, what a goal speaks of is no misuse ...
MILD = 0.8  # ... and words alone weigh so much
BEFORE = 90  # characters before a word in which what governs it stands
MOST = 40_000
EXCERPT = 200

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_ORDER: dict[str, int] = {"allow": 0, "ask": 1, "refuse": 2}
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Intent(NamedTuple):
    """What becomes of a goal, and why."""

    action: Action
    flags: tuple[Flag, ...] = ()


class _Mention(NamedTuple):
    category: str
    score: float
    excerpt: str


def judge(text: str, usage: Usage) -> Intent:
    """Say what the usage policy wants to become of a goal with these words."""
    by_category: dict[str, list[_Mention]] = {}
    said = normal(text[:MOST])
    meant = purpose(said)
    mild = MILD if meant.score < HARMLESS else 1.0
    words = (one._replace(score=mild * one.score) for one in _mentions(said, usage))
    for one in (*words, *_by_meaning(meant, said)):
        by_category.setdefault(one.category, []).append(one)
    flags: list[tuple[int, float, Flag]] = []
    action: Action = "allow"
    for category, mentions in by_category.items():
        score = sum(one.score for one in mentions)
        wanted = _wanted(category, score, usage)
        if wanted == "allow":
            continue
        action = stricter(action, wanted)
        worst = max(mentions, key=lambda one: one.score)
        flags.append((_ORDER[wanted], score, flag(category, usage, worst.excerpt, score)))
    flags.sort(key=lambda one: one[:2], reverse=True)
    return Intent(action, tuple(one for _, _, one in flags))


def stricter(one: Action, other: Action) -> Action:
    """Return the stricter of two actions."""
    return one if _ORDER[one] >= _ORDER[other] else other


def flag(category: str, usage: Usage, excerpt: str, score: float | None = None) -> Flag:
    """Return what is said of a goal in a category of the usage policy."""
    known = usage.named(category)
    about = known.description if known is not None else "This use is not allowed."
    sure = f" (score {score:.1f})" if score is not None else ""
    return Flag(
        rule=f"intent.{category}",
        message=f"the goal reads like {category.replace('-', ' ')}{sure}: {about} See {usage.reference}",
        policy=usage.entry(category),
        excerpt=_UNPRINTED.sub(" ", excerpt)[:EXCERPT],
    )


def _wanted(category: str, score: float, usage: Usage) -> Action:
    known = usage.named(category)
    if known is None or known.action == "allow" or score < DOUBTFUL:
        return "allow"
    if score >= SURE:
        return known.action
    return known.action if _ORDER[known.action] <= _ORDER[usage.doubtful] else usage.doubtful


def _mentions(text: str, usage: Usage) -> list[_Mention]:
    """Return each sign of misuse with its weight: once for each pattern, where it weighs most."""
    defended = _for_defence(text)
    best: dict[tuple[str, int], _Mention] = {}
    for sentence in _SENTENCE.split(text):
        for category, rules in _rules(usage).items():
            for number, (weight, pattern) in enumerate(rules):
                for found in pattern.finditer(sentence):
                    score = weight * _stance(sentence, found.start(), found.end())
                    score *= DEFENDED if defended else 1.0
                    key = (category, number)
                    if score > 0 and (key not in best or best[key].score < score):
                        best[key] = _Mention(category, score, sentence.strip())
    if not best or defended:
        return list(best.values())
    plain = len({found.group() for found in PLAIN.finditer(text)})
    by_score = sorted(best.values(), key=lambda one: -one.score)
    worst = by_score[0]
    return [worst._replace(score=worst.score + PLAINLY * min(plain, 3)), *by_score[1:]]


def _by_meaning(found: Purpose, text: str) -> list[_Mention]:
    """Return what the goal reads like as a whole: doubtful from the limit on, sure well beyond it."""
    if found.score < SURE:
        return []
    score = DOUBTFUL + SURER * (found.score - SURE)
    return [_Mention(found.category, score, ", ".join(found.signs) + ": " + text.strip())]


def _rules(usage: Usage) -> dict[str, tuple[tuple[float, re.Pattern[str]], ...]]:
    rules = dict(MISUSE)
    for name, category in usage.categories.items():
        if category.words:
            words = "|".join(re.escape(normal(word)) for word in category.words)
            rules[name] = (*rules.get(name, ()), (SURE / NEUTRAL, re.compile(rf"\b(?:{words})\b")))
    return rules


def _stance(sentence: str, start: int, end: int) -> float:
    """Weigh a word by what governs it: the nearest verb before it, or what it is part of."""
    if STUDIED.match(sentence[end:]):
        return 0.0
    before = sentence[max(0, start - BEFORE) : start]
    if NEGATED.search(before):
        return 0.0
    defence = max((one.end() for one in DEFENCE.finditer(before)), default=-1)
    action = max((one.end() for one in ACTION.finditer(before)), default=-1)
    if defence > action:
        return 0.0
    if action >= 0 or ACTION.match(sentence[start:end]):
        return 1.0
    return NEUTRAL


def _for_defence(text: str) -> bool:
    """Whether the first sentence says that the whole is for defence, and misuse is not what comes before that."""
    first = _SENTENCE.split(text.strip(), maxsplit=1)[0][:300]
    purpose = PURPOSE.search(first)
    if purpose is None:
        return False
    harm = [
        found.start()
        for rules in MISUSE.values()
        for weight, pattern in rules
        if weight >= SURE and (found := pattern.search(first)) is not None
    ]
    return not harm or min(harm) > purpose.start()
