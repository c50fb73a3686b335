"""Where Python code can be made a little wrong. Works on the syntax tree, edits the text."""

import ast
import copy
from collections.abc import Iterator
from typing import cast

from toolguild.exam.mutate import Edit

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], str]] = {
    ast.Lt: (ast.LtE, "< became <="),
    ast.LtE: (ast.Lt, "<= became <"),
    ast.Gt: (ast.GtE, "> became >="),
    ast.GtE: (ast.Gt, ">= became >"),
    ast.Eq: (ast.NotEq, "== became !="),
    ast.NotEq: (ast.Eq, "!= became =="),
    ast.In: (ast.NotIn, "in became not in"),
    ast.NotIn: (ast.In, "not in became in"),
    ast.Is: (ast.IsNot, "is became is not"),
    ast.IsNot: (ast.Is, "is not became is"),
}
_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], str]] = {
    ast.Add: (ast.Sub, "+ became -"),
    ast.Sub: (ast.Add, "- became +"),
    ast.Mult: (ast.Add, "* became +"),
    ast.Div: (ast.Mult, "/ became *"),
    ast.FloorDiv: (ast.Mult, "// became *"),
    ast.Mod: (ast.Mult, "% became *"),
    ast.Pow: (ast.Mult, "** became *"),
}
# what follows says how to fail, print or decode: exams cannot be expected to notice
_QUIET_CALLS = frozenset(
    ("print", "warn", "debug", "info", "warning", "error", "isinstance", "len")
)
_QUIET_KEYWORDS = frozenset(
    ("encoding", "errors", "newline", "dtype", "engine", "ensure_ascii", "indent")
)
_TEXT_LIKE = (ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.ListComp)


def parses(source: str) -> bool:
    """Return whether this is Python."""
    try:
        compile(source, "<mutant>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def edits(source: str) -> Iterator[Edit]:
    """Yield every edit that puts one fault into the code; none when it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return
    starts = [0]
    for row in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    for node in _audible(tree):
        for kind, changed, told in _faults(node):
            yield _edit(starts, node, kind, changed, told)


def _audible(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree, past everything whose change a test of answers cannot be blamed for missing."""
    for child in ast.iter_child_nodes(node):
        if isinstance(
            child,
            ast.Raise | ast.Assert | ast.Import | ast.ImportFrom | ast.JoinedStr | ast.arguments,
        ):
            continue
        if isinstance(child, ast.keyword) and child.arg in _QUIET_KEYWORDS:
            continue
        if isinstance(child, ast.Expr) and _says_nothing(child.value):
            continue
        if isinstance(child, ast.Call) and _called(child) in _QUIET_CALLS:
            continue
        if isinstance(child, ast.If) and _is_main_guard(child):
            continue
        if isinstance(node, ast.AnnAssign) and child is node.annotation:
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            child is node.returns or child in node.decorator_list
        ):
            continue
        yield child
        yield from _audible(child)


def _faults(node: ast.AST) -> Iterator[tuple[str, ast.AST | str, str]]:
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARISONS:
            other, told = _COMPARISONS[type(operator)]
            yield "comparison", _with(node, ops=[other()]), told
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
            if not (_is_text(left) or _is_text(right)):  # "a" - "b" only crashes
                changed, told = _ARITHMETIC[type(operator)]
                yield "arithmetic", _with(node, op=changed()), told
        case ast.AugAssign(op=ast.Add() | ast.Sub(), value=value) if not _is_text(value):
            changed, told = _ARITHMETIC[type(node.op)]
            yield "arithmetic", _with(node, op=changed()), told
        case ast.BoolOp(op=ast.And()):
            yield "boolean", _with(node, op=ast.Or()), "and became or"
        case ast.BoolOp(op=ast.Or()):
            yield "boolean", _with(node, op=ast.And()), "or became and"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "boolean", operand, "not was dropped"
        case ast.Constant(value=value):
            yield from _constants(value)
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield "return", "return None", "the return value became None"
        case ast.Slice(lower=lower, upper=upper):
            if upper is not None:
                yield "slice", _with(node, upper=_minus_one(upper)), "the slice ends one earlier"
            elif lower is not None:
                yield "slice", _with(node, lower=_plus_one(lower)), "the slice begins one later"
        case ast.Call(func=ast.Name(id="range"), args=[*_, last]) if len(node.args) < 3:
            fewer = [*node.args[:-1], _minus_one(last)]
            yield "range", _with(node, args=fewer), "the range ends one earlier"
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Continue():
            yield "deletion", "pass", "the statement was deleted"


def _constants(value: object) -> Iterator[tuple[str, ast.AST | str, str]]:
    if isinstance(value, bool):
        yield "constant", repr(not value), f"{value} became {not value}"
    elif isinstance(value, int) and abs(value) < 10**9:
        yield "constant", repr(value + 1), f"{value} became {value + 1}"
    elif isinstance(value, float):
        yield "constant", repr(value + 1.0), f"{value} became {value + 1.0}"
    elif isinstance(value, str) and value:
        yield "text", repr(f"{value}~"), f"{value[:20]!r} became {value[:20] + '~'!r}"


def _edit(starts: list[int], node: ast.AST, kind: str, changed: ast.AST | str, told: str) -> Edit:
    at = cast(ast.expr, node)  # every node that _faults knows has a place
    start = starts[at.lineno - 1] + at.col_offset
    end = starts[cast(int, at.end_lineno) - 1] + cast(int, at.end_col_offset)
    if isinstance(changed, str):
        text = changed
    else:
        text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(changed)))
        if isinstance(changed, ast.expr) and not isinstance(changed, ast.Slice | ast.Call):
            text = f"({text})"
    return Edit(kind, start, end, text, at.lineno, told)


def _with(node: ast.AST, **changes: object) -> ast.AST:
    fields = {name: getattr(node, name) for name in node._fields}
    return type(node)(**{**fields, **changes})


def _minus_one(node: ast.expr) -> ast.expr:
    return ast.BinOp(left=node, op=ast.Sub(), right=ast.Constant(1))


def _plus_one(node: ast.expr) -> ast.expr:
    return ast.BinOp(left=node, op=ast.Add(), right=ast.Constant(1))


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, _TEXT_LIKE) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _says_nothing(node: ast.expr) -> bool:
    """Whether a statement of its own is a docstring or a message to nobody."""
    if isinstance(node, ast.Call):
        return _called(node) in _QUIET_CALLS
    return isinstance(node, ast.Constant)


def _is_main_guard(node: ast.If) -> bool:
    return ast.unparse(node.test).startswith("__name__ ==")
