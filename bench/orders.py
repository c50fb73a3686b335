"""Fit the weights by which a passage reads like an order to a machine: `python -m bench.orders` writes them.

Trained on the sets that ship with Toolguild (`toolguild.safety.sets`), on the samples of `tests/screen/samples`,
on this repository's own documents and docstrings as harmless text, and on sentences that are put together here.
Nothing else. Logistic regression with a penalty on large weights; of an order's windows, the one that fits
best counts (multiple-instance learning), of harmless texts every one.
"""

import ast
import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from bench.orders_made import harmless_made, orders_made

from toolguild.safety.sample import samples
from toolguild.screen.injection import windows
from toolguild.screen.meaning import features

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "tests" / "screen" / "samples"
OUT = ROOT / "shared" / "toolguild" / "screen" / "orders.json"
ROUNDS, STEPS, PENALTY, LEAST = 3, 500, 0.003, 0.02
HARMLESS_COUNTS = 3.0  # a false alarm costs more than an order that is missed
PEOPLE_COUNT = 4.0  # ... and what people write more than code and documents
AIM = 0.5  # percent of harmless windows that may lie over the limit


def _lines(name: str) -> list[str]:
    file = SAMPLES / f"{name}.txt"
    return [one.replace("\\n", "\n") for one in file.read_text(encoding="utf-8").splitlines()]


def orders() -> list[str]:
    """Return texts that hold an order to a machine."""
    found = [
        *_lines("injections"),
        *_lines("reworded"),
        *_lines("reworded_second"),
        *orders_made(random.Random(1)),
    ]
    for row in samples("injection_coding_agent"):
        if not row["is_benign"]:
            found += [str(text) for text in (row.get("repo_files") or {}).values()]
    found += [
        str(row["text"]) for row in samples("injection_cyberseceval") if "indirect" in str(row)
    ]
    return found


def peoples() -> Iterator[str]:
    """Yield harmless texts that people write to each other, and rows and lines of files."""
    for name in ("harmless", "imperative", "imperative_second", "defence", "lawful"):
        yield from _lines(name)
    yield from harmless_made(random.Random(2))
    for name in ("benign_requests_mbpp", "benign_user_tasks_agentdojo", "benign_borderline"):
        yield from (str(row["text"]) for row in samples(name))


def documents() -> Iterator[str]:
    """Yield harmless texts of programmers: code, documents and docstrings, many of them about agents."""
    yield from (str(row["code"]) for row in samples("benign_bigcodebench"))
    for row in samples("injection_coding_agent"):
        if row["is_benign"]:
            yield from (str(text) for text in (row.get("repo_files") or {}).values())
    docs = ROOT / "docs"
    for file in sorted(
        [ROOT / "README.md", *docs.glob("*.md"), *(docs / "decisions").glob("*.md")]
    ):
        yield file.read_text(encoding="utf-8")
    for file in sorted((ROOT / "shared" / "toolguild").rglob("*.py")):
        if not {"screen", "safety"} & set(file.parts):
            yield from _docstrings(file)


def _docstrings(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            said = ast.get_docstring(node)
            if said:
                yield said


def _matrix(rows: Sequence[frozenset[str]], names: dict[str, int]) -> Any:
    held = np.zeros((len(rows), len(names)), dtype=np.float32)
    for at, row in enumerate(rows):
        held[at, [names[one] for one in row if one in names]] = 1.0
    return held


def _fitted(x: Any, y: Any, cost: Any) -> tuple[float, Any]:
    """Return bias and weights: gradient descent with momentum (Nesterov) on the penalised log-loss."""
    weights = np.zeros(x.shape[1], dtype=np.float32)
    bias, speed, drift = 0.0, np.zeros(x.shape[1], dtype=np.float32), 0.0
    total = cost.sum()
    for _ in range(STEPS):
        ahead, ahead_bias = weights + 0.9 * speed, bias + 0.9 * drift
        wrong = (cost * (1 / (1 + np.exp(-(x @ ahead + ahead_bias))) - y) / total).astype(
            np.float32
        )
        speed = 0.9 * speed - 0.25 * (x.T @ wrong + PENALTY * ahead)
        drift = 0.9 * drift - 0.25 * wrong.sum()
        weights, bias = weights + speed, bias + drift
    return float(bias), weights


def _windows(texts: Iterator[str]) -> list[frozenset[str]]:
    return sorted({features(one) for text in texts for one in windows(text)}, key=sorted)


def main() -> None:
    """Fit, say how well it fits, and write the file."""
    bags = [bag for text in orders() if (bag := [features(one) for one in windows(text)])]
    said, written = _windows(peoples()), _windows(documents())
    plain = [*said, *written]
    known = {name for row in [*plain, *(row for bag in bags for row in bag)] for name in row}
    names = {one: at for at, one in enumerate(sorted(known))}
    ordinary, inside = _matrix(plain, names), [_matrix(bag, names) for bag in bags]
    chosen = [bag[-1] for bag in inside]
    share = np.array([PEOPLE_COUNT] * len(said) + [1.0] * len(written))
    share *= HARMLESS_COUNTS * len(chosen) / share.sum()
    bias, weights = 0.0, np.zeros(len(names))
    for _ in range(ROUNDS):
        x = np.vstack([np.array(chosen), ordinary])
        y = np.array([1.0] * len(chosen) + [0.0] * len(plain))
        bias, weights = _fitted(x, y, np.concatenate([np.ones(len(chosen)), share]))
        chosen = [bag[int(np.argmax(bag @ weights))] for bag in inside]
    kept = {n: round(float(weights[at]), 3) for n, at in names.items() if abs(weights[at]) >= LEAST}
    scores = ordinary @ weights + bias
    limits = (
        np.percentile(scores[: len(said)], 100 - AIM),
        np.percentile(scores[len(said) :], 100 - AIM),
    )
    limit = float(max(limits))
    caught = np.mean([float((bag @ weights + bias).max()) >= limit for bag in inside])
    print(
        f"{len(bags)} orders, {len(said)} + {len(written)} harmless windows, {len(kept)} weights; "
        f"limits {limits[0]:.2f}, {limits[1]:.2f}; of the orders {caught:.1%} over them",
        file=sys.stderr,
    )
    held = {
        "bias": round(bias - limit, 3),
        "weights": dict(sorted(kept.items(), key=lambda one: -one[1])),
    }
    OUT.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
