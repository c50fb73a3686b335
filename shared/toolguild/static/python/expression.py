"""What an expression may stand for."""

import ast
import posixpath
from collections.abc import Callable
from typing import Any

from toolguild.static.python.call import LOOKUPS, Calls, joined
from toolguild.static.python.library import NAMED_TEXTS, is_builtin
from toolguild.static.python.scope import Scope
from toolguild.static.python.values import (
    MORE,
    NOTHING,
    UNKNOWN,
    Box,
    Const,
    Instance,
    Local,
    Made,
    Namespace,
    Prefix,
    Ref,
    Value,
    Values,
    const,
    texts,
)


class Expressions(Calls):
    """Evaluates expressions over sets of values."""

    def evaluate(self, node: ast.expr, scope: Scope) -> Values:
        """Return what an expression may stand for, once a round."""
        known = self.memo.get(node)
        if known is None:
            handler = _HANDLERS.get(type(node), Expressions._other)
            known = handler(self, node, scope)
            self.memo[node] = known
        return known

    def _other(self, node: ast.expr, scope: Scope) -> Values:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.evaluate(child, scope)
            elif isinstance(child, ast.comprehension | ast.keyword):
                self._other(child, scope)  # type: ignore[arg-type]  # only its children are read
        return NOTHING

    def _constant(self, node: ast.Constant, scope: Scope) -> Values:
        if isinstance(node.value, str):
            self.judge.text(node.value, node)
        if isinstance(node.value, str | bytes | int | float | None):
            return frozenset((const(node.value),))
        return NOTHING

    def _name(self, node: ast.Name, scope: Scope) -> Values:
        variable, builtin = self.scopes.resolve(node.id, scope, node.lineno)
        values = NOTHING if variable is None else self.held(variable)
        if variable in self.vague:
            values |= {MORE}
        if builtin:
            values |= self._global(node)
        return values

    def _global(self, node: ast.Name) -> Values:
        found: set[Value] = set()
        for module in self.stars:
            self.judge.reference(f"{module}.{node.id}", node)
            found.add(Ref(f"{module}.{node.id}"))
        if node.id == "__builtins__":
            self.judge.builtins(node)
            found.add(Namespace("builtins"))
        elif is_builtin(node.id):
            self.judge.reference(f"builtins.{node.id}", node)
            found.add(Ref(f"builtins.{node.id}"))
        elif node.id == "__file__":
            found.add(const("/tmp/tool.py"))  # a file of its own; what is above is not
        elif node.id.startswith("__"):
            self.judge.special_name(node.id, node)
        return frozenset(found)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Values:
        owner = self.evaluate(node.value, scope)
        return self.attribute(owner, node.attr, node)

    def attribute(self, owner: Values, name: str, node: ast.AST) -> Values:
        """Return what attribute `name` of the owner may be, and have it judged."""
        found: set[Value] = set()
        self.judge.attribute(owner, name, node)
        for one in owner:
            if isinstance(one, Ref):
                if name == "__dict__":
                    found.add(Namespace(one.path if "()" not in one.path else UNKNOWN))
                else:
                    path = self.judge.resolve(_short(one.path), name, node)
                    found.add(Ref(path))
                    if path in NAMED_TEXTS:
                        found.add(const(NAMED_TEXTS[path]))
            elif isinstance(one, Made):
                found.add(self._of_made(one, name, node))
            elif isinstance(one, Instance | Local):
                found |= self._of_object(one, name)
            elif isinstance(one, Namespace) and one.path == "builtins":
                self.judge.reference(f"builtins.{name}", node)
                found.add(Ref(f"builtins.{name}"))
            elif isinstance(one, Namespace) and name not in LOOKUPS and one.path != UNKNOWN:
                self.judge.unknown_name(one.path, node)
        if name == "__dict__":
            found |= self.judge.table_taken(owner, node)
        return frozenset(found) | self.known(("field", name))

    def _of_made(self, one: Made, name: str, node: ast.AST) -> Value:
        if one.path == "pathlib.Path" and name == "parents":
            return Made("pathlib.Path", "/" if (one.text or "").startswith("/") else "../")
        if one.path == "pathlib.Path" and name == "parent":
            return Made("pathlib.Path", posixpath.dirname(one.text) if one.text else None)
        return Ref(self.judge.resolve(_short(f"{one.path}()"), name, node))

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Values:
        owner = self.evaluate(node.value, scope)
        index = self.evaluate(node.slice, scope)
        folded = self._fold(node, scope)
        found: set[Value] = set(self.items(owner)) | folded
        found |= {one for one in owner if isinstance(one, Made) and one.path == "pathlib.Path"}
        for path in sorted(one.path for one in owner if isinstance(one, Ref)) or [""]:
            self.judge.item(path, texts(index), node)
        for one in owner:
            if isinstance(one, Namespace):
                found |= self.of_namespace(one, index, node)
            elif isinstance(one, Ref):
                if one.path == "sys.modules":
                    found |= {Ref(name) for name in texts(index)}
                elif is_builtin(one.path.removeprefix("builtins.")):
                    found.add(one)  # list[int] is as good as list
        if isinstance(node.slice, ast.Slice):
            found |= {one for one in owner if isinstance(one, Box)}
        return frozenset(found)

    def _binary(self, node: ast.BinOp, scope: Scope) -> Values:
        left = self.evaluate(node.left, scope)
        right = self.evaluate(node.right, scope)
        folded = self._fold(node, scope)
        if folded:
            return folded
        found: set[Value] = set()
        if isinstance(node.op, ast.Add):
            found |= _added(left, right)
            if not found:
                found |= {one for one in left | right if isinstance(one, Box)}
        elif isinstance(node.op, ast.Div):
            for one in left:
                if isinstance(one, Made) and one.path == "pathlib.Path":
                    found |= {Made(one.path, joined(one.text, text)) for text in texts(right)}
                    if not texts(right):
                        found.add(Made(one.path, one.text and one.text.rstrip("/") + "/"))
        elif isinstance(node.op, ast.Mult):
            found |= {one for one in left | right if isinstance(one, Box)}
        return frozenset(found)

    def _joined(self, node: ast.JoinedStr, scope: Scope) -> Values:
        for part in node.values:
            self.evaluate(part, scope)
        folded = self._fold(node, scope)
        if folded or not node.values:
            return folded
        first = node.values[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return frozenset((Prefix(first.value),))
        if isinstance(first, ast.FormattedValue):
            return frozenset(
                Prefix(text) for text in texts(self.evaluate(first.value, scope)) if text
            )
        return NOTHING

    def _formatted(self, node: ast.FormattedValue, scope: Scope) -> Values:
        if node.format_spec is not None:
            self.evaluate(node.format_spec, scope)
        return self.evaluate(node.value, scope)

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Values:
        contents: set[Value] = set()
        for item in node.elts:
            contents |= self.evaluate(item, scope)
        self.judge.escapes(frozenset(contents), node)
        return self.box(node, frozenset(contents))

    def _dict(self, node: ast.Dict, scope: Scope) -> Values:
        contents: set[Value] = set()
        for key, value in zip(node.keys, node.values, strict=True):
            values = self.evaluate(value, scope)
            contents |= values if key is not None else self.items(values)
            if key is not None:
                contents |= self.evaluate(key, scope)
        self.judge.escapes(frozenset(contents), node)
        return self.box(node, frozenset(contents))

    def _starred(self, node: ast.Starred, scope: Scope) -> Values:
        return self.items(self.evaluate(node.value, scope))

    def _either(self, node: ast.IfExp, scope: Scope) -> Values:
        self.evaluate(node.test, scope)
        return self.evaluate(node.body, scope) | self.evaluate(node.orelse, scope)

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Values:
        found: Values = NOTHING
        for part in node.values:
            found |= self.evaluate(part, scope)
        return found

    def _walrus(self, node: ast.NamedExpr, scope: Scope) -> Values:
        values = self.evaluate(node.value, scope)
        self.add(self.scopes.owner(node.target.id, scope), values)
        return values

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Values:
        inner = self.scopes.of_node[node]
        number = self.define(node, inner)
        named = [*node.args.posonlyargs, *node.args.args]
        for parameter, default in zip(reversed(named), reversed(node.args.defaults), strict=False):
            self.add(self.scopes.owner(parameter.arg, inner), self.evaluate(default, scope))
        for keyword_default in node.args.kw_defaults:
            if keyword_default is not None:
                self.evaluate(keyword_default, scope)
        body = self.evaluate(node.body, inner)
        self.judge.escapes(body, node)
        self.add(("return", number), body)
        return frozenset((Local(number),))

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> Values:
        inner = self.scopes.of_node[node]
        for loop in node.generators:
            items = self.items(self.evaluate(loop.iter, inner))
            self.assign(loop.target, items, inner, None)
            for test in loop.ifs:
                self.evaluate(test, inner)
        if isinstance(node, ast.DictComp):
            contents = self.evaluate(node.key, inner) | self.evaluate(node.value, inner)
        else:
            contents = self.evaluate(node.elt, inner)
        return self.box(node, contents)

    def _await(self, node: ast.Await | ast.YieldFrom, scope: Scope) -> Values:
        return self.evaluate(node.value, scope)

    def _yield(self, node: ast.Yield, scope: Scope) -> Values:
        if node.value is not None:
            values = self.evaluate(node.value, scope)
            self.judge.escapes(values, node)
            number = self.function_of(scope)
            if number is not None:
                self.add(("return", number), self.box(node, values))
        return NOTHING


def _short(path: str) -> str:
    """Return the dotted name of a made value: whatever is taken of it is as if taken at once."""
    made, called, _ = path.partition("()")
    return made + called


def _added(left: Values, right: Values) -> set[Value]:
    """Return what joining texts of which only one side is known may give."""
    found: set[Value] = set()
    for one in left:
        start = (
            one.value if isinstance(one, Const) else one.text if isinstance(one, Prefix) else None
        )
        if not isinstance(start, str) or not start:
            continue
        tails = texts(right)
        if isinstance(one, Const) and tails:
            found |= {const(start + tail) for tail in tails[:4] if len(tail) < 1000}
        else:
            found.add(Prefix(start[:1000]))
    return found


_HANDLERS: dict[type[ast.expr], Callable[[Expressions, Any, Scope], Values]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Subscript: Expressions._subscript,
    ast.BinOp: Expressions._binary,
    ast.JoinedStr: Expressions._joined,
    ast.FormattedValue: Expressions._formatted,
    ast.List: Expressions._sequence,
    ast.Tuple: Expressions._sequence,
    ast.Set: Expressions._sequence,
    ast.Dict: Expressions._dict,
    ast.Starred: Expressions._starred,
    ast.IfExp: Expressions._either,
    ast.BoolOp: Expressions._boolean,
    ast.NamedExpr: Expressions._walrus,
    ast.Lambda: Expressions._lambda,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.Await: Expressions._await,
    ast.YieldFrom: Expressions._await,
    ast.Yield: Expressions._yield,
    ast.Call: Expressions._call,
}
