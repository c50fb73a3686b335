"""Following values through a JavaScript program until no variable gets a new one.

The order in which code runs is not known: a variable stands for everything ever assigned to it.
"""

from collections.abc import Callable
from typing import Any

from toolguild.static.javascript import fold
from toolguild.static.javascript.judge import GLOBALS, Judge
from toolguild.static.javascript.scope import FUNCTIONS, Scope, build
from toolguild.static.javascript.tree import Node
from toolguild.static.javascript.values import (
    MAX_VALUES,
    NOTHING,
    Box,
    Const,
    Function,
    Prefix,
    Ref,
    Value,
    Values,
    texts,
)

_MAX_ROUNDS = 4
Key = Any  # a Variable, or a pair: ("field", name), ("box", number), ("return", number)


class Flow:
    """Follows one program; the judge then holds the findings of the last round."""

    def __init__(self, root: Node, judge: Judge) -> None:
        self.root = root
        self.judge = judge
        self._scopes = build(root)
        self._env: dict[Key, Values] = {}
        self._memo: dict[Node, Values] = {}
        self._numbers: dict[Node, int] = {}
        self._nodes: list[Node] = []
        self._function: list[int] = []
        self._lists: dict[Node, list[str]] = {}  # arrays of constants, in order
        self._changed = False

    def run(self) -> None:
        """Evaluate the whole program until nothing is new."""
        for _ in range(_MAX_ROUNDS):
            self._changed = False
            self._memo.clear()
            self.judge.restart()
            self._parts(self.root, self._scopes[self.root])
            if not self._changed:
                return

    # memory

    def _add(self, key: Key, values: Values) -> None:
        old = self._env.get(key, NOTHING)
        if key is not None and not values <= old and len(old) < MAX_VALUES:
            self._env[key] = old | values
            self._changed = True

    def _number(self, node: Node) -> int:
        if node not in self._numbers:
            self._numbers[node] = len(self._nodes)
            self._nodes.append(node)
        return self._numbers[node]

    def _box(self, node: Node, contents: Values) -> Values:
        number = self._number(node)
        self._add(("box", number), contents)
        return frozenset((Box(number),))

    def _items(self, values: Values) -> Values:
        found: set[Value] = set()
        for one in values:
            if isinstance(one, Box):
                found |= self._env.get(("box", one.number), NOTHING)
        return frozenset(found)

    # walking

    def evaluate(self, node: Node, scope: Scope) -> Values:
        """Return what an expression may stand for; follow a statement."""
        known = self._memo.get(node)
        if known is None:
            inner = self._scopes.get(node, scope)
            handler = _HANDLERS.get(node.type)
            if node.type in FUNCTIONS:
                known = self._define(node, inner)
            elif handler is not None:
                known = handler(self, node, inner)
            else:
                known = self._parts(node, inner)
            self._memo[node] = known
        return known

    def _parts(self, node: Node, scope: Scope) -> Values:
        for child in node.children:
            self.evaluate(child, scope)
        return NOTHING

    def _last(self, node: Node, scope: Scope) -> Values:
        values = NOTHING
        for child in node.children:
            values = self.evaluate(child, scope)
        return values

    def _define(self, node: Node, inner: Scope) -> Values:
        number = self._number(node)
        values: Values = frozenset((Function(number),))
        name = node.fields.get("name")
        if name is not None and name.type == "identifier":
            self._add(inner.resolve(name.text), values)
        for parameter in self._parameters(node):
            self._bind(parameter, NOTHING, inner)
        self._function.append(number)
        body = node.fields.get("body")
        if body is not None:
            result = self.evaluate(body, inner)
            if node.type == "arrow_function" and body.type != "statement_block":
                self._add(("return", number), result)
        self._function.pop()
        return values

    def _parameters(self, node: Node) -> list[Node]:
        single = node.fields.get("parameter")
        if single is not None:
            return [single]
        many = node.fields.get("parameters")
        return many.children if many is not None else []

    # binding

    def _bind(self, target: Node, values: Values, scope: Scope) -> None:
        match target.type:
            case "identifier" | "shorthand_property_identifier_pattern":
                self._add(scope.resolve(target.text), values)
            case "assignment_pattern" | "object_assignment_pattern":
                default = self.evaluate(target.fields["right"], scope)
                left = target.fields["left"]
                if left.type == "shorthand_property_identifier_pattern":
                    values = self._property(values, left.text, left)
                self._bind(left, values | default, scope)
            case "object_pattern":
                for part in target.children:
                    self._bind_property(part, values, scope)
            case "array_pattern":
                items = self._items(values)
                for part in target.children:
                    self._bind(part, items, scope)
            case "rest_pattern":
                self._bind(target.children[0], values, scope)
            case "member_expression" | "subscript_expression":
                self._bind_member(target, values, scope)
            case _:
                self.evaluate(target, scope)

    def _bind_property(self, part: Node, values: Values, scope: Scope) -> None:
        if part.type == "pair_pattern":
            key = part.fields["key"]
            for name in self._key_names(key, scope):
                self._bind(part.fields["value"], self._property(values, name, key), scope)
        elif part.type == "shorthand_property_identifier_pattern":
            self._bind(part, self._property(values, part.text, part), scope)
        else:
            self._bind(part, values, scope)

    def _key_names(self, key: Node, scope: Scope) -> list[str]:
        if key.type == "property_identifier":
            return [key.text]
        if key.type == "computed_property_name":
            return texts(self._last(key, scope))
        return texts(self.evaluate(key, scope))

    def _bind_member(self, target: Node, values: Values, scope: Scope) -> None:
        owner = self.evaluate(target.fields["object"], scope)
        if target.type == "member_expression":
            names: list[str | None] = [target.fields["property"].text]
        else:
            names = list(texts(self.evaluate(target.fields["index"], scope))) or [None]
        for name in names:
            self.judge.replaced(owner, name, target)
            if name is not None:
                self._add(("field", name), values)
        for one in owner:
            if isinstance(one, Box):
                self._add(("box", one.number), values)

    def _declarator(self, node: Node, scope: Scope) -> Values:
        value = node.fields.get("value")
        values = NOTHING if value is None else self.evaluate(value, scope)
        self._bind(node.fields["name"], values, scope)
        return NOTHING

    def _assignment(self, node: Node, scope: Scope) -> Values:
        values = self.evaluate(node.fields["right"], scope)
        if node.type == "augmented_assignment_expression":
            left = self.evaluate(node.fields["left"], scope)
            values = self._sum(left, values) | values
        self._bind(node.fields["left"], values, scope)
        return values

    def _for_in(self, node: Node, scope: Scope) -> Values:
        right = self.evaluate(node.fields["right"], scope)
        items = self._items(right)
        self._bind(node.fields["left"], items, scope)
        self.evaluate(node.fields["body"], scope)
        return NOTHING

    def _import(self, node: Node, scope: Scope) -> Values:
        source = node.fields.get("source")
        if source is None:
            return NOTHING
        module = self.judge.module(fold.unquote(source.text), source)
        for clause in node.children:
            if clause.type == "import_clause":
                for part in clause.children:
                    self._import_part(part, module, scope)
        return NOTHING

    def _import_part(self, part: Node, module: str, scope: Scope) -> None:
        values: Values = frozenset((Ref(module),))
        if part.type == "identifier":
            self._bind(part, values, scope)
        elif part.type == "namespace_import":
            self._bind(part.children[0], values, scope)
        elif part.type == "named_imports":
            for one in part.children:
                name = one.fields["name"]
                found = self._property(values, name.text, name)
                self._bind(one.fields.get("alias", name), found, scope)

    # expressions

    def _identifier(self, node: Node, scope: Scope) -> Values:
        variable = scope.resolve(node.text)
        if variable is not None:
            return self._env.get(variable, NOTHING)
        if node.text in GLOBALS or node.text in ("exports", "__dirname", "__filename"):
            self.judge.reference(node.text, node)
            return frozenset((Ref(node.text),))
        return NOTHING

    def _string(self, node: Node, scope: Scope) -> Values:
        return frozenset((Const(fold.unquote(node.text)),))

    def _numeral(self, node: Node, scope: Scope) -> Values:
        value = fold.number(node.text)
        return NOTHING if value is None else frozenset((Const(value),))

    def _template(self, node: Node, scope: Scope) -> Values:
        done: Values = frozenset((Const(""),))
        for part in node.children:
            if part.type == "template_substitution":
                done = self._sum(done, self._last(part, scope))
            else:
                done = self._sum(done, frozenset((Const(fold.unescape(part.text)),)))
        return done

    def _regex(self, node: Node, scope: Scope) -> Values:
        pattern = node.fields.get("pattern")
        if pattern is not None:
            self.judge.pattern(pattern.text, node)
        return NOTHING

    def _array(self, node: Node, scope: Scope) -> Values:
        contents: set[Value] = set()
        for part in node.children:
            contents |= self.evaluate(part, scope)
        return self._box(node, frozenset(contents))

    def _object(self, node: Node, scope: Scope) -> Values:
        contents: set[Value] = set()
        for part in node.children:
            if part.type == "pair":
                values = self.evaluate(part.fields["value"], scope)
                names = self._key_names(part.fields["key"], scope)
            elif part.type == "shorthand_property_identifier":
                values, names = self._identifier(part, scope), [part.text]
            else:
                values, names = self.evaluate(part, scope), []
            for name in names:
                if name == "__proto__":
                    self.judge.replaced(NOTHING, name, part)
                self._add(("field", name), values)
            contents |= values
        return self._box(node, frozenset(contents))

    def _member(self, node: Node, scope: Scope) -> Values:
        target = node.fields["object"]
        owner = self.evaluate(target, scope)
        name = node.fields["property"].text
        if target.type == "meta_property" or target.type == "import":
            return NOTHING
        return self._property(owner, name, node)

    def _subscript(self, node: Node, scope: Scope) -> Values:
        owner = self.evaluate(node.fields["object"], scope)
        index = self.evaluate(node.fields["index"], scope)
        found: set[Value] = set(self._items(owner))
        names = texts(index)
        if names and node.fields["index"].type != "string":
            self.judge.unknown_property(owner, node)  # what else it may be is not known
        for name in names:
            found |= self._property(owner, name, node, computed=True)
        if not names:
            places = [
                int(one.value)
                for one in index
                if isinstance(one, Const)
                and one.value != ""
                and isinstance(one.value, float)
                and abs(one.value) < fold.MAX_SIZE
            ]
            for place in places:
                found |= {Const(text[place]) for text in texts(owner) if 0 <= place < len(text)}
            if not places:
                self.judge.unknown_property(owner, node)
        return frozenset(found)

    def _property(self, owner: Values, name: str, node: Node, *, computed: bool = False) -> Values:
        self.judge.property(owner, name, node, computed=computed)
        found: set[Value] = set()
        for one in owner:
            if isinstance(one, Ref):
                found.add(Ref(self.judge.resolve(one.path, name, node)))
            elif name == "constructor":
                found.add(Ref("Function" if isinstance(one, Function) else "value.constructor"))
        if name == "constructor" and not found:
            found.add(Ref("value.constructor"))
        return frozenset(found) | self._env.get(("field", name), NOTHING)

    def _binary(self, node: Node, scope: Scope) -> Values:
        left = self.evaluate(node.fields["left"], scope)
        right = self.evaluate(node.fields["right"], scope)
        if node.operators[:1] == ("+",):
            return self._sum(left, right)
        if node.operators[:1] in (("||",), ("&&",), ("??",)):
            return left | right
        return NOTHING

    def _sum(self, left: Values, right: Values) -> Values:
        found: set[Value] = set()
        for one in left:
            if isinstance(one, Prefix):
                found.add(one)
                continue
            if not isinstance(one, Const):
                continue
            ends = [two for two in right if isinstance(two, Const)][:4]
            for two in ends:
                if isinstance(one.value, float) and isinstance(two.value, float):
                    found.add(Const(one.value + two.value))
                elif len(_text(one.value)) + len(_text(two.value)) < fold.MAX_SIZE:
                    found.add(Const(_text(one.value) + _text(two.value)))
            if not ends and isinstance(one.value, str) and one.value:
                tails = [two for two in right if isinstance(two, Prefix)]
                found.add(Prefix(one.value + (tails[0].text if tails else "")))
            elif not ends and one.value == "":
                found |= {two for two in right if isinstance(two, Prefix)}
        return frozenset(found)

    def _ternary(self, node: Node, scope: Scope) -> Values:
        self.evaluate(node.fields["condition"], scope)
        yes = self.evaluate(node.fields["consequence"], scope)
        return yes | self.evaluate(node.fields["alternative"], scope)

    def _returned(self, node: Node, scope: Scope) -> Values:
        values = self._last(node, scope)
        if self._function:
            self._add(("return", self._function[-1]), values)
        return NOTHING

    def _with(self, node: Node, scope: Scope) -> Values:
        self.judge.report("with-statement", node, "with hides where names come from")
        return self._parts(node, scope)

    def _class(self, node: Node, scope: Scope) -> Values:
        values: Values = frozenset((Function(self._number(node)),))
        name = node.fields.get("name")
        if name is not None:
            self._add(scope.resolve(name.text), values)
        self._parts(node, scope)
        for part in node.children:
            if part.type == "class_heritage":
                bases = sorted(one.path for one in self._last(part, scope) if isinstance(one, Ref))
                self.judge.call(bases, part, [NOTHING], new=True)
        return values

    def _thrown(self, node: Node, scope: Scope) -> Values:
        self._add(("field", "thrown"), self._last(node, scope))
        return NOTHING

    def _caught(self, node: Node, scope: Scope) -> Values:
        parameter = node.fields.get("parameter")
        if parameter is not None:
            self._bind(parameter, self._env.get(("field", "thrown"), NOTHING), scope)
        return self.evaluate(node.fields["body"], scope)

    # calls

    def _call(self, node: Node, scope: Scope) -> Values:
        new = node.type == "new_expression"
        target = node.fields["constructor" if new else "function"]
        given = node.fields.get("arguments")
        if given is not None and given.type == "template_string":
            arguments = [self.evaluate(given, scope)]
        else:
            parts = given.children if given is not None else []
            arguments = [self.evaluate(part, scope) for part in parts]
        literal = given is not None and [part.type for part in given.children[:1]] == ["string"]
        if target.type == "import":
            return self._load(arguments, node, literal=literal)
        function = self.evaluate(target, scope)
        paths = sorted(one.path for one in function if isinstance(one, Ref))
        if new and paths == ["value.constructor"]:
            paths = []  # another object of the same class
        self.judge.call(paths, node, arguments, new=new)
        found: set[Value] = set()
        for one in function:
            if isinstance(one, Function):
                found |= self._enter(one.number, arguments)
        for path in paths:
            found |= self._outside(path, arguments, node, literal=literal)
        if target.type == "member_expression":
            owner = self.evaluate(target.fields["object"], scope)
            found |= self._method(owner, target.fields["property"].text, arguments, node, scope)
        return frozenset(found)

    def _outside(self, path: str, arguments: list[Values], node: Node, *, literal: bool) -> Values:
        if path in ("require", "module.require", "process.mainModule.require"):
            return self._load(arguments, node, literal=literal)
        if path.startswith("require.") or path.endswith((".call", ".apply", ".bind")):
            base = path.rpartition(".")[0]
            if base in ("require", "eval", "Function") and path.endswith(
                (".call", ".apply", ".bind")
            ):
                if path.endswith(".bind"):
                    return frozenset((Ref(base),))
                rest = [*arguments[1:], NOTHING]
                items = self._items(rest[0]) if path.endswith(".apply") else rest[0]
                return self._load([items], node, literal=False) if base == "require" else NOTHING
        if path in ("path.join", "path.resolve", "path.posix.join"):
            return self._joined(arguments)
        constants = [_single(values) for values in arguments]
        if None not in constants:
            text = fold.decode(path, [one for one in constants if one is not None])
            if text is not None:
                return frozenset((Const(text),))
        return NOTHING

    def _load(self, arguments: list[Values], node: Node, *, literal: bool) -> Values:
        names = texts(arguments[0]) if arguments else []
        if not literal:
            self.judge.report("dynamic-import", node, "a module is loaded by a computed name")
        return frozenset(Ref(self.judge.module(name, node)) for name in names)

    def _joined(self, arguments: list[Values]) -> Values:
        done: Values = NOTHING
        for place, values in enumerate(arguments):
            if place == 0:
                done = frozenset(one for one in values if isinstance(one, Const | Prefix))
            else:
                done = self._sum(self._sum(done, frozenset((Const("/"),))), values)
        return done

    def _enter(self, number: int, arguments: list[Values]) -> Values:
        node = self._nodes[number]
        scope = self._scopes.get(node)
        if node.type in FUNCTIONS and scope is not None:
            for parameter, values in zip(self._parameters(node), arguments, strict=False):
                self._bind(parameter, values, scope)
        return self._env.get(("return", number), NOTHING)

    def _method(
        self, owner: Values, name: str, arguments: list[Values], node: Node, scope: Scope
    ) -> Values:
        found: set[Value] = set()
        constants = [_single(values) for values in arguments]
        for text in texts(owner):
            if None not in constants:
                made = fold.method(text, name, [one for one in constants if one is not None])
                if isinstance(made, list):
                    found |= self._box(node, frozenset(Const(one) for one in made))
                    self._lists[node] = made
                elif made is not None:
                    found.add(Const(made))
        for one in owner:
            if isinstance(one, Box):
                found |= self._of_box(one, name, arguments, node, scope)
            elif isinstance(one, Function) and name in ("call", "apply", "bind"):
                found |= {one} if name == "bind" else self._enter(one.number, arguments[1:])
        return frozenset(found)

    def _of_box(
        self, one: Box, name: str, arguments: list[Values], node: Node, scope: Scope
    ) -> set[Value]:
        if name in ("push", "unshift", "add", "set", "concat"):
            for values in arguments:
                self._add(("box", one.number), values | self._items(values))
        made = self._nodes[one.number]
        plain = self._lists.get(made)
        if plain is None and made.type == "array":
            parts = [_single(self.evaluate(part, scope)) for part in made.children]
            plain = [_text(part) for part in parts if part is not None]
            plain = plain if len(plain) == len(parts) else None
        if plain is not None and name == "reverse":
            self._lists[node] = plain[::-1]
            return set(self._box(node, self._items(frozenset((one,)))))
        if plain is not None and name == "join":
            glue = _single(arguments[0]) if arguments else ","
            return {Const(_text(glue).join(plain)[: fold.MAX_SIZE])} if glue is not None else set()
        callbacks = [each for values in arguments for each in values if isinstance(each, Function)]
        results: set[Value] = set()
        for each in callbacks:
            results |= self._enter(each.number, [self._items(frozenset((one,)))])
        if name in ("get", "pop", "shift", "at", "find"):
            return set(self._items(frozenset((one,)))) | results
        return set(self._box(node, frozenset(results) | self._items(frozenset((one,)))))


