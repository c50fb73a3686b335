"""Deciding what the policy and the rules make of what the code reaches."""

import ast
import re
from typing import Final

from toolguild.capability import Capabilities
from toolguild.policy import Decision, Policy
from toolguild.static.finding import Finding, finding
from toolguild.static.paths import is_system, outside
from toolguild.static.python import library
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
_DUNDERS: Final = words(
    "__base__ __bases__ __mro__ mro __subclasses__ __globals__ __self__ __func__ __wrapped__ "
    "__loader__ __spec__ __import__ __reduce__ __reduce_ex__ __getattribute__ __builtins__ "
    "__subclasshook__ __init_subclass__ __kwdefaults__ __defaults__ __objclass__ __thisclass__ "
    "__self_class__ __cached__ __weakref__ __set_name__ __build_class__"
)
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
_REFLECTION: Final = frozenset(
    f"builtins.{name}" for name in ("getattr", "setattr", "delattr", "vars", "globals", "locals")
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
_PROCESS: Final = frozenset(("subprocess", "multiprocessing", "pty", "signal", "pexpect", "sh"))
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
_HIDDEN_MODULES: Final = words(
    "os sys subprocess builtins importlib ctypes socket shutil posix pty marshal runpy inspect "
    "multiprocessing signal pickle gc code types _thread resource"
)


class Judge:
    """Collects the findings of one round."""

    def __init__(self, policy: Policy, declared: Capabilities | None) -> None:
        self.findings: set[Finding] = set()
        self.called_names: set[ast.expr] = set()
        self._imports = policy.imports.python
        self._calls = policy.calls.python
        self._declared = declared
        self._grant = policy.capabilities if declared is None else policy.grant(declared)

    def restart(self) -> None:
        """Forget the findings of the last round, which knew less."""
        self.findings.clear()

    def report(self, rule: str, node: ast.AST, message: str, policy: str | None = None) -> None:
        """Note a finding at a place in the code."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self.findings.add(finding(rule, line, column, message, policy))

    # names from outside

    def imported(self, module: str, node: ast.AST, names: list[str] | None = None) -> None:
        """Judge an import of a module, and of names from it."""
        if module.startswith("."):
            self.report("import-ask", node, f"relative import of {module}: a tool is one file")
            return
        self._declares(module, node)
        if names is None:
            self._import(module, self._imports.decide(module), node)
            return
        for name in names:
            if name == "*":
                self._import(module, self._imports.decide(module), node)
                self.report("import-star", node, f"from {module} import * hides what is imported")
            else:
                self._import(module, self._imports.decide(f"{module}.{name}"), node)

    def _declares(self, module: str, node: ast.AST) -> None:
        top = module.partition(".")[0]
        if self._declared is None or top in library.STANDARD or top == "guild":
            return
        if not {top, "*"} & set(self._declared.imports):
            self.report(
                "import-undeclared", node, f"{top} is imported but not declared", "manifest.imports"
            )

    def _import(self, module: str, decision: Decision, node: ast.AST) -> None:
        entry = f"imports.python.{decision.entry}"
        if decision.action == "allow":
            return
        if self._is_granted(module):
            self.report("granted", node, f"{module} serves the declared hosts or programs", entry)
        elif decision.action == "deny":
            self.report("import-denied", node, f"import of {module}", entry)
        else:
            self.report("import-ask", node, f"import of {module}", entry)

    def _is_granted(self, path: str) -> bool:
        if self._declared is None:
            return False
        top = path.partition(".")[0]
        if self._grant.programs and (top in _PROCESS - {"signal", "multiprocessing"}):
            return True
        return bool(self._grant.hosts) and top in _NETWORK

    def resolve(self, parent: str, name: str, node: ast.AST) -> str:
        """Return the name under which attribute `name` of `parent` is known, and judge it."""
        path = f"{parent}.{name}"
        bare = name.removeprefix("_")
        if self._is_hidden_module(parent, bare):
            self.report("private-attribute", node, f"{path} reaches a module around its import")
            self.imported(bare, node)
            self.reference(bare, node)
            return bare
        private = name.startswith("_") and not name.startswith("__") and "()" not in parent
        if private and self._calls.find(path) is None:
            self.report("private-attribute", node, f"{path} is private to its library")
        self.reference(path, node)
        return path

    def _is_hidden_module(self, parent: str, name: str) -> bool:
        """Whether a library's attribute is in truth a module that the library has imported."""
        if name not in _HIDDEN_MODULES or parent in ("sys.modules", "os", "asyncio"):
            return False
        standard = parent.partition(".")[0] in library.STANDARD
        likely = standard or name not in ("signal", "code", "types", "resource")
        return likely and not library.clashes(f"{parent}.{name}")

    def reference(self, path: str, node: ast.AST) -> None:
        """Judge that the code reaches an outside name."""
        if path in _REFLECTION and node not in self.called_names:
            self.report("reflection", node, f"{path} is passed on as a value")
        decision = self._calls.find(path)
        if decision is not None and "." in path:
            self._call(path, decision, node)
            return
        listed = self._imports.find(path)
        if listed is not None and listed.entry.endswith(f": {path}") and "." in path:
            self._import(path, listed, node)

    def _call(self, path: str, decision: Decision, node: ast.AST) -> None:
        entry = f"calls.python.{decision.entry}"
        name = path.removeprefix("builtins.")
        if decision.action == "allow":
            return
        if self._is_granted(path):
            self.report("granted", node, f"{name} serves the declared hosts or programs", entry)
        elif decision.action == "ask":
            self.report("call-ask", node, f"use of {name}", entry)
        else:
            self.report(_DENIED.get(path, "call-denied"), node, f"use of {name}", entry)

    def special_name(self, name: str, node: ast.AST) -> None:
        """Judge a bare name such as `__loader__`."""
        if name in _DUNDERS:
            self.report("dunder-access", node, f"{name} leads into the interpreter")

    def builtins(self, node: ast.AST) -> None:
        """Judge that the code takes the table of built-ins itself."""
        self.report("builtins-access", node, "__builtins__ is taken")

    def unknown_name(self, path: str, node: ast.AST) -> None:
        """Judge that a name is looked up that cannot be computed."""
        self.report(
            "dynamic-attribute", node, f"a computed name is looked up in {path or 'the module'}"
        )

    # attributes, items, assignments

    def attribute(self, owner: Values, name: str, node: ast.AST) -> None:
        """Judge an attribute by its name, whatever its owner is."""
        if name in _FRAMES and name not in _QUIET_FRAMES:
            self.report("frame-access", node, f".{name} reaches the interpreter's own objects")
        elif name in _DUNDERS and name not in _QUIET_DUNDERS:
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

    # calls

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
                    if part in _DUNDERS | _FRAMES or part == "__class__":
                        self.report("dunder-access", node, f"{path} of {part}")

    def _pattern(self, node: ast.Call, arguments: list[Values]) -> None:
        for text in texts(arguments[0]) if arguments else []:
            if is_slow(text):
                self.report("slow-pattern", node, f"{text[:60]!r} can take exponential time")

    def _handed_on(self, node: ast.Call, arguments: list[Values]) -> None:
        """Judge that a module itself goes where the review cannot follow it."""
        for values in arguments:
            for one in values:
                if isinstance(one, Ref) and one.path in _HIDDEN_MODULES:
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
                    self.report("network-url", node, f"{path} of a URL", "capabilities.hosts")
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
_NETWORK: Final = words(
    "requests urllib http httpx aiohttp urllib3 socket ssl ftplib smtplib imaplib poplib xmlrpc "
    "websockets websocket"
)
_DENIED: Final = {
    "builtins.eval": "dynamic-code",
    "builtins.exec": "dynamic-code",
    "builtins.compile": "dynamic-code",
    "builtins.__import__": "dynamic-import",
    "pickle.load": "unsafe-load",
    "pickle.loads": "unsafe-load",
    "pickle.Unpickler": "unsafe-load",
    "yaml.UnsafeLoader": "unsafe-load",
    "yaml.Loader": "unsafe-load",
}


def _mode(arguments: list[Values], keywords: dict[str, Values]) -> str:
    values = keywords.get("mode", arguments[1] if len(arguments) > 1 else NOTHING)
    return "write" if any(set(text) & set("wax+") for text in texts(values)) else "read"
