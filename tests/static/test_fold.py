"""Constant expressions are computed as the language would, within bounds, and nothing else is."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.policy import Policy
from toolguild.static import review
from toolguild.static.javascript import fold as javascript
from toolguild.static.python.fold import Code, Folder, Fuel
from toolguild.static.python.interpret import Function, Unfoldable

POLICY = Policy.default()


class Nothing(Code):
    """Code in which no name has a value but Python's own functions, and those of `functions`."""

    def __init__(self, functions: dict[str, Function] | None = None) -> None:
        self.functions = functions or {}

    def constant(self, node: ast.expr) -> object:
        raise Unfoldable

    def outside(self, node: ast.expr) -> str | None:
        text = ast.unparse(node)
        if text in self.functions:
            return None
        return text if "." in text and not text.startswith(("'", "bytes")) else f"builtins.{text}"

    def function(self, node: ast.expr) -> tuple[Function, Code] | None:
        own = self.functions.get(ast.unparse(node))
        return None if own is None else (own, self)


def fold(source: str, *, steps: int = 100_000) -> object:
    """Return the value of an expression, after the functions that are written before it."""
    *before, last = ast.parse(source).body
    assert isinstance(last, ast.Expr)
    functions = {one.name: one for one in before if isinstance(one, ast.FunctionDef)}
    return Folder(Nothing(dict(functions)), Fuel(steps)).fold(last.value)


@pytest.mark.parametrize(
    "source",
    [
        "'a' + 'b'",
        "'a%sb' % 'x'",
        "'%s-%s' % ('a', 'b')",
        "'ab' * 3",
        "[1, 2] * 2",
        "3 * 4 - 1",
        "7 // 2 ^ 5 & 3 | 8",
        "-3",
        "'abc'[::-1]",
        "'abc'[1]",
        "'abc'[-1:]",
        "f'{1}a{\"b\"}'",
        "''.join(['a', 'b'])",
        "'{}-{}'.format('a', 1)",
        "'{x}'.format(x='a')",
        "'abc'.replace('b', 'x').upper()",
        "'a,b'.split(',')",
        "'a-b'.partition('-')[2]",
        "b'ab'.decode()",
        "'ab'.encode('utf-8')",
        "'ab'.encode(encoding='ascii')",
        "bytes.fromhex('6162').decode()",
        "bytes([97, 98])",
        "bytearray([97, 98])",
        "''.join(chr(c) for c in [97, 98])",
        "[chr(ord(c) + 1) for c in 'ab']",
        "''.join(map(chr, [97, 98]))",
        "''.join(map(lambda c: chr(c ^ 1), [97, 98]))",
        "''.join(reversed('ab'))",
        "''.join(c for i, c in enumerate('abc'))",
        "[a for a, b in zip('ab', 'cd')]",
        "[i for i in range(3)]",
        "len('abc') + int('7')",
        "str(1) + hex(255)",
        "sorted('cab')",
    ],
)
def test_python_constants_have_the_value_that_python_gives_them(source: str) -> None:
    expected = eval(source)  # ours, from the table above

    found = fold(source)

    assert found == (
        list(expected) if isinstance(expected, list | tuple | bytearray) else expected
    ) or (bytes(found) == bytes(expected) if isinstance(found, bytes) else False)


@pytest.mark.parametrize(
    "source",
    [
        "unknown",
        "'a' * 10 ** 12",
        "'a' * 100000",
        "2.5 * 2",
        "10 ** 10",
        "'%100000d' % 1",
        "'%*d' % (9, 1)",
        "b'%*d' % (9, 1)",
        "'{:>99999}'.format(1)",
        "'{0.__class__}'.format(1)",
        "bytes(100000)",
        "[i for i in range(100000)]",
        "[a for a in 'ab' for b in 'cd']",
        "[a + b for a in 'ab' for b in 'cd']",
        "[a for a in 5]",
        "'a'.encode('idna')",
        "f'{1:>99999}'",
        "f'{1!r}'",
        "'a'[5]",
        "'a' + 1",
        "~1",
        "open('x')",
        "map(open, ['x'])",
        "'a'.zfill(9)",
        "[1].append(2)",
        "lambda: 1",
        "[x for x.y in 'ab']",
        "-" * 60 + "1",
    ],
)
def test_what_is_not_constant_or_too_large_is_left_alone(source: str) -> None:
    with pytest.raises(Unfoldable):
        fold(source)


@pytest.mark.parametrize(
    ("source", "codec"), [("flfgrz", "rot13"), ("73797374656d", "hex")], ids=["rot13", "hex"]
)
def test_codecs_are_undone(source: str, codec: str) -> None:
    code = f"import codecs, os\ngetattr(os, codecs.decode({source!r}, {codec!r}).__str__)"

    assert review(code, "python", POLICY).verdict == "ask"


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_every_encoding_people_hide_names_with_is_undone(data: bytes) -> None:
    import base64
    import binascii

    for function, encoded in (
        ("base64.b64decode", base64.b64encode(data)),
        ("base64.b32decode", base64.b32encode(data)),
        ("base64.b16decode", base64.b16encode(data)),
        ("base64.b85decode", base64.b85encode(data)),
        ("base64.a85decode", base64.a85encode(data)),
        ("base64.urlsafe_b64decode", base64.urlsafe_b64encode(data)),
        ("binascii.unhexlify", binascii.hexlify(data)),
    ):
        assert fold(f"{function}({encoded!r})") == data


