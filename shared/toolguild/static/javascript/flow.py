"""Following values through a JavaScript program until no variable gets a new one.

The order in which code runs is not known: a variable stands for everything ever assigned to it.
"""

from collections.abc import Callable

from toolguild.static.javascript import fold
from toolguild.static.javascript.binding import reached
from toolguild.static.javascript.call import Calls
from toolguild.static.javascript.judge import GLOBALS
from toolguild.static.javascript.scope import FUNCTIONS, Scope
from toolguild.static.javascript.tree import Node
from toolguild.static.javascript.values import (
    NOTHING,
    Const,
    Function,
    Reached,
    Ref,
    Value,
    Values,
    texts,
)

_MAX_ROUNDS = 4


class Flow(Calls):
    """Follows one program; the judge then holds the findings of the last round."""

    def run(self) -> None:
        """Evaluate the whole program until nothing is new."""
        for _ in range(_MAX_ROUNDS):
            self._changed = False
            self._memo.clear()
            self.judge.restart()
            self._parts(self.root, self._scopes[self.root])
            if not self._changed:
                return

    def evaluate(self, node: Node, scope: Scope) -> Values:
        """Return what an expression may stand for; follow a statement."""
        known = self._memo.get(node)
        if known is None:
            self._memo[node] = NOTHING  # a container may hold what is made of itself
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
                self.judge.escapes(result, node)
                self._add(("return", number), result)
        self._function.pop()
        return values

    def _declarator(self, node: Node, scope: Scope) -> Values:
        value = node.fields.get("value")
        values = NOTHING if value is None else self.evaluate(value, scope)
        self._bind(node.fields["name"], values, scope)
        return NOTHING

    def _assignment(self, node: Node, scope: Scope) -> Values:
        values = self.evaluate(node.fields["right"], scope)
        if node.type == "augmented_assignment_expression":
            left = self.evaluate(node.fields["left"], scope)
            values = self.joined(left, values) | values
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

    def _identifier(self, node: Node, scope: Scope) -> Values:
        variable = scope.resolve(node.text)
        if variable is not None:
            return self._env.get(variable, NOTHING)
        if node.text in GLOBALS or node.text in ("exports", "__dirname", "__filename"):
            self.judge.reference(node.text, node)
            if node.text not in GLOBALS:
                self.judge.global_name(node.text, node)
            return frozenset((Ref(node.text),))
        self.judge.global_name(node.text, node)
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
                done = self.joined(done, self._last(part, scope))
            else:
                done = self.joined(done, frozenset((Const(fold.unescape(part.text)),)))
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
        self.judge.escapes(frozenset(contents), node)
        return self._box(node, frozenset(contents))

    def _object(self, node: Node, scope: Scope) -> Values:
        contents: set[Value] = set()
        for part in node.children:
            if part.type == "pair":
                values = self.evaluate(part.fields["value"], scope)
                names = self._key_names(part.fields["key"], scope)
            elif part.type == "shorthand_property_identifier":
                values, names = self._identifier(part, scope), [part.text]
            elif part.type == "method_definition":
                values, names = self._method_values(part, scope)
            else:
                values, names = self.evaluate(part, scope), []
            for name in names:
                if name == "__proto__":
                    self.judge.replaced(NOTHING, name, part)
                self._add(("field", name), values)
            contents |= values
        self.judge.escapes(frozenset(contents), node)
        return self._box(node, frozenset(contents))

    def _method_values(self, part: Node, scope: Scope) -> tuple[Values, list[str]]:
        """Return what a method of an object or class may stand for, a getter's results included."""
        values = self.evaluate(part, scope)
        if "get" in part.operators:
            values |= self._env.get(("return", self._number(part)), NOTHING)
        return values, self._key_names(part.fields["name"], scope)

    def _class_body(self, node: Node, scope: Scope) -> Values:
        for part in node.children:
            if part.type == "method_definition":
                values, names = self._method_values(part, scope)
            elif part.type == "field_definition":
                value = part.fields.get("value")
                values = NOTHING if value is None else self.evaluate(value, scope)
                self.judge.escapes(values, part)
                names = self._key_names(part.fields["property"], scope)
            else:
                self.evaluate(part, scope)
                continue
            for name in names:
                self._add(("field", name), values)
        return NOTHING

    def _yield(self, node: Node, scope: Scope) -> Values:
        self.judge.escapes(self._last(node, scope), node)
        return NOTHING

    def _this(self, node: Node, scope: Scope) -> Values:
        """Return the global object, unless the code makes the object that a method belongs to."""
        return NOTHING if scope.in_class() else frozenset((Ref("this"),))

    def _member(self, node: Node, scope: Scope) -> Values:
        target = node.fields["object"]
        owner = self.evaluate(target, scope)
        name = node.fields["property"].text
        if target.type == "meta_property" or target.type == "import":
            self.judge.report("library-member", node, f"import.meta.{name} tells about the loader")
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
                found |= reached(owner)
        return frozenset(found)

    def _property(self, owner: Values, name: str, node: Node, *, computed: bool = False) -> Values:
        self.judge.property(owner, name, node, computed=computed)
        found: set[Value] = set()
        for one in owner:
            if isinstance(one, Reached) and name in ("call", "apply", "bind"):
                found.add(one)
            elif isinstance(one, Ref):
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
            return self.joined(left, right)
        if node.operators[:1] in (("||",), ("&&",), ("??",)):
            return left | right
        return NOTHING

    def _ternary(self, node: Node, scope: Scope) -> Values:
        self.evaluate(node.fields["condition"], scope)
        yes = self.evaluate(node.fields["consequence"], scope)
        return yes | self.evaluate(node.fields["alternative"], scope)

    def _returned(self, node: Node, scope: Scope) -> Values:
        values = self._last(node, scope)
        self.judge.escapes(values, node)
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
    "this": Flow._this,
    "class_body": Flow._class_body,
    "yield_expression": Flow._yield,
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
