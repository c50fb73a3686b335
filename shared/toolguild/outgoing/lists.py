"""Lists of words and names that the rules about people go by; each file says where it comes from."""

from functools import cache
from importlib.resources import files


@cache
def given() -> frozenset[str]:
    """Frequent given names that are no ordinary words."""
    return _list("given.txt")


@cache
def family() -> frozenset[str]:
    """Frequent family names that are no ordinary words."""
    return _list("family.txt")


@cache
def famous() -> frozenset[str]:
    """Given names that stand alone more often for something else."""
    return _list("famous.txt")


@cache
def ordinary() -> frozenset[str]:
    """Words that are capitalised in titles, tables and technical texts, and are no part of a name."""
    return _list("ordinary.txt")


@cache
def phrases() -> frozenset[str]:
    """Two capitalised words or more that are a place, a product, a firm or a method, and no person."""
    return _list("phrases.txt")


def _list(name: str) -> frozenset[str]:
    lines = (files("toolguild.outgoing") / "names" / name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
