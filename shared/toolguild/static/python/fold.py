"""Computing constant expressions as Python would, without running any of the code under review.

Only pure operations on texts, bytes, numbers and lists are known, each bounded in size and the whole in
steps. What cannot be computed raises Unfoldable.
"""

import ast
import base64
import binascii
import codecs
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from toolguild.static.python.interpret import Function, Interpreter, Unfoldable
from toolguild.static.words import words

MAX_STEPS = 10_000
MAX_SIZE = 20_000
MAX_ITEMS = 2_000
_MAX_DEPTH = 40


class Code(ABC):
    """What a folder asks about the code around an expression."""

    @abstractmethod
    def constant(self, node: ast.expr) -> Any:
        """Return the constant behind a name or attribute; raise Unfoldable when there is none."""

    @abstractmethod
    def outside(self, node: ast.expr) -> str | None:
        """Return the dotted name of the outside function that an expression means."""

    @abstractmethod
    def function(self, node: ast.expr) -> "tuple[Function, Code] | None":
        """Return the function of the code that an expression means, and the code inside it."""


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mod: operator.mod,
    ast.FloorDiv: operator.floordiv,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
}
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "builtins.chr": chr,
    "builtins.ord": ord,
    "builtins.str": str,
    "builtins.int": int,
    "builtins.len": len,
    "builtins.hex": hex,
    "builtins.ascii": ascii,
    "builtins.repr": repr,
    "builtins.bytes": bytes,
    "builtins.bytearray": lambda *a: bytes(*a),
    "builtins.list": list,
    "builtins.tuple": list,
    "builtins.sorted": sorted,
    "builtins.reversed": lambda items: list(items)[::-1],
    "builtins.enumerate": lambda items: [list(pair) for pair in enumerate(items)],
    "builtins.zip": lambda *items: [list(group) for group in zip(*items, strict=False)],
    "builtins.bytes.fromhex": bytes.fromhex,
    "builtins.bytearray.fromhex": bytes.fromhex,
    "base64.b64decode": base64.b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode,
    "base64.standard_b64decode": base64.standard_b64decode,
    "base64.b32decode": base64.b32decode,
    "base64.b16decode": base64.b16decode,
    "base64.b85decode": base64.b85decode,
    "base64.a85decode": base64.a85decode,
    "base64.decodebytes": base64.decodebytes,
    "base64.b64encode": base64.b64encode,
    "binascii.unhexlify": binascii.unhexlify,
    "binascii.a2b_hex": binascii.a2b_hex,
    "binascii.a2b_base64": binascii.a2b_base64,
}
_SIZED = ("builtins.bytes", "builtins.bytearray")
_DECODERS = frozenset(
    name for name in _FUNCTIONS if "decode" in name or "hex" in name or "a2b" in name
)
_METHODS = words(
    "join replace lower upper strip lstrip rstrip title capitalize swapcase casefold split rsplit "
    "splitlines removeprefix removesuffix decode encode hex format translate partition "
    "islower isupper isalpha isdigit isalnum isspace startswith endswith index find count"
)
_CODECS = words(
    "utf8 utf-8 ascii latin1 latin-1 utf-16 utf-16le utf-32 rot13 rot_13 hex hex_codec base64 "
    "base64_codec unicode_escape raw_unicode_escape"
)


class Fuel:
    """How many steps all expressions of one module may take together."""

    def __init__(self, steps: int) -> None:
        self.steps = steps


