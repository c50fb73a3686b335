"""What a JavaScript call may return, and what it passes on."""

from toolguild.static.javascript import fold
from toolguild.static.javascript.binding import Bindings
from toolguild.static.javascript.scope import FUNCTIONS, Scope
from toolguild.static.javascript.tree import Node
from toolguild.static.javascript.values import (
    NOTHING,
    Box,
    Const,
    Function,
    Prefix,
    Reached,
    Ref,
    Value,
    Values,
    texts,
)


class Calls(Bindings):
    """Follows calls into what the code defines, and into what is known of Node."""

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
        self.judge.reached(function, node)
        paths = sorted(one.path for one in function if isinstance(one, Ref))
        if new and paths == ["value.constructor"]:
            paths = []  # another object of the same class
        self.judge.call(paths, node, arguments, new=new)
        if paths or not function:
            for values in arguments:
                self.judge.escapes(values, node)
        found: set[Value] = set()
        for values in arguments:
            self.judge.reached(frozenset(one for one in values if _is_called(one)), node)
        for one in function:
            if isinstance(one, Function):
                found |= self._enter(one.number, arguments)
            elif isinstance(one, Reached):
                found.add(Reached(2, called=True))
        for path in paths:
            found |= self._outside(path, arguments, node, literal=literal)
        if target.type == "member_expression":
            owner = self.evaluate(target.fields["object"], scope)
            name = target.fields["property"].text
            self.judge.outward(name, node, given=bool(arguments))
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
        if path in ("URL", "url.URL", "url.fileURLToPath", "fileURLToPath", "String"):
            return arguments[0] if arguments else NOTHING
        if path == "Object.getPrototypeOf":
            return frozenset((Ref("value.constructor.prototype"),))
        if path in ("path.join", "path.resolve", "path.posix.join"):
            return self._joined(arguments)
        constants = [_single(values) for values in arguments]
        if None not in constants:
            text = fold.decode(path, [one for one in constants if one is not None])
            if text is not None:
                self.judge.decoded(text, node)
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
                done = self.joined(self.joined(done, frozenset((Const("/"),))), values)
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
        if name in ("then", "finally", "catch"):  # of a promise of something outside
            known = frozenset(one for one in owner if isinstance(one, Ref))
            for one in (each for values in arguments for each in values):
                if isinstance(one, Function):
                    found |= self._enter(one.number, [known])
        if name in ("reduce", "reduceRight"):
            found |= self._reduced(arguments, owner)
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

    def _reduced(self, arguments: list[Values], owner: Values) -> Values:
        """Return what folding an array with a function of the code may give: what it began with, too."""
        known: Values = NOTHING.union(*arguments[1:])
        for one in arguments[0] if arguments else ():
            if isinstance(one, Function):
                for _ in range(2):
                    known |= self._enter(one.number, [known, self._items(owner)])
        return known

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

    def joined(self, left: Values, right: Values) -> Values:
        """Return what adding the values may give."""
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


def _is_called(one: Value) -> bool:
    return isinstance(one, Reached) and one.called


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
