"""What a call may return, and what it passes on."""

import ast
import posixpath
from abc import ABC, abstractmethod
from typing import Any

from toolguild.static.python.fold import Code, Folder
from toolguild.static.python.interpret import Function, Unfoldable
from toolguild.static.python.library import GETTERS, LISTINGS, NAMED_TEXTS, constructed, listed
from toolguild.static.python.memory import Memory
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
    Ref,
    Value,
    Values,
    const,
    texts,
)
from toolguild.static.words import words

_ADDS = frozenset(("append", "add", "insert", "appendleft", "push", "put", "setdefault"))
_ADDS_ALL = frozenset(("extend", "update"))
_CHANGES = _ADDS | _ADDS_ALL | words("clear pop popitem popleft remove reverse sort rotate discard")
LOOKUPS = frozenset(("get", "pop", "setdefault", "__getitem__"))
_TAKES = frozenset(
    ("get", "pop", "popitem", "values", "keys", "items", "copy", "popleft", "setdefault")
)
_CONTAINERS = words(
    "list tuple set frozenset dict sorted reversed iter enumerate zip collections.deque "
    "collections.OrderedDict itertools.chain itertools.cycle"
)


class Calls(Memory, ABC):
    """Follows calls into what the code defines, and into what is known of libraries."""

    @abstractmethod
    def evaluate(self, node: ast.expr, scope: Scope) -> Values:
        """Return what an expression may stand for, once a round."""

    @abstractmethod
    def attribute(self, owner: Values, name: str, node: ast.AST) -> Values:
        """Return what attribute `name` of the owner may be, and have it judged."""

    @abstractmethod
    def assign(
        self, target: ast.expr, values: Values, scope: Scope, source: ast.expr | None
    ) -> None:
        """Give values to a target; `source` is the expression where the target takes it apart."""

    def _call(self, node: ast.Call, scope: Scope) -> Values:
        self.judge.called_names.add(node.func)
        function = self.evaluate(node.func, scope)
        arguments = [self.evaluate(argument, scope) for argument in node.args]
        keywords: dict[str, Values] = {}
        for keyword in node.keywords:
            values = self.evaluate(keyword.value, scope)
            if keyword.arg is not None:
                keywords[keyword.arg] = values
            else:
                keywords |= self._spread(values)
        owner = NOTHING
        if isinstance(node.func, ast.Attribute):
            owner = self.evaluate(node.func.value, scope)
        self.judge.call(node, function, owner, arguments, keywords)
        inside = [self.items(values) for values in arguments]
        self.judge.mentions(node, function, [*arguments, *inside, *keywords.values()])
        folded = self._fold(node, scope)
        if folded:
            return folded
        found = self.apply(function, node, arguments, keywords)
        if isinstance(node.func, ast.Attribute):
            found |= self._of_path(owner, node.func.attr, arguments, node)
            found |= self._of_box(owner, node.func.attr, arguments)
            if node.func.attr in LOOKUPS and arguments:
                for one in owner:
                    if isinstance(one, Namespace):
                        found |= self.of_namespace(one, arguments[0], node)
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
            elif isinstance(one, Made) and one.path in GETTERS and one.text and arguments:
                found |= self._get(one.path, one.text, arguments[0], node)
        return frozenset(found)

    def _get(self, path: str, name: str, owner: Values, node: ast.expr) -> Values:
        """Return what `attrgetter("name")` and its kin give of an owner."""
        if path == "operator.itemgetter":
            found: Values = NOTHING
            for one in owner:
                if isinstance(one, Namespace):
                    found |= self.of_namespace(one, frozenset((const(name),)), node)
            return found | self.items(owner)
        for part in name.split("."):
            owner = self.attribute(owner, part, node)
        return owner if path.endswith("getter") else self.apply(owner, node, [], {})

    def of_namespace(self, one: Namespace, index: Values, node: ast.AST) -> Values:
        """Return what a table of names holds under an index, and have it judged."""
        found: Values = NOTHING
        names = texts(index)
        if not names or MORE in index:
            self.judge.unknown_name(one.path, node)
        for name in names:
            if one.path:
                known = NOTHING if one.path == UNKNOWN else frozenset((Ref(one.path),))
                found |= self.attribute(known, name, node)
            elif name == "__builtins__":
                self.judge.builtins(node)
                found |= {Namespace("builtins")}
            else:
                found |= self.held(self.scopes.owner(name, self.scopes.module))
        return found

    def _spread(self, values: Values) -> dict[str, Values]:
        """Return the keywords that `**` makes of a dictionary that is written out."""
        found: dict[str, Values] = {}
        for one in values:
            made = self._box_nodes[one.number] if isinstance(one, Box) else None
            if isinstance(made, ast.Dict):
                for key, value in zip(made.keys, made.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        known = found.get(key.value, NOTHING)
                        found[key.value] = known | self.memo.get(value, NOTHING)
        return found

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
        if _is_open(node):
            for parameter in (*named, *definition.args.kwonlyargs):
                self.open(self.scopes.owner(parameter.arg, inner))
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
            modules: Values = frozenset(
                Namespace(one.path) for one in first if isinstance(one, Ref)
            )
            modules |= self.judge.table_taken(first, node)
            return modules if arguments else frozenset((Namespace(""),))
        if path in LISTINGS:
            return self.box(node, listed(arguments))
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
            place = node.args[0] if isinstance(node, ast.Call) and node.args else node
            mapped = self.apply(arguments[0], place, [items], {})
            return self.box(node, mapped | (items if path.endswith("filter") else NOTHING))
        if path.removeprefix("builtins.") in _CONTAINERS:
            contents: set[Value] = set()
            for values in (*arguments, *keywords.values()):
                contents |= self.items(values)
            contents |= frozenset().union(*keywords.values()) if keywords else NOTHING
            return self.box(node, frozenset(contents))
        return frozenset((Made(path),))

    def _of_path(self, owner: Values, name: str, arguments: list[Values], node: ast.expr) -> Values:
        """Return the paths that a method of a path makes."""
        made: set[Value] = set()
        paths = [one for one in owner if isinstance(one, Made) and one.path == "pathlib.Path"]
        for one in paths:
            if name in ("joinpath", "absolute", "resolve", "expanduser"):
                parts = texts(arguments[0]) if arguments else []
                made |= {Made(one.path, joined(one.text, part)) for part in parts} or {one}
            elif name in ("with_name", "with_suffix", "with_stem") and one.text:
                made.add(Made(one.path, posixpath.dirname(one.text)))
        if paths and name in ("iterdir", "glob", "rglob"):
            below = {Made(one.path, one.text and one.text.rstrip("/") + "/") for one in paths}
            return self.box(node, frozenset(below))
        return frozenset(made)

    def _of_box(self, owner: Values, name: str, arguments: list[Values]) -> Values:
        boxes = [one for one in owner if isinstance(one, Box)]
        for one in boxes:
            if name in _CHANGES:
                self.change(one)
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

    def _fold(self, node: ast.expr, scope: Scope) -> Values:
        """Return the constant that an expression computes, when it does."""
        folder = Folder(_Inside(self, scope, node), self.fuel)
        try:
            value = folder.fold(node)
        except (Unfoldable, RecursionError):
            return NOTHING
        if isinstance(value, str):
            self.judge.text(value, node)
            self.judge.credential(value, node)
        if isinstance(value, list | dict):
            plain = [one for one in value if not isinstance(one, list | dict)]
            return self.box(node, frozenset(const(one) for one in plain))
        if folder.decoded:
            self.judge.decoded(value, node)
        return frozenset((const(value),))


class _Inside(Code):
    """What the code says of names in one scope."""

    def __init__(self, flow: Calls, scope: Scope, asking: ast.expr) -> None:
        self._flow = flow
        self._scope = scope
        self._asking = asking

    def constant(self, node: ast.expr) -> Any:
        """Return the one constant that a name or attribute stands for; raise Unfoldable otherwise."""
        values = self._flow.evaluate(node, self._scope)
        named = [one for one in values if isinstance(one, Ref) and one.path in NAMED_TEXTS]
        values -= frozenset(named)
        if len(values) != 1:
            raise Unfoldable
        (value,) = values
        if isinstance(value, Const):
            return value.value
        made = self._flow.literal(value) if isinstance(value, Box) else None
        if isinstance(made, ast.List | ast.Tuple) and made is not self._asking:
            return [self._item(item) for item in made.elts]
        if isinstance(made, ast.Dict) and made is not self._asking and None not in made.keys:
            keys = [self._item(key) for key in made.keys if key is not None]
            return dict(zip(keys, map(self._item, made.values), strict=True))
        raise Unfoldable

    def _item(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        return self.constant(node)

    def outside(self, node: ast.expr) -> str | None:
        """Return the dotted name of the outside function that an expression means."""
        paths = [one.path for one in self._meant(node) if isinstance(one, Ref)]
        return paths[0] if len(paths) == 1 else None

    def function(self, node: ast.expr) -> tuple[Function, Code] | None:
        """Return the function of the code that a name means, when it is one that is never another."""
        values = self._meant(node)
        if len(values) != 1:
            return None
        (value,) = values
        if not isinstance(value, Local):
            return None
        defined, scope = self._flow.defined(value.number)
        if not isinstance(defined, ast.FunctionDef | ast.Lambda):
            return None
        if isinstance(defined, ast.FunctionDef) and defined.decorator_list:
            return None
        return defined, _Inside(self._flow, scope, self._asking)

    def _meant(self, node: ast.expr) -> Values:
        values = self._flow.memo.get(node)
        if values is None and isinstance(node, ast.Name | ast.Attribute):
            values = self._flow.evaluate(node, self._scope)
        return values or NOTHING


def _is_open(node: ast.expr) -> bool:
    """Whether a call passes on an unknown number of arguments, or unknown names."""
    return isinstance(node, ast.Call) and (
        any(isinstance(one, ast.Starred) for one in node.args)
        or any(one.arg is None for one in node.keywords)
    )


def joined(base: str | None, part: str) -> str:
    """Join two parts of a path."""
    if part.startswith("/") or not base:
        return part
    return f"{base.rstrip('/')}/{part}"
