"""Which variable a name means: Python's rules of scope, computed before anything is followed."""

import ast
from typing import NamedTuple

SCOPES = (
    ast.Module,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CONDITIONAL = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.AsyncFor, ast.Match)


class Variable(NamedTuple):
    """One variable: the number of its scope, and its name."""

    scope: int
    name: str


class Scope:
    """One scope: what it binds, and where."""

    def __init__(self, number: int, node: ast.AST, parent: "Scope | None") -> None:
        self.number = number
        self.parent = parent
        self.is_class = isinstance(node, ast.ClassDef)
        self.is_comprehension = isinstance(node, _COMPREHENSIONS)
        self.binds: dict[str, int] = {}  # name -> first line of a sure binding, or a huge number
        self.elsewhere: dict[str, str] = {}  # name -> "global" or "nonlocal"

    def bind(self, name: str, line: int, sure: bool) -> None:
        """Note that the scope binds a name."""
        at = line if sure else 1 << 60
        self.binds[name] = min(self.binds.get(name, at), at) if name in self.binds else at


class Scopes:
    """All scopes of a module, and the variable that a name means in each."""

    def __init__(self, tree: ast.Module) -> None:
        self.of_node: dict[ast.AST, Scope] = {}
        self.module = self._open(tree, None)
        self._deleted: set[str] = set()
        self._collect(tree, self.module, True)

    def resolve(self, name: str, scope: Scope, line: int) -> tuple[Variable | None, bool]:
        """Return the variable that a name means, and whether it may also be a built-in."""
        here: Scope | None = scope
        first = True
        while here is not None:
            if here.elsewhere.get(name) == "global":
                here = self.module
            if name in here.binds and (first or not here.is_class or here is scope):
                return Variable(here.number, name), self._may_be_builtin(name, here, line)
            first = False
            here = here.parent
        return None, True

    def owner(self, name: str, scope: Scope) -> Variable:
        """Return the variable that an assignment to a name in `scope` binds."""
        found, _ = self.resolve(name, scope, 0)
        return found or Variable(scope.number, name)

    def _may_be_builtin(self, name: str, scope: Scope, line: int) -> bool:
        if scope.parent is not None and not scope.is_class:
            return False  # an unbound local is an error, not a built-in
        return line <= scope.binds[name] or name in self._deleted

    def _open(self, node: ast.AST, parent: Scope | None) -> Scope:
        scope = Scope(len(self.of_node), node, parent)
        self.of_node[node] = scope
        return scope

    def _collect(self, root: ast.AST, scope: Scope, sure: bool) -> None:
        """Walk without recursion in depth: a stack of nodes, each with its scope."""
        stack: list[tuple[ast.AST, Scope, bool]] = [
            (child, scope, sure) for child in ast.iter_child_nodes(root)
        ]
        while stack:
            node, here, certain = stack.pop()
            self._bind(node, here, certain)
            inner = here
            if isinstance(node, SCOPES):
                inner = self._open(node, here)
                self._bind_parameters(node, inner)
                certain = True
            elif isinstance(node, _CONDITIONAL):
                certain = False
            if isinstance(node, ast.NamedExpr):  # its target belongs outside comprehensions
                stack.append((node.value, inner, certain))
            else:
                stack += [(child, inner, certain) for child in ast.iter_child_nodes(node)]

    def _bind(self, node: ast.AST, scope: Scope, sure: bool) -> None:
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                scope.bind(node.id, line, sure)
            elif isinstance(node.ctx, ast.Del):
                scope.bind(node.id, line, False)
                self._deleted.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            scope.bind(node.name, line, sure)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if alias.name != "*":
                    scope.bind(alias.asname or alias.name.partition(".")[0], line, sure)
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, ast.MatchAs | ast.MatchStar) and node.name
        ):
            scope.bind(node.name, line, False)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            scope.bind(node.rest, line, False)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            self._bind_elsewhere(node, scope)
        elif isinstance(node, ast.NamedExpr):
            while scope.is_comprehension and scope.parent is not None:
                scope = scope.parent
            scope.bind(node.target.id, line, False)

    def _bind_elsewhere(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        for name in node.names:
            scope.elsewhere[name] = kind
            if kind == "global":
                self.module.bind(name, node.lineno, False)

    def _bind_parameters(self, node: ast.AST, scope: Scope) -> None:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        for argument in parameters(node.args):
            scope.bind(argument.arg, 0, True)


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return all parameters in order, `*args` and `**kwargs` last."""
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return named + [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
