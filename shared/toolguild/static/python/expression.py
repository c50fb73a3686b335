"""What an expression may stand for."""

import ast
from collections.abc import Callable
from typing import Any

from toolguild.static.python.fold import Folder, Unfoldable
from toolguild.static.python.judge import Judge
from toolguild.static.python.library import NAMED_TEXTS, constructed, is_builtin
from toolguild.static.python.scope import Scope, Scopes
from toolguild.static.python.values import (
    MAX_CONSTANTS,
    MAX_VALUES,
    MORE,
    NOTHING,
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
from toolguild.static.words import words

Key = Any  # a Variable, or a pair: ("field", name), ("box", number), ("return", number)

_ADDS = frozenset(("append", "add", "insert", "appendleft", "push", "put", "setdefault"))
_ADDS_ALL = frozenset(("extend", "update"))
_TAKES = frozenset(
    ("get", "pop", "popitem", "values", "keys", "items", "copy", "popleft", "setdefault")
)


class Expressions:
    """Evaluates expressions over sets of values, and remembers what variables may hold."""

    def __init__(self, tree: ast.Module, scopes: Scopes, judge: Judge) -> None:
        self.tree = tree
        self.scopes = scopes
        self.judge = judge
        self.memo: dict[ast.AST, Values] = {}
        self.changed = False
        self.stars: set[str] = set()
        self.bases: dict[int, Values] = {}
        self.vague: frozenset[Key] = frozenset()  # variables that may also hold what is not known
        self._unknown: set[Key] = set()
        self._env: dict[Key, Values] = {}
        self._boxes: dict[ast.AST, int] = {}
        self._box_nodes: list[ast.AST] = []
        self._definitions: dict[ast.AST, int] = {}
        self._nodes: list[ast.AST] = []
        self._inner: list[Scope] = []

    # memory

    def add(self, key: Key, values: Values) -> None:
        """Let a variable also stand for these values."""
        if not values:
            self._unknown.add(key)
        old = self._env.get(key, NOTHING)
        if values <= old:
            return
        new = _cut(old | values)
        if new != old:
            self._env[key] = new
            self.changed = True

    def settle(self) -> None:
        """From now on let variables that were given something unknown stand for More as well."""
        self.vague = frozenset(self._unknown)

    def restart(self) -> None:
        """Begin a round: forget what the last one evaluated, keep what it learned."""
        self.changed = False
        self.memo.clear()
        self._unknown.clear()
        self.judge.restart()

    def open(self, key: Key) -> None:
        """Note that callers outside the code may give a variable anything."""
        self._unknown.add(key)

    def held(self, key: Key) -> Values:
        """Return what a variable may stand for."""
        return self._env.get(key, NOTHING)

    def define(self, node: ast.AST, inner: Scope) -> int:
        """Return the number of a function or class."""
        if node not in self._definitions:
            self._definitions[node] = len(self._nodes)
            self._nodes.append(node)
            self._inner.append(inner)
        return self._definitions[node]

    def class_of(self, scope: Scope) -> int:
        """Return the number of the class whose scope this is."""
        return next(n for n, inner in enumerate(self._inner) if inner is scope)

    def function_of(self, scope: Scope) -> int | None:
        """Return the number of the innermost function around a scope."""
        here: Scope | None = scope
        while here is not None:
            for number, inner in enumerate(self._inner):
                if inner is here and not here.is_class:
                    return number
            here = here.parent
        return None

    def box(self, node: ast.AST, contents: Values) -> Values:
        """Return the container that a place in the code makes."""
        if node not in self._boxes:
            self._boxes[node] = len(self._box_nodes)
            self._box_nodes.append(node)
        number = self._boxes[node]
        self.add(("box", number), contents)
        return frozenset((Box(number),))

    def items(self, values: Values) -> Values:
        """Return what iterating over, or taking an item of, the values may give."""
        found: set[Value] = set()
        for one in values:
            if isinstance(one, Box):
                found |= self.held(("box", one.number))
        return frozenset(found) | self.special(values, "__next__")

    # expressions

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
                    found.add(Namespace(one.path))
                else:
                    path = self.judge.resolve(one.path, name, node)
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
        return frozenset(found) | self.held(("field", name))

    def _of_object(self, one: Instance | Local, name: str) -> set[Value]:
        """Return a member of an object, and what it gives when it is a property."""
        found = self._member(one.number, name)
        for member in tuple(found):
            if isinstance(member, Local):
                node = self._nodes[member.number]
                decorated = getattr(node, "decorator_list", [])
                if any("property" in ast.unparse(decorator) for decorator in decorated):
                    found |= self.held(("return", member.number))
        return found or set(self.special(frozenset((one,)), "__getattr__"))

    def special(self, owner: Values, name: str) -> Values:
        """Return what Python's own call of a special method of the owner may return."""
        found: Values = NOTHING
        for one in owner:
            if isinstance(one, Instance):
                for method in self._member(one.number, name):
                    if isinstance(method, Local):
                        found |= self.held(("return", method.number))
        return found

    def _of_made(self, one: Made, name: str, node: ast.AST) -> Value:
        if one.path == "pathlib.Path" and name == "parent":
            return Made("pathlib.Path", None)
        return Ref(self.judge.resolve(f"{one.path}()", name, node))

    def _member(self, number: int, name: str, depth: int = 0) -> set[Value]:
        inner = self._inner[number] if number < len(self._inner) else None
        if inner is None or not inner.is_class:
            return set()
        found: set[Value] = set()
        if name in inner.binds:
            found |= self.held(self.scopes.owner(name, inner))
        for base in self.bases.get(number, NOTHING):
            if isinstance(base, Local) and depth < 8:
                found |= self._member(base.number, name, depth + 1)
            elif isinstance(base, Ref) and not found:
                found.add(Ref(f"{base.path}.{name}"))
        return found

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Values:
        owner = self.evaluate(node.value, scope)
        index = self.evaluate(node.slice, scope)
        folded = self._fold(node, scope)
        found: set[Value] = set(self.items(owner)) | folded
        for one in owner:
            if isinstance(one, Namespace):
                found |= self._of_namespace(one, index, node)
            elif isinstance(one, Ref):
                self.judge.item(one.path, texts(index), node)
                if one.path == "sys.modules":
                    found |= {Ref(name) for name in texts(index)}
                elif is_builtin(one.path.removeprefix("builtins.")):
                    found.add(one)  # list[int] is as good as list
        if isinstance(node.slice, ast.Slice):
            found |= {one for one in owner if isinstance(one, Box)}
        return frozenset(found)

    def _of_namespace(self, one: Namespace, index: Values, node: ast.AST) -> set[Value]:
        found: set[Value] = set()
        names = texts(index)
        if not names or MORE in index:
            self.judge.unknown_name(one.path, node)
        for name in names:
            if one.path:
                found |= self.attribute(frozenset((Ref(one.path),)), name, node)
            elif name == "__builtins__":
                self.judge.builtins(node)
                found.add(Namespace("builtins"))
            else:
                found |= self.held(self.scopes.owner(name, self.scopes.module))
        return found

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
                    found |= {Made(one.path, _joined(one.text, text)) for text in texts(right)}
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
        return self.box(node, frozenset(contents))

    def _dict(self, node: ast.Dict, scope: Scope) -> Values:
        contents: set[Value] = set()
        for key, value in zip(node.keys, node.values, strict=True):
            values = self.evaluate(value, scope)
            contents |= values if key is not None else self.items(values)
            if key is not None:
                contents |= self.evaluate(key, scope)
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
        self.add(("return", number), self.evaluate(node.body, inner))
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
            number = self.function_of(scope)
            if number is not None:
                self.add(("return", number), self.box(node, values))
        return NOTHING

    def assign(
        self, target: ast.expr, values: Values, scope: Scope, source: ast.expr | None
    ) -> None:
        """Give values to a target. Statements know how."""
        raise NotImplementedError

    # calls

    def _call(self, node: ast.Call, scope: Scope) -> Values:
        self.judge.called_names.add(node.func)
        function = self.evaluate(node.func, scope)
        arguments = [self.evaluate(argument, scope) for argument in node.args]
        keywords: dict[str, Values] = {}
        for keyword in node.keywords:
            values = self.evaluate(keyword.value, scope)
            if keyword.arg is not None:
                keywords[keyword.arg] = values
        owner = NOTHING
        if isinstance(node.func, ast.Attribute):
            owner = self.evaluate(node.func.value, scope)
        self.judge.call(node, function, owner, arguments, keywords)
        folded = self._fold(node, scope)
        if folded:
            return folded
        found = self.apply(function, node, arguments, keywords)
        if isinstance(node.func, ast.Attribute):
            found |= _of_path(owner, node.func.attr, arguments)
            found |= self._of_box(owner, node.func.attr, arguments)
        return found

    def apply(
        self, function: Values, node: ast.expr, arguments: list[Values], keywords: dict[str, Values]
    ) -> Values:
        """Return what calling any of the functions may give."""
        found: set[Value] = set()
        for one in function:
            if isinstance(one, Local):
                found |= self._call_local(one.number, node, arguments, keywords)
            elif isinstance(one, Instance):
                for method in self._member(one.number, "__call__"):
                    if isinstance(method, Local):
                        given = [NOTHING, *arguments]
                        found |= self._call_local(method.number, node, given, keywords)
            elif isinstance(one, Ref):
                found |= self._call_ref(one.path, node, arguments, keywords)
        return frozenset(found)

    def _call_local(
        self, number: int, node: ast.expr, arguments: list[Values], keywords: dict[str, Values]
    ) -> Values:
        definition, inner = self._nodes[number], self._inner[number]
        if isinstance(definition, ast.ClassDef):
            for method in self._member(number, "__init__"):
                if isinstance(method, Local):
                    self._call_local(method.number, node, [NOTHING, *arguments], keywords)
            return frozenset((Instance(number),))
        if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return NOTHING
        named = [*definition.args.posonlyargs, *definition.args.args]
        in_class = inner.parent is not None and inner.parent.is_class
        through = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if in_class and through and len(arguments) < len(named):
            named = named[1:]
        for parameter, values in zip(named, arguments, strict=False):
            self.add(self.scopes.owner(parameter.arg, inner), values)
        if definition.args.vararg is not None:
            for values in arguments[len(named) :]:
                rest = self.box(definition.args.vararg, values)
                self.add(self.scopes.owner(definition.args.vararg.arg, inner), rest)
        known = {one.arg for one in (*named, *definition.args.kwonlyargs)}
        for name, values in keywords.items():
            if name in known:
                self.add(self.scopes.owner(name, inner), values)
            elif definition.args.kwarg is not None:
                rest = self.box(definition.args.kwarg, values)
                self.add(self.scopes.owner(definition.args.kwarg.arg, inner), rest)
        return self.held(("return", number))

    def _call_ref(
        self, path: str, node: ast.expr, arguments: list[Values], keywords: dict[str, Values]
    ) -> Values:
        first = arguments[0] if arguments else NOTHING
        if path == "builtins.getattr" and len(arguments) >= 2:
            found: Values = arguments[2] if len(arguments) > 2 else NOTHING
            for name in texts(arguments[1]):
                found |= self.attribute(first, name, node)
            return found
        if path == "builtins.setattr" and len(arguments) > 2:
            for name in texts(arguments[1]):
                self.add(("field", name), arguments[2])
        if path in ("builtins.vars", "builtins.globals", "builtins.locals"):
            modules = frozenset(Namespace(one.path) for one in first if isinstance(one, Ref))
            return modules if first else frozenset((Namespace(""),))
        if path in ("builtins.__import__", "importlib.import_module"):
            return frozenset(Ref(name) for name in texts(first))
        return constructed(path, arguments) or self._container(path, node, arguments, keywords)

    def _container(
        self, path: str, node: ast.expr, arguments: list[Values], keywords: dict[str, Values]
    ) -> Values:
        if path in ("builtins.next", "builtins.max", "builtins.min", "random.choice"):
            return self.items(arguments[0]) if arguments else NOTHING
        if path in ("builtins.map", "builtins.filter") and len(arguments) > 1:
            items = self.items(arguments[1])
            mapped = self.apply(
                arguments[0], ast.copy_location(ast.Constant(None), node), [items], {}
            )
            return self.box(node, mapped | (items if path.endswith("filter") else NOTHING))
        if path.removeprefix("builtins.") in _CONTAINERS:
            contents: set[Value] = set()
            for values in (*arguments, *keywords.values()):
                contents |= self.items(values)
            contents |= frozenset().union(*keywords.values()) if keywords else NOTHING
            return self.box(node, frozenset(contents))
        return frozenset((Made(path),))

    def _of_box(self, owner: Values, name: str, arguments: list[Values]) -> Values:
        boxes = [one for one in owner if isinstance(one, Box)]
        for one in boxes:
            if name in _ADDS:
                for values in arguments:
                    self.add(("box", one.number), values)
            elif name in _ADDS_ALL:
                for values in arguments:
                    self.add(("box", one.number), self.items(values) | values)
        if name not in _TAKES or not boxes:
            return NOTHING
        contents = self.items(owner)
        return contents | frozenset(boxes) | (arguments[-1] if arguments else NOTHING)

    # constants

    def _fold(self, node: ast.expr, scope: Scope) -> Values:
        """Return the constant that an expression computes, when it does."""

        def lookup(part: ast.expr) -> Any:
            values = self.evaluate(part, scope)
            named = [one for one in values if isinstance(one, Ref) and one.path in NAMED_TEXTS]
            values -= frozenset(named)
            if len(values) != 1:
                raise Unfoldable
            (value,) = values
            if isinstance(value, Const):
                return value.value
            if isinstance(value, Box):
                made = self._box_nodes[value.number]
                if isinstance(made, ast.List | ast.Tuple) and made is not node:
                    return [lookup(item) for item in made.elts]
            raise Unfoldable

        def function(part: ast.expr) -> str | None:
            values = self.memo.get(part)
            if values is None and isinstance(part, ast.Name | ast.Attribute):
                values = self.evaluate(part, scope)
            paths = [one.path for one in values or () if isinstance(one, Ref)]
            return paths[0] if len(paths) == 1 else None

        folder = Folder(lookup, function)
        try:
            value = folder.fold(node)
        except (Unfoldable, RecursionError):
            return NOTHING
        if isinstance(value, list):
            return self.box(
                node, frozenset(const(one) for one in value if not isinstance(one, list))
            )
        if folder.decoded:
            self.judge.decoded(value, node)
        return frozenset((const(value),))


_CONTAINERS = words(
    "list tuple set frozenset dict sorted reversed iter enumerate zip collections.deque "
    "collections.OrderedDict itertools.chain itertools.cycle"
)


def _cut(values: Values) -> Values:
    """Return the values, less what is too many: constants first, since names matter more."""
    constants = [one for one in values if isinstance(one, Const | Prefix)]
    if len(constants) > MAX_CONSTANTS:
        spare = sorted(constants, key=repr)[MAX_CONSTANTS:]
        values = values - frozenset(spare) | {MORE}
    if len(values) > MAX_VALUES:
        values = frozenset(sorted(values, key=repr)[:MAX_VALUES]) | {MORE}
    return values


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


def _of_path(owner: Values, name: str, arguments: list[Values]) -> Values:
    """Return the paths that a method of a path makes."""
    if name not in ("joinpath", "absolute", "resolve", "expanduser"):
        return NOTHING
    made: set[Value] = set()
    for one in owner:
        if isinstance(one, Made) and one.path == "pathlib.Path":
            parts = texts(arguments[0]) if arguments else []
            made |= {Made(one.path, _joined(one.text, part)) for part in parts} or {one}
    return frozenset(made)


def _joined(base: str | None, part: str) -> str:
    if part.startswith("/") or not base:
        return part
    return f"{base.rstrip('/')}/{part}"


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