@pytest.mark.parametrize(
    ("name", "value", "arguments", "expected"),
    [
        ("toLowerCase", "AB", [], "ab"),
        ("toUpperCase", "ab", [], "AB"),
        ("trim", " a ", [], "a"),
        ("toString", " a ", [], " a "),
        ("concat", "a", ["b", "c"], "abc"),
        ("split", "a,b", [","], ["a", "b"]),
        ("split", "ab", [""], ["a", "b"]),
        ("replace", "aa", ["a", "b"], "ba"),
        ("replaceAll", "aa", ["a", "b"], "bb"),
        ("charAt", "abc", [1.0], "b"),
        ("slice", "abcd", [1.0, 3.0], "bc"),
        ("slice", "abcd", [2.0], "cd"),
        ("substr", "abcd", [1.0, 2.0], "bc"),
        ("substring", "abcd", [1.0, 2.0], "b"),
        ("padStart", "a", [9.0], None),
        ("trim", "x" * 30_000, [], None),
    ],
)
def test_javascript_methods_of_texts_are_computed(
    name: str, value: str, arguments: list[str | float], expected: object
) -> None:
    assert javascript.method(value, name, arguments) == expected


@pytest.mark.parametrize(
    ("path", "arguments", "expected"),
    [
        ("atob", ["YWI="], "ab"),
        ("unescape", ["%61b"], "ab"),
        ("decodeURIComponent", ["%61b"], "ab"),
        ("Buffer.from", ["6162", "hex"], "ab"),
        ("Buffer.from", ["YWI=", "base64"], "ab"),
        ("Buffer.from", ["ab"], "ab"),
        ("String.fromCharCode", [97.0, 98.0], "ab"),
        ("String.fromCharCode", ["a"], None),
        ("Buffer.from", ["zz", "hex"], None),
        ("parseInt", ["1"], None),
        ("atob", [1.0], None),
    ],
)
def test_javascript_decoders_are_undone(
    path: str, arguments: list[str | float], expected: str | None
) -> None:
    assert javascript.decode(path, arguments) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\x61\u0062\u{63}", "abc"),
        (r"a\nb\0", "a\nb\0"),
        (r"\q", "q"),
        ("a\\\nb", "ab"),
        (r"\u{999999}", ""),
        ("plain", "plain"),
    ],
)
def test_javascript_escapes_are_resolved(text: str, expected: str) -> None:
    assert javascript.unescape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("0x10", 16.0), ("1e3", 1000.0), ("0b11", 3.0), ("10n", None)]
)
def test_javascript_numbers_are_read(text: str, expected: float | None) -> None:
    assert javascript.number(text) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def f(xs, k=7):\n    out = ''\n    for x in xs:\n        out += chr(x ^ k)\n    return out\nf([40, 98])",
        "def f(n):\n    x = []\n    while n:\n        x.append(n % 9)\n        n = n // 9\n    return x\nf(99)",
        "def f(t):\n    for c in t:\n        if c == 'b':\n            continue\n        if c > 'b':\n"
        "            break\n        a, b = (c, c)\n    return b\nf('abcd')",
        "def f(c):\n    return c.upper() if c.islower() and not c == 'b' or c == 'z' else c\n"
        "[f(c) for c in 'abz1' if c != '1']",
        "def f(k):\n    d = {'a': 'x', 'b': 'y'}\n    return d[k] + d.get(k)\nf('b')",
        "def f(n):\n    return 1 if n < 2 else n * f(n - 1)\nf(5)",
    ],
)
def test_a_function_of_the_code_gives_for_constants_what_python_gives(source: str) -> None:
    body, expression = source.rsplit("\n", 1)
    names: dict[str, object] = {}
    exec(body, names)  # ours, from the table above

    assert fold(source) == eval(expression, names)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    while True:\n        pass\nf()",
        "def f(n):\n    return f(n + 1)\nf(0)",
        "def f(xs):\n    while xs:\n        xs += xs\n    return xs\nf([1])",
        "def f(p):\n    with open(p) as x:\n        return x\nf('a')",
        "def f(a, *rest):\n    return a\nf(1, 2)",
        "def f(a):\n    return a\nf(1, 2)",
        "def f(a):\n    a.sort()\n    return a\nf([2, 1])",
    ],
)
def test_a_function_that_ends_never_or_does_more_is_not_computed(source: str) -> None:
    with pytest.raises(Unfoldable):
        fold(source)


def test_all_expressions_of_a_module_together_take_a_bounded_number_of_steps() -> None:
    with pytest.raises(Unfoldable):
        fold("[i for i in range(100)]", steps=50)
