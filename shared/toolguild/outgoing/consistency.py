"""Whether a result agrees with itself: its schema, its criteria, its steps, and the numbers in its prose."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from pydantic import JsonValue

MAX_NUMBERS = 5000  # of the data, that prose is compared with
_NUMBER = re.compile(r"(?<![\w.,/:#-])[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w:/-]|[.,]\d)")
_VAGUE = re.compile(
    r"(?:top|first|last|next|past|page|step|version|chapter|section|figure|table|q|no\.|line|row|at least|about)\s*$",
    re.I,
)
_SCALES = {"thousand": 1e3, "k": 1e3, "million": 1e6, "billion": 1e9, "bn": 1e9}
_MONTH = re.compile(
    r"\s*(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b",
    re.I,
)
_ANY_NAMES = {"count", "total", "value", "n", "index", "id", "year", "month", "day", "rank", "size", "length", "number", "result", "sum", "mean", "score", "amount", "rows"}  # fmt: skip


def against_schema(answer: JsonValue, schema: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Say how an answer is not what the step that gave it had promised; a schema that is none says nothing."""
    # Not before there is a schema: an idle auditor does without.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
        error = next(iter(Draft202012Validator(schema).iter_errors(answer)), None)
    except (SchemaError, RecursionError, re.error):
        return ()
    if error is None:
        return ()
    where = "/".join(str(one) for one in error.absolute_path)
    return (
        f"the answer{f' at {where}' if where else ''} is not as its step promised: {error.message[:200]}",
    )


def against_criteria(
    status: str, criteria: Sequence[tuple[str, bool | None]], *, empty: bool
) -> tuple[str, ...]:
    """Say where verdicts and end do not go together. `empty`: there is neither an answer nor a file."""
    if status != "succeeded":
        return ()
    notes = [
        f"it counts as a success, but this is not met: {text}"
        for text, met in criteria
        if met is False
    ]
    if empty:
        notes.append("it counts as a success, but there is neither an answer nor a file")
    return tuple(notes)


def between_steps(values: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Say where two steps give different numbers for the same name, as far as a name says what it counts."""
    seen: dict[str, tuple[str, float]] = {}
    notes = []
    for step, value in values.items():
        if not isinstance(value, dict):
            continue
        for name, number in value.items():
            plain = name.strip().lower()
            if plain in _ANY_NAMES or len(plain) < 3 or isinstance(number, bool):
                continue
            if not isinstance(number, int | float):
                continue
            before = seen.setdefault(plain, (step, float(number)))
            if not _close(before[1], float(number), 1e-6):
                notes.append(
                    f"steps {before[0]} and {step} differ on {name}: {before[1]:g} and {number:g}"
                )
    return tuple(notes[:10])


def in_prose(text: str, data: Sequence[JsonValue], words: str) -> tuple[str, ...]:
    """Say which numbers of a prose text nothing supports: no value, count, sum, mean, share or rounding of them.

    Small whole numbers, years, dates and what the goal itself names are let be. Where the data holds no
    numbers there is nothing to compare with, and nothing is said.
    """
    numbers = list(islice(_numbers(data), MAX_NUMBERS))
    if len(numbers) < 2 or len(text.split()) < 4:
        return ()
    known = sorted(_derived(numbers, data))
    wished = {_read(one) for one in _NUMBER.findall(words)}
    odd = []
    for match in islice(_NUMBER.finditer(text), 500):
        value, step = _read(match[0]), _step_of(match[0])
        if _lets_be(text, match, value) or value in wished:
            continue
        behind = text[match.end() : match.end() + 12].strip().lower()
        scale = next((s for word, s in _SCALES.items() if re.match(rf"{word}\b", behind)), 1.0)
        candidates = [(value * scale, step * scale)]
        if behind.startswith(("%", "per cent", "percent")):
            candidates.append((value / 100, step / 100))
        if not any(_supported(abs(one), size, known) for one, size in candidates):
            odd.append(match[0])
    if not odd:
        return ()
    return (
        f"the text states numbers that nothing in the data supports: {', '.join(dict.fromkeys(odd[:8]))}",
    )


def _lets_be(text: str, match: "re.Match[str]", value: float) -> bool:
    whole = value == int(value)
    if whole and (abs(value) <= 31 or 1900 <= value <= 2100):
        return True
    return bool(
        _VAGUE.search(text[max(0, match.start() - 12) : match.start()])
        or _MONTH.match(text, match.end())
    )


def _numbers(data: Sequence[JsonValue]) -> Iterator[float]:
    stack = list(data)
    while stack:
        one = stack.pop()
        match one:
            case bool() | None:
                continue
            case int() | float():
                if abs(one) < 1e300:
                    yield float(one)
            case str():
                if len(one) <= 200:
                    yield from (_read(found) for found in _NUMBER.findall(one))
            case dict():
                stack += one.values()
            case list():
                stack += one


def _derived(numbers: Sequence[float], data: Sequence[JsonValue]) -> set[float]:
    """Return what people say of data besides its values: counts, sums, means, extremes, shares, differences."""
    known = {abs(one) for one in numbers} | {0.0, 1.0}
    for series in [numbers, *islice(_series(data), 200)]:
        total = sum(series)
        known |= {
            abs(total),
            abs(total / len(series)),
            max(series) - min(series),
            float(len(series)),
        }
        ordered = sorted(series)
        known.add(abs((ordered[len(ordered) // 2] + ordered[(len(ordered) - 1) // 2]) / 2))
        if total:
            known |= {abs(one / total) for one in series[:200]}
    few = list(dict.fromkeys(numbers))[:60]
    for one in few:
        for other in few:
            known |= {abs(one - other), abs(one + other)}
            if other:
                known |= {abs(one / other), abs(one / other - 1)}
    return known


def _series(data: Sequence[JsonValue]) -> Iterator[list[float]]:
    stack = list(data)
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            one_list: list[JsonValue] = list(one.values())
        elif isinstance(one, list):
            one_list = one
            columns: dict[str, list[float]] = {}
            for row in one[:MAX_NUMBERS]:
                if isinstance(row, dict):
                    for name, value in row.items():
                        if isinstance(value, int | float) and not isinstance(value, bool):
                            columns.setdefault(name, []).append(float(value))
            yield from (column for column in columns.values() if column)
        else:
            continue
        plain = [
            float(v) for v in one_list if isinstance(v, int | float) and not isinstance(v, bool)
        ]
        if plain:
            yield plain
        elif one_list:
            yield [float(len(one_list))]
        stack += [v for v in one_list if isinstance(v, dict | list)]


def _read(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def _step_of(text: str) -> float:
    """Return half the unit of the last digit that a number states."""
    whole, dot, rest = text.partition(".")
    if dot:
        return 0.5 * 10.0 ** -len(rest)
    zeros = len(whole) - len(whole.rstrip("0,"))
    return 0.5 * 10.0 ** min(zeros, max(0, len(whole.strip("+-−")) - 2))


def _supported(value: float, step: float, known: Sequence[float]) -> bool:
    from bisect import bisect_left

    low = bisect_left(known, value - step * 1.0001)
    return low < len(known) and known[low] <= value + step * 1.0001


def _close(one: float, other: float, share: float) -> bool:
    return abs(one - other) <= share * max(abs(one), abs(other), 1e-12)
