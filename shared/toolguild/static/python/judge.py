"""Deciding what the rules make of what the code does with what it reaches."""

import ast
import re
from typing import Final

from toolguild.static.paths import is_system, outside
from toolguild.static.python import library
from toolguild.static.python.reach import DUNDERS, HIDDEN_MODULES, Reach
from toolguild.static.python.values import (
    MORE,
    NOTHING,
    Const,
    Made,
    Namespace,
    Ref,
    Values,
    texts,
)
from toolguild.static.slow import is_slow
from toolguild.static.words import words

_FRAMES: Final = words(
    "gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_origin ag_frame ag_code f_back f_builtins "
    "f_code f_globals f_locals f_trace tb_frame tb_next co_code co_consts func_globals func_code "
    "__code__ __closure__ __traceback__"
)
_QUIET_FRAMES: Final = frozenset(("__traceback__", "tb_next"))
_QUIET_DUNDERS: Final = frozenset(
    ("mro", "__wrapped__", "__func__", "__getattribute__", "__weakref__", "__set_name__")
)
_FORMAT_WALK: Final = re.compile(
    r"\{[^{}]*[.\[](?:__\w+|gi_frame|cr_frame|f_globals|f_builtins|tb_frame|func_globals)"
)
_PAYLOAD: Final = re.compile(
    r"\b(?:import\s+\w|__import__|exec\s*\(|eval\s*\(|os\.system|subprocess|popen|socket\.|"
    r"/bin/(?:ba)?sh|rm\s+-rf|curl\s|wget\s|powershell)",
    re.IGNORECASE,
)
_MODULE_READERS: Final = frozenset(
    f"builtins.{name}" for name in ("getattr", "setattr", "hasattr", "vars", "dir", "isinstance")
)
_METHODS: Final = {  # of objects that the review does not know
    "load_extension": "native-load",
    "enable_load_extension": "native-load",
    "LoadLibrary": "native-load",
    "load_module": "dynamic-import",
    "exec_module": "dynamic-import",
    "find_module": "dynamic-import",
    "runsource": "dynamic-code",
    "runcode": "dynamic-code",
    "create_subprocess_exec": "call-denied",
    "create_subprocess_shell": "call-denied",
}
_FETCHERS: Final = (
    "pandas.",
    "numpy.",
    "polars.",
    "xarray.",
    "imageio.",
    "geopandas.",
    "skimage.",
    "xml.",
    "lxml.",
    "PIL.",
    "torch.",
    "tensorflow.",
)
_URL: Final = re.compile(r"(?:https?|ftps?|s3|gs|ssh|sftp)://", re.IGNORECASE)


