"""Running the code's own small functions over constants: loops that build a text out of numbers.

Only assignments, loops, conditions and appending are known, each statement a step of the same bounded
count as expressions, so that a function without end is one that cannot be computed.
"""

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple


class Unfoldable(Exception):
    """The expression is not constant, or too large to compute."""


class Returned(NamedTuple):
    """A function came to its end with this value."""

    value: Any


Signal = Literal["break", "continue"] | Returned | None
Function = ast.FunctionDef | ast.Lambda


class Interpreter(ABC):
    """Runs statements; expressions are folded by who inherits."""

    local: dict[str, Any]

    @abstractmethod
    def fold(self, node: ast.expr) -> Any:
        """Return the value of a constant expression; raise Unfoldable otherwise."""

    @abstractmethod
    def step(self) -> None:
        """Count one step; raise Unfoldable when there were too many."""

    def enter(self, function: Function, arguments: Sequence[Any]) -> Any:
        """Return what a function of the code gives for constants."""
        named = [*function.args.posonlyargs, *function.args.args]
        taken = function.args.vararg or function.args.kwarg or function.args.kwonlyargs
        defaults = function.args.defaults
        given = len(named) - len(arguments)
        if taken or not 0 <= given <= len(defaults):
            raise Unfoldable
        values = [*arguments, *(self.fold(one) for one in defaults[len(defaults) - given :])]
        outer = self.local
        self.local = {one.arg: value for one, value in zip(named, values, strict=True)}
        try:
            if isinstance(function, ast.Lambda):
                return self.fold(function.body)
            signal = self.block(function.body)
            return signal.value if isinstance(signal, Returned) else None
        finally:
            self.local = outer

    def block(self, statements: Sequence[ast.stmt]) -> Signal:
        """Run statements up to the end, or to what leaves them."""
        for statement in statements:
            signal = self.statement(statement)
            if signal is not None:
                return signal
        return None

    def statement(self, node: ast.stmt) -> Signal:
        """Run one statement; raise Unfoldable for what is not known."""
        self.step()
        match node:
            case ast.Assign():
                value = self.fold(node.value)
                for target in node.targets:
                    self.bind(target, value)
            case ast.AnnAssign(value=ast.expr() as value):
                self.bind(node.target, self.fold(value))
            case ast.AugAssign(target=ast.Name(id=name) as target):
                both = ast.BinOp(ast.Name(name, ast.Load()), node.op, node.value)
                self.bind(target, self.fold(both))
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name()) as method) as call):
                self._append(method, call)
            case ast.If():
                return self.block(node.body if self.fold(node.test) else node.orelse)
            case ast.For(orelse=[]):
                return self._loop(node)
            case ast.While(orelse=[]):
                while self.fold(node.test):
                    self.step()
                    signal = self.block(node.body)
                    if isinstance(signal, Returned):
                        return signal
                    if signal == "break":
                        break
            case ast.Return():
                return Returned(None if node.value is None else self.fold(node.value))
            case ast.Break():
                return "break"
            case ast.Continue():
                return "continue"
            case _:
                raise Unfoldable
        return None

    def _loop(self, node: ast.For) -> Signal:
        for item in self.items(node.iter):
            self.step()
            self.bind(node.target, item)
            signal = self.block(node.body)
            if isinstance(signal, Returned):
                return signal
            if signal == "break":
                break
        return None

    def _append(self, method: ast.Attribute, call: ast.Call) -> None:
        assert isinstance(method.value, ast.Name)
        owner = self.local.get(method.value.id)
        if not isinstance(owner, list) or len(call.args) != 1 or call.keywords:
            raise Unfoldable
        value = self.fold(call.args[0])
        if method.attr == "append":
            self.local[method.value.id] = [*owner, value]
        elif method.attr == "extend" and isinstance(value, list):
            self.local[method.value.id] = [*owner, *value]
        else:
            raise Unfoldable

    def bind(self, target: ast.expr, item: Any) -> None:
        """Give a name, or each part of a tuple of names, its value."""
        if isinstance(target, ast.Name):
            self.local[target.id] = item
        elif isinstance(target, ast.Tuple) and isinstance(item, list):
            for inner, part in zip(target.elts, item, strict=True):
                self.bind(inner, part)
        else:
            raise Unfoldable

    def items(self, node: ast.expr) -> Iterable[Any]:
        """Return what iterating over a constant gives."""
        items = self.fold(node)
        if not isinstance(items, str | bytes | list | dict):
            raise Unfoldable
        return items
