"""The samples of these tests: one a line, a line break within one written as backslash and n."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "screen" / "samples"


def lines(name: str) -> list[str]:
    """Return the samples of a file."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [one.replace("\\n", "\n") for one in text.splitlines()]
