"""Where JavaScript code can be made a little wrong, by tree-sitter's syntax tree."""

from collections.abc import Iterator
from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from toolguild.exam.mutate import Edit

_OPERATORS = {
    "<": ("comparison", "<="),
    "<=": ("comparison", "<"),
    ">": ("comparison", ">="),
    ">=": ("comparison", ">"),
    "==": ("comparison", "!="),
    "!=": ("comparison", "=="),
    "===": ("comparison", "!=="),
    "!==": ("comparison", "==="),
    "+": ("arithmetic", "-"),
    "-": ("arithmetic", "+"),
    "*": ("arithmetic", "+"),
    "/": ("arithmetic", "*"),
    "%": ("arithmetic", "*"),
    "**": ("arithmetic", "*"),
    "&&": ("boolean", "||"),
    "||": ("boolean", "&&"),
    "??": ("boolean", "&&"),
    "+=": ("arithmetic", "-="),
    "-=": ("arithmetic", "+="),
    "*=": ("arithmetic", "+="),
}
_QUIET = frozenset(("throw_statement", "import_statement", "comment", "template_string", "regex"))
_QUIET_CALLS = ("console.", "require")
_TEXTS = frozenset(("string", "template_string", "array", "object"))


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_javascript.language()))


def parses(source: str) -> bool:
    """Return whether this is JavaScript."""
    return not _parser().parse(source.encode()).root_node.has_error


def edits(source: str) -> Iterator[Edit]:
    """Yield every edit that puts one fault into the code; none when it does not parse."""
    root = _parser().parse(source.encode()).root_node
    if root.has_error:
        return
    nodes = [root]  # a stack of our own: code may be nested deeper than Python recurses
    while nodes:
        node = nodes.pop()
        if node.type in _QUIET or _is_quiet_call(node):
            continue
        yield from _faults(node)
        nodes.extend(reversed(node.named_children))


def _faults(node: Node) -> Iterator[Edit]:
    match node.type:
        case "binary_expression" | "augmented_assignment_expression":
            yield from _operator(node)
        case "unary_expression" if _text(node).startswith("!"):
            operand = node.child_by_field_name("argument")
            if operand is not None:
                yield _edit(node, "boolean", _text(operand), "! was dropped")
        case "true" | "false":
            other = "false" if node.type == "true" else "true"
            yield _edit(node, "constant", other, f"{node.type} became {other}")
        case "number" if _text(node).isdigit() and len(_text(node)) < 10:
            more = str(int(_text(node)) + 1)
            yield _edit(node, "constant", more, f"{_text(node)} became {more}")
        case "string_fragment" if node.parent is not None and not _is_directive(node.parent):
            yield _edit(
                node,
                "text",
                f"{_text(node)}~",
                f"{_text(node)[:20]!r} became {_text(node)[:20] + '~'!r}",
            )
        case "return_statement" if (
            node.named_child_count and _text(node.named_children[0]) != "null"
        ):
            yield _edit(node, "return", "return null;", "the return value became null")
        case "expression_statement" if node.named_children and node.named_children[0].type in (
            "call_expression",
            "augmented_assignment_expression",
        ):
            if not _is_quiet_call(node.named_children[0]):
                yield _edit(node, "deletion", ";", "the statement was deleted")
        case "continue_statement":
            yield _edit(node, "deletion", ";", "the statement was deleted")


def _operator(node: Node) -> Iterator[Edit]:
    operator = node.child_by_field_name("operator")
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if operator is None or left is None or right is None or _text(operator) not in _OPERATORS:
        return
    kind, other = _OPERATORS[_text(operator)]
    if kind == "arithmetic" and (_is_text(left) or _is_text(right)):
        return  # "a" - "b" is NaN, which any exam notices
    yield _edit(operator, kind, other, f"{_text(operator)} became {other}")


def _edit(node: Node, kind: str, text: str, change: str) -> Edit:
    return Edit(kind, node.start_byte, node.end_byte, text, node.start_point[0] + 1, change)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _is_text(node: Node) -> bool:
    if node.type == "binary_expression":
        return any(_is_text(child) for child in node.named_children)
    return node.type in _TEXTS


def _is_directive(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "expression_statement"


def _is_quiet_call(node: Node) -> bool:
    if node.type != "call_expression":
        return False
    function = node.child_by_field_name("function")
    return function is not None and _text(function).startswith(_QUIET_CALLS)
