"""The reviewer judges whatever it is given, within a bound, and the same each time."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz import grammar, targets

from toolguild.static import review

FUZZ = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@FUZZ
@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda one: one.encode("utf-8", "replace"))
)
def test_any_bytes_are_judged(data: bytes) -> None:
    targets.python(data)
    targets.javascript(data)


@FUZZ
@given(grammar.PYTHON)
def test_any_python_program_is_judged(source: str) -> None:
    targets.python(source.encode("utf-8", "replace"))


@FUZZ
@given(grammar.JAVASCRIPT)
def test_any_javascript_program_is_judged(source: str) -> None:
    targets.javascript(source.encode())


@FUZZ
@given(grammar.mixed("python"))
def test_python_samples_cut_and_mixed_are_judged(data: bytes) -> None:
    targets.python(data)


@FUZZ
@given(grammar.mixed("javascript"))
def test_javascript_samples_cut_and_mixed_are_judged(data: bytes) -> None:
    targets.javascript(data)


def lines(form: str) -> Callable[[int], str]:
    """Return what makes a program of so many lines, in each of which {i} is its number and {h} the last one's."""
    return lambda size: "\n".join(form.format(i=i, h=i - 1) for i in range(1, size))


GROWING: dict[str, Callable[[int], str]] = {
    "chain of texts": lambda size: 'x0 = "a"\n' + lines('x{i} = x{h} + "a"')(size),
    "functions that call each other": lines("def f{i}(x): return f{h}(x)"),
    "classes of classes": lines("class A{i}(A{h}, A{h}): x = A{h}.y"),
    "properties": lambda size: (
        "class A:\n" + lines("    @property\n    def m{i}(self): return self.m{h}")(size)
    ),
    "containers in containers": lambda size: "x = []\n" + lines("x.append([x, {i}])")(size),
    "one function computed often": lambda size: (
        "def f(n):\n    t = ''\n    for i in range(999):\n        t += chr(i % 9)\n    return t\n"
        + lines("x{i} = f({i})")(size)
    ),
    "a function without end": lambda size: (
        "def f(n):\n    while n: n += 1\n    return n\n" + lines("x{i} = f({i})")(size)
    ),
    "many values of one name": lambda size: (
        lines('x = "{i}"')(size) + "\n" + lines("y{i} = x + x + x")(size)
    ),
    "long line": lambda size: "x = '" + "password=eyJ-a://:" * size + "'",
    "long template": lambda size: "x = '" + "{a.__b" * size + "'",
    "long statement": lambda size: "c.execute('" + "attach vacuum into " * size + "')",
    "groups": lambda size: "import re\n" + "re.compile('" + "(a|b)" * size + "')",
    "deep groups": lambda size: (
        "import re\n" + "re.compile('" + "(" * size + "a" + ")*" * size + "')"
    ),
    "brackets": lambda size: "x = " + "[" * size + "]" * size,
    "signs": lambda size: "x = " + "-" * size + "1",
    "powers": lambda size: "x = " + "9 ** " * size + "9",
    "dots": lambda size: "x = a" + ".b" * size,
}
GROWING_JAVASCRIPT: dict[str, Callable[[int], str]] = {
    "chain of texts": lambda size: 'let x0 = "a";\n' + lines('let x{i} = x{h} + "a";')(size),
    "functions that call each other": lines("function f{i}(x) {{ return f{h}(x); }}"),
    "functions handed on": lines("const g{i} = (f) => f(g{h});"),
    "classes of classes": lines("class A{i} extends A{h} {{ get m() {{ return this.m; }} }}"),
    "callbacks": lambda size: "let a = [1];\n" + lines("a.map((x) => a.map((y) => y));")(size),
    "escapes": lambda size: 'x = "' + "\\u0041" * size + '";',
    "brackets": lambda size: "x = " + "[" * size + "]" * size,
    "unclosed": lambda size: "x = " + "(" * size,
    "calls of calls": lambda size: "f(" * size + "x" + ")" * size,
}


@pytest.mark.parametrize("size", [799])
@pytest.mark.parametrize("kind", GROWING)
def test_a_python_program_as_large_as_may_be_takes_bounded_time(kind: str, size: int) -> None:
    with targets.bounded():
        review(GROWING[kind](size), "python", targets.POLICY)


@pytest.mark.parametrize("size", [799])
@pytest.mark.parametrize("kind", GROWING_JAVASCRIPT)
def test_a_javascript_program_as_large_as_may_be_takes_bounded_time(kind: str, size: int) -> None:
    with targets.bounded():
        review(GROWING_JAVASCRIPT[kind](size), "javascript", targets.POLICY)


@pytest.mark.parametrize("language", ["python", "javascript"])
@pytest.mark.parametrize("piece", ["(", "'", "-", "a.", "a(", "`${", "\x00", "\ud800"])
def test_a_great_deal_of_one_thing_takes_bounded_time(piece: str, language: str) -> None:
    with targets.bounded():
        review(piece * (400_000 // len(piece)), language, targets.POLICY)  # type: ignore[arg-type]  # one of the two