class Folder(Interpreter):
    """Folds expressions, with what `code` says of names."""

    def __init__(self, code: Code, fuel: Fuel) -> None:
        self.local = {}
        self._code = code
        self._fuel = fuel
        self._steps = 0
        self._depth = 0
        self.decoded = False  # whether an encoding was undone on the way

    def step(self) -> None:
        """Count one step; raise Unfoldable when there were too many."""
        self._steps += 1
        self._fuel.steps -= 1
        if self._steps > MAX_STEPS or self._fuel.steps < 0:
            raise Unfoldable

    def fold(self, node: ast.expr) -> Any:
        """Return the value of a constant expression; raise Unfoldable otherwise."""
        self._depth += 1
        try:
            self.step()
            handler = _HANDLERS.get(type(node))
            if self._depth > _MAX_DEPTH or handler is None:
                raise Unfoldable
            return _bounded(handler(self, node))
        except Unfoldable:
            raise
        except Exception as error:  # whatever Python itself raises for such operands
            raise Unfoldable from error
        finally:
            self._depth -= 1

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.local:
            return self.local[node.id]
        return self._code.constant(node)

    def _dict(self, node: ast.Dict) -> Any:
        if None in node.keys:
            raise Unfoldable
        keys = [self.fold(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(self.fold, node.values), strict=True))

    def _either(self, node: ast.IfExp) -> Any:
        return self.fold(node.body if self.fold(node.test) else node.orelse)

    def _boolean(self, node: ast.BoolOp) -> Any:
        value: Any = None
        for part in node.values:
            value = self.fold(part)
            if bool(value) == isinstance(node.op, ast.Or):
                break
        return value

    def _compare(self, node: ast.Compare) -> Any:
        left = self.fold(node.left)
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self.fold(part)
            if type(sign) not in _COMPARED:
                raise Unfoldable
            if not _COMPARED[type(sign)](left, right):
                return False
            left = right
        return True

    def _sequence(self, node: ast.List | ast.Tuple) -> Any:
        return [self.fold(item) for item in node.elts]

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = self.fold(node.left), self.fold(node.right)
        if isinstance(node.op, ast.Mult):
            return self._multiply(left, right)
        if isinstance(node.op, ast.Mod) and isinstance(left, str | bytes):
            right = tuple(right) if isinstance(right, list) else right
            if b"*" in left if isinstance(left, bytes) else "*" in left or _wide(left):
                raise Unfoldable
        return _BINARY[type(node.op)](left, right)

    def _multiply(self, left: Any, right: Any) -> Any:
        size = 1
        for side in (left, right):
            size *= len(side) if isinstance(side, str | bytes | list) else abs(side)
            if isinstance(side, float):
                raise Unfoldable
        if size > 1 << 64 or (size > MAX_SIZE and not isinstance(left, type(right))):
            raise Unfoldable
        return left * right

    def _unary(self, node: ast.UnaryOp) -> Any:
        value = self.fold(node.operand)
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, ast.Not):
            return not value
        raise Unfoldable

    def _joined(self, node: ast.JoinedStr) -> Any:
        return "".join(self.fold(part) for part in node.values)

    def _formatted(self, node: ast.FormattedValue) -> Any:
        if node.format_spec is not None or node.conversion != -1:
            raise Unfoldable
        return str(self.fold(node.value))

    def _subscript(self, node: ast.Subscript) -> Any:
        value = self.fold(node.value)
        if isinstance(node.slice, ast.Slice):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            return value[slice(*(None if one is None else self.fold(one) for one in parts))]
        return value[self.fold(node.slice)]

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> Any:
        if len(node.generators) != 1:
            raise Unfoldable
        loop, results = node.generators[0], []
        for item in self.items(loop.iter):
            self.bind(loop.target, item)
            if all(self.fold(test) for test in loop.ifs):
                results.append(self.fold(node.elt))
        return results

    def _call(self, node: ast.Call) -> Any:
        name = self._code.outside(node.func)
        own = self._code.function(node.func) if name is None else None
        if own is not None and not node.keywords:
            return self._own(*own, [self.fold(argument) for argument in node.args])
        if name == "builtins.map" and len(node.args) == 2 and not node.keywords:
            return self._map(node.args[0], node.args[1])
        if name == "builtins.range":
            span = range(*(self.fold(argument) for argument in node.args))
            if len(span) > MAX_ITEMS:
                raise Unfoldable
            return list(span)
        arguments = [self.fold(argument) for argument in node.args]
        if name == "codecs.decode" and len(arguments) == 2 and not node.keywords:
            return self._decode(arguments[0], arguments[1])
        if name in _FUNCTIONS and not node.keywords:
            self.decoded |= name in _DECODERS
            if name in _SIZED and any(isinstance(one, int) for one in arguments[:1]):
                raise Unfoldable  # bytes(n) makes n zeros
            return _FUNCTIONS[name](*arguments)
        if isinstance(node.func, ast.Attribute):
            return self._method(node, arguments)
        raise Unfoldable

    def _own(self, function: Function, inside: Code, arguments: list[Any]) -> Any:
        outer, self._code = self._code, inside
        try:
            self.decoded = True
            return self.enter(function, arguments)
        finally:
            self._code = outer

    def _map(self, function: ast.expr, items: ast.expr) -> Any:
        own = self._code.function(function)
        if own is not None:
            return [self._own(*own, [item]) for item in self.items(items)]
        if isinstance(function, ast.Lambda):
            return [self._mapped(function, item) for item in self.items(items)]
        known = _FUNCTIONS.get(self._code.outside(function) or "")
        if known is None:
            raise Unfoldable
        return [known(item) for item in self.items(items)]

    def _mapped(self, function: ast.Lambda, item: Any) -> Any:
        if len(function.args.args) != 1:
            raise Unfoldable
        self.local[function.args.args[0].arg] = item
        return self.fold(function.body)

    def _method(self, node: ast.Call, arguments: list[Any]) -> Any:
        assert isinstance(node.func, ast.Attribute)
        value, name = self.fold(node.func.value), node.func.attr
        keywords = {one.arg: self.fold(one.value) for one in node.keywords if one.arg is not None}
        if isinstance(value, dict) and name == "get" and not keywords:
            return value.get(*arguments)
        if name not in _METHODS or not isinstance(value, str | bytes):
            raise Unfoldable
        if name in ("decode", "encode"):
            codec = str(arguments[0] if arguments else keywords.get("encoding", "utf-8")).lower()
            if codec not in _CODECS:
                raise Unfoldable
            return value.decode(codec) if isinstance(value, bytes) else value.encode(codec)
        if name == "format" and not _plain_fields(value):
            raise Unfoldable
        result = getattr(value, name)(*arguments, **keywords)
        return list(result) if isinstance(result, tuple) else result

    def _decode(self, value: Any, codec: Any) -> Any:
        if str(codec).lower() not in _CODECS:
            raise Unfoldable
        self.decoded = True
        return codecs.decode(value, str(codec))


