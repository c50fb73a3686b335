"""Which installed files make up the libraries that tools may import, and nothing else that is installed."""

import importlib.metadata
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

DEFAULT = ("numpy", "pandas", "matplotlib")
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_NOT_OURS = {"..", ".", "__pycache__", "bin"}


def installed(names: Iterable[str]) -> tuple[str, ...]:
    """Return those top-level imports that a distribution here provides, in the order given."""
    wanted = tuple(names)
    known = _providers(wanted)
    return tuple(name for name in wanted if name in known)


def parts(names: Iterable[str]) -> dict[str, Path]:
    """Map each entry of a private site directory to where it lies here, for these imports' closure."""
    waiting = [found for of_one in _providers(tuple(names)).values() for found in of_one]
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


def _providers(names: Sequence[str]) -> dict[str, list[str]]:
    """Map each of these top-level imports that is installed to the distributions that provide it.

    `importlib.metadata.packages_distributions` tells the same of all that is installed; it makes a path of
    every installed file, which took a third of the time until an executor was ready.
    """
    found: dict[str, list[str]] = {}
    for distribution in importlib.metadata.distributions():
        declared = (distribution.read_text("top_level.txt") or "").split()
        record = "" if declared else "\n" + (distribution.read_text("RECORD") or "")
        for name in names:
            if name in declared or f"\n{name}/" in record or f"\n{name}.py," in record:
                found.setdefault(name, []).append(distribution.name)
    return found


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
