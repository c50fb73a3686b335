"""Replacing pieces of source text by position, and finding those that only mean something in a guild. Pure."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import tree_sitter
import tree_sitter_javascript

_ROOTED = re.compile(r"/(data|output)(/|$)")
# Where a JavaScript string is no value of its own: a directive, a module, the template of a tag.
_NOT_VALUES = ("expression_statement", "import_statement", "call_expression")
_JAVASCRIPT = tree_sitter.Language(tree_sitter_javascript.language())


@dataclass(frozen=True)
class Edit:
    """Bytes of a source, from start to end, that become other bytes."""

    start: int
    end: int
    text: bytes


def python_source(source: str, *, guild: str, paths: str) -> str:
    """Return Python code whose guild is the module `guild`, and whose /data and /output are placed by `paths`."""
    code = source.encode()
    lines = [0]
    for line in code.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    tree = ast.parse(source)
    imports = list(_python_imports(tree, lines, guild))
    literals = list(_python_paths(tree, lines, code))
    if literals:
        place = _after_docstring(tree, lines)
        imports.append(Edit(place, place, f"from {paths} import placed as _placed\n".encode()))
    return _edited(code, [*imports, *literals])


def javascript_source(source: str, *, guild: str, paths: str) -> str:
    """Return JavaScript code whose guild is the file `guild`, its /data and /output placed by `paths`."""
    code = source.encode()
    tree = tree_sitter.Parser(_JAVASCRIPT).parse(code)
    return _edited(code, list(_javascript_edits(tree.root_node, guild, paths)))


def _python_imports(tree: ast.Module, lines: list[int], guild: str) -> Iterator[Edit]:
    parent, _, module = guild.rpartition(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "guild" and not node.level:
            names = ", ".join(map(ast.unparse, node.names))
            yield Edit(*_span(node, lines), f"from {guild} import {names}".encode())
        elif isinstance(node, ast.Import) and any(one.name == "guild" for one in node.names):
            parts = [
                f"from {parent} import {module} as {one.asname or 'guild'}"
                if one.name == "guild"
                else f"import {ast.unparse(one)}"
                for one in node.names
            ]
            yield Edit(*_span(node, lines), "; ".join(parts).encode())


def _python_paths(tree: ast.Module, lines: list[int], code: bytes) -> Iterator[Edit]:
    skipped = {
        id(part)
        for node in ast.walk(tree)
        for part in (
            node.values
            if isinstance(node, ast.JoinedStr)
            else [node.value]
            if isinstance(node, ast.Expr | ast.MatchValue)
            else []
        )
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in skipped:
            start, end = _span(node, lines)
            if _ROOTED.match(_start_of(node)):
                yield Edit(start, end, b"_placed(" + code[start:end] + b")")


def _start_of(node: ast.Constant | ast.JoinedStr) -> str:
    first: ast.expr = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _after_docstring(tree: ast.Module, lines: list[int]) -> int:
    """Return where the first statement begins that is neither the docstring nor an import of the future."""
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not is_docstring and not is_future:
            decorators: list[ast.expr] = getattr(node, "decorator_list", [])
            return lines[min([node.lineno, *(one.lineno for one in decorators)]) - 1]
    return lines[-1]


def _span(node: ast.stmt | ast.expr, lines: list[int]) -> tuple[int, int]:
    end_line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return lines[node.lineno - 1] + node.col_offset, lines[end_line - 1] + end


def _javascript_edits(node: tree_sitter.Node, guild: str, paths: str) -> Iterator[Edit]:
    if node.type in ("string", "template_string"):
        text = (node.text or b"").decode()
        parent = node.parent
        if text[1:-1] == "guild" and _is_required(node):
            yield Edit(node.start_byte, node.end_byte, f'"{guild}"'.encode())
        elif _ROOTED.match(text[1:-1]) and parent is not None and parent.type not in _NOT_VALUES:
            if parent.type == "pair" and parent.child_by_field_name("key") == node:
                return
            yield Edit(
                node.start_byte, node.end_byte, f'require("{paths}").placed({text})'.encode()
            )
        return
    for child in node.children:
        yield from _javascript_edits(child, guild, paths)


def _is_required(node: tree_sitter.Node) -> bool:
    call = node.parent.parent if node.parent is not None else None
    called = call.child_by_field_name("function") if call is not None else None
    return called is not None and called.text == b"require"


def _edited(code: bytes, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        code = code[: edit.start] + edit.text + code[edit.end :]
    return code.decode()
