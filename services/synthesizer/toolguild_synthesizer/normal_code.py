"""Code without what does not matter to it: comments, layout, and the names that it gives. Pure."""

import ast
import re
from collections.abc import Iterator

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from toolguild.capability import Language as CodeLanguage
from toolguild_synthesizer.python_code import tree_of

_NAMES = frozenset({"identifier", "shorthand_property_identifier_pattern"})
_GIVES = {
    "variable_declarator": "name",
    "function_declaration": "name",
    "function_expression": "name",
    "arrow_function": "parameter",
    "formal_parameters": "",
    "for_in_statement": "left",
    "catch_clause": "parameter",
    "assignment_pattern": "left",
    "rest_pattern": "",
    "array_pattern": "",
}


def normal(source: str, language: CodeLanguage) -> str:
    """Return text that is equal for codes that differ only in comments, layout, and names of their own.

    Of code that cannot be parsed, only layout is taken off.
    """
    if language == "python":
        try:
            return _python(tree_of(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return re.sub(r"\s+", " ", source).strip()
    return _javascript(source)


def _python(tree: ast.Module) -> str:
    given = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    given |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    given |= {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    given |= {
        node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name
    }
    return ast.dump(_Plain(given).visit(tree))


class _Plain(ast.NodeTransformer):
    """Numbers the names that the code gives, and takes docstrings and annotations off."""

    def __init__(self, given: set[str]) -> None:
        self._given = given
        self._numbers: dict[str, str] = {}

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, f"v{len(self._numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        name = self._number(node.id) if node.id in self._given else node.id
        return ast.Name(id=name, ctx=node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(arg=self._number(node.arg))

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self._number(node.name) if node.name else None
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self._number(node.name), None
        node.body = _said(node.body)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return self.visit(ast.Assign(targets=[node.target], value=node.value))  # type: ignore[no-any-return]


def _said(body: list[ast.stmt]) -> list[ast.stmt]:
    return [node for node in body if not _is_text(node)] or [ast.Pass()]


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _javascript(source: str) -> str:
    tree = Parser(Language(tree_sitter_javascript.language())).parse(source.encode())
    leaves = list(_leaves(tree.root_node))
    given = {_text(one) for one in leaves if one.type in _NAMES and _is_given(one)}
    numbers: dict[str, str] = {}
    told = []
    for one in leaves:
        text = _text(one)
        if one.type in _NAMES and text in given:
            text = numbers.setdefault(text, f"v{len(numbers)}")
        told.append(text)
    return " ".join(told)


def _leaves(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.type == "comment":
            continue
        if not one.children or one.type in ("string", "template_string", "regex"):
            yield one
        else:
            waiting += reversed(one.children)


def _is_given(node: Node) -> bool:
    parent = node.parent
    if parent is None or parent.type not in _GIVES:
        return False
    field = _GIVES[
        parent.type
    ]  # where the name that is given stands; elsewhere a name is only used
    if not field:
        return True
    giving = parent.child_by_field_name(field)
    return giving is not None and giving.id == node.id


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
