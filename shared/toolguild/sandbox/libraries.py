"""Which installed files make up the libraries that tools may import, and nothing else that is installed."""

import importlib.metadata
import re
from collections.abc import Iterable
from pathlib import Path

DEFAULT = ("numpy", "pandas", "matplotlib")
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_NOT_OURS = {"..", ".", "__pycache__", "bin"}


def installed(names: Iterable[str]) -> tuple[str, ...]:
    """Return those top-level imports that a distribution here provides, in the order given."""
    known = importlib.metadata.packages_distributions()
    return tuple(name for name in names if name in known)


def parts(names: Iterable[str]) -> dict[str, Path]:
    """Map each entry of a private site directory to where it lies here, for these imports' closure."""
    known = importlib.metadata.packages_distributions()
    waiting = [found for name in names for found in known.get(name, ())]
    seen: set[str] = set()
    entries: dict[str, Path] = {}
    while waiting:
        wanted = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if wanted in seen:
            continue
        seen.add(wanted)
        try:
            distribution = importlib.metadata.distribution(wanted)
        except importlib.metadata.PackageNotFoundError:
            continue  # wanted on other platforms only; what truly lacks shows when the template imports
        entries.update(_entries(distribution))
        waiting += _needs(distribution)
    return entries


def _entries(distribution: importlib.metadata.Distribution) -> dict[str, Path]:
    found = {}
    for file in distribution.files or ():
        top = file.parts[0]
        if top not in _NOT_OURS and top not in found:
            path = Path(str(distribution.locate_file(top)))
            if path.exists():
                found[top] = path
    return found


def _needs(distribution: importlib.metadata.Distribution) -> list[str]:
    needs = []
    for requirement in distribution.requires or ():
        name = _NAME.match(requirement)
        if name and "extra ==" not in requirement:
            needs.append(name.group())
    return needs
