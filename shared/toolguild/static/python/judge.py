"""Deciding what the rules make of what the code does with what it reaches."""

import ast
import re
from typing import Final

from toolguild.static.python import library
from toolguild.static.python.files import FileJudge
from toolguild.static.python.reach import DUNDERS, HIDDEN_MODULES
from toolguild.static.python.values import (
    MORE,
    NOTHING,
    UNKNOWN,
    Const,
    Instance,
    Local,
    Made,
    Namespace,
    Prefix,
    Ref,
    Values,
    const,
    texts,
)
from toolguild.static.secret import secrets
from toolguild.static.slow import is_slow
from toolguild.static.words import words

_FRAMES: Final = words(
    "gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_origin ag_frame ag_code f_back f_builtins "
    "f_code f_globals f_locals f_trace tb_frame tb_next co_code co_consts func_globals func_code "
    "__code__ __closure__ __traceback__ f_lasti f_trace_lines co_names co_cellvars co_freevars"
)
# Special attributes that lead to no more than data or to what the code's own class does.
_HARMLESS_SPECIAL: Final = words(
    "__name__ __qualname__ __doc__ __module__ __class__ __dict__ __slots__ __annotations__ __version__ "
    "__author__ __all__ __file__ __members__ __match_args__ __dataclass_fields__ __dataclass_params__ "
    "__args__ __origin__ __parameters__ __bound__ __constraints__ __total__ __required_keys__ "
    "__optional_keys__ __type_params__ __supertype__ __metadata__ __fields__ __fields_set__ "
    "__new__ __init__ __post_init__ __call__ __del__ __repr__ __str__ __bytes__ __format__ __bool__ __hash__ "
    "__lt__ __le__ __eq__ __ne__ __gt__ __ge__ __len__ __length_hint__ __getitem__ __setitem__ __delitem__ "
    "__missing__ __iter__ __next__ __reversed__ __contains__ __enter__ __exit__ __aenter__ __aexit__ "
    "__aiter__ __anext__ __await__ __int__ __float__ __complex__ __index__ __round__ __trunc__ __floor__ "
    "__ceil__ __neg__ __pos__ __abs__ __invert__ __divmod__ __getattr__ __setattr__ __delattr__ __dir__ "
    "__get__ __set__ __delete__ __set_name__ __init_subclass__ __subclasshook__ __instancecheck__ "
    "__subclasscheck__ __class_getitem__ __copy__ __deepcopy__ __replace__ __sizeof__ __cause__ __context__ "
    "__suppress_context__ __notes__ __traceback__ __wrapped__ __func__ __getattribute__ __weakref__ "
    "__abstractmethods__ __isabstractmethod__ __array__ __array_ufunc__ __array_function__ __array_priority__ "
    "__array_interface__ __name__ __prepare__ __orig_bases__ __text_signature__ __get_pydantic_core_schema__"
)
_OPERATORS: Final = re.compile(
    r"__[ir]?(?:add|sub|mul|matmul|truediv|floordiv|mod|divmod|pow|lshift|rshift|and|xor|or)__"
)
# Other ways into functions, classes and running code.
_INWARD: Final = words("mro fget fset fdel cell_contents im_func im_self get_stack print_stack")
_TUPLE_NAMES: Final = words(
    "_asdict _replace _fields _make _field_defaults _field_types _name_ _value_ _missing_ "
    "_generate_next_value_ _ignore_ _order_ _value2member_map_ _member_map_ _member_names_ _repr_html_ _meta"
)
_SPECIAL_KEYS: Final = words(
    "__builtins__ __import__ __loader__ __spec__ __globals__ __subclasses__"
)
# Methods that reach out of the sandbox's sight, whatever object has them.
_OUTWARD: Final = words(
    "clipboard gbq unpickle unpickler deserialize popen subprocess shell spawn fork urlopen urlretrieve "
    "download upload webbrowser exec_command browser sendmail hub webuse reload_module import_module"
)
_FRAMES_BEGIN: Final = ("gi_", "cr_", "ag_")
_QUIET_FRAMES: Final = frozenset(("__traceback__", "tb_next"))
_QUIET_DUNDERS: Final = frozenset(
    ("mro", "__wrapped__", "__func__", "__getattribute__", "__weakref__", "__set_name__")
)
_FORMAT_WALK: Final = re.compile(
    r"\{[^{}]*[.\[](?:__\w+|gi_frame|cr_frame|f_globals|f_builtins|tb_frame|func_globals)"
)
_DEEP_WALK: Final = re.compile(
    r"\{[^{}]*[.\[](?:__\w+__\W{1,3}__\w+|__globals__|__subclasses__|gi_frame|cr_frame|tb_frame)"
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
    "loadTestsFromName": "dynamic-import",
    "loadTestsFromNames": "dynamic-import",
    "load_library": "native-load",
    "runsource": "dynamic-code",
    "runcode": "dynamic-code",
    "create_subprocess_exec": "call-denied",
    "create_subprocess_shell": "call-denied",
    "subprocess_exec": "call-denied",
    "subprocess_shell": "call-denied",
    "create_connection": "call-denied",
    "create_datagram_endpoint": "call-denied",
    "create_server": "call-denied",
    "create_unix_connection": "call-denied",
    "create_unix_server": "call-denied",
    "sock_connect": "call-denied",
}
# Functions that evaluate the text they are given.
_EVALUATORS: Final = (
    "jinja2.Template",
    "patsy.dmatri",
    "statsmodels.formula.",
    "sympy.S",
    "PIL.ImageMath.",
)
_OPENERS: Final = words("builtins.open io.open io.FileIO os.fdopen cv2.VideoCapture")
_TRUE: Final[Values] = frozenset((const(True),))
_FALSE: Final[Values] = frozenset((const(False),))
_RUNNERS: Final[Values] = frozenset(
    const(name) for name in ("ffmpeg", "ffmpeg_file", "imagemagick", "imagemagick_file", "avconv")
)
_TOLD: Final[dict[str, Values]] = {  # keywords that let a library do more than compute
    "auto_open": _TRUE,
    "shell": _TRUE,
    "trust_remote_code": _TRUE,
    "safe_mode": _FALSE,
    "weights_only": _FALSE,
    "usetex": _TRUE,
    "block_network": _FALSE,
    "writer": _RUNNERS,
}
_FLAGGED: Final = frozenset(("numpy.load", "yaml.load"))  # harmless but for what they are told
_BACKENDS: Final = frozenset(("matplotlib.use", "matplotlib.pyplot.switch_backend"))
_CHANGEABLE: Final = words("options config backends rcParams display settings pandas_options data")
_SETTINGS: Final = ("matplotlib.rcParams", "matplotlib.pyplot.rcParams")
_RUNNING_SETTINGS: Final = ("text.usetex", "text.latex", "backend", "animation.", "datapath")
_FORMATS: Final = frozenset(("format", "format_map", "vformat"))
_NAMING: Final = re.compile(r"(?:\.__class__)?\.__(?:name|qualname|doc|module)__")
_UNPLAIN: Final = re.compile(
    r"@\s*\w+\s*[.(\[]|__|\bimport\b|\blambda\b|\bexec\b|\beval\b|\bopen\b"
)


