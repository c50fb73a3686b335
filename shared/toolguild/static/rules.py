"""Every rule of the static review: its id, its severity, and what it is about.

low is a remark, medium asks a person, high and critical block.
"""

from typing import Literal, NamedTuple

Severity = Literal["low", "medium", "high", "critical"]


class Rule(NamedTuple):
    """One rule."""

    id: str
    severity: Severity
    text: str


_TABLE: tuple[Rule, ...] = (
    # what cannot be reviewed
    Rule("not-text", "high", "The file is no text, or cannot be read."),
    Rule("syntax", "high", "The code cannot be parsed."),
    Rule("too-long", "high", "The code has more lines than the policy allows."),
    Rule("too-deep", "high", "The code is nested too deeply, or too large, to be reviewed."),
    Rule("language-denied", "high", "The policy does not allow this language."),
    # what the policy decides
    Rule("import-denied", "high", "The policy denies this module."),
    Rule("import-ask", "medium", "The policy asks about this module, or does not know it."),
    Rule("import-undeclared", "high", "The manifest does not declare this library."),
    Rule("import-star", "medium", "A star import hides where names come from."),
    Rule("call-denied", "high", "The policy denies this function or attribute."),
    Rule("call-ask", "medium", "The policy asks about this function or attribute."),
    Rule("library-member", "medium", "Something of a library that is not known to be harmless."),
    Rule("granted", "low", "A module or call that the declared hosts or programs need."),
    # code that comes from data
    Rule("dynamic-code", "critical", "Text is run as code."),
    Rule("dynamic-import", "critical", "A module is loaded by a computed name."),
    Rule(
        "dynamic-attribute", "medium", "An attribute is reached by a name that cannot be computed."
    ),
    Rule("expression-text", "medium", "A library evaluates an expression given as text."),
    Rule("unsafe-load", "high", "Reading this format can run code that is in the data."),
    Rule("hidden-payload", "medium", "An encoded constant decodes to code or a command."),
    # walks out of the language's own bounds
    Rule("dunder-access", "high", "A special attribute that leads into the interpreter."),
    Rule(
        "special-attribute",
        "medium",
        "A special attribute, or a name for one, that is not known to be harmless.",
    ),
    Rule("unknown-origin", "medium", "Something whose origin cannot be followed is called."),
    Rule("class-access", "medium", "The class of a value is taken for more than its name."),
    Rule("frame-access", "critical", "Frames, code objects or tracebacks of the interpreter."),
    Rule(
        "builtins-access",
        "critical",
        "The table of built-in functions is reached around the names.",
    ),
    Rule("namespace-access", "medium", "Variables are reached through a table of names."),
    Rule("format-walk", "high", "A format string that reads attributes of its argument."),
    Rule("private-attribute", "medium", "A private attribute of a library."),
    Rule("reduce-method", "high", "A method that runs code when the object is unpickled."),
    Rule(
        "reflection",
        "medium",
        "A function that reads or writes attributes is passed on as a value.",
    ),
    Rule("monkeypatch", "high", "Something of the language or of a library is replaced."),
    Rule(
        "prototype-change", "high", "A built-in prototype is changed or walked to its constructor."
    ),
    Rule("native-load", "critical", "Native code or an extension is loaded."),
    Rule("with-statement", "high", "JavaScript's `with` hides where names come from."),
    # files, network, secrets, resources
    Rule("path-read", "high", "A path that the grant does not let a tool read."),
    Rule("path-write", "high", "A path that the grant does not let a tool write or delete."),
    Rule("path-mention", "medium", "A path into the system is given to a function not known."),
    Rule("network-url", "high", "A library is told to fetch from the network."),
    Rule("secret", "high", "The code holds a credential."),
    Rule("endless-loop", "medium", "A loop that nothing ends."),
    Rule("slow-pattern", "medium", "A regular expression that can take exponential time."),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _TABLE}