def _bounded(value: Any) -> Any:
    if isinstance(value, str | bytes | list | dict) and len(value) > MAX_SIZE:
        raise Unfoldable
    if isinstance(value, int) and value.bit_length() > 1024:
        raise Unfoldable
    if not isinstance(value, str | bytes | int | float | list | dict | None):
        raise Unfoldable
    return value


def _wide(template: str) -> bool:
    """Whether a %-template asks for a width, which could make a text of any size."""
    return any(character.isdigit() for character in template.replace("%%", "").split("%", 1)[-1])


def _plain_fields(template: str | bytes) -> bool:
    """Whether a format template has nothing but names and numbers in its fields."""
    if isinstance(template, bytes):
        return False
    for field in template.split("{")[1:]:
        inner = field.partition("}")[0]
        if inner and not inner.isidentifier() and not inner.isdigit():
            return False
    return True


_HANDLERS: dict[type[ast.expr], Callable[[Folder, Any], Any]] = {
    ast.Constant: Folder._constant,
    ast.Name: Folder._name,
    ast.Attribute: lambda folder, node: folder._code.constant(node),
    ast.Dict: Folder._dict,
    ast.IfExp: Folder._either,
    ast.BoolOp: Folder._boolean,
    ast.Compare: Folder._compare,
    ast.List: Folder._sequence,
    ast.Tuple: Folder._sequence,
    ast.BinOp: Folder._binary,
    ast.UnaryOp: Folder._unary,
    ast.JoinedStr: Folder._joined,
    ast.FormattedValue: Folder._formatted,
    ast.Subscript: Folder._subscript,
    ast.ListComp: Folder._comprehension,
    ast.GeneratorExp: Folder._comprehension,
    ast.Call: Folder._call,
}
