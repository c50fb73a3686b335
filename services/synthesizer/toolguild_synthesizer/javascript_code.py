"""What a JavaScript tool is made of, read from its syntax tree. Pure: nothing runs."""

import re
from collections.abc import Iterator, Sequence

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

_WRITES = re.compile(r"\b(writeFile|appendFile|createWriteStream|mkdir|copyFile)(Sync)?\s*\(")
_GUILD = re.compile(
    r"""\{([^{}]*)\}\s*=\s*require\(\s*['"]guild['"]\s*\)|require\(\s*['"]guild['"]\s*\)\.(\w+)"""
)


def complaints(source: str, entry: str, names: Sequence[str]) -> list[str]:
    """Say why the source cannot be called as the tool `entry` with one object that holds `names`."""
    root = _parse(source)
    if root.has_error:
        line = next(
            (node.start_point[0] + 1 for node in _walk(root) if node.is_error or node.is_missing), 1
        )
        return [f"the code is no JavaScript (line {line})"]
    found = [node for name, node in _functions(root) if name == entry]
    if not found:
        there = ", ".join(name for name, _ in _functions(root)) or "none"
        return [
            f"there is no function {entry}; the functions are: {there}. Define {entry} at the top level"
        ]
    return list(_parameters(found[-1], entry, names))


def libraries(source: str) -> tuple[str, ...]:
    """Name the modules that are required or imported and do not come with Node, nor from the guild."""
    found = re.findall(r"""(?:require\(|from|import)\s*['"]([^'"]+)['"]""", source)
    tops = {name.removeprefix("node:").split("/")[0] for name in found}
    return tuple(sorted(tops - _NODE - {"guild"}))


def guild_tools(source: str) -> tuple[str, ...]:
    """Name the registry tools that are taken from `require("guild")`."""
    names = set()
    for several, one in _GUILD.findall(source):
        names |= {part.split(":")[0].strip() for part in several.split(",")} | {one}
    return tuple(sorted(names - {""}))


def writes(source: str) -> bool:
    """Whether a call in the source writes a file."""
    return _WRITES.search(source) is not None


def _parse(source: str) -> Node:
    return Parser(Language(tree_sitter_javascript.language())).parse(source.encode()).root_node


def _walk(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children))


def _functions(root: Node) -> Iterator[tuple[str, Node]]:
    """Yield name and node of every function that is defined at the top level or put into the exports."""
    for node in root.named_children:
        if node.type in ("function_declaration", "generator_function_declaration"):
            yield _text(node.child_by_field_name("name")), node
        elif node.type in ("lexical_declaration", "variable_declaration"):
            for one in node.named_children:
                value = one.child_by_field_name("value")
                if value is not None and value.type in ("arrow_function", "function_expression"):
                    yield _text(one.child_by_field_name("name")), value


def _parameters(function: Node, entry: str, names: Sequence[str]) -> Iterator[str]:
    parameters = function.child_by_field_name("parameters")
    taken = (
        [node for node in parameters.named_children if node.type != "comment"] if parameters else []
    )
    if not names:
        return
    want = f"function {entry}({{ {', '.join(names)} }})"
    if len(taken) != 1:
        yield f"{entry} is called with one object: write {want}"
    elif taken[0].type == "object_pattern":
        known = set(re.findall(r"\w+", _text(taken[0])))
        if "..." not in _text(taken[0]) and (
            missing := [name for name in names if name not in known]
        ):
            yield f"{', '.join(missing)} is missing: write {want}"


def _text(node: Node | None) -> str:
    return node.text.decode() if node is not None and node.text else ""


_NODE = frozenset(
    [
        "assert",
        "buffer",
        "child_process",
        "crypto",
        "events",
        "fs",
        "http",
        "https",
        "net",
        "os",
        "path",
        "perf_hooks",
        "process",
        "punycode",
        "querystring",
        "readline",
        "stream",
        "string_decoder",
        "timers",
        "tls",
        "url",
        "util",
        "v8",
        "vm",
        "worker_threads",
        "zlib",
    ]
)