class Judge(FileJudge):
    """Judges attributes, assignments and calls."""

    def attribute(self, owner: Values, name: str, node: ast.AST) -> None:
        """Judge an attribute by its name, whatever its owner is."""
        if name == "__code__" and node in self.quiet:
            return
        if (name in _FRAMES or name.startswith(_FRAMES_BEGIN)) and name not in _QUIET_FRAMES:
            self.report("frame-access", node, f".{name} reaches the interpreter's own objects")
        elif name in DUNDERS and name not in _QUIET_DUNDERS and not _is_super(owner, name):
            self.report("dunder-access", node, f".{name} leads into the interpreter")
        elif name == "__getattribute__" and any(isinstance(one, Ref) for one in owner):
            self.report("dunder-access", node, f".{name} reads any attribute by its name")
        elif name in ("__class__", "__dict__"):
            self._class_or_dict(owner, name, node)
        elif name in ("load_extension", "enable_load_extension"):
            self.report("native-load", node, f".{name} loads native code")
        elif name not in self.own:
            self._not_own(owner, name, node)

    def _not_own(self, owner: Values, name: str, node: ast.AST) -> None:
        """Judge an attribute that no class of the code defines."""
        outside = any(isinstance(one, Ref) and "()" not in one.path for one in owner)
        if name.startswith("__") and name.endswith("__"):
            if name not in _HARMLESS_SPECIAL and not _OPERATORS.fullmatch(name):
                what = f".{name} is not among the special attributes known to be harmless"
                self.report("special-attribute", node, what)
        elif name in _INWARD and (not outside or _is_builtin(owner)):
            self.report("special-attribute", node, f".{name} leads into functions and classes")
        elif name.startswith("_") and len(name) > 1 and not outside and name not in _TUPLE_NAMES:
            self.report(
                "private-attribute", node, f".{name} is private to what is not in this code"
            )
        elif not outside and (word := _outward(name)):
            self.report("library-member", node, f".{name} may do more than compute ({word})")

    def _class_or_dict(self, owner: Values, name: str, node: ast.AST) -> None:
        outside_refs = [one for one in owner if isinstance(one, Ref | Namespace)]
        if name == "__dict__" and outside_refs:
            self.report("namespace-access", node, "the table of names of a module is taken")
        if name == "__class__" and node not in self.quiet:
            self.report("class-access", node, ".__class__ is taken for more than its name")

    quiet: frozenset[ast.AST] = frozenset()  # uses of .__class__ that only name or compare it
    own: frozenset[str] = frozenset()  # attributes that the code's own classes and objects have
    passed: frozenset[str] = frozenset()  # names of functions that are used without being called
    formats = True  # whether the code fills in templates at all
    foreign = False  # whether a class of the code has a base whose attributes are not known

    def item(self, path: str, names: list[str], node: ast.AST) -> None:
        """Judge an item taken of something outside, such as `sys.modules["os"]`."""
        for name in _SPECIAL_KEYS & set(names):
            self.report("special-attribute", node, f"the item {name!r} leads into the interpreter")
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
        made = any(
            isinstance(one, Made) or (isinstance(one, Ref) and "()" in one.path) for one in owner
        )
        if made and name.startswith("_") and not name.startswith("__"):
            self.report(
                "private-attribute", node, f".{name} is private to what is not in this code"
            )
        for one in owner:
            if isinstance(one, Namespace):
                self.report("monkeypatch", node, f"{one.path}.{name} is replaced")
            elif isinstance(one, Ref) and "()" not in one.path:
                top = one.path.partition(".")[0]
                path = f"{one.path}.{name}"
                if path in ("sys.stdout", "sys.stderr", "sys.stdin", "sys.argv"):
                    self.report("call-ask", node, f"{path} is replaced")
                elif "backend" in path and not path.startswith("torch."):
                    self.report("library-member", node, f"{path} names a module to be loaded")
                elif not _CHANGEABLE & set(one.path.split(".")) or top in library.STANDARD:
                    self.report("monkeypatch", node, f"{path} is replaced")

    def table_taken(self, owner: Values, node: ast.AST) -> Values:
        """Judge that the table of the names of an object is taken; return it, unless it is an own one's."""
        if owner and all(isinstance(one, Instance | Ref) for one in owner):
            return NOTHING
        if any(isinstance(one, Made) and one.path == "builtins.type" for one in owner):
            self.report("namespace-access", node, "the table of names of a class is taken")
        return frozenset((Namespace(UNKNOWN),))

    def item_replaced(self, owner: Values, names: Values, node: ast.Subscript) -> None:
        """Judge an assignment to an item."""
        for one in owner:
            if isinstance(one, Namespace) and one.path == UNKNOWN:
                continue
            if isinstance(one, Ref) and one.path in _SETTINGS:
                for name in texts(names) or [_RUNNING_SETTINGS[0]]:
                    if name.startswith(_RUNNING_SETTINGS):
                        self.report("library-member", node, f"the setting {name} runs a program")
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
        followed = bool(function) and all(isinstance(one, Local) for one in function)
        readers = {one.path for one in function if isinstance(one, Ref)} & _MODULE_READERS
        if not followed and not readers:
            for values in (*arguments, *keywords.values()):
                self.escapes(values, node)
        for one in function:
            if isinstance(one, Ref):
                self._outside_call(one.path, node, arguments, keywords)
        if isinstance(node.func, ast.Attribute):
            self._method_call(node.func.attr, node, function, owner, arguments, keywords)

    def _outside_call(
        self, path: str, node: ast.Call, arguments: list[Values], keywords: dict[str, Values]
    ) -> None:
        if path in ("builtins.getattr", "builtins.setattr", "builtins.delattr", "builtins.hasattr"):
            self._by_name(path, node, arguments)
        elif path in ("operator.attrgetter", "operator.methodcaller"):
            self._getter(path, node, arguments)
        elif path.startswith(("re.", "regex.")):
            self._pattern(node, arguments)
        self._flags(path, node, arguments, keywords)
        if path.startswith(("builtins.str.format", "string.Formatter")):
            for value in (text for values in arguments for text in texts(values)):
                self.text(value, node, used=True)
        self.entities(path, node, keywords)
        self.paths(path, node, arguments, keywords)

    def _by_name(self, path: str, node: ast.Call, arguments: list[Values]) -> None:
        if len(arguments) < 2:
            return
        names = texts(arguments[1])
        verb = path.removeprefix("builtins.")
        unknown = not names or MORE in arguments[1]
        own = (
            not self.foreign
            and bool(arguments[0])
            and all(isinstance(one, Instance) for one in arguments[0])
        )
        if unknown and verb != "hasattr" and not own and not _harmless_beginning(arguments):
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
                    else:
                        self.attribute(NOTHING, part, node)

    def _pattern(self, node: ast.Call, arguments: list[Values]) -> None:
        for text in texts(arguments[0]) if arguments else []:
            if is_slow(text):
                self.report("slow-pattern", node, f"{text[:60]!r} can take exponential time")

    def escapes(self, values: Values, node: ast.AST) -> None:
        """Judge that a value goes where the review cannot follow it: a module then goes with it."""
        for one in values:
            if isinstance(one, Ref) and one.path in HIDDEN_MODULES:
                self.report("reflection", node, f"the module {one.path} is passed on as a value")

    def text(self, value: str, node: ast.AST, *, used: bool = False) -> None:
        """Judge a text: `used` as a template, or for a walk so deep that it is hardly anything else."""
        if "{" not in value or not (used or self.formats):
            return
        walk = _FORMAT_WALK if used else _DEEP_WALK
        if walk.search(_NAMING.sub("", value[:10_000])):
            self.report("format-walk", node, "the template reads attributes of its argument")

    def credential(self, value: str, node: ast.AST) -> None:
        """Judge that a text put together of parts is a credential."""
        for one in secrets(value[:400]):
            self.report("secret", node, f"puts together what looks like a {one.kind}")

    def annotation(self, node: ast.AST) -> None:
        """Judge that a type is written as a text that calls something: whoever reads it runs it."""
        self.report("expression-text", node, "a type given as text that is more than a type")

    def _flags(
        self, path: str, node: ast.Call, arguments: list[Values], keywords: dict[str, Values]
    ) -> None:
        given = keywords.get("allow_pickle", NOTHING)
        if path == "numpy.load" and len(arguments) > 2:
            given |= arguments[2]
        if any(one.value is True for one in given if isinstance(one, Const)):
            self.report("unsafe-load", node, f"{path} with allow_pickle=True")
        if path == "yaml.load" and "Loader" not in keywords and len(node.args) < 2:
            self.report("unsafe-load", node, "yaml.load without SafeLoader")
        if path.startswith(_EVALUATORS) and arguments and not is_plain_expression(arguments[0]):
            self.report("expression-text", node, f"{path} evaluates a text that cannot be computed")
        if path in _FLAGGED and any(keyword.arg is None for keyword in node.keywords):
            self.report("library-member", node, f"{path} with options that cannot be computed")
        if path in _BACKENDS and not (arguments and texts(arguments[0])):
            self.report("library-member", node, f"{path} loads what cannot be computed")
        if path in _OPENERS and arguments and _is_handle(arguments[0]):
            self.report("library-member", node, f"{path} of a number: a file that others opened")
        told = [n for n, values in keywords.items() if n in _TOLD and values & _TOLD[n]]
        if told:
            self.report("library-member", node, f"{path} with {told[0]} runs more than it computes")
        if path == "xml.sax.make_parser" and arguments:
            self.report("dynamic-import", node, f"{path} loads the modules that it is given")
        if path.startswith(("matplotlib.", "pandas.")):
            for text in (
                text for values in (*arguments, *keywords.values()) for text in texts(values)
            ):
                if text.startswith("module://") or text == "plotting.backend":
                    self.report("dynamic-import", node, f"{path} loads a module by its name")

    def _method_call(
        self,
        name: str,
        node: ast.Call,
        function: Values,
        owner: Values,
        arguments: list[Values],
        keywords: dict[str, Values],
    ) -> None:
        known = any(isinstance(one, Ref) for one in function)
        if name in _FORMATS:
            for value in (text for values in (owner, *arguments) for text in texts(values)):
                self.text(value, node, used=True)
            shown = (one for values in (*arguments, *keywords.values()) for one in values)
            if not texts(owner) and any(isinstance(one, Ref | Local | Instance) for one in shown):
                what = (
                    "a template that cannot be computed may read any attribute of what it is given"
                )
                self.report("special-attribute", node, what)
        rule = _METHODS.get(name)
        own = any(isinstance(one, Local) for one in function)
        if rule and not own and not any(isinstance(one, Ref) for one in owner):
            self.report(rule, node, f"call of .{name}()")
        if not own:
            self._evaluated(name, node, arguments)
        if name in ("system", "popen", "spawnl", "execv") and arguments and not (known or own):
            self.report("call-ask", node, f"call of .{name}() of something unknown")
        self.path_method(name, node, owner, arguments, keywords)

    def _evaluated(self, name: str, node: ast.Call, arguments: list[Values]) -> None:
        """Judge a text that a library evaluates: harmless when it is constant and plain."""
        data = name == "query" and "pandas" in self.modules
        template = name == "from_string" and "jinja2" in self.modules
        if not arguments or not (name == "eval" or data or template):
            return
        named = name == "eval" and any("@" in text for text in texts(arguments[0]))
        if not named and is_plain_expression(arguments[0], started=name == "query"):
            return
        self.report("expression-text", node, f".{name}() of an expression given as text")


