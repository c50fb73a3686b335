"""Registry search among many tools: `python -m bench.search [TOOLS]` prints one JSON object, times in ms."""

import json
import random
import statistics
import sys
import time
from collections.abc import Iterator

from toolguild.registry.index import Index, Text

VERBS = (
    "convert",
    "parse",
    "count",
    "merge",
    "filter",
    "sort",
    "extract",
    "validate",
    "render",
    "compute",
    "split",
    "join",
    "group",
    "sum",
    "plot",
)
FORMATS = ("csv", "json", "xml", "yaml", "text", "table", "log", "image", "date", "path")
WORDS = [
    f"{start}{end}"
    for start in ("bra", "cle", "dro", "fli", "gru", "hep", "jo", "kal", "mun", "pre")
    for end in ("ck", "dam", "fon", "lin", "mos", "ral", "tiv", "wen", "xis", "zor")
]
NOUNS = [f"{word}{n}" for word in WORDS for n in range(20)]


def texts(tools: int, seed: int = 1) -> Iterator[Text]:
    """Give made-up tools whose words are as unevenly common as those of real ones."""
    pick = random.Random(seed)
    for n in range(tools):
        verb, noun, kind, other = (
            pick.choice(VERBS),
            pick.choice(NOUNS),
            pick.choice(FORMATS),
            pick.choice(FORMATS),
        )
        yield Text(
            f"{verb}_{noun}_{kind}_{n}",
            " ".join(pick.choices(NOUNS, k=3)),
            f"{verb} the {noun} of a {kind} file and return {other} "
            + " ".join(pick.choices(WORDS, k=8)),
            "path encoding " + " ".join(pick.choices(WORDS, k=3)),
        )


def queries(count: int, seed: int = 2) -> Iterator[str]:
    """Give queries of every kind: common words only, whole sentences, single words, names."""
    pick = random.Random(seed)
    for n in range(count):
        verb, noun, kind, other = (
            pick.choice(VERBS),
            pick.choice(NOUNS),
            pick.choice(FORMATS),
            pick.choice(FORMATS),
        )
        yield (
            f"{verb} {kind}",
            f"{verb} the {noun} of a {kind} file and return {other}, sorted by {pick.choice(WORDS)}",
            pick.choice((verb, noun, kind, "path")),
            f"{verb}_{noun}_{kind}",
            f"{kind} file path encoding",
        )[n % 5]


def measure(tools: int = 100_000, searches: int = 500) -> dict[str, float]:
    """Return how long loading took and how long searches take, in milliseconds."""
    index = Index()
    start = time.perf_counter()
    index.put_all(texts(tools))
    loaded = time.perf_counter() - start
    times, empty = [], 0
    for query in queries(searches):
        start = time.perf_counter()
        found = index.search(query)
        times.append(1000 * (time.perf_counter() - start))
        empty += not found
    index.close()
    cuts = statistics.quantiles(times, n=100)
    return {
        "tools": tools,
        "searches": searches,
        "found_nothing": empty,
        "load_ms": round(1000 * loaded),
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
        "max_ms": round(max(times), 2),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(*map(int, sys.argv[1:2]))) + "\n")
