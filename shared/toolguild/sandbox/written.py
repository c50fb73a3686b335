"""What a call left below /output, listed from outside."""

import contextlib
import os

from toolguild.sandbox.inside.child import OUTPUT
from toolguild.sandbox.interface import MOST_NAMES, Names

_DEEPEST = 32
_MOST_ENTRIES = 8192
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Written:
    """A hold on one call's /output, taken before any code of the tool and good after its end."""

    def __init__(self, pid: int) -> None:
        """Take hold of what the process `pid` sees as /output, where it can be looked into."""
        try:
            self._folder = os.open(f"/proc/{pid}/root{OUTPUT}", _FOLDER)
        except OSError:
            self._folder = -1

    def names(self) -> Names:
        """Return the paths of all that is no folder, or None where nobody can look.

        Nothing is followed, opened or believed: the code may run on. Bytes that are no text are escaped.
        """
        if self._folder < 0:
            return None
        found: list[str] = []
        _walk(self._folder, "", found, _DEEPEST)
        return tuple(sorted(set(found)))[:MOST_NAMES]

    def close(self) -> None:
        """Let go: what only this hold kept is freed. Idempotent."""
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1


def _walk(folder: int, prefix: str, found: list[str], deeper: int) -> None:
    """Add what lies in an open folder."""
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
                        try:
                            _walk(below, f"{prefix}{_text(entry.name)}/", found, deeper - 1)
                        finally:
                            os.close(below)
    except OSError:
        pass  # what was listed so far is true


def _text(name: str) -> str:
    return os.fsencode(name).decode(errors="backslashreplace")
