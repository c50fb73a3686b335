"""Deciding what the policy and the rules make of what JavaScript code reaches."""

import re
from typing import Final

from toolguild.capability import Capabilities
from toolguild.policy import Decision, Policy
from toolguild.static.finding import Finding, finding
from toolguild.static.javascript.tree import Node
from toolguild.static.javascript.values import (
    Const,
    Function,
    Prefix,
    Reached,
    Ref,
    Values,
    texts,
)
from toolguild.static.paths import outside
from toolguild.static.slow import is_slow
from toolguild.static.surface import javascript as stranger
from toolguild.static.surface import table
from toolguild.static.words import words

NODE_MODULES: Final = words(
    "assert async_hooks buffer child_process cluster console constants crypto dgram "
    "diagnostics_channel dns domain events fs http http2 https inspector module net os path "
    "perf_hooks process punycode querystring readline repl stream string_decoder sys test timers "
    "tls trace_events tty url util v8 vm wasi worker_threads zlib guild"
)
GLOBALS: Final = words(
    "globalThis global window self process require module eval Function Reflect Proxy fetch "
    "WebSocket XMLHttpRequest EventSource navigator WebAssembly Worker importScripts setTimeout "
    "setInterval setImmediate Object Array String Number Boolean Symbol Math JSON Promise Map Set "
    "Date RegExp Error Buffer console atob btoa unescape decodeURIComponent decodeURI Atomics "
    "SharedArrayBuffer Deno Bun FinalizationRegistry __proto__ AsyncFunction performance URL"
)
_WINDOWS: Final = words("globalThis global window self")
_HIDDEN_IN_THIS: Final = words("process eval Function globalThis global require fetch module")
_BUILTIN: Final = words(
    "Object Array String Number Boolean Symbol Math JSON Promise Map Set Date RegExp Error Buffer "
    "console Reflect Function"
)
_META: Final = words(
    "__proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ "
    "getBuiltinModule _load _linkedBinding dlopen prepareStackTrace"
)
# Methods that run, load or send, whatever object has them.
_OUTWARD: Final = words(
    "execSync execFile execFileSync spawn spawnSync fork createRequire runInNewContext runInThisContext "
    "runInContext compileFunction binding dlopen sendBeacon importScripts eval getBuiltinModule mainModule "
    "openExternal executeJavaScript insertScript createElement defaultView contentWindow contentDocument "
    "prepareStackTrace getThis getFunction"
)
_FS_WRITES: Final = (
    "write append rm unlink mkdir rename copy cp truncate ftruncate createWriteStream symlink link "
    "chmod chown lchown utimes mkdtemp open"
)
# What must not go where the review cannot follow it.
_ESCAPING: Final = words("process require globalThis global window self Function fs child_process")
_PAYLOAD: Final = re.compile(
    r"\brequire\s*\(|\bimport\s*\(|\beval\s*\(|child_process|\bFunction\s*\(|process\.|"
    r"/bin/(?:ba)?sh|rm\s+-rf|curl\s|wget\s|powershell",
    re.IGNORECASE,
)
_INDEXED: Final = ("JSON", "Math", "process.argv", "module.exports", "exports", "this")
# Clients that find the way to the proxy, the only way that a sandbox has. Sockets of one's own lead nowhere.
_NETWORK: Final = words("fetch http https")


