"""What the syntax tree shows without following values: loops without end, harmless uses of a class."""

import ast
from collections.abc import Iterator, Sequence

MAX_DEPTH = 160
MAX_NODES = 60_000

_CLASS_USES = frozenset(("__name__", "__qualname__", "__doc__", "__module__"))
_CODE_USES = frozenset(("co_argcount", "co_varnames", "co_name", "co_flags", "co_kwonlyargcount"))
_TEMPLATES = frozenset(("format", "format_map", "vformat", "Formatter", "getattr", "methodcaller"))
_ENDS = (ast.Return, ast.Raise, ast.Yield, ast.YieldFrom, ast.Await)
_EXITS = frozenset(("exit", "quit", "_exit", "next", "throw"))
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def too_large(tree: ast.Module) -> str | None:
    """Say why a tree is too deep or too large to be followed; None when it is not."""
    level: list[ast.AST] = [tree]
    depth = count = 0
    while level:
        depth += 1
        count += len(level)
        if depth > MAX_DEPTH:
            return f"nested more than {MAX_DEPTH} levels deep"
        if count > MAX_NODES:
            return f"more than {MAX_NODES} syntax nodes"
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return None


def own_attributes(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Return the attributes that the code's own classes define, and those that it assigns."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.startswith("_") and not node.value.endswith("__"):
                found.add(node.value)  # such as a key of an own `__dict__`
        elif isinstance(node, ast.ClassDef):
            for part in _defining(node):
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    found.add(part.name)
                elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    found.add(part.id)
                elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found.add(part.value)  # a slot, or a field's name
    return frozenset(found)


def uses_templates(nodes: Sequence[ast.AST]) -> bool:
    """Say whether anything is named that fills in templates."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in _TEMPLATES)
        or (isinstance(node, ast.Name) and node.id in _TEMPLATES)
        or (isinstance(node, ast.Call) and _TEMPLATES & {_text(one) for one in node.args})
        for node in nodes
    )


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _defining(node: ast.ClassDef) -> Iterator[ast.AST]:
    """Yield what a class consists of, less the inside of its methods."""
    stack: list[ast.AST] = list(node.body)
    while stack:
        part = stack.pop()
        yield part
        if not isinstance(part, _INNER):
            stack += ast.iter_child_nodes(part)


def passed_functions(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Return the names that stand somewhere else than where a function is called."""
    called: set[ast.AST] = set()
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            called.add(node.func)
        if node in called:
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return frozenset(found)


def quiet_uses(nodes: Sequence[ast.AST]) -> frozenset[ast.AST]:
    """Return the uses of `.__class__` and `.__code__` that only name, count, compare, or make another."""
    found: set[ast.AST] = set()
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in _CLASS_USES | _CODE_USES:
            found.add(node.value)
        elif isinstance(node, ast.Compare):
            found |= {node.left, *node.comparators}
        elif isinstance(node, ast.Call):
            found.add(node.func)
            if isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass"):
                found |= set(node.args)
    return frozenset(found)


def texts_in(annotation: ast.expr) -> Iterator[str]:
    """Yield the texts in a type that are types themselves: not those of Literal and Annotated."""
    stack: list[ast.AST] = [annotation]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Subscript):
            name = getattr(node.value, "attr", getattr(node.value, "id", ""))
            if name not in ("Literal", "Annotated"):
                stack.append(node.slice)
        else:
            stack += ast.iter_child_nodes(node)


def calls_something(text: str) -> bool:
    """Say whether a type written as text is more than names, attributes and subscripts."""
    if len(text) > 2_000 or not set(text) & set("(:"):
        return False
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.Call | ast.Lambda | ast.NamedExpr) for node in ast.walk(tree))


def endless_loops(tree: ast.Module) -> Iterator[ast.While]:
    """Yield each `while True` that nothing in it can end."""
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, guarded = stack.pop()
        if isinstance(node, ast.While) and _is_true(node.test) and not guarded and not _ends(node):
            yield node
        if isinstance(node, ast.Try) and node.handlers:
            guarded = True
        elif isinstance(node, _INNER):
            guarded = False
        stack += [(child, guarded) for child in ast.iter_child_nodes(node)]


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _ends(loop: ast.While) -> bool:
    stack: list[tuple[ast.AST, bool]] = [(child, True) for child in loop.body]
    while stack:
        node, ours = stack.pop()
        if isinstance(node, _ENDS) or (ours and isinstance(node, ast.Break)):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in _EXITS:
                return True
        if isinstance(node, _INNER):
            continue
        inner_loop = isinstance(node, ast.For | ast.AsyncFor | ast.While)
        stack += [(child, ours and not inner_loop) for child in ast.iter_child_nodes(node)]
    return False
