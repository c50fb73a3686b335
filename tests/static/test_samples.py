"""Code that hides what it does is noticed, and harmless code that looks alike is not."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolguild.capability import Language
from toolguild.policy import Policy
from toolguild.static import review

FOLDER = Path(__file__).parent / "samples"
POLICY = Policy.default()


def samples(name: str) -> list[str]:
    """Return the pieces of code in a file of samples."""
    return (FOLDER / name).read_text(encoding="utf-8").strip("\n").split("\n---\n")


EVASIONS = samples("evasions.py.txt")
HARMLESS = samples("harmless.py.txt")


@pytest.mark.parametrize("source", EVASIONS)
def test_python_that_hides_a_capability_is_noticed(source: str) -> None:
    assert review(source, "python", POLICY).verdict != "allow"


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless_python_is_allowed(source: str) -> None:
    found = review(source, "python", POLICY)

    assert found.verdict == "allow", found.findings


@pytest.mark.parametrize("source", samples("evasions.js.txt"))
def test_javascript_that_hides_a_capability_is_noticed(source: str) -> None:
    assert review(source, "javascript", POLICY).verdict != "allow"


@pytest.mark.parametrize("source", samples("harmless.js.txt"))
def test_harmless_javascript_is_allowed(source: str) -> None:
    found = review(source, "javascript", POLICY)

    assert found.verdict == "allow", found.findings


# Of another meaning inside a function: star imports, a local read before it is bound, globals.
MODULE_ONLY = ("import *", "eval = eval", "global ")


@pytest.mark.parametrize(
    "source", [one for one in EVASIONS if not any(part in one for part in MODULE_ONLY)]
)
def test_an_evasion_is_noticed_inside_a_function_of_a_larger_module(source: str) -> None:
    body = "\n".join(f"    {line}" for line in source.split("\n"))
    whole = "\n\n".join([*HARMLESS[:3], f"def hidden(u, x, name):\n{body}\n    return 1"])

    assert review(whole, "python", POLICY).verdict != "allow"


COMMENTS = st.text(alphabet="abc XYZ_()'\"eval{}.:#!", max_size=40)


@settings(deadline=None)
@given(st.sampled_from(EVASIONS + HARMLESS), COMMENTS)
def test_a_comment_never_changes_the_verdict(source: str, comment: str) -> None:
    commented = f"# {comment}\n{source}\n# {comment}\n"

    assert review(commented, "python", POLICY).verdict == review(source, "python", POLICY).verdict


@settings(deadline=None)
@given(st.sampled_from(EVASIONS + HARMLESS), COMMENTS)
def test_a_docstring_never_changes_the_verdict(source: str, text: str) -> None:
    documented = f"{text!r}\n{source}"

    assert review(documented, "python", POLICY).verdict == review(source, "python", POLICY).verdict


class Rename(ast.NodeTransformer):
    """Gives every assigned variable another name."""

    def __init__(self, names: set[str]) -> None:
        self.names = {name: f"renamed_{number}" for number, name in enumerate(sorted(names))}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)

    def visit_Global(self, node: ast.Global) -> ast.Global:
        return ast.Global([self.names.get(name, name) for name in node.names])


@pytest.mark.parametrize("source", EVASIONS + HARMLESS)
def test_renaming_variables_never_changes_the_verdict(source: str) -> None:
    tree = ast.parse(source)
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _stores(n)}
    builtin = {"eval", "exec", "compile", "json", "__builtins__"}
    renamed = ast.unparse(Rename(stored - builtin).visit(tree))

    assert review(renamed, "python", POLICY).verdict == review(source, "python", POLICY).verdict


def _stores(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


WORDS = (
    "def class f x ( ) [ ] { } : = . , ' \" \n \n\t lambda yield await async import from as if else "
    "for in while try except * ** -> := @ f' ${ } => ` / \\ /* // function const let return new this "
    "?. 1 0x1 1e999 __class__ getattr eval \x00 é \ud800"
)
CODE = st.lists(
    st.sampled_from(WORDS.split(" ")),
    max_size=60,
).map(" ".join)


@settings(deadline=None)
@given(CODE | st.text(max_size=200), st.sampled_from(["python", "javascript"]))
def test_any_text_has_a_verdict(source: str, language: Language) -> None:
    assert review(source, language, POLICY).verdict in ("allow", "ask", "block")


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "+".join(["1"] * 20_000),
        "x" + ".a" * 20_000,
        "x" + "()" * 20_000,
        "x" + "[0]" * 20_000,
        "if x: pass\n" + "elif x: pass\n" * 700,
        "\x00",
        "x = 9" + "9" * 10_000,
        "x = 9 ** 9 ** 9 ** 9",
        "x = 'a' * 10 ** 12",
        "x = '%1000000000d' % 1",
        "x = f'{1:1000000000}'",
        "x = bytes(10 ** 12)",
        "x = list(range(10 ** 12))",
        "x = '{:>1000000000}'.format(1)",
        "x = [[[[[0] * 1000] * 1000] * 1000] * 1000]",
        "x = 'a'.replace('', 'b' * 10000).replace('', 'b' * 10000).replace('', 'c' * 9999)",
        "x = 1 << 10 ** 10",
        "lambda: " * 5_000 + "0",
        "a = b = c = d\n" * 700,
        "def f(x): return f(f(x))\n" * 300,
        "{" * 5_000,
        "`${" * 5_000,
        "[" * 50_000,
        "a=>" * 10_000 + "1",
        "!" * 50_000 + "1",
        "/" * 100_000,
        "x" * 2_000_000,
        "\n" * 100_000,
    ],
    ids=lambda source: source[:20],
)
@pytest.mark.parametrize("language", ["python", "javascript"])
@pytest.mark.timeout(60)
def test_hostile_text_ends_with_a_verdict(source: str, language: Language) -> None:
    assert review(source, language, POLICY).verdict in ("allow", "ask", "block")


def test_a_review_is_deterministic() -> None:
    for source in EVASIONS:
        assert review(source, "python", POLICY) == review(source, "python", POLICY)
