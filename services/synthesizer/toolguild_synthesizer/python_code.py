"""What a Python tool is made of, read from its syntax tree. Pure: nothing runs."""

import ast
import builtins
import symtable
import sys
import warnings
from collections.abc import Iterator, Sequence

_WRITING_MODES = frozenset("wax+")
_WRITERS = frozenset(
    [
        "write_text",
        "write_bytes",
        "to_csv",
        "to_json",
        "to_excel",
        "to_html",
        "to_parquet",
        "savefig",
        "mkdir",
        "makedirs",
        "touch",
    ]
)


def tree_of(source: str) -> ast.Module:
    """Parse without a word about what the parser merely frowns at. Raises SyntaxError and its kin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def complaints(source: str, entry: str, names: Sequence[str]) -> list[str]:
    """Say why the source cannot be called as the tool `entry` with the arguments `names`."""
    try:
        tree = tree_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        return [
            f"the code is no Python: {getattr(error, 'msg', error)}"
            + (f" (line {line})" if line else "")
        ]
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == entry]
    if not found:
        there = (
            ", ".join(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
            or "none"
        )
        return [
            f"there is no function {entry}; the functions are: {there}. Define {entry} at the top level"
        ]
    return list(_parameters(found[-1].args, entry, names))


def trimmed(source: str) -> str:
    """Return the source without what it would do when it is loaded: calls, assertions, a main part.

    Models like to show their function at work, on files that are not there. Definitions, imports and
    constants stay as they are.
    """
    tree = tree_of(source)
    lines = source.splitlines()
    for node in reversed(tree.body):
        if _acts(node) and node.end_lineno is not None:
            before, after = node.lineno - 1, node.end_lineno
            alone = not any(
                other is not node and other.lineno <= after and (other.end_lineno or 0) > before
                for other in tree.body
            )
            if alone:
                del lines[before:after]
    return "\n".join(lines).strip("\n") + "\n"


def completed(source: str) -> str:
    """Return the source with the standard modules imported that it uses by name without an import."""
    tree = tree_of(source)
    bases = {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    missing = [name for name in undefined(source) if name in bases & sys.stdlib_module_names]
    if not missing:
        return source
    head: list[ast.stmt] = [
        node for node in tree.body[:1] if isinstance(node, ast.Expr)
    ]  # the module's docstring
    head += [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    at = max((node.end_lineno or 0 for node in head), default=0)
    lines = source.splitlines()
    lines[at:at] = [f"import {name}" for name in missing]
    return "\n".join(lines) + "\n"


def undefined(source: str) -> tuple[str, ...]:
    """Name what is used and neither defined, imported nor built in. After a star import nothing is."""
    imported = [node for node in ast.walk(tree_of(source)) if isinstance(node, ast.ImportFrom)]
    if any(alias.name == "*" for node in imported for alias in node.names):
        return ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = symtable.symtable(source, "tool", "exec")
    scopes = [top]
    for scope in scopes:
        scopes.extend(scope.get_children())
    known = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    known |= {s.get_name() for one in scopes for s in one.get_symbols() if s.is_declared_global()}
    used = {
        symbol.get_name()
        for scope in scopes
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (scope is top or symbol.is_global())
    }
    return tuple(sorted(used - known - set(dir(builtins)) - {"__name__", "__file__"}))


def imports(source: str) -> frozenset[str]:
    """Name the modules that are imported, as they are written."""
    return frozenset(name for node in ast.walk(tree_of(source)) for name in _imported(node))


def libraries(source: str) -> tuple[str, ...]:
    """Name the imported top-level modules that do not come with Python, nor from the guild."""
    tops = {name.partition(".")[0] for name in imports(source)}
    return tuple(sorted(tops - set(sys.stdlib_module_names) - {"guild", ""}))


def guild_tools(source: str) -> tuple[str, ...]:
    """Name the registry tools that are imported by `from guild import name`."""
    names = {
        alias.name
        for node in ast.walk(tree_of(source))
        if isinstance(node, ast.ImportFrom) and node.module == "guild"
        for alias in node.names
    }
    return tuple(sorted(names))


def writes(source: str) -> bool:
    """Whether a call in the source opens or makes a file for writing."""
    return any(_writes(node) for node in ast.walk(tree_of(source)) if isinstance(node, ast.Call))


def _parameters(args: ast.arguments, entry: str, names: Sequence[str]) -> Iterator[str]:
    if args.posonlyargs:
        yield f"{entry} is called with keyword arguments: take the / out of its parameters"
    taken = [*args.args, *args.kwonlyargs]
    known = {one.arg for one in taken}
    if args.kwarg is None and (missing := [name for name in names if name not in known]):
        yield f"{entry} must take the arguments {', '.join(names)}; {', '.join(missing)} is missing"
    optional = {one.arg for one in args.args[len(args.args) - len(args.defaults) :]}
    pairs = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    optional |= {one.arg for one, value in pairs if value is not None}
    if extra := [one.arg for one in taken if one.arg not in names and one.arg not in optional]:
        only = ", ".join(names) or "no arguments"
        yield f"{entry} is called with {only} only; give {', '.join(extra)} a default value"


def _acts(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Expr() | ast.Assert():
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case _:
            return False


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module or ""


def _writes(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _WRITERS:
        return True
    if name != "open":
        return False
    at = 0 if isinstance(node.func, ast.Attribute) else 1  # Path(x).open("w"), open(x, "w")
    said = [*node.args[at : at + 1], *(one.value for one in node.keywords if one.arg == "mode")]
    modes = [
        one.value for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]
    return any(_WRITING_MODES & set(mode) for mode in modes)