def _single(values: Values) -> str | float | None:
    if len(values) == 1:
        (value,) = values
        if isinstance(value, Const):
            return value.value
    return None


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if value == value // 1 and abs(value) < 1e15 else str(value)


_HANDLERS: dict[str, Callable[[Flow, Node, Scope], Values]] = {
    "identifier": Flow._identifier,
    "string": Flow._string,
    "number": Flow._numeral,
    "template_string": Flow._template,
    "regex": Flow._regex,
    "array": Flow._array,
    "object": Flow._object,
    "member_expression": Flow._member,
    "subscript_expression": Flow._subscript,
    "binary_expression": Flow._binary,
    "ternary_expression": Flow._ternary,
    "this": lambda flow, node, scope: frozenset((Ref("this"),)),
    "parenthesized_expression": Flow._last,
    "sequence_expression": Flow._last,
    "await_expression": Flow._last,
    "spread_element": lambda flow, node, scope: flow._items(flow._last(node, scope)),
    "variable_declarator": Flow._declarator,
    "assignment_expression": Flow._assignment,
    "augmented_assignment_expression": Flow._assignment,
    "for_in_statement": Flow._for_in,
    "import_statement": Flow._import,
    "export_statement": lambda flow, node, scope: (
        flow._import(node, scope) | flow._parts(node, scope)
    ),
    "return_statement": Flow._returned,
    "throw_statement": Flow._thrown,
    "catch_clause": Flow._caught,
    "with_statement": Flow._with,
    "class_declaration": Flow._class,
    "class": Flow._class,
    "call_expression": Flow._call,
    "new_expression": Flow._call,
}
