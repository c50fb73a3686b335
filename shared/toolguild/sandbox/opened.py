"""Which files of a folder were opened: told by the kernel, whatever mount namespace they were opened in."""

import ctypes
import os
import struct
from pathlib import Path

from toolguild.sandbox.interface import MOST_NAMES, Names

_OPENED, _LOST, _FOLDER = 0x20, 0x4000, 0x40000000  # IN_OPEN, IN_Q_OVERFLOW, IN_ISDIR
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name
_libc = ctypes.CDLL(None, use_errno=True)


class Opened:
    """Notes what is opened through one folder; what opens the same file by another name is not seen.

    An event costs the process that opens, not the one that looks, and the kernel keeps some thousands of them.
    """

    def __init__(self, folder: Path) -> None:
        """Look from now on. Raises OSError where the kernel gives no more of these to this user."""
        self._fd: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0 or _libc.inotify_add_watch(self._fd, os.fsencode(folder), _OPENED) < 0:
            errno = ctypes.get_errno()
            self.close()
            raise OSError(errno, f"inotify: {os.strerror(errno)}")

    def names(self) -> Names:
        """Return what was opened since the last time, or None where more happened than the kernel kept."""
        found: set[str] = set()
        complete = True
        while events := self._read():
            at = 0
            while at < len(events):
                _, mask, _, length = _EVENT.unpack_from(events, at)
                at += _EVENT.size
                name = events[at : at + length].rstrip(b"\0")
                at += length
                complete = complete and not mask & _LOST
                if name and not mask & _FOLDER:
                    found.add(os.fsdecode(name))
        return tuple(sorted(found))[:MOST_NAMES] if complete else None

    def close(self) -> None:
        """Look no more. Idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> bytes:
        try:
            return os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return b""
