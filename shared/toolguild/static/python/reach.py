"""Deciding what the policy makes of the modules and names that the code reaches."""

import ast
from typing import Final

from toolguild.capability import Capabilities
from toolguild.policy import Decision, Policy
from toolguild.static.finding import Finding, finding
from toolguild.static.python import library
from toolguild.static.surface import python as stranger
from toolguild.static.surface import table
from toolguild.static.words import words

DUNDERS: Final = words(
    "__base__ __bases__ __mro__ mro __subclasses__ __globals__ __self__ __func__ __wrapped__ "
    "__loader__ __spec__ __import__ __reduce__ __reduce_ex__ __getattribute__ __builtins__ "
    "__subclasshook__ __init_subclass__ __kwdefaults__ __defaults__ __objclass__ __thisclass__ "
    "__self_class__ __cached__ __weakref__ __set_name__ __build_class__"
)
_HARMLESS_NAMES: Final = words(
    "__name__ __file__ __doc__ __debug__ __all__ __version__ __author__ __annotations__ __class__"
)
_REFLECTION: Final = frozenset(
    f"builtins.{name}" for name in ("getattr", "setattr", "delattr", "vars", "globals", "locals")
)
_PROCESS: Final = frozenset(("subprocess", "multiprocessing", "pty", "signal", "pexpect", "sh"))
HIDDEN_MODULES: Final = words(
    "os sys subprocess builtins importlib ctypes socket shutil posix pty marshal runpy inspect "
    "multiprocessing signal pickle gc code types _thread resource"
)
# Clients that find the way to the proxy, the only way that a sandbox has. Sockets of one's own lead nowhere.
_NETWORK: Final = words("requests urllib http httpx urllib3 ssl xmlrpc")
_SERVERS: Final = ("http.server", "xmlrpc.server")
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


class Reach:
    """Collects the findings of one round, and judges imports and names from outside."""

    def __init__(self, policy: Policy, declared: Capabilities | None) -> None:
        self.findings: set[Finding] = set()
        self.called_names: set[ast.expr] = set()
        self.modules: set[str] = set()  # the libraries that the code imports
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

    def imported(self, module: str, node: ast.AST, names: list[str] | None = None) -> None:
        """Judge an import of a module, and of names from it."""
        if module.startswith("."):
            self.report("import-ask", node, f"relative import of {module}: a tool is one file")
            return
        self._declares(module, node)
        self.modules.add(module.partition(".")[0])
        if names is None:
            self._import(module, self._imports.decide(module), node)
            if "." in module and self._calls.find(module) is None:
                self._member(module, node)
            return
        for name in names:
            if name == "*":
                self._import(module, self._imports.decide(module), node)
                self.report("import-star", node, f"from {module} import * hides what is imported")
            else:
                path = f"{module}.{name}"
                self._import(module, self._imports.decide(path), node, path)

    def _declares(self, module: str, node: ast.AST) -> None:
        top = module.partition(".")[0]
        if self._declared is None or top in library.STANDARD or top == "guild":
            return
        if not {top, "*"} & set(self._declared.imports):
            self.report(
                "import-undeclared", node, f"{top} is imported but not declared", "manifest.imports"
            )

    def _import(
        self, module: str, decision: Decision, node: ast.AST, path: str | None = None
    ) -> None:
        entry = f"imports.python.{decision.entry}"
        if decision.action == "allow":
            return
        if self._is_granted(path or module):
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
        return self._may_fetch() and top in _NETWORK and not path.startswith(_SERVERS)

    def _may_fetch(self) -> bool:
        """Whether the manifest declares hosts, and the policy grants some of them."""
        return self._declared is not None and bool(self._grant.hosts)

    def resolve(self, parent: str, name: str, node: ast.AST) -> str:
        """Return the name under which attribute `name` of `parent` is known, and judge it."""
        path = f"{parent}.{name}"
        bare = library.MODULE_ALIASES.get(path) or name.removeprefix("_")
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
        if parent in ("sys.modules", "os", "asyncio") or library.clashes(f"{parent}.{name}"):
            return False
        if parent.partition(".")[0] in library.STANDARD and "()" not in parent:
            watched = name in library.STANDARD and self._imports.decide(name).action != "allow"
            return watched or name in HIDDEN_MODULES
        return name in HIDDEN_MODULES - {"signal", "code", "types", "resource"}

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
        else:
            self._member(path, node)

    def _member(self, path: str, node: ast.AST) -> None:
        """Judge something of an allowed library: by the tables of what is harmless."""
        decision = self._imports.decide(path)
        if decision.action != "allow":
            return  # the import was judged
        listed = decision.entry.removeprefix("allow: ")
        if (
            listed in library.STANDARD
            or table("python").knows(listed)
            or listed == path.partition(".")[0]
        ):
            why = stranger(path)
            if why is not None:
                self.report("library-member", node, why, "calls.python.allow")

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
        if name in DUNDERS:
            self.report("dunder-access", node, f"{name} leads into the interpreter")
        elif name not in _HARMLESS_NAMES:
            what = f"{name} is not among the special names known to be harmless"
            self.report("special-attribute", node, what)

    def builtins(self, node: ast.AST) -> None:
        """Judge that the code takes the table of built-ins itself."""
        self.report("builtins-access", node, "__builtins__ is taken")

    def unknown_name(self, path: str, node: ast.AST) -> None:
        """Judge that a name is looked up that cannot be computed."""
        self.report(
            "dynamic-attribute", node, f"a computed name is looked up in {path or 'the module'}"
        )
