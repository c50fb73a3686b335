"""What variables, fields, containers and functions may hold, round after round."""

import ast
from typing import Any

from toolguild.static.python.fold import Fuel
from toolguild.static.python.judge import Judge
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
    Prefix,
    Ref,
    Value,
    Values,
)

_WIDENED = 3  # rounds after which a variable gets no more constants
Key = Any  # a Variable, or a pair: ("field", name), ("box", number), ("return", number)


class Memory:
    """Remembers values. It only ever learns, so that following a module comes to an end."""

    def __init__(self, tree: ast.Module, scopes: Scopes, judge: Judge) -> None:
        self.tree = tree
        self.scopes = scopes
        self.judge = judge
        self.memo: dict[ast.AST, Values] = {}
        self.changed = False
        self.rounds = 0
        self.augmented: dict[ast.AugAssign, ast.BinOp] = {}
        self.stars: set[str] = set()
        self.bases: dict[int, Values] = {}
        self.vague: frozenset[Key] = frozenset()  # variables that may also hold what is not known
        self.fuel = Fuel(200_000)
        self._unknown: set[Key] = set()
        self._altered: set[int] = set()  # containers that are not what they were written as
        self._env: dict[Key, Values] = {}
        self._boxes: dict[ast.AST, int] = {}
        self._box_nodes: list[ast.AST] = []
        self._definitions: dict[ast.AST, int] = {}
        self._nodes: list[ast.AST] = []
        self._inner: list[Scope] = []
        self._by_scope: dict[int, int] = {}  # scope -> function or class

    def add(self, key: Key, values: Values) -> None:
        """Let a variable also stand for these values."""
        if not values:
            self._unknown.add(key)
        old = self._env.get(key, NOTHING)
        if self.rounds > _WIDENED and any(isinstance(one, Const | Prefix) for one in values - old):
            # what still grows is computed in a loop: no list of constants would ever be all of them
            values = values & old | {one for one in values if not isinstance(one, Const | Prefix)}
            values |= {MORE}
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
        self.rounds += 1
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
            self._by_scope[inner.number] = self._definitions[node]
        return self._definitions[node]

    def class_of(self, scope: Scope) -> int:
        """Return the number of the class whose scope this is."""
        return self._by_scope[scope.number]

    def function_of(self, scope: Scope) -> int | None:
        """Return the number of the innermost function around a scope."""
        here: Scope | None = scope
        while here is not None:
            if not here.is_class and here.number in self._by_scope:
                return self._by_scope[here.number]
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

    def change(self, box: Box) -> None:
        """Note that a container is changed after it was made."""
        if box.number not in self._altered:
            self._altered.add(box.number)
            self.changed = True

    def literal(self, box: Box) -> ast.AST | None:
        """Return how a container is written, when it always stays so."""
        return None if box.number in self._altered else self._box_nodes[box.number]

    def defined(self, number: int) -> tuple[ast.AST, Scope]:
        """Return the function or class of a number, and the scope inside it."""
        return self._nodes[number], self._inner[number]

    def items(self, values: Values) -> Values:
        """Return what iterating over, or taking an item of, the values may give."""
        found: set[Value] = set()
        for one in values:
            if isinstance(one, Box):
                found |= self.known(("box", one.number))
        return frozenset(found) | self.special(values, "__next__")

    def special(self, owner: Values, name: str) -> Values:
        """Return what Python's own call of a special method of the owner may return."""
        found: Values = NOTHING
        for one in owner:
            if isinstance(one, Instance):
                for method in self._member(one.number, name):
                    if isinstance(method, Local):
                        found |= self.held(("return", method.number))
        return found

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

    def known(self, key: Key) -> Values:
        """Return what a variable may stand for, and More where that is not all."""
        return self.held(key) | {MORE} if key in self.vague else self.held(key)

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


def _cut(values: Values) -> Values:
    """Return the values, less what is too many: constants first, since names matter more."""
    constants = [one for one in values if isinstance(one, Const | Prefix)]
    if len(constants) > MAX_CONSTANTS:
        spare = sorted(constants, key=repr)[MAX_CONSTANTS:]
        values = values - frozenset(spare) | {MORE}
    if len(values) > MAX_VALUES:
        values = frozenset(sorted(values, key=repr)[:MAX_VALUES]) | {MORE}
    return values
