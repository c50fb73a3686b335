"""Programs made at random: Python from its syntax tree, JavaScript from templates, samples cut and mixed."""

import ast
from typing import Any

from hypothesis import strategies as st
from tests.fuzz import corpus

NAMES = st.sampled_from(["a", "b", "os", "getattr", "eval", "self", "x", "open", "__builtins__"])
WORDS = st.sampled_from(
    ["", "a", "sys", "tem", "/etc/passwd", "{0.__class__}", "(a+)+$", "import os"]
)
CONSTANTS = WORDS | st.integers(-3, 10**6) | st.booleans() | st.none() | st.binary(max_size=3)
_LOAD, _STORE = ast.Load(), ast.Store()


def _name(context: Any = _LOAD) -> st.SearchStrategy[Any]:
    return NAMES.map(lambda name: ast.Name(name, context))


def _compose(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, max_size=3)
    loop = st.builds(
        lambda target, over: ast.comprehension(target, over, [], 0), _name(_STORE), inner
    )
    arguments = _name().map(
        lambda one: ast.arguments([], [ast.arg(one.id)], None, [], [], None, [])
    )
    keywords = st.builds(ast.keyword, NAMES | st.none(), inner)
    return st.one_of(
        st.builds(lambda of, name: ast.Attribute(of, name, _LOAD), inner, NAMES),
        st.builds(lambda of, at: ast.Subscript(of, at, _LOAD), inner, inner),
        st.builds(ast.Call, inner, several, st.lists(keywords, max_size=2)),
        st.builds(lambda a, b: ast.BinOp(a, ast.Add(), b), inner, inner),
        st.builds(lambda a, b: ast.BinOp(a, ast.Mult(), b), inner, inner),
        st.builds(lambda parts: ast.List(parts, _LOAD), several),
        st.builds(lambda parts: ast.Dict(parts, parts), several),
        st.builds(ast.Lambda, arguments, inner),
        st.builds(ast.IfExp, inner, inner, inner),
        st.builds(lambda one, each: ast.ListComp(one, [each]), inner, loop),
        _name().map(lambda one: ast.JoinedStr([ast.FormattedValue(one, -1)])),
        st.builds(lambda one: ast.Starred(one, _LOAD), inner),
    )


EXPRESSIONS = st.recursive(CONSTANTS.map(ast.Constant) | _name(), _compose, max_leaves=8)


def _blocks(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    body = st.lists(inner, min_size=1, max_size=3)
    nothing = ast.arguments([], [ast.arg("x")], None, [], [], None, [])
    decorators = st.lists(EXPRESSIONS, max_size=1)
    return st.one_of(
        st.builds(lambda n, b, d: ast.FunctionDef(n, nothing, b, d), NAMES, body, decorators),
        st.builds(
            lambda n, e, b, d: ast.ClassDef(n, [e], [], b, d), NAMES, EXPRESSIONS, body, decorators
        ),
        st.builds(lambda t, e, b: ast.For(t, e, b, []), _name(_STORE), EXPRESSIONS, body),
        st.builds(lambda e, b: ast.While(e, b, []), EXPRESSIONS, body),
        st.builds(lambda e, b: ast.If(e, b, []), EXPRESSIONS, body),
        st.builds(
            lambda e, b: ast.With([ast.withitem(e, ast.Name("a", _STORE))], b), EXPRESSIONS, body
        ),
        st.builds(lambda b: ast.Try(b, [ast.ExceptHandler(None, "a", b)], [], []), body),
    )


_SIMPLE = st.one_of(
    st.builds(ast.Expr, EXPRESSIONS),
    st.builds(lambda t, e: ast.Assign([t], e), _name(_STORE), EXPRESSIONS),
    st.builds(lambda t, e: ast.AugAssign(t, ast.Add(), e), _name(_STORE), EXPRESSIONS),
    st.builds(
        lambda o, n, e: ast.Assign([ast.Attribute(o, n, _STORE)], e),
        EXPRESSIONS,
        NAMES,
        EXPRESSIONS,
    ),
    st.builds(lambda n: ast.Import([ast.alias(n)]), NAMES),
    st.builds(lambda m, n: ast.ImportFrom(m, [ast.alias(n)], 0), NAMES, NAMES),
    st.builds(lambda n: ast.Global([n]), NAMES),
    st.builds(lambda t: ast.Delete([t]), _name(ast.Del())),
    st.builds(ast.Return, EXPRESSIONS),
)
STATEMENTS = st.recursive(_SIMPLE, _blocks, max_leaves=6)


def _written(statements: list[Any]) -> str:
    return ast.unparse(ast.fix_missing_locations(ast.Module(statements, [])))


PYTHON = st.lists(STATEMENTS, min_size=1, max_size=5).map(_written)

_HOLES = st.sampled_from(
    [
        "x",
        "eval",
        "process",
        "this",
        "'con' + 'structor'",
        "[1, 2]",
        "{ a: 1, get b() { return x } }",
        "(x) => x",
        "function* () { yield x }",
        "class extends x { static y = x }",
        "`a${x}`",
        "/a+/",
        "null",
    ]
)
_FORMS = st.sampled_from(
    [
        "{0}({1})",
        "{0}[{1}]",
        "({0}).a",
        "{0} + {1}",
        "new ({0})({1})",
        "({0}) ? {1} : {0}",
        "[...{0}]",
        "{0}?.({1})",
        "import({0})",
        "require({0})",
        "({{ ...{0}, [{1}]: {0} }})",
    ]
)
JAVASCRIPT_EXPRESSIONS = st.recursive(
    _HOLES,
    lambda inner: st.builds(lambda form, a, b: form.format(a, b), _FORMS, inner, inner),
    max_leaves=6,
)
_LINES = st.sampled_from(
    [
        "const x = {0};",
        "let {{ a: x = {0} }} = {1};",
        "exports.run = {0};",
        "{0}.a = {1};",
        "for (const x of {0}) {{ {1}; }}",
        "while ({0}) {{ x = {1}; }}",
        "function x(a = {0}) {{ return {1}; }}",
        "try {{ throw {0}; }} catch (x) {{ {1}; }}",
    ]
)
JAVASCRIPT = st.lists(
    st.builds(
        lambda form, a, b: form.format(a, b), _LINES, JAVASCRIPT_EXPRESSIONS, JAVASCRIPT_EXPRESSIONS
    ),
    min_size=1,
    max_size=5,
).map("\n".join)


@st.composite
def mixed(draw: st.DrawFn, language: str) -> bytes:
    """Samples of code with lines of one put among those of another, and a piece left out or said twice."""
    samples = corpus.code(language)
    one, other = (draw(st.sampled_from(samples)).split(b"\n") for _ in range(2))
    at = draw(st.integers(0, len(one)))
    whole = b"\n".join([*one[:at], *other, *one[at:]])
    start, size = draw(st.integers(0, len(whole))), draw(st.integers(0, 12))
    twice = draw(st.integers(0, 2))
    return whole[:start] + whole[start : start + size] * twice + whole[start + size :]
