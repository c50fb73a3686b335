"""What the review knows of Python's own functions: names, results, and which of them take paths."""

import builtins
import posixpath
import sys
from typing import NamedTuple

from toolguild.static.python.values import NOTHING, Const, Made, Prefix, Value, Values, const, texts
from toolguild.static.words import words

_BUILTINS = frozenset(dir(builtins))
STANDARD = frozenset(sys.stdlib_module_names)

# Standard modules that have a function or class of their own or of another module's name.
_CLASHES = words(
    "datetime.time random.random html.parser email.parser concurrent.futures tokenize.token "
    "logging.config unittest.mock asyncio.queues json.tool os.path typing.re shutil.copy "
    "copy.copy time.time string.string uuid.uuid signal.signal platform.platform"
)

# Where a standard module holds another one under a name that is not its own.
MODULE_ALIASES = {"enum.bltns": "builtins"}

_READ, _WRITE = "read", "write"


class Sink(NamedTuple):
    """Which arguments of a function are paths, and what happens to the files there."""

    arguments: tuple[int, ...]
    mode: str  # read, write, or "mode": the call's own mode argument says it
    sure: bool = True  # the function is known to use them as paths


_SINKS: dict[str, Sink] = {
    "builtins.open": Sink((0,), "mode"),
    "io.open": Sink((0,), "mode"),
    "io.open_code": Sink((0,), _READ),
    "io.FileIO": Sink((0,), "mode"),
    "codecs.open": Sink((0,), "mode"),
    "gzip.open": Sink((0,), "mode"),
    "bz2.open": Sink((0,), "mode"),
    "lzma.open": Sink((0,), "mode"),
    "tarfile.open": Sink((0,), "mode"),
    "zipfile.ZipFile": Sink((0,), "mode"),
    "sqlite3.connect": Sink((0,), _WRITE),
    "shutil.copy": Sink((0, 1), _WRITE),
    "shutil.copy2": Sink((0, 1), _WRITE),
    "shutil.copyfile": Sink((0, 1), _WRITE),
    "shutil.copytree": Sink((0, 1), _WRITE),
    "shutil.move": Sink((0, 1), _WRITE),
    "shutil.rmtree": Sink((0,), _WRITE),
    "shutil.make_archive": Sink((0, 2), _WRITE),
    "shutil.unpack_archive": Sink((0, 1), _WRITE),
    "gzip.GzipFile": Sink((0,), "mode"),
    "bz2.BZ2File": Sink((0,), "mode"),
    "lzma.LZMAFile": Sink((0,), "mode"),
    "wave.open": Sink((0,), "mode"),
    "tokenize.open": Sink((0,), _READ),
    "logging.basicConfig": Sink((), _WRITE),
    "logging.FileHandler": Sink((0,), _WRITE),
    "logging.handlers.RotatingFileHandler": Sink((0,), _WRITE),
    "logging.handlers.TimedRotatingFileHandler": Sink((0,), _WRITE),
    "logging.handlers.WatchedFileHandler": Sink((0,), _WRITE),
    "tempfile.NamedTemporaryFile": Sink((), _WRITE),
    "tempfile.TemporaryFile": Sink((), _WRITE),
    "tempfile.SpooledTemporaryFile": Sink((), _WRITE),
    "tempfile.TemporaryDirectory": Sink((2,), _WRITE),
    "tempfile.mkstemp": Sink((2,), _WRITE),
    "tempfile.mkdtemp": Sink((2,), _WRITE),
    "numpy.save": Sink((0,), _WRITE),
    "numpy.savez": Sink((0,), _WRITE),
    "numpy.savez_compressed": Sink((0,), _WRITE),
    "numpy.savetxt": Sink((0,), _WRITE),
    "cv2.imwrite": Sink((0,), _WRITE),
    "imageio.imwrite": Sink((0,), _WRITE),
    "h5py.File": Sink((0,), "mode"),
    "netCDF4.Dataset": Sink((0,), "mode"),
    "pandas.ExcelWriter": Sink((0,), _WRITE),
    "pandas.HDFStore": Sink((0,), "mode"),
    "matplotlib.pyplot.savefig": Sink((0,), _WRITE),
    "matplotlib.pyplot.imsave": Sink((0,), _WRITE),
}
_READERS = (
    "glob.",
    "linecache.",
    "fileinput.",
    "mimetypes.",
    "soundfile.read",
    "librosa.load",
    "scipy.io.",
    "skimage.io.",
    "geopandas.read_",
    "xarray.open_",
    "numpy.load",
    "numpy.genfromtxt",
    "numpy.fromfile",
    "numpy.memmap",
    "pandas.read_",
    "pandas.Excel",
    "polars.read_",
    "polars.scan_",
    "openpyxl.load_workbook",
    "PIL.Image.open",
    "cv2.im",
    "xml.etree.ElementTree.parse",
    "lxml.etree.parse",
    "shutil.",
    "tempfile.",
)
_OS_WRITES = words(
    "remove unlink rmdir removedirs makedirs mkdir rename renames replace link symlink chmod chown "
    "truncate mkfifo mknod"
)
PATH_METHODS: dict[str, str] = {
    "read_text": _READ,
    "read_bytes": _READ,
    "iterdir": _READ,
    "rglob": _READ,
    "glob": _READ,
    "open": "mode",
    "exists": _READ,
    "is_file": _READ,
    "is_dir": _READ,
    "stat": _READ,
    "write_text": _WRITE,
    "write_bytes": _WRITE,
    "mkdir": _WRITE,
    "touch": _WRITE,
    "unlink": _WRITE,
    "rmdir": _WRITE,
    "rename": _WRITE,
    "replace": _WRITE,
    "chmod": _WRITE,
    "symlink_to": _WRITE,
    "hardlink_to": _WRITE,
}
# Methods of objects the review does not know, whose first argument is a path.
FILE_METHODS: dict[str, str] = {
    "extractall": _WRITE,
    "extract": _WRITE,
    "savefig": _WRITE,
    "tofile": _WRITE,
    "to_feather": _WRITE,
    "to_hdf": _WRITE,
    "to_latex": _WRITE,
    "to_markdown": _WRITE,
    "to_stata": _WRITE,
    "to_string": _WRITE,
    "to_xml": _WRITE,
    "to_file": _WRITE,
    "to_netcdf": _WRITE,
    "to_csv": _WRITE,
    "to_json": _WRITE,
    "to_excel": _WRITE,
    "to_html": _WRITE,
    "to_parquet": _WRITE,
    "to_pickle": _WRITE,
    "save": _WRITE,
    "write_html": _WRITE,
    "write_image": _WRITE,
    "write_csv": _WRITE,
    "write_excel": _WRITE,
    "write_json": _WRITE,
    "write_parquet": _WRITE,
    "storbinary": _READ,
}
# Functions to which a path is only a text.
_TEXT_ONLY = (
    "builtins.",
    "re.",
    "json.dumps",
    "json.loads",
    "logging.",
    "os.path.join",
    "os.path.basename",
    "os.path.dirname",
    "os.path.split",
    "os.path.norm",
    "os.path.commonp",
    "os.path.isabs",
    "os.path.expand",
    "os.path.rel",
    "os.path.abspath",
    "os.path.realpath",
    "os.fspath",
    "os.fsencode",
    "pathlib.Pure",
    "pathlib.Path",
    "fnmatch.",
    "textwrap.",
    "string.",
    "collections.",
    "typing.",
    "warnings.",
    "shlex.",
    "difflib.",
    "hashlib.",
    "hmac.",
    "base64.",
    "urllib.parse.",
    "argparse.",
    "datetime.",
    "html.",
    "copy.",
    "struct.",
    "itertools.",
    "functools.",
    "operator.",
)