class Judge:
    """Collects the findings of one round."""

    def __init__(self, policy: Policy, declared: Capabilities | None) -> None:
        self.findings: set[Finding] = set()
        self.assigned: frozenset[str] = (
            frozenset()
        )  # names that the code assigns without declaring them
        self.own: frozenset[str] = frozenset()  # properties that the code defines
        self._imports = policy.imports.javascript
        self._calls = policy.calls.javascript
        self._declared = declared
        self._grant = policy.capabilities if declared is None else policy.grant(declared)

    def restart(self) -> None:
        """Forget the findings of the last round, which knew less."""
        self.findings.clear()

    def report(self, rule: str, node: Node, message: str, policy: str | None = None) -> None:
        """Note a finding at a place in the code."""
        self.findings.add(finding(rule, node.line, node.column, message, policy))

    def module(self, name: str, node: Node) -> str:
        """Judge that a module is loaded; return the name it is known by."""
        bare = name.removeprefix("node:")
        top = bare.split("/")[0]
        if bare.startswith((".", "/", "file:", "http:", "https:", "data:")):
            rule = "dynamic-code" if bare.startswith("data:") else "import-ask"
            self.report(rule, node, f"import of {bare[:60]}: a tool is one file")
            return bare
        known = bare.replace("/", ".")
        decision = self._imports.decide(known)
        entry = f"imports.javascript.{decision.entry}"
        if decision.action == "deny":
            self._denied(top, "import-denied", f"import of {bare}", entry, node)
        elif decision.action == "ask":
            self.report("import-ask", node, f"import of {bare}", entry)
        elif self._undeclared(top):
            self.report("import-undeclared", node, f"{top} is not declared", "manifest.imports")
        return known

    def _undeclared(self, top: str) -> bool:
        if self._declared is None or top in NODE_MODULES:
            return False
        return not {top, "*"} & set(self._declared.imports)

    def _denied(self, top: str, rule: str, what: str, entry: str, node: Node) -> None:
        declared = self._declared is not None
        process = top == "child_process" and bool(self._grant.programs)
        if declared and (process or (top in _NETWORK and bool(self._grant.hosts))):
            self.report("granted", node, f"{what} serves the declared hosts or programs", entry)
        else:
            self.report(rule, node, what, entry)

    def resolve(self, parent: str, name: str, node: Node) -> str:
        """Return the name under which property `name` of something outside is known; judge it."""
        if parent in _WINDOWS:
            self.reference(name, node)
            if name not in GLOBALS:
                self.global_name(name, node)
            return name
        if parent == "this":
            if name in _HIDDEN_IN_THIS:
                self.report("namespace-access", node, f"this.{name} may be the global {name}")
                return name
            return "value.constructor" if name == "constructor" else f"this.{name}"
        if parent.endswith(".prototype") and name == "constructor":
            return parent.removesuffix(".prototype")
        if parent.endswith(".constructor") and name == "constructor":
            self.report("dynamic-code", node, "a constructor's constructor makes code from text")
            return "Function"
        path = f"{parent}.{name}"
        if path == "fs.promises":
            return "fs"
        self.reference(path, node)
        return path

    def reference(self, path: str, node: Node) -> None:
        """Judge that the code reaches an outside name."""
        if path in ("eval", "AsyncFunction"):
            self.report("dynamic-code", node, f"use of {path}")
            return
        if path in ("process", "require", "module") or path in NODE_MODULES:
            return  # what is taken of it is judged
        decision = self._calls.find(path)
        if decision is not None and decision.action != "allow":
            self._call(path, decision, node)
        elif decision is None and self._imports.decide(path).action != "deny":
            why = stranger(path)
            if why is not None:
                self.report("library-member", node, why, "calls.javascript.allow")

    def global_name(self, name: str, node: Node) -> None:
        """Judge a name that the code does not declare."""
        if len(name) == 1 and name.isalpha():
            return  # no runtime has one, in a piece of code it stands for anything
        if name in self.assigned or name in table("javascript").members["globals"]:
            return
        if self._calls.find(name) is None:
            what = f"{name} is declared nowhere, and not among the known names of JavaScript"
            self.report("library-member", node, what, "calls.javascript.allow")

    def outward(self, name: str, node: Node, *, given: bool) -> None:
        """Judge the call of a method by its name, of whatever object; `given`: with arguments."""
        if name in _OUTWARD and name not in self.own and (given or name != "eval"):
            self.report("library-member", node, f".{name} may do more than compute")

    def reached(self, values: Values, node: Node) -> None:
        """Judge a call of something that was taken by computed names."""
        for one in values:
            if isinstance(one, Reached) and one.steps > 1:
                what = "calls something that was reached by computed names"
                self.report("unknown-origin", node, what)

    def descriptor(self, path: str, node: Node, arguments: list[Values]) -> None:
        """Judge functions that hand out the inner parts of an object."""
        if (
            path == "Object.getOwnPropertyNames"
            and arguments
            and any(isinstance(one, Ref | Function) for one in arguments[0])
        ):
            self.report("reflection", node, f"{path} of a function or of something outside")

    def _call(self, path: str, decision: Decision, node: Node) -> None:
        entry = f"calls.javascript.{decision.entry}"
        if decision.action == "ask":
            self.report("call-ask", node, f"use of {path}", entry)
        else:
            self._denied(path.split(".")[0], "call-denied", f"use of {path}", entry, node)

    def property(self, owner: Values, name: str, node: Node, *, computed: bool) -> None:
        """Judge a property by its name, whatever its owner is."""
        if name in _META:
            self.report("prototype-change", node, f".{name} leads into the interpreter")
        elif name == "constructor" and computed:
            self.report("prototype-change", node, "a constructor is reached by a computed name")
        elif name in ("callee", "caller"):
            self.report("frame-access", node, f".{name} reaches the calling function")

    def unknown_property(self, owner: Values, node: Node) -> None:
        """Judge a property whose name cannot be computed."""
        for one in owner:
            if isinstance(one, Ref) and not one.path.startswith(_INDEXED):
                self.report("dynamic-attribute", node, f"a computed property of {one.path}")
            elif isinstance(one, Function):
                self.report("dynamic-attribute", node, "a computed property of a function")

    def replaced(self, owner: Values, name: str | None, node: Node) -> None:
        """Judge an assignment to a property."""
        if name == "__proto__":
            self.report("prototype-change", node, "a prototype is replaced")
        for one in owner:
            if not isinstance(one, Ref):
                continue
            top = one.path.split(".")[0]
            if one.path in ("module", "exports", "module.exports", "process") and name in (
                "exports",
                "exitCode",
                None,
            ):
                continue
            if one.path in ("exports", "module.exports") or top in ("exports",):
                continue
            if one.path.endswith("prototype"):
                self.report("prototype-change", node, f"{one.path}.{name} is changed")
            elif top in _BUILTIN | _WINDOWS | NODE_MODULES or top in ("require", "module"):
                self.report("monkeypatch", node, f"{one.path}.{name} is replaced")

    def call(self, paths: list[str], node: Node, arguments: list[Values], *, new: bool) -> None:
        """Judge a call of outside functions."""
        for path in paths:
            self.descriptor(path, node, arguments)
            if path in ("Function.apply", "Function.call", "Function.bind"):
                self.report("dynamic-code", node, "text is made into a function")
            elif path in ("Function", "AsyncFunction") or path.endswith(".constructor"):
                if arguments or path == "Function":
                    self.report("dynamic-code", node, "text is made into a function")
            elif path in ("setTimeout", "setInterval") and arguments and texts(arguments[0]):
                self.report("dynamic-code", node, f"{path} of text")
            elif path in ("Object.defineProperty", "Object.assign", "Object.setPrototypeOf"):
                if arguments:
                    self.replaced(arguments[0], "(property)", node)
            elif path == "RegExp" and arguments:
                for text in texts(arguments[0]):
                    self.pattern(text, node)
            elif path.startswith("fs."):
                self._paths(path, node, arguments)

    def escapes(self, values: Values, node: Node) -> None:
        """Judge that a value goes where the review cannot follow it."""
        for one in values:
            if not isinstance(one, Ref) or one.path not in _ESCAPING:
                continue
            if one.path == "Function":
                self.report("dynamic-code", node, "what makes functions of text is passed on")
            else:
                self.report("reflection", node, f"{one.path} is passed on as a value")

    def decoded(self, text: str, node: Node) -> None:
        """Judge what an encoded constant decodes to."""
        if _PAYLOAD.search(text[:10_000]):
            self.report("hidden-payload", node, "an encoded constant decodes to code or a command")

    def pattern(self, text: str, node: Node) -> None:
        """Judge a regular expression."""
        if is_slow(text):
            self.report("slow-pattern", node, f"{text[:60]!r} can take exponential time")

    def _paths(self, path: str, node: Node, arguments: list[Values]) -> None:
        name = path.rpartition(".")[2]
        mode = "write" if name.startswith(tuple(_FS_WRITES.split())) else "read"
        both = name.startswith(("copy", "cp", "rename", "link", "symlink"))
        if name.startswith("open"):
            flags = texts(arguments[1]) if len(arguments) > 1 else []
            mode = "write" if any(set(flag) & set("wa+") for flag in flags) else "read"
        for values in arguments[: 2 if both else 1]:
            for one in values:
                text = one.text if isinstance(one, Prefix) else ""
                if isinstance(one, Const) and isinstance(one.value, str):
                    text = one.value
                entry = outside(text, mode, self._grant)
                if entry is not None:
                    rule = "path-read" if mode == "read" else "path-write"
                    self.report(rule, node, f"{mode} of {text[:80]!r}", entry)
