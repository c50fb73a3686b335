"""The jobs of the drill: each a goal with files, and what must come of it, worked out without any tool. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pydantic import JsonValue

from toolguild.drill import tools
from toolguild.goal import Criterion, Example, Goal

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty")
SHARED = (
    40  # jobs in a row that share an edition of a tool: the first makes it, the others reuse it
)
ITEMS = 6  # of a fan-out
OWN = 1000  # and the number of a job: the edition of a tool that it shares with nobody


@dataclass(frozen=True)
class Job:
    """One task to give, and its end. `files` and `writes` are by name."""

    number: int
    kind: str
    goal: Goal
    answer: JsonValue
    files: dict[str, bytes] = field(default_factory=dict)
    writes: dict[str, bytes] = field(default_factory=dict)
    effect: str = ""  # what the counting server counts it under


@dataclass(frozen=True)
class _Of:
    """What the maker of a job is told."""

    number: int
    edition: int
    random: Random
    port: int  # of the counting server

    def text(self, words: int = 3) -> str:
        return " ".join(self.random.choice(WORDS) for _ in range(words))


def jobs(many: int, *, seed: int = 0, port: int = 0) -> list[Job]:
    """Return so many jobs of all kinds by turns; the same for the same seed. `port`: of the counting server."""
    kinds = list(KINDS)
    return [job(number, kinds[number % len(kinds)], seed=seed, port=port) for number in range(many)]


def job(number: int, kind: str, *, seed: int = 0, port: int = 0) -> Job:
    """Return one job. Raises KeyError for a kind that there is not."""
    of = _Of(number, 1 + number // SHARED, Random(f"{seed}:{number}"), port)
    made = KINDS[kind](of)
    return Job(number=number, kind=kind, **made)


def words_of(kind: str, number: int, edition: int, data: str = "") -> str:
    """Return the words of a goal, from which the scripted model reads what to plan."""
    return f"Drill {number:04d} {kind} {edition}" + (f": {data}" if data else "")


def _goal(of: _Of, kind: str, edition: int, data: str = "", example: Example | None = None) -> Goal:
    """With an example a published tool is tried on it and reused; without one, a tool is written first."""
    examples = () if example is None else (example,)
    return Goal(primary=words_of(kind, of.number, edition, data), examples=examples)


def _of_file(text: str, expected: JsonValue) -> Example:
    return Example(
        arguments={"path": "/data/sample.txt"}, files={"sample.txt": text}, expected=expected
    )


def _make(of: _Of) -> dict[str, Any]:
    """A tool that nobody else wants, made for this job alone."""
    text = of.text().title()
    return {
        "goal": _goal(of, "make", OWN + of.number, text),
        "answer": tools.slug(text, OWN + of.number),
    }


def _javascript(of: _Of) -> dict[str, Any]:
    text = of.text().title()
    example = Example(arguments={"text": "One Two"}, expected=tools.slug_js("One Two", of.edition))
    return {
        "goal": _goal(of, "javascript", of.edition, text, example),
        "answer": tools.slug_js(text, of.edition),
    }


def _fan_out(of: _Of) -> dict[str, Any]:
    """One call for each of several texts, each of which waits."""
    texts = [f"{of.random.randint(200, 400)} {of.text()}" for _ in range(ITEMS)]
    return {
        "goal": _goal(of, "fan-out", of.edition, "; ".join(texts)),
        "answer": [tools.echo(text, of.edition) for text in texts],
    }


def _totals(of: _Of) -> dict[str, Any]:
    rows = {word: [of.random.randint(1, 99) for _ in range(20)] for word in WORDS[:5]}
    sample = {"a": [1, 2], "b": [4]}
    example = _of_file(tools.csv_of(sample), tools.totals(sample, of.edition))
    return {
        "goal": _goal(of, "totals", of.edition, example=example),
        "answer": tools.totals(rows, of.edition),
        "files": {"rows.csv": tools.csv_of(rows).encode()},
    }


def _letter(of: _Of) -> dict[str, Any]:
    """A file in, a file out."""
    lines = [of.text() for _ in range(of.random.randint(5, 50))]
    example = _of_file("dear all\n", tools.letter(["dear all"], of.edition))
    return {
        "goal": _goal(of, "letter", of.edition, "write letter.txt", example),
        "answer": tools.letter(lines, of.edition),
        "files": {"lines.txt": "".join(f"{line}\n" for line in lines).encode()},
        "writes": {"letter.txt": tools.letter(lines, of.edition).encode()},
    }


def _slow(of: _Of) -> dict[str, Any]:
    """One run long enough to be struck in its middle."""
    numbers = [of.random.randint(1, 99) for _ in range(5)]
    pause = of.random.randint(1000, 2500)
    example = _of_file("0\n1\n2\n", tools.slow([1, 2], of.edition))
    return {
        "goal": _goal(of, "slow", of.edition, example=example),
        "answer": tools.slow(numbers, of.edition),
        "files": {"numbers.txt": "".join(f"{one}\n" for one in (pause, *numbers)).encode()},
    }


def _chain(of: _Of) -> dict[str, Any]:
    """Two steps, the second of which works on what the first one answered."""
    text = f"{of.random.randint(200, 400)} {of.text()}"
    return {
        "goal": _goal(of, "chain", of.edition, text),
        "answer": tools.slug(tools.echo(text, of.edition), of.edition),
    }


def _judged(of: _Of) -> dict[str, Any]:
    """A criterion that only a model can judge, and an example by which a published tool is tried and reused."""
    text = of.text().title()
    words = words_of("judged", of.number, of.edition, text)
    criterion = Criterion(text=f"It would look well on the door of room {of.number}")
    example = Example(arguments={"text": "One Two"}, expected=tools.slug("One Two", of.edition))
    return {
        "goal": Goal(primary=words, success_criteria=(criterion,), examples=(example,)),
        "answer": tools.slug(text, of.edition),
    }


def _post(of: _Of) -> dict[str, Any]:
    """An effect outside the sandbox, which must not happen twice."""
    url = f"http://127.0.0.1:{of.port}/count/{of.number}"
    return {
        "goal": _goal(of, "post", of.port, url),
        "answer": tools.counted(of.number) + 1,
        "effect": str(of.number),
    }


KINDS: dict[str, Callable[[_Of], dict[str, Any]]] = {
    "make": _make,
    "fan-out": _fan_out,
    "totals": _totals,
    "letter": _letter,
    "javascript": _javascript,
    "slow": _slow,
    "chain": _chain,
    "judged": _judged,
    "post": _post,
}
