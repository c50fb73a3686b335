"""The files that one call may read: put below a folder that its sandbox shows at /data, then taken away."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from toolguild.errors import UsageError

_SMALL = 1 << 20


def check_names(inputs: Mapping[str, Path | bytes]) -> None:
    """Raise UsageError for a name that is not a plain file name, or a path that is no readable file."""
    for name, source in inputs.items():
        if (
            name in ("", ".", "..")
            or "/" in name
            or not name.isprintable()
            or len(name.encode()) > 255
        ):
            raise UsageError(f"input {name!r} is not a plain file name: use letters, digits, dots")
        if isinstance(source, Path) and not source.is_file():
            raise UsageError(f"input {name!r}: there is no file {source}")


def small(inputs: Mapping[str, Path | bytes]) -> bool:
    """Say whether the files can be put in place without leaving the event loop waiting."""
    sizes = (len(s) if isinstance(s, bytes) else s.stat().st_size for s in inputs.values())
    return sum(sizes) <= _SMALL


def place(inputs: Mapping[str, Path | bytes], folder: Path) -> None:
    """Copy the files into the folder, readable for everybody and writable for nobody."""
    for name, source in inputs.items():
        target = folder / name
        if isinstance(source, bytes):
            target.write_bytes(source)
            target.chmod(0o444)
        elif not _linked(source, target):
            shutil.copyfile(source, target)
            target.chmod(0o444)


def empty(folder: Path) -> None:
    """Take every file away again."""
    for entry in os.scandir(folder):
        Path(entry).unlink()


def _linked(source: Path, target: Path) -> bool:
    """Link instead of copying where that shows the same thing: readable for all, same file system."""
    real = source.resolve()
    if real.stat().st_mode & 0o444 != 0o444:
        return False
    try:
        target.hardlink_to(real)
    except OSError:
        return False
    return True
