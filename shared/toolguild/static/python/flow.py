"""Following values through a module: statements, assignments, and the round until nothing is new.

The analysis does not know the order in which code runs: a variable stands for everything that is ever
assigned to it. So it may see too much, but an alias, a closure, a loop or a field hides nothing.
"""

import ast

from toolguild.static.python.expression import Expressions
from toolguild.static.python.scope import Scope, parameters
from toolguild.static.python.shape import calls_something, texts_in
from toolguild.static.python.values import NOTHING, Box, Instance, Local, Ref, Values

_MAX_ROUNDS = 6
_PLAIN_BASES = ("abc.", "ast.", "builtins.", "collections.", "enum.", "typing.", "html.parser.")


class Flow(Expressions):
    """Follows one module to the end; the judge then holds the findings of the last round."""

    def run(self) -> None:
        """Evaluate the whole module until no variable gets a new value."""
        self._until_stable()
        self.settle()
        if not self._until_stable():
            what = "values are passed on through more steps than the review follows"
            self.judge.report("unknown-origin", self.tree, what)

    def _until_stable(self) -> bool:
        for _ in range(_MAX_ROUNDS):
            self.restart()
            self.block(self.tree.body, self.scopes.module)
            if not self.changed:
                return True
        return False

    def block(self, statements: list[ast.stmt], scope: Scope) -> None:
        """Follow statements in a scope."""
        for statement in statements:
            self.statement(statement, scope)

    def statement(self, node: ast.stmt, scope: Scope) -> None:
        """Follow one statement."""
        match node:
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case ast.Assign():
                values = self.evaluate(node.value, scope)
                for target in node.targets:
                    self.assign(target, values, scope, node.value)
            case ast.AnnAssign():
                self.annotation(node.annotation, scope)
                if node.value is not None:
                    self.assign(node.target, self.evaluate(node.value, scope), scope, node.value)
            case ast.AugAssign():
                self.augment(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.function(node, scope)
            case ast.ClassDef():
                self.klass(node, scope)
            case ast.Return():
                if node.value is not None:
                    values = self.evaluate(node.value, scope)
                    self.judge.escapes(values, node)
                    self.returned(values, scope)
            case ast.For() | ast.AsyncFor():
                items = self.items(self.evaluate(node.iter, scope))
                self.assign(node.target, items, scope, None)
                self.block([*node.body, *node.orelse], scope)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    values = self.evaluate(item.context_expr, scope)
                    values |= self.special(values, "__enter__")
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, values, scope, None)
                self.block(node.body, scope)
            case ast.Import() | ast.ImportFrom():
                self.imported(node, scope)
            case ast.Match():
                self.matched(node, scope)
            case ast.Delete():
                for target in node.targets:
                    self.assign(target, NOTHING, scope, None)
            case _:
                self.parts(node, scope)

    def parts(self, node: ast.AST, scope: Scope) -> None:
        """Follow whatever a statement of no special meaning consists of."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child, scope)
            elif isinstance(child, ast.expr):
                self.evaluate(child, scope)
            else:
                self.parts(child, scope)

    def augment(self, node: ast.AugAssign, scope: Scope) -> None:
        """Follow `x += y` as `x = x + y`."""
        for one in self.evaluate(_loaded(node.target), scope):
            if isinstance(one, Box):
                self.change(one)
        both = self.augmented.get(node)
        if both is None:
            both = ast.BinOp(_loaded(node.target), node.op, node.value)
            self.augmented[node] = ast.copy_location(both, node)
        self.assign(
            node.target, self.evaluate(both, scope) | self.evaluate(node.value, scope), scope, None
        )

    def assign(
        self, target: ast.expr, values: Values, scope: Scope, source: ast.expr | None
    ) -> None:
        """Give values to a target; `source` is the expression where the target takes it apart."""
        match target:
            case ast.Name():
                self.judge.bound(target.id, target)
                self.add(self.scopes.owner(target.id, scope), values)
            case ast.Tuple() | ast.List():
                self.unpack(target, values, scope, source)
            case ast.Starred():
                self.assign(target.value, values, scope, None)
            case ast.Attribute():
                owner = self.evaluate(target.value, scope)
                self.judge.replaced(owner, target.attr, target)
                self.add(("field", target.attr), values)
            case ast.Subscript():
                owner = self.evaluate(target.value, scope)
                index = self.evaluate(target.slice, scope)
                self.judge.item_replaced(owner, index, target)
                for one in owner:
                    if isinstance(one, Box):
                        self.change(one)
                        self.add(("box", one.number), values)

    def unpack(
        self,
        target: ast.Tuple | ast.List,
        values: Values,
        scope: Scope,
        source: ast.expr | None,
    ) -> None:
        """Give each part of a tuple target its part, or every part everything."""
        literal = isinstance(source, ast.Tuple | ast.List) and len(source.elts) == len(target.elts)
        starred = any(isinstance(part, ast.Starred) for part in target.elts)
        if literal and not starred and isinstance(source, ast.Tuple | ast.List):
            for part, value in zip(target.elts, source.elts, strict=True):
                self.assign(part, self.evaluate(value, scope), scope, value)
            return
        inside = self.items(values)
        inside |= {one for one in values if not isinstance(one, Box)}  # pairs of a zip, flattened
        for part in target.elts:
            self.assign(part, inside, scope, None)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        """Follow a definition: decorators, defaults, then the body with what callers pass."""
        inner = self.scopes.of_node[node]
        number = self.define(node, inner)
        self.arguments(node.args, inner, scope)
        if not node.name.startswith("_") or node.name in self.judge.passed:  # others may call it
            bound = scope.is_class and not _is_static(node)  # Python itself gives the first one
            for place, parameter in enumerate(parameters(node.args)):
                if place or not bound:
                    self.open(self.scopes.owner(parameter.arg, inner))
        if node.returns is not None:
            self.annotation(node.returns, scope)
        if scope.is_class:
            self.judge.method(node)
            if node.args.args and not _is_static(node):
                first = self.scopes.owner(node.args.args[0].arg, inner)
                self.add(first, frozenset((Instance(self.class_of(scope)),)))
        values: Values = frozenset((Local(number),))
        for decorator in reversed(node.decorator_list):
            called = self.decorate(decorator, values, scope)
            values = called | values  # a decorator may well return what it was given
        self.add(self.scopes.owner(node.name, scope), values)
        self.block(node.body, inner)

    def decorate(self, decorator: ast.expr, values: Values, scope: Scope) -> Values:
        """Return what a decorator makes of a function or class."""
        return self.apply(self.evaluate(decorator, scope), decorator, [values], {})

    def arguments(self, arguments: ast.arguments, inner: Scope, scope: Scope) -> None:
        """Follow defaults and annotations into the parameters."""
        named = [*arguments.posonlyargs, *arguments.args]
        for parameter, default in zip(reversed(named), reversed(arguments.defaults), strict=False):
            self.add(self.scopes.owner(parameter.arg, inner), self.evaluate(default, scope))
        for parameter, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if value is not None:
                self.add(self.scopes.owner(parameter.arg, inner), self.evaluate(value, scope))
        for parameter in parameters(arguments):
            if parameter.annotation is not None:
                self.annotation(parameter.annotation, scope)

    def annotation(self, node: ast.expr, scope: Scope) -> None:
        """Follow a type, and the types that are written in it as text."""
        self.evaluate(node, scope)
        for text in texts_in(node):
            if calls_something(text):
                self.judge.annotation(node)

    def klass(self, node: ast.ClassDef, scope: Scope) -> None:
        """Follow a class: bases, keywords, body, decorators."""
        inner = self.scopes.of_node[node]
        number = self.define(node, inner)
        bases = [self.evaluate(base, scope) for base in node.bases]
        for keyword in node.keywords:
            self.evaluate(keyword.value, scope)
        self.bases[number] = frozenset().union(*bases)
        if any(not base or _is_foreign(base) for base in bases):
            self.judge.foreign = True
        self.block(node.body, inner)
        values: Values = frozenset((Local(number),))
        for decorator in reversed(node.decorator_list):
            values = self.decorate(decorator, values, scope) | values
        self.add(self.scopes.owner(node.name, scope), values)

    def returned(self, values: Values, scope: Scope) -> None:
        """Note what the function around a scope returns."""
        number = self.function_of(scope)
        if number is not None:
            self.add(("return", number), values)

    def imported(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        """Follow an import into the names it binds."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.judge.imported(alias.name, node)
                name = alias.asname or alias.name.partition(".")[0]
                path = alias.name if alias.asname else name
                self.add(self.scopes.owner(name, scope), frozenset((Ref(path),)))
            return
        module = node.module or ""
        if node.level:
            self.judge.imported("." * node.level + module, node)
            return
        self.judge.imported(module, node, [alias.name for alias in node.names])
        for alias in node.names:
            if alias.name == "*":
                self.stars.add(module)
                continue
            values = self.attribute(frozenset((Ref(module),)), alias.name, node)
            self.add(self.scopes.owner(alias.asname or alias.name, scope), values)

    def matched(self, node: ast.Match, scope: Scope) -> None:
        """Follow a match statement: every capture may be the subject or a part of it."""
        values = self.evaluate(node.subject, scope)
        values |= self.items(values)
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
                    self.add(self.scopes.owner(pattern.name, scope), values)
                elif isinstance(pattern, ast.MatchValue):
                    self.evaluate(pattern.value, scope)
                elif isinstance(pattern, ast.MatchClass):
                    for name in pattern.kwd_attrs:
                        found = self.attribute(values, name, pattern)
                        for part in pattern.kwd_patterns:
                            if isinstance(part, ast.MatchAs) and part.name:
                                self.add(self.scopes.owner(part.name, scope), found)
            if case.guard is not None:
                self.evaluate(case.guard, scope)
            self.block(case.body, scope)


def _loaded(target: ast.expr) -> ast.expr:
    """Return the target of an assignment as an expression that reads it."""
    match target:
        case ast.Name():
            return ast.copy_location(ast.Name(target.id, ast.Load()), target)
        case ast.Attribute():
            copy: ast.expr = ast.Attribute(target.value, target.attr, ast.Load())
            return ast.copy_location(copy, target)
        case ast.Subscript():
            return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
        case _:
            return target


def _is_foreign(base: Values) -> bool:
    """Whether a base class may bring attributes that do more than compute."""
    return any(isinstance(one, Ref) and not one.path.startswith(_PLAIN_BASES) for one in base)


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list
    )
