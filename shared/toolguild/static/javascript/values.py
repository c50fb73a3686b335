"""What a JavaScript expression may stand for, as far as the review follows it."""

from typing import Final, NamedTuple


class Const(NamedTuple):
    """A constant text or number."""

    value: str | float


class Prefix(NamedTuple):
    """A text of which only the beginning is known."""

    text: str


class Ref(NamedTuple):
    """Something outside the code: a global, a module, or what lies below one."""

    path: str


class Function(NamedTuple):
    """A function or class that the code defines, by its number."""

    number: int


class Box(NamedTuple):
    """An array or object made at one place in the code, by that place's number."""

    number: int


class Reached(NamedTuple):
    """Something taken by a computed name of what is not known: after how many steps, a call among them."""

    steps: int
    called: bool = False


Value = Const | Prefix | Ref | Function | Box | Reached
Values = frozenset[Value]
NOTHING: Final[Values] = frozenset()
MAX_VALUES = 12


def texts(values: Values) -> list[str]:
    """Return the texts among the values."""
    return [one.value for one in values if isinstance(one, Const) and isinstance(one.value, str)]