def is_plain_expression(values: Values, *, started: bool = False) -> bool:
    """Whether a text to be evaluated is known, or with `started` its beginning, and names no more than data."""
    known = [one for one in values if isinstance(one, Const | Prefix)]
    if not known or MORE in values:
        return False
    for one in known:
        text = one.value if isinstance(one, Const) else one.text
        if isinstance(one, Prefix) and not started:
            return False
        if not isinstance(text, str) or len(text) > 10_000 or _UNPLAIN.search(text):
            return False
    return True


def _is_handle(values: Values) -> bool:
    """Whether a file is meant by its number, and not standard input, output or error."""
    numbers = [one.value for one in values if isinstance(one, Const) and type(one.value) is int]
    return any(isinstance(number, int) and number > 2 for number in numbers)


def _harmless_beginning(arguments: list[Values]) -> bool:
    """Whether an attribute of the code's own object is meant, by a name that begins as no special one does."""
    owner, names = arguments[0], arguments[1]
    outside = any(isinstance(one, Ref | Made | Namespace) for one in owner)
    begun = bool(names) and all(
        isinstance(one, Prefix) and one.text[:1] not in "_" for one in names
    )
    return begun and not outside


def _is_builtin(owner: Values) -> bool:
    return any(isinstance(one, Ref) and one.path.startswith("builtins.") for one in owner)


def _outward(name: str) -> str | None:
    """Return the part of a method's name which says that it reaches out."""
    parts = _OUTWARD & {name, *name.split("_")}
    return min(parts) if parts else None


def _is_super(owner: Values, name: str) -> bool:
    """Whether a class passes a hook of its own on to its base."""
    supers = bool(owner) and all(
        isinstance(one, Made) and one.path == "builtins.super" for one in owner
    )
    return supers and name in ("__init_subclass__", "__subclasshook__")
