"""What an expression may stand for, as far as the review follows it. Unknown is the empty set."""

from typing import Final, NamedTuple

Plain = str | bytes | int | float | bool | None


class Const(NamedTuple):
    """A constant."""

    type: str  # keeps 1 and True apart
    value: Plain


class Prefix(NamedTuple):
    """A text of which only the beginning is known."""

    text: str


class Ref(NamedTuple):
    """Something outside the code, by its dotted name: a module, function or class."""

    path: str


class Made(NamedTuple):
    """What a call of something outside returned; `text` is the path it was made of."""

    path: str
    text: str | None = None


class Namespace(NamedTuple):
    """The table of names of a module (`vars(os)`); "" is that of the code itself."""

    path: str


class Local(NamedTuple):
    """A function or class that the code defines, by its number."""

    number: int


class Instance(NamedTuple):
    """An object of a class that the code defines."""

    number: int


class Box(NamedTuple):
    """A list, tuple, set or dictionary made at one place in the code, by that place's number."""

    number: int


class More(NamedTuple):
    """Something that is not known, besides what else the set holds."""

    what: str = "unknown"


Value = More | Const | Prefix | Ref | Made | Namespace | Local | Instance | Box
Values = frozenset[Value]

UNKNOWN: Final = "()"  # the path of a Namespace of something not known
NOTHING: Final[Values] = frozenset()
MORE: Final = More()
MAX_CONSTANTS = 12  # of one variable; what is cut leaves a More behind
MAX_VALUES = 64


def const(value: Plain) -> Const:
    """Return the value of a constant."""
    return Const(type(value).__name__, value)


def texts(values: Values) -> list[str]:
    """Return the texts among the values."""
    return [one.value for one in values if isinstance(one, Const) and isinstance(one.value, str)]
