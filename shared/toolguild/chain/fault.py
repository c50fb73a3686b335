"""What can be wrong with a chain, and what a chain says of itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where ("page 3", "entry 17", "line 5"), and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Gap:
    """What the chain itself says that it never saw, or other trouble that it recorded. No fault of the chain."""

    entry: int
    kind: str
    what: str


def span(noun: str, first: int, last: int) -> str:
    """Return "page 3", or "pages 3 to 5"."""
    if first == last:
        return f"{noun} {first}"
    return f"{'entries' if noun == 'entry' else noun + 's'} {first} to {last}"


def many(noun: str, numbers: list[int]) -> str:
    """Return what names several of a kind, shortened: "entries 3, 5, 9"."""
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return span(noun, numbers[0], numbers[-1])
    shown = ", ".join(map(str, numbers[:8]))
    plural = "entries" if noun == "entry" else f"{noun}s"
    return f"{plural} {shown}" + (", ..." if len(numbers) > 8 else "")
