"""The static review of JavaScript code."""

from collections.abc import Iterator

from toolguild.capability import Capabilities
from toolguild.policy import Policy
from toolguild.static.finding import Finding, finding
from toolguild.static.javascript.flow import Flow
from toolguild.static.javascript.judge import GLOBALS, Judge
from toolguild.static.javascript.scope import FUNCTIONS
from toolguild.static.javascript.tree import Node, Unreadable, parse

_MAX_CHARACTERS = 200_000
_ASSIGNS = ("assignment_expression", "for_in_statement")
_DEFINES = {
    "pair": ("key",),
    "method_definition": ("name",),
    "field_definition": ("property",),
}
_LOOPS = frozenset(("while_statement", "do_statement", "for_statement"))
_ENDS = frozenset(("return_statement", "throw_statement", "yield_expression", "await_expression"))


def review_javascript(source: str, policy: Policy, declared: Capabilities | None) -> set[Finding]:
    """Return what is found in JavaScript code. Never raises; what cannot be followed is a finding."""
    if len(source) > _MAX_CHARACTERS:
        return {finding("too-long", 1, 1, f"more than {_MAX_CHARACTERS} characters")}
    try:
        root = parse(source)
        judge = Judge(policy, declared)
        judge.assigned, judge.own = _assigned(root), _own(root)
        Flow(root, judge).run()
    except Unreadable as error:
        return {finding(error.rule, error.line, error.column, error.why)}
    except RecursionError:
        return {finding("too-deep", 1, 1, "nested too deeply to be followed")}
    for loop in _endless(root):
        judge.report("endless-loop", loop, "nothing ends this loop")
    return judge.findings


def _assigned(root: Node) -> frozenset[str]:
    """Return the bare names that the code assigns: without a declaration they become global ones."""
    found: set[str] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        left = node.fields.get("left")
        if left is not None and left.type == "identifier" and node.type.startswith(_ASSIGNS):
            found.add(left.text)
        stack += node.children
    return frozenset(found - GLOBALS)


def _own(root: Node) -> frozenset[str]:
    """Return the names of properties and methods that the code itself defines."""
    found: set[str] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        for field in _DEFINES.get(node.type, ()):
            if field in node.fields:
                found.add(node.fields[field].text)
        left = node.fields.get("left")
        if left is not None and left.type == "member_expression":
            found.add(left.fields["property"].text)
        stack += node.children
    return frozenset(found)


def _endless(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in _LOOPS and _always(node) and not _ends(node):
            yield node
        stack += node.children


def _always(loop: Node) -> bool:
    condition = loop.fields.get("condition")
    if condition is None or condition.type == "empty_statement":
        return loop.type == "for_statement"
    inner = condition
    while inner.type in ("parenthesized_expression", "expression_statement") and inner.children:
        inner = inner.children[0]
    return inner.type == "true" or (inner.type == "number" and inner.text.strip("0.") != "")


def _ends(loop: Node) -> bool:
    stack = [(child, True) for child in loop.children]
    while stack:
        node, ours = stack.pop()
        if node.type in _ENDS or (node.type == "break_statement" and (ours or node.children)):
            return True
        if node.type in FUNCTIONS:
            continue
        inner = node.type in _LOOPS or node.type in ("switch_statement", "for_in_statement")
        stack += [(child, ours and not inner) for child in node.children]
    return False
