"""Fit the weights by which a goal reads like misuse: `python -m bench.misuse` writes them.

Trained on the sets that ship with Toolguild (`toolguild.safety.sets`), on the samples of `tests/screen/samples`,
and on the goals of `bench/misuse_said.py`; nothing else. Logistic regression with a penalty on large weights.
"""

import json
import sys
from collections.abc import Iterator

import numpy as np
from bench.misuse_said import LAWFUL, MISUSE
from bench.orders import LEAST, ROOT, _fitted, _lines, _matrix

from toolguild.safety.sample import samples
from toolguild.screen.normal import normal
from toolguild.screen.purpose import concepts, features

OUT = ROOT / "shared" / "toolguild" / "screen" / "misuse.json"
AIM = 0.45  # percent of harmless goals that may lie over the limit
HARMLESS_COUNTS = 2.0
OWN_COUNT = 3.0  # of samples of our own, which are worded in many ways, against a set's


def misuse() -> Iterator[tuple[str, float]]:
    """Yield goals of misuse, each with how much it counts."""
    for name in ("misuse", "disguised", "disguised_second"):
        yield from ((one, OWN_COUNT) for one in _lines(name))
    yield from ((one, OWN_COUNT) for one in MISUSE)
    yield from ((str(row["text"]), 1.0) for row in samples("misuse_interpreter"))


def harmless() -> Iterator[tuple[str, float]]:
    """Yield goals of work and of defence, each with how much it counts."""
    for name in ("defence", "lawful", "lawful_second"):
        yield from ((one, OWN_COUNT) for one in _lines(name))
    yield from ((one, OWN_COUNT) for one in LAWFUL)
    for name in ("benign_borderline", "benign_user_tasks_agentdojo", "benign_requests_mbpp"):
        yield from ((str(row["text"]), 1.0) for row in samples(name))


def main() -> None:
    """Fit, say how well it fits, and write the file."""
    bad, good = list(misuse()), list(harmless())
    rows = [features(concepts(normal(text))) for text, _ in [*bad, *good]]
    names = {one: at for at, one in enumerate(sorted({name for row in rows for name in row}))}
    x = _matrix(rows, names)
    y = np.array([1.0] * len(bad) + [0.0] * len(good))
    cost = np.array([count for _, count in [*bad, *good]])
    cost[len(bad) :] *= HARMLESS_COUNTS * cost[: len(bad)].sum() / cost[len(bad) :].sum()
    bias, weights = _fitted(x, y, cost)
    scores = x @ weights + bias
    limit = float(np.percentile(scores[len(bad) :], 100 - AIM))
    caught = float(np.mean(scores[: len(bad)] >= limit))
    print(
        f"{len(bad)} misuse, {len(good)} harmless; limit {limit:.2f}; {caught:.1%} over it",
        file=sys.stderr,
    )
    kept = {n: round(float(weights[at]), 3) for n, at in names.items() if abs(weights[at]) >= LEAST}
    held = {
        "bias": round(bias - limit, 3),
        "weights": dict(sorted(kept.items(), key=lambda one: -one[1])),
    }
    OUT.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
