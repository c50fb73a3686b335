"""A small syntax tree of JavaScript, made once from tree-sitter's, so that walking it is cheap."""

from dataclasses import dataclass, field
from functools import cache

import tree_sitter
import tree_sitter_javascript

from toolguild.static.javascript.fold import unescape

MAX_DEPTH = 150
MAX_NODES = 60_000


@dataclass(eq=False, slots=True)
class Node:
    """One named node: its grammar type, its place, its named children, by field where they have one."""

    type: str
    line: int  # from 1
    column: int  # from 1
    text: str
    children: list["Node"] = field(default_factory=list)
    fields: dict[str, "Node"] = field(default_factory=dict)
    operators: tuple[str, ...] = ()  # the unnamed tokens among its children


class Unreadable(Exception):
    """The code cannot be parsed, or is too deep or too large: rule, place and reason."""

    def __init__(self, rule: str, line: int, column: int, why: str) -> None:
        super().__init__(why)
        self.rule, self.line, self.column, self.why = rule, line, column, why


@cache
def _language() -> tree_sitter.Language:
    return tree_sitter.Language(tree_sitter_javascript.language())


def parse(source: str) -> Node:
    """Parse JavaScript; raise Unreadable where that cannot be done."""
    data = source.encode("utf-8", "surrogatepass")
    tree = tree_sitter.Parser(_language()).parse(data)
    root = tree.root_node
    if root.has_error:
        line, column = _first_error(root)
        raise Unreadable("syntax", line, column, "is no valid JavaScript")
    return _copy(root, data)


def _first_error(root: tree_sitter.Node) -> tuple[int, int]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return node.start_point.row + 1, node.start_point.column + 1
        stack += [child for child in reversed(node.children) if child.has_error or child.is_missing]
    return 1, 1


def _copy(root: tree_sitter.Node, data: bytes) -> Node:
    top = _shallow(root, data)
    stack = [(root, top, 0)]
    count = 0
    while stack:
        source, target, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH:
            why = f"nested more than {MAX_DEPTH} levels deep"
            raise Unreadable("too-deep", target.line, target.column, why)
        if count > MAX_NODES:
            raise Unreadable("too-deep", 1, 1, f"more than {MAX_NODES} syntax nodes")
        tokens = []
        for index, child in enumerate(source.children):
            if not child.is_named:
                tokens.append(child.type)
                continue
            if child.type in ("comment", "html_comment", "hash_bang_line"):
                continue
            made = _shallow(child, data)
            target.children.append(made)
            name = source.field_name_for_child(index)
            if name is not None:
                target.fields.setdefault(name, made)
            stack.append((child, made, depth + 1))
        target.operators = tuple(tokens)
    return top


def _shallow(node: tree_sitter.Node, data: bytes) -> Node:
    text = ""
    if node.child_count == 0 or node.type in ("string", "regex"):
        text = data[node.start_byte : node.end_byte].decode("utf-8", "replace")
    if "\\" in text and node.type.endswith("identifier"):
        text = unescape(text)  # \\u0065val is eval
    return Node(node.type, node.start_point.row + 1, node.start_point.column + 1, text)
