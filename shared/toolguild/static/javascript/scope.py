"""Which variable a JavaScript name means."""

from typing import NamedTuple

from toolguild.static.javascript.tree import Node

FUNCTIONS = frozenset(
    (
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
    )
)
_BLOCKS = frozenset(
    (
        "program",
        "statement_block",
        "for_statement",
        "for_in_statement",
        "catch_clause",
        "class_body",
        "switch_body",
        "class",
        "class_declaration",
    )
)
_PATTERN_NAMES = frozenset(("identifier", "shorthand_property_identifier_pattern"))


class Variable(NamedTuple):
    """One variable: the number of its scope, and its name."""

    scope: int
    name: str


class Scope:
    """One scope and the names it declares."""

    def __init__(
        self,
        number: int,
        parent: "Scope | None",
        is_function: bool,
        kind: str = "",
    ) -> None:
        self.number = number
        self.kind = kind  # the grammar's type of the node that opens it
        self.parent = parent
        self.is_function = is_function
        self.names: set[str] = set()

    def resolve(self, name: str) -> Variable | None:
        """Return the variable that a name means here; None when the code declares none."""
        here: Scope | None = self
        while here is not None:
            if name in here.names:
                return Variable(here.number, name)
            here = here.parent
        return None

    def in_class(self) -> bool:
        """Say whether `this` is an object of a class that the code defines."""
        here: Scope | None = self
        while here is not None:
            if here.kind == "class_body":
                return True
            outer = here.parent
            if here.is_function and here.kind != "arrow_function":
                # a function of its own has a `this` of its own
                return here.kind == "method_definition" and outer is not None and outer.in_class()
            here = outer
        return False

    def function(self) -> "Scope":
        """Return the scope of the function around this one."""
        here = self
        while not here.is_function and here.parent is not None:
            here = here.parent
        return here


def build(root: Node) -> dict[Node, Scope]:
    """Return the scope that each block and function of a program opens."""
    scopes: dict[Node, Scope] = {root: Scope(0, None, True)}
    stack: list[tuple[Node, Scope]] = [(child, scopes[root]) for child in root.children]
    while stack:
        node, scope = stack.pop()
        inner = scope
        _declare_outside(node, scope)
        if node.type in FUNCTIONS or node.type in _BLOCKS:
            inner = Scope(len(scopes), scope, node.type in FUNCTIONS, node.type)
            scopes[node] = inner
        _declare_inside(node, inner)
        stack += [(child, inner) for child in node.children]
    return scopes


def _declare_outside(node: Node, scope: Scope) -> None:
    name = node.fields.get("name")
    if node.type.endswith("_declaration") and name is not None:
        if node.type != "variable_declaration":
            scope.names.add(name.text)
    elif node.type == "import_clause":
        scope.names.update(_names(node))


def _declare_inside(node: Node, scope: Scope) -> None:
    if node.type in ("lexical_declaration", "variable_declaration"):
        home = scope.function() if node.type == "variable_declaration" else scope
        for declarator in node.children:
            target = declarator.fields.get("name")
            if target is not None:
                home.names.update(_names(target))
    elif node.type in FUNCTIONS:
        for key in ("parameters", "parameter"):
            if key in node.fields:
                scope.names.update(_names(node.fields[key]))
        own = node.fields.get("name")
        if node.type == "function_expression" and own is not None:
            scope.names.add(own.text)
    elif node.type == "for_in_statement" and {"const", "let", "var"} & set(node.operators):
        scope.names.update(_names(node.fields["left"]))
    elif node.type == "catch_clause" and "parameter" in node.fields:
        scope.names.update(_names(node.fields["parameter"]))


def _names(pattern: Node) -> set[str]:
    """Return the names that a pattern binds; its default values bind none."""
    found: set[str] = set()
    stack = [pattern]
    while stack:
        node = stack.pop()
        if node.type in _PATTERN_NAMES:
            found.add(node.text)
        elif node.type in ("assignment_pattern", "object_assignment_pattern"):
            stack.append(node.fields["left"])
        elif node.type == "pair_pattern":
            stack.append(node.fields["value"])
        elif node.type == "import_specifier":
            stack.append(node.fields.get("alias") or node.fields["name"])
        elif node.type in (
            "object_pattern",
            "array_pattern",
            "rest_pattern",
            "formal_parameters",
            "import_clause",
            "named_imports",
            "namespace_import",
        ):
            stack += node.children
    return found