GETTERS = words("operator.attrgetter operator.itemgetter operator.methodcaller")
# Functions that list what is below a folder, or matches a pattern.
LISTINGS = words("glob.glob glob.iglob os.walk os.fwalk")
NAMED_TEXTS = {"os.sep": "/", "os.path.sep": "/", "os.pardir": "..", "os.curdir": "."}


def is_builtin(name: str) -> bool:
    """Say whether a bare name is one of Python's built-in functions, types and constants."""
    return name in _BUILTINS and not (name.startswith("__") and name != "__import__")


def clashes(path: str) -> bool:
    """Say whether a dotted name that ends like a module is something else."""
    parent, _, name = path.rpartition(".")
    return path in _CLASHES or parent.rpartition(".")[2] == name


def sink(path: str) -> Sink | None:
    """Return which arguments of an outside function are paths; None when none is."""
    known = _SINKS.get(path)
    if known is not None:
        return known
    if path.startswith(_TEXT_ONLY):
        return None
    if path.startswith("os."):
        return Sink((0, 1), _WRITE if path[3:] in _OS_WRITES else _READ)
    if path.startswith(_READERS):
        return Sink((0, 1), _READ)
    return Sink((0, 1), _READ, sure=False)


def path_texts(values: Values) -> list[str]:
    """Return the paths among the values, as far as they are known."""
    found = []
    for one in values:
        if isinstance(one, Const) and isinstance(one.value, str):
            found.append(one.value)
        elif isinstance(one, Const) and isinstance(one.value, bytes):
            found.append(one.value.decode("latin-1"))
        elif isinstance(one, Prefix) or (isinstance(one, Made) and one.path == "pathlib.Path"):
            found.append(one.text or "")
    return found


