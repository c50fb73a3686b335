"""What a call left below /output, listed from outside while its first process is still there."""

import contextlib
import os

from toolguild.sandbox.inside.child import OUTPUT
from toolguild.sandbox.interface import MOST_NAMES, Names

_DEEPEST = 32
_MOST_ENTRIES = 8192
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def below_output(pid: int | None) -> Names:
    """Return the paths of all that is no folder, or None where that process cannot be looked into.

    Nothing is followed, opened or believed: the code may run on. Bytes that are no text are escaped.
    """
    if not pid:
        return None
    try:
        root = os.open(f"/proc/{pid}/root{OUTPUT}", _FOLDER)
    except OSError:
        return None
    found: list[str] = []
    _walk(root, "", found, _DEEPEST)
    return tuple(sorted(set(found)))[:MOST_NAMES]


def _walk(folder: int, prefix: str, found: list[str], deeper: int) -> None:
    """Add what lies in an open folder, and close it."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if len(found) >= _MOST_ENTRIES:
                    return
                if not entry.is_dir(follow_symlinks=False):
                    found.append(prefix + _text(entry.name))
                elif deeper:
                    with contextlib.suppress(OSError):  # closed to us, or gone again
                        below = os.open(entry.name, _FOLDER, dir_fd=folder)
                        _walk(below, f"{prefix}{_text(entry.name)}/", found, deeper - 1)
    except OSError:
        pass  # what was listed so far is true
    finally:
        os.close(folder)


def _text(name: str) -> str:
    return os.fsencode(name).decode(errors="backslashreplace")
