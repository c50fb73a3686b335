"""Deciding what the rules make of the paths and addresses that the code uses."""

import ast
import re
from typing import Final

from toolguild.static.paths import is_system, outside
from toolguild.static.python import library
from toolguild.static.python.reach import Reach
from toolguild.static.python.values import NOTHING, Const, Local, Made, Ref, Values, texts
from toolguild.static.words import words

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
    "keras.",
    "cv2.",
    "netCDF4.",
    "matplotlib.",
    "pyarrow.",
)
_URL: Final = re.compile(
    r"(?:https?|ftps?|s3|gs|gcs|abfs|hdfs|ssh|sftp|rtsp|rtmp|udp|tcp|git)://", re.IGNORECASE
)
_SERVER: Final = re.compile(
    r"(?:postgres(?:ql)?|mysql|mariadb|oracle|mssql|mongodb|redis|amqp|snowflake|clickhouse)"
    r"(?:\+\w+)?://",
    re.IGNORECASE,
)
_ATTACH: Final = re.compile(
    r"\b(?:attach\s+(?:database\s+)?|vacuum\s+(?:\w+\s+)?into\s+)['\"]([^'\"]*)['\"]",
    re.IGNORECASE,
)
_EXTENSION: Final = re.compile(r"\bload_extension\s*\(", re.IGNORECASE)
_STATEMENTS: Final = words("execute executemany executescript read_sql read_sql_query")
_PATH_KEYWORDS: Final = words(
    "file path filename filepath filepath_or_buffer fname dst dest top name dir directory folder "
    "path_or_buf path_or_buffer path_or_fileobj excel_writer io target extract_dir root_dir base_dir "
    "database localedir outfile url uri src source out"
)
_TEXT_METHODS: Final = words(
    "startswith endswith replace split rsplit partition rpartition join format index find rfind count strip "
    "lstrip rstrip removeprefix removesuffix append add insert extend update get pop remove setdefault discard "
    "debug info warning error exception critical log write writelines contains match isin eq ne is_relative_to "
    "assertEqual assertIn assertTrue assertFalse assertRaises add_argument encode relative_to union"
)
_SECRETS: Final = re.compile(
    r"(?:^|/)\.(?:ssh|aws|gnupg|kube|docker|netrc|pgpass|git-credentials)(?:/|$)"
)
_ENTITIES: Final = words("resolve_entities load_dtd huge_tree")


class FileJudge(Reach):
    """Judges paths: of functions that take them, and of methods of objects not known."""

    def paths(
        self, path: str, node: ast.AST, arguments: list[Values], keywords: dict[str, Values]
    ) -> None:
        """Judge the paths given to an outside function."""
        sink = library.sink(path)
        if sink is None:
            return
        mode = sink.mode if sink.mode != "mode" else _mode(arguments, keywords)
        given = [
            ("read" if n == 0 and path.startswith("shutil.copy") else mode, values)
            for n, values in enumerate(arguments)
            if n in sink.arguments
        ]
        given += [(mode, values) for name, values in keywords.items() if name in _PATH_KEYWORDS]
        for mode, values in given:
            for text in library.path_texts(values):
                if _URL.match(text) and path.startswith(_FETCHERS):
                    self._fetch(node, f"{path} of a URL")
                elif sink.sure:
                    self._path(text, mode, node)
                elif is_system(text):
                    self.report("path-mention", node, f"{path} is given {text[:80]!r}")

    def path_method(
        self,
        name: str,
        node: ast.AST,
        owner: Values,
        arguments: list[Values],
        keywords: dict[str, Values],
    ) -> None:
        """Judge the paths given to a method, or that its owner stands for."""
        mode = library.PATH_METHODS.get(name)
        for one in owner:
            if mode and isinstance(one, Made) and one.path == "pathlib.Path" and one.text:
                self._path(
                    one.text,
                    mode if mode != "mode" else _mode([NOTHING, *arguments], keywords),
                    node,
                )
        kept = library.FILE_METHODS.get(name)
        if kept is not None:
            place = 1 if name == "extract" else 0
            given = arguments[place : place + 1]
            given += [values for key, values in keywords.items() if key in _PATH_KEYWORDS]
            for values in given:
                for text in library.path_texts(values):
                    if _URL.match(text):
                        self._fetch(node, f".{name}() to a URL")
                    else:
                        self._path(text, kept, node)
        if name in _STATEMENTS and arguments:
            self._statement(arguments[0], node)
        if name in ("extract", "extractall") and "fully_trusted" in texts(
            keywords.get("filter", NOTHING)
        ):
            self.report("path-write", node, f".{name}() that follows any path in the archive")
        if name in ("to_sql", "connect", "create_engine"):
            for values in (*arguments, *keywords.values()):
                if any(_SERVER.match(text) for text in library.path_texts(values)):
                    self._fetch(node, f".{name}() of a database server")

    def mentions(self, node: ast.Call, function: Values, given: list[Values]) -> None:
        """Judge that a path into the system is given to a method or function that is not known."""
        if any(isinstance(one, Ref) and "()" not in one.path for one in function):
            return
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in _TEXT_METHODS or any(isinstance(one, Local) for one in function):
            return
        for text in sorted({text for values in given for text in texts(values)}):
            if is_system(text) or _SECRETS.search(text):
                self.report("path-mention", node, f"{text[:80]!r} is given to what is not known")

    def entities(self, path: str, node: ast.AST, keywords: dict[str, Values]) -> None:
        """Judge flags that let an XML parser read other files or hosts."""
        for name, values in keywords.items():
            flags = {one.value for one in values if isinstance(one, Const)}
            if (name in _ENTITIES and True in flags) or (name == "no_network" and False in flags):
                self.report("unsafe-load", node, f"{path} with {name} follows what the data names")

    def _statement(self, values: Values, node: ast.AST) -> None:
        for text in library.path_texts(values):
            for match in _ATTACH.finditer(text[:10_000]):
                self._path(match[1], "write", node)
            if _EXTENSION.search(text[:10_000]):
                self.report("native-load", node, "a statement loads native code into SQLite")

    def _fetch(self, node: ast.AST, what: str) -> None:
        rule = "granted" if self._may_fetch() else "network-url"
        self.report(rule, node, what, "capabilities.hosts")

    def _path(self, text: str, mode: str, node: ast.AST) -> None:
        entry = outside(text, mode, self._grant)
        if entry is not None:
            rule = "path-read" if mode == "read" else "path-write"
            self.report(rule, node, f"{mode} of {text[:80]!r}", entry)


def _mode(arguments: list[Values], keywords: dict[str, Values]) -> str:
    values = keywords.get("mode", arguments[1] if len(arguments) > 1 else NOTHING)
    return "write" if any(set(text) & set("wax+") for text in texts(values)) else "read"