class Judge(Reach):
    """Judges attributes, assignments and calls."""

    def attribute(self, owner: Values, name: str, node: ast.AST) -> None:
        """Judge an attribute by its name, whatever its owner is."""
        if name in _FRAMES and name not in _QUIET_FRAMES:
            self.report("frame-access", node, f".{name} reaches the interpreter's own objects")
        elif name in DUNDERS and name not in _QUIET_DUNDERS:
            self.report("dunder-access", node, f".{name} leads into the interpreter")
        elif name == "__getattribute__" and any(isinstance(one, Ref) for one in owner):
            self.report("dunder-access", node, f".{name} reads any attribute by its name")
        elif name in ("__class__", "__dict__"):
            self._class_or_dict(owner, name, node)
        elif name in ("load_extension", "enable_load_extension"):
            self.report("native-load", node, f".{name} loads native code")

    def _class_or_dict(self, owner: Values, name: str, node: ast.AST) -> None:
        outside_refs = [one for one in owner if isinstance(one, Ref | Namespace)]
        if name == "__dict__" and outside_refs:
            self.report("namespace-access", node, "the table of names of a module is taken")
        if name == "__class__" and node not in self.quiet:
            self.report("class-access", node, ".__class__ is taken for more than its name")

    quiet: frozenset[ast.AST] = frozenset()  # uses of .__class__ that only name or compare it

    def item(self, path: str, names: list[str], node: ast.AST) -> None:
        """Judge an item taken of something outside, such as `sys.modules["os"]`."""
        if path == "sys.modules":
            for name in names:
                self._import(name, self._imports.decide(name), node)

    def bound(self, name: str, node: ast.AST) -> None:
        """Judge that the code gives a name a value."""
        if name in ("__builtins__", "__import__", "__build_class__", "__loader__", "__spec__"):
            self.report("monkeypatch", node, f"{name} is replaced")

    def replaced(self, owner: Values, name: str, node: ast.AST) -> None:
        """Judge an assignment to an attribute."""
        if name == "__class__":
            self.report("class-access", node, "the class of an object is changed")
        else:
            self.attribute(NOTHING, name, node)
        for one in owner:
            if isinstance(one, Namespace):
                self.report("monkeypatch", node, f"{one.path}.{name} is replaced")
            elif isinstance(one, Ref) and "()" not in one.path:
                top = one.path.partition(".")[0]
                path = f"{one.path}.{name}"
                if path in ("sys.stdout", "sys.stderr", "sys.stdin", "sys.argv"):
                    self.report("call-ask", node, f"{path} is replaced")
                elif top in library.STANDARD or one.path == top:
                    self.report("monkeypatch", node, f"{path} is replaced")

    def item_replaced(self, owner: Values, node: ast.Subscript) -> None:
        """Judge an assignment to an item."""
        for one in owner:
            if isinstance(one, Namespace):
                self.report(
                    "monkeypatch", node, f"a name of {one.path or 'the module'} is replaced"
                )

    def method(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Judge a method that the code defines."""
        if node.name in ("__reduce__", "__reduce_ex__"):
            self.report("reduce-method", node, f"{node.name} runs when the object is unpickled")

    def decoded(self, value: object, node: ast.AST) -> None:
        """Judge what an encoded constant decodes to."""
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if isinstance(text, str) and _PAYLOAD.search(text[:10_000]):
            self.report("hidden-payload", node, "an encoded constant decodes to code or a command")

    def call(
        self,
        node: ast.Call,
        function: Values,
        owner: Values,
        arguments: list[Values],
        keywords: dict[str, Values],
    ) -> None:
        """Judge a call by its function and what it is given."""
        for one in function:
            if isinstance(one, Ref):
                self._outside_call(one.path, node, arguments, keywords)
        if isinstance(node.func, ast.Attribute):
            self._method_call(node.func.attr, node, function, owner, arguments)

    def _outside_call(
        self, path: str, node: ast.Call, arguments: list[Values], keywords: dict[str, Values]
    ) -> None:
        if path in ("builtins.getattr", "builtins.setattr", "builtins.delattr", "builtins.hasattr"):
            self._by_name(path, node, arguments)
        elif path in ("operator.attrgetter", "operator.methodcaller"):
            self._getter(path, node, arguments)
        elif path.startswith(("re.", "regex.")):
            self._pattern(node, arguments)
        if path not in _MODULE_READERS:
            self._handed_on(node, [*arguments, *keywords.values()])
        self._flags(path, node, keywords)
        self._paths(path, node, arguments, keywords)

    def _by_name(self, path: str, node: ast.Call, arguments: list[Values]) -> None:
        if len(arguments) < 2:
            return
        names = texts(arguments[1])
        verb = path.removeprefix("builtins.")
        if (not names or MORE in arguments[1]) and verb != "hasattr":
            self.report("dynamic-attribute", node, f"{verb} with a name that cannot be computed")
        for name in names:
            if name == "__class__":
                self.report("dunder-access", node, f"{verb} of {name}")
            elif verb in ("setattr", "delattr"):
                self.replaced(arguments[0], name, node)

    def _getter(self, path: str, node: ast.Call, arguments: list[Values]) -> None:
        for values in arguments if path.endswith("getter") else arguments[:1]:
            names = texts(values)
            if not names:
                self.report(
                    "dynamic-attribute", node, f"{path} with a name that cannot be computed"
                )
            for name in names:
                for part in name.split("."):
                    if part in DUNDERS | _FRAMES or part == "__class__":
                        self.report("dunder-access", node, f"{path} of {part}")

    def _pattern(self, node: ast.Call, arguments: list[Values]) -> None:
        for text in texts(arguments[0]) if arguments else []:
            if is_slow(text):
                self.report("slow-pattern", node, f"{text[:60]!r} can take exponential time")

    def _handed_on(self, node: ast.Call, arguments: list[Values]) -> None:
        """Judge that a module itself goes where the review cannot follow it."""
        for values in arguments:
            for one in values:
                if isinstance(one, Ref) and one.path in HIDDEN_MODULES:
                    self.report(
                        "reflection", node, f"the module {one.path} is passed on as a value"
                    )

    def _flags(self, path: str, node: ast.Call, keywords: dict[str, Values]) -> None:
        if any(
            one.value is True for one in keywords.get("allow_pickle", ()) if isinstance(one, Const)
        ):
            self.report("unsafe-load", node, f"{path} with allow_pickle=True")
        if path == "yaml.load" and "Loader" not in keywords and len(node.args) < 2:
            self.report("unsafe-load", node, "yaml.load without SafeLoader")

    def _paths(
        self, path: str, node: ast.Call, arguments: list[Values], keywords: dict[str, Values]
    ) -> None:
        sink = library.sink(path)
        if sink is None:
            return
        mode = sink.mode if sink.mode != "mode" else _mode(arguments, keywords)
        given = [
            ("read" if n == 0 and path.startswith("shutil.copy") else mode, values)
            for n, values in enumerate(arguments)
            if n in sink.arguments
        ]
        given += [(mode, keywords[name]) for name in _PATH_KEYWORDS if name in keywords]
        for mode, values in given:
            for text in library.path_texts(values):
                if path.startswith(_FETCHERS) and _URL.match(text):
                    rule = "granted" if self._may_fetch() else "network-url"
                    self.report(rule, node, f"{path} of a URL", "capabilities.hosts")
                elif sink.sure:
                    self._path(text, mode, node)
                elif is_system(text):
                    self.report("path-mention", node, f"{path} is given {text[:80]!r}")

    def _path(self, text: str, mode: str, node: ast.AST) -> None:
        entry = outside(text, mode, self._grant)
        if entry is not None:
            rule = "path-read" if mode == "read" else "path-write"
            self.report(rule, node, f"{mode} of {text[:80]!r}", entry)

    def _method_call(
        self,
        name: str,
        node: ast.Call,
        function: Values,
        owner: Values,
        arguments: list[Values],
    ) -> None:
        known = any(isinstance(one, Ref) for one in function)
        if name in ("format", "format_map", "vformat"):
            for values in (owner, *arguments):
                if any(_FORMAT_WALK.search(text) for text in texts(values)):
                    self.report(
                        "format-walk", node, "the template reads attributes of its argument"
                    )
        rule = _METHODS.get(name)
        if rule and not any(isinstance(one, Ref) for one in owner):
            self.report(rule, node, f"call of .{name}()")
        if name == "eval" and arguments:
            self.report("expression-text", node, ".eval() of an expression given as text")
        if name in ("system", "popen", "spawnl", "execv") and arguments and not known:
            self.report("call-ask", node, f"call of .{name}() of something unknown")
        mode = library.PATH_METHODS.get(name)
        for one in owner:
            if mode and isinstance(one, Made) and one.path == "pathlib.Path" and one.text:
                self._path(
                    one.text, mode if mode != "mode" else _mode([NOTHING, *arguments], {}), node
                )
        if name in library.FILE_METHODS and arguments:
            for text in library.path_texts(arguments[0]):
                self._path(text, library.FILE_METHODS[name], node)


_PATH_KEYWORDS: Final = (
    "file",
    "path",
    "filename",
    "filepath_or_buffer",
    "fname",
    "dst",
    "top",
    "name",
)


def _mode(arguments: list[Values], keywords: dict[str, Values]) -> str:
    values = keywords.get("mode", arguments[1] if len(arguments) > 1 else NOTHING)
    return "write" if any(set(text) & set("wax+") for text in texts(values)) else "read"