def constructed(path: str, arguments: list[Values]) -> Values:
    """Return what an outside function that builds or passes on a value returns; else nothing."""
    first = arguments[0] if arguments else NOTHING
    if path == "functools.partial":
        return first
    if path in GETTERS:
        given = arguments if path == "operator.attrgetter" else arguments[:1]
        return frozenset(Made(path, text) for values in given for text in texts(values))
    if path in ("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"):
        joined = frozenset(Made("pathlib.Path", text) for text in _joined(arguments))
        return joined or frozenset((Made("pathlib.Path"),))
    if path == "pathlib.Path.home":
        return frozenset((Made("pathlib.Path", "~/"),))
    if path == "os.path.join":
        return frozenset(_text(text) for text in _joined(arguments))
    if path.startswith("os.path.") and path[8:] in (
        "expanduser",
        "abspath",
        "normpath",
        "realpath",
    ):
        return first
    if path in ("builtins.str", "os.fspath", "os.fsencode", "builtins.repr"):
        return frozenset(_text(text) for text in path_texts(first))
    if path in ("types.SimpleNamespace", "copy.copy", "copy.deepcopy", "typing.cast"):
        return arguments[-1] if arguments else NOTHING
    return NOTHING


def _text(text: str) -> Const | Prefix:
    return Prefix(text[:-1]) if text.endswith("\x00") else const(text)


def _joined(arguments: list[Values]) -> list[str]:
    """Join paths; a NUL at the end says that more follows that is not known."""
    if not arguments:
        return []
    bases = path_texts(arguments[0])[:4]
    for values in arguments[1:]:
        parts = path_texts(values)[:3]
        if parts:
            bases = [posixpath.join(base.rstrip("\x00"), part) for base in bases for part in parts][
                :8
            ]
        else:
            bases = [base.rstrip("\x00").rstrip("/") + "/\x00" for base in bases]
    return bases


def listed(arguments: list[Values]) -> Values:
    """Return how the paths begin that a listing of a folder or a pattern gives."""
    found: set[Value] = set()
    for text in path_texts(arguments[0]) if arguments else ():
        base = text
        for wildcard in "*?[":
            base = base.partition(wildcard)[0]
        if base.startswith(("/", "~", "..")):
            found.add(Prefix(base.rstrip("/") + "/"))
    return frozenset(found)
