"""What a look at a file's content brings: lines for a prompt, exact figures, a note."""

import re
from typing import NamedTuple

WIDTH = 200
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Shown(NamedTuple):
    """Lines for a prompt, exact figures for the report, and what is wrong, if anything."""

    lines: tuple[str, ...]
    figures: dict[str, int] = {}
    note: str = ""


def line(text: str, width: int = WIDTH) -> str:
    """Return one line without control characters, at most `width` characters long."""
    clean = _UNSEEN.sub(" ", text)
    return clean if len(clean) <= width else clean[: width - 3] + "..."
