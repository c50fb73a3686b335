"""Which programs a call starts: the kernel holds each start until the supervisor has looked at it.

What is seen is the name that was asked for. Another thread of the tool can change it between the look and the
start, so it is an observation and never a permission.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import select
import struct
from collections.abc import Callable

from toolguild.sandbox.interface import MOST_NAMES, Names
from toolguild.sandbox.outer import ENVIRONMENT

_RECEIVE, _SEND, _VALID = 0xC0502100, 0xC0182101, 0x40082102  # SECCOMP_IOCTL_NOTIF_*
_NOTICE = struct.Struct("<QIIiIQ6Q")  # id, pid, flags, number, architecture, pointer, arguments
_GO_ON = struct.Struct("<QqiI")  # id, value, error, flags
_CONTINUE = 1
_PAGE = os.sysconf("SC_PAGE_SIZE")
_libc = ctypes.CDLL(None, use_errno=True)
_LONGEST_PATH, _LONGEST_NAME = 4096, 200
_FOLDERS = {*ENVIRONMENT["PATH"].split(":"), "/usr/sbin", "/sbin"}


class Starts:
    """Answers the notices of one call's filter, and keeps the programs' names."""

    def __init__(self, listener: int, looked: Callable[[], None]) -> None:
        """Listen, and take the descriptor over. `looked` is called at every start."""
        self._listener, self._looked = listener, looked
        self._loop = asyncio.get_running_loop()
        self._found: set[str] = set()
        self._blind = False
        self._ours = 0  # starts that are the harness's own
        self._loop.add_reader(listener, self._take)

    def expect_ours(self) -> None:
        """Leave the next start out: it is the interpreter's, before any code of the tool."""
        self._ours += 1

    def names(self) -> Names:
        """Return the programs that were started, by name; None where their names could not be read."""
        return None if self._blind else tuple(sorted(self._found))[:MOST_NAMES]

    def close(self) -> None:
        """Listen no more: a start that still waits fails. Idempotent."""
        if self._listener >= 0:
            self._loop.remove_reader(self._listener)
            os.close(self._listener)
            self._listener = -1

    def _take(self) -> None:
        notice = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, notice)
        except OSError:  # the one that asked was killed meanwhile
            if _nobody_left(self._listener):
                self.close()
            return
        id, pid, _, _, _, _, path, *_ = _NOTICE.unpack(notice)
        if self._ours:
            self._ours -= 1
        else:
            self._note(id, pid, path)
        self._looked()
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._listener, _SEND, _GO_ON.pack(id, 0, 0, _CONTINUE))

    def _note(self, id: int, pid: int, address: int) -> None:
        try:
            name = _asked(pid, address)
            fcntl.ioctl(
                self._listener, _VALID, struct.pack("<Q", id)
            )  # else it was another process
        except PermissionError:
            self._blind = True
            return
        except OSError:
            return  # gone, or there is no such program: libraries try one folder after the other
        if len(self._found) < MOST_NAMES:
            self._found.add(name)


def _asked(pid: int, address: int) -> str:
    """Return the program that a waiting execve names.

    Raises PermissionError where it cannot be looked at, another OSError where there is no such program.
    """
    if not pid:
        raise PermissionError("it cannot be seen from here")
    path = _memory(pid, address).partition(b"\0")[0]
    if not path:
        raise FileNotFoundError("it names none")
    where = b"root" if path.startswith(b"/") else b"cwd/"
    os.lstat(b"/proc/%d/%b%b" % (pid, where, path))
    text = path.decode(errors="backslashreplace")
    folder, _, name = text.rpartition("/")
    return (name if folder in _FOLDERS else text)[-_LONGEST_NAME:]


class _Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _memory(pid: int, address: int) -> bytes:
    """Return what a process has from an address on, as far as it is mapped. Raises OSError.

    A process that hides its memory keeps its own user out of /proc/PID/mem, but not the one who made its
    user namespace out of this.
    """
    buffer = ctypes.create_string_buffer(_LONGEST_PATH)
    first = min(_LONGEST_PATH, _PAGE - address % _PAGE)  # a part is read whole or not at all
    parts = (_Part * 2)(_Part(address, first), _Part(address + first, _LONGEST_PATH - first))
    room = _Part(ctypes.addressof(buffer), _LONGEST_PATH)
    got: int = _libc.process_vm_readv(pid, ctypes.byref(room), 1, parts, 2, 0)
    if got < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
    return buffer.raw[:got]


def _nobody_left(listener: int) -> bool:
    """Whether every process under the filter is gone: then there is nothing to listen to."""
    poll = select.poll()
    poll.register(listener, 0)
    return any(events & select.POLLHUP for _, events in poll.poll(0))
