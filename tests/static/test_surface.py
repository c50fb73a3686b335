"""The tables of what libraries offer: what is not in them is asked about, and the policy extends them."""

from importlib import resources

import pytest

from toolguild.policy import Policy, parse_policy
from toolguild.static import review
from toolguild.static.surface import javascript, python, table

POLICY = Policy.default()
TABLES = sorted(
    one.name.removesuffix(".txt")
    for one in resources.files("toolguild.static.surface").iterdir()
    if one.name.endswith(".txt")
)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_paragraphs_of_a_module_and_its_members(name: str) -> None:
    members = table(name).members

    assert members
    for module, names in members.items():
        assert all(part.isidentifier() for part in module.split(".")), module
        assert all(one.isidentifier() for one in names), module


@pytest.mark.parametrize(
    "path",
    [
        "codecs.register",
        "gettext.c2py",
        "random._os",
        "xml.dom.expatbuilder",
        "asyncio.base_events.subprocess",
        "numpy.lib.npyio",
        "pandas.core.computation.eval",
        "matplotlib.cbook.subprocess",
        "scipy.LowLevelCallable",
        "lxml.etree.XSLT",
        "torch.hub.load",
        "networkx.utils.backends.os",
        "nltk.download",
        "PIL.Image.open().show",
    ],
)
def test_what_is_not_known_to_be_harmless_is_told(path: str) -> None:
    why = python(path)

    assert why is not None
    assert path in why


@pytest.mark.parametrize(
    "path",
    [
        "json.loads",
        "datetime.datetime.now",
        "xml.etree.ElementTree.parse",
        "collections.abc.Mapping",
        "numpy.linalg.norm",
        "numpy.add.reduce",
        "pandas.DataFrame.from_dict",
        "matplotlib.pyplot.style.use",
        "matplotlib.patches.Patch",
        "scipy.stats.norm.ppf",
        "sklearn.gaussian_process.kernels.RBF",
        "yaml.safe_load",
        "torch.utils.data.DataLoader",
        "networkx.shortest_path",
        "guild.call",
    ],
)
def test_what_data_tools_use_is_known(path: str) -> None:
    assert python(path) is None


def test_members_of_javascript_are_known_by_name() -> None:
    assert javascript("Object.keys") is None
    assert javascript("fs.readFileSync") is None
    assert javascript("exports.run") is None
    assert javascript("Object.getOwnPropertyDescriptor") is not None
    assert javascript("crypto.setEngine") is not None


def test_a_finding_tells_the_line_and_what_the_policy_could_say() -> None:
    found = review("import codecs\n\ncodecs.register(f)\n", "python", POLICY)

    (one,) = found.findings
    assert (found.verdict, one.rule, one.line) == ("ask", "library-member", 3)
    assert one.policy == "calls.python.allow"


def test_an_operator_extends_the_tables_in_the_policy() -> None:
    policy = parse_policy(
        "version: 1\ncalls: {python: {allow: [codecs.register]}, javascript: {allow: [Object.frob]}}"
    )

    assert review("import codecs\ncodecs.register(f)\n", "python", policy).verdict == "allow"
    assert review("Object.frob({})", "javascript", policy).verdict == "allow"
    assert review("Object.frob({})", "javascript", POLICY).verdict == "ask"


def test_a_computed_attribute_of_an_own_object_is_its_own_and_of_another_it_is_not() -> None:
    own = "class A:\n    def get(self, name):\n        return getattr(self, name)\n"
    other = own.replace("(self, name)", "(x, name)").replace("def", "@staticmethod\n    def")
    other = other.replace("getattr(self", "getattr(x")

    assert review(own, "python", POLICY).verdict == "allow"
    assert review(other, "python", POLICY).verdict == "ask"
    assert (
        review(
            "import sqlite3\n" + own.replace("A:", "A(sqlite3.Connection):"), "python", POLICY
        ).verdict
        == "ask"
    )


def test_an_argument_that_is_not_known_everywhere_is_not_taken_for_the_one_that_is() -> None:
    code = "def _take(name):\n    return getattr(print, name)\n\n_take('size')\n"

    assert review(code, "python", POLICY).verdict == "allow"
    assert review(code + "list(map(_take, names))\n", "python", POLICY).verdict == "ask"
    assert review(code + "_take(**options)\n", "python", POLICY).verdict == "ask"


@pytest.mark.parametrize(
    "code",
    [
        "import itertools\nsum(1 for _ in itertools.count())",
        "import sys\nsys.setrecursionlimit(10**9)",
        "x = 'a' * 10**12",
        "x = [0] * (1 << 40)",
        "x = bytearray(10**11)",
    ],
)
def test_what_is_without_bounds_asks(code: str) -> None:
    rules = {one.rule for one in review(code, "python", POLICY).findings}

    assert "endless-loop" in rules


@pytest.mark.parametrize(
    "code",
    [
        "import itertools\nx = list(itertools.islice(itertools.count(), 3))",
        "import sys\nsys.setrecursionlimit(10_000)",
        "x = [0] * 10**6",
        "x = 2 ** 200",
    ],
)
def test_what_has_bounds_does_not_ask(code: str) -> None:
    assert review(code, "python", POLICY).verdict == "allow"


def test_a_loop_that_computes_a_text_comes_to_an_end_of_its_own() -> None:
    code = "x = ''\nfor c in rows:\n    x = x + 'a'\n    y = x.strip().lower()\n    x = y.title()\n"

    assert review(code, "python", POLICY).verdict == "allow"
