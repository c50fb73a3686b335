"""What JavaScript variables, fields and containers may hold, and how they come to it."""

from abc import ABC, abstractmethod
from typing import Any

from toolguild.static.javascript.judge import Judge
from toolguild.static.javascript.scope import Scope, build
from toolguild.static.javascript.tree import Node
from toolguild.static.javascript.values import (
    MAX_VALUES,
    NOTHING,
    Box,
    Reached,
    Ref,
    Value,
    Values,
    texts,
)

Key = Any  # a Variable, or a pair: ("field", name), ("box", number), ("return", number)


def reached(owner: Values) -> Values:
    """Return what a computed property of an owner that the code did not make may be."""
    if any(isinstance(one, Box) for one in owner):
        return NOTHING
    steps = [one.steps for one in owner if isinstance(one, Reached)]
    outside = any(isinstance(one, Ref) and one.path == "this" for one in owner)
    return frozenset((Reached(2 if outside or steps else 1),))


class Bindings(ABC):
    """Remembers values. It only ever learns, so that following a program comes to an end."""

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

    def _parameters(self, node: Node) -> list[Node]:
        single = node.fields.get("parameter")
        if single is not None:
            return [single]
        many = node.fields.get("parameters")
        return many.children if many is not None else []

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
            names = self._key_names(key, scope)
            if not names and key.type == "computed_property_name":
                self.judge.unknown_property(values, part)
                self._bind(part.fields["value"], reached(values), scope)
            for name in names:
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

    @abstractmethod
    def evaluate(self, node: Node, scope: Scope) -> Values:
        """Return what an expression may stand for; follow a statement."""

    @abstractmethod
    def _property(self, owner: Values, name: str, node: Node, *, computed: bool = False) -> Values:
        """Return what property `name` of the owner may be, and have it judged."""

    @abstractmethod
    def _last(self, node: Node, scope: Scope) -> Values:
        """Return what the last part of a node may stand for."""
