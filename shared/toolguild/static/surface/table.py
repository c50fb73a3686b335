"""Tables of the members of modules that a tool may reach, and what is to be asked about all others."""

import re
import sys
from functools import cache
from importlib import resources

from toolguild.static.words import words

_STANDARD = frozenset(sys.stdlib_module_names)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# Words in the name of a library's function which say that it runs, loads, fetches, sends or replaces something.
RISKY = words(
    "eval exec execute run runs runner system shell popen spawn fork process subprocess command commands cmd "
    "compile compiler codegen compilation cython ufuncify script scripts load loads loader loaders loadtxt "
    "unpickle unpickler pickle gpickle marshal serialize deserialize import importer plugin plugins hub download "
    "downloads downloader fetch fetcher url urls urlopen urlretrieve http https ftp request requests remote "
    "client connect connection socket server serve listen send upload publish clipboard show viewer browser "
    "hook hooks patch patcher trace tracer globals namespace native nativetypes ctypes ctypeslib dll cdll "
    "libdevice jit driver extension extensions credentials login environ getenv popener autowrap lambdify "
    "lambdastr sympify preview latex xslt include distutils testing magic unsafe dangerous console repl "
    "stanford malt senna hunpos weka megam prover9 mace boxer offline "
    "notebook terminal webuse database sql gbq hdf aws s3 gcs azure hdfs openml backend backends agraph pydot "
    "DataSource graphviz movie ffmpeg imagemagick writers telegram discord slack moves proxy"
)
# A library's attribute of such a name is the module of that name, which it has imported; these do no harm.
_PLAIN = words(
    "abc array base64 bisect calendar cmath collections colorsys copy csv dataclasses datetime decimal difflib "
    "email enum errno fractions graphlib hashlib heapq hmac html itertools json keyword locale math numbers "
    "pprint queue random re secrets stat statistics string struct textwrap time token tokenize tomllib typing "
    "unicodedata uuid warnings zlib zoneinfo chunk test profile code select"
)
MODULES = _STANDARD - _PLAIN | words("code profile")


# Libraries of which everything that is not in a table of their own is asked about.
STRICT = words(
    "numpy pandas scipy sklearn matplotlib PIL yaml jinja2 lxml seaborn bs4 dateutil pytz openpyxl more_itertools "
    "tabulate regex"
)


class Table:
    """For each module that is named, the members that a tool may reach unasked."""

    def __init__(self, text: str) -> None:
        self.members: dict[str, frozenset[str]] = {}
        self._packages: set[str] = set()
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        for paragraph in "\n".join(lines).replace("\n ", " ").splitlines():
            module, _, names = paragraph.partition(":")
            self.members[module] = words(names)
            parts = module.split(".")
            self._packages |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}

    def covers(self, path: str) -> bool:
        """Say whether the table has anything about the library of a dotted name."""
        return path.partition(".")[0] in self._packages

    def knows(self, path: str) -> bool:
        """Say whether a dotted name is a module, or below a member, that the table holds."""
        if path in self._packages:
            return True
        parts = path.split(".")
        for end in range(len(parts) - 1, 0, -1):
            members = self.members.get(".".join(parts[:end]))
            if members is not None:
                return parts[end] in members
        return False


@cache
def table(name: str) -> Table:
    """Return the table of that name in this folder."""
    file = resources.files("toolguild.static.surface").joinpath(f"{name}.txt")
    return Table(file.read_text(encoding="utf-8"))


@cache
def python(path: str) -> str | None:
    """Say why a dotted name of a Python library is not known to be harmless; None when it is.

    `()` after a part stands for the result of calling it. The standard library is allowed by name; of other
    libraries what sounds as if it did more than compute is allowed by name.
    """
    top, _, rest = path.partition(".")
    known = table("python")
    if top in _STANDARD:
        if "()" in path or not known.covers(top) or known.knows(path):
            return None
        return _unknown(path, top)
    if top in STRICT and rest and "()" not in path:
        if not table(top).knows(path):
            return _unknown(path, top)
        if path.rpartition(".")[0] in table(top).members:
            return None
    harmless = table("libraries")
    last = rest.rpartition(".")[2]
    if top == "guild" or not rest or last == "()" or harmless.knows(path):
        return None
    if last in harmless.members.get(top, ()):
        return None
    if last in MODULES:
        return f"{path} is a module that {top} uses itself"
    word = risky(last)
    return None if word is None else f"{path} may do more than compute ({word})"


def _unknown(path: str, top: str) -> str:
    return f"{path} is not among what is known to be harmless of {top}"


@cache
def javascript(path: str) -> str | None:
    """Say why a global name, or a member of an object or module, is not known to be harmless; None when it is."""
    known = table("javascript")
    parts = path.split(".")
    members = known.members.get(parts[0])
    if members is None or len(parts) == 1 or parts[1] in members:
        return None
    return f"{path} is not among what is known to be harmless of {parts[0]}"


def risky(name: str) -> str | None:
    """Return the word in a name which says that it runs, loads, fetches, sends or replaces something."""
    if name in RISKY:
        return name
    for part in _PARTS.findall(name):
        if part.lower() in RISKY:
            return str(part.lower())
    return None
