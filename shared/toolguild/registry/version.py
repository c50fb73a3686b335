"""Version numbers follow behaviour: same major means it passes the earlier version's exam. Pure."""

import re
from collections.abc import Iterable

from toolguild.errors import UsageError

_VERSION = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")


def parse_version(text: str) -> tuple[int, int]:
    """Return (major, minor), which sort as versions do. Raises UsageError for any other text."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no version: write major.minor, such as 1.0")
    return int(match[1]), int(match[2])


def next_version(existing: Iterable[str], *, compatible: bool) -> str:
    """Return the version that follows the newest of `existing`; "1.0" when there is none.

    `compatible` says whether the new tool passes the exam of the newest existing version.
    """
    versions = [parse_version(text) for text in existing]
    if not versions:
        return "1.0"
    major, minor = max(versions)
    return f"{major}.{minor + 1}" if compatible else f"{major + 1}.0"
