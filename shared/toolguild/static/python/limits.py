"""What is made without end, or larger than any machine, as far as it is written out in the code."""

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from toolguild.static.words import words

_CONSUMERS: Final = words("list tuple set sorted sum max min deque dict frozenset")
_SIZED: Final = words("bytes bytearray zeros ones empty")
_LARGE: Final = 2e9  # bytes or items
_DEEP: Final = 1e6  # calls inside each other
_MOST: Final = 1e300


def without_limit(nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.AST, str]]:
    """Yield iterators without end that are read to their end, and texts, lists and recursion without bounds."""
    for node in nodes:
        if isinstance(node, ast.Call) and node.args:
            why = _call(_name(node.func), node.args[0])
            if why is not None:
                yield node, why
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            sides = (node.left, node.right)
            if any(map(_is_repeated, sides)) and max(map(_size, sides)) > _LARGE:
                yield node, "more memory is taken than a tool may have"


def _call(name: str, first: ast.expr) -> str | None:
    if name in _CONSUMERS and _is_infinite(first):
        return "an iterator without end is read to its end"
    if name == "setrecursionlimit" and _size(first) > _DEEP:
        return "recursion deeper than any stack is allowed"
    if name in _SIZED and _size(first) > _LARGE:
        return "more memory is taken than a tool may have"
    return None


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_infinite(node: ast.expr) -> bool:
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        return len(node.generators) == 1 and _is_infinite(node.generators[0].iter)
    if not isinstance(node, ast.Call):
        return False
    name = _name(node.func)
    if name == "count":
        return isinstance(node.func, ast.Attribute) and _name(node.func.value) in (
            "itertools",
            "it",
        )
    return name == "cycle" or (name == "repeat" and len(node.args) == 1)


def _is_repeated(node: ast.expr) -> bool:
    written = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    return written or isinstance(node, ast.List | ast.Tuple)


def _size(node: ast.expr) -> float:
    """Return the number that a constant expression is, as far as it matters; 0 when it is none."""
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool):
            return _MOST if value.bit_length() > 900 else float(value)
        return value if isinstance(value, float) else 0.0
    if not isinstance(node, ast.BinOp):
        return 0.0
    left, right = _size(node.left), _size(node.right)
    if isinstance(node.op, ast.Mult):
        return min(left * right, _MOST)
    if isinstance(node.op, ast.LShift):
        left, right = 2.0, right
    elif not isinstance(node.op, ast.Pow):
        return 0.0
    if left <= 1 or right <= 0:
        return 0.0
    return float(min(left, 1e9) ** min(right, 33.0))
