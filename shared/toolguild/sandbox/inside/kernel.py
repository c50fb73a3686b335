"""The few kernel calls that Python's standard library does not have, as functions that raise OSError."""

import ctypes
import os

from .seccomp import Program

NEWNS, NEWUSER, NEWPID, NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
NOSUID, NODEV, NOEXEC, RDONLY = 2, 4, 8, 1
REMOUNT, BIND, REC, PRIVATE = 0x20, 0x1000, 0x4000, 1 << 18
DETACH = 2
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP, _NEW_LISTENER = 317, 8
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_EXECUTE = 1  # LANDLOCK_ACCESS_FS_EXECUTE

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


_HEADER, _NO_CAPABILITIES = _CapabilityHeader(0x20080522, 0), (ctypes.c_uint32 * 6)()


def _checked(result: int, what: str) -> int:
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{what}: {os.strerror(errno)}")
    return result


def unshare(flags: int) -> None:
    """Leave the given namespaces for new ones."""
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    """Enter the namespace behind a descriptor."""
    _checked(_libc.setns(fd, kind), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount, bind or remount."""
    filesystem = kind.encode() if kind else None
    done = _libc.mount(source.encode(), target.encode(), filesystem, flags, data.encode())
    _checked(done, f"mount {target}")


def detach(target: str) -> None:
    """Take a mount out of sight; what is bound elsewhere stays."""
    _checked(_libc.umount2(target.encode(), DETACH), f"umount {target}")


def die_with_parent() -> None:
    """Be killed when the parent dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)


def hide_memory() -> None:
    """Forbid others of the same uid to trace this process or read its memory."""
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up every capability; no_new_privs keeps them from coming back."""
    _checked(_libc.capset(ctypes.byref(_HEADER), ctypes.byref(_NO_CAPABILITIES)), "capset")


def no_new_privileges() -> None:
    """Make set-uid bits and file capabilities mean nothing from here on."""
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def install(program: Program) -> None:
    """Put a seccomp filter on this thread and all that come from it."""
    _checked(_libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0), "seccomp")


def install_watched(program: Program) -> int:
    """Put a filter on whose notices somebody has to answer, and return the descriptor to answer them on.

    Raises OSError where the kernel has no such filters.
    """
    return _checked(
        _libc.syscall(_SECCOMP, 1, _NEW_LISTENER, ctypes.byref(program)), "seccomp listener"
    )


def close_from(first: int) -> None:
    """Close every descriptor from `first` on."""
    _libc.close_range(first, 0xFFFFFFFF, 0)


class Exec:
    """An execve prepared beforehand, so that a filter can name it by its pointers."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self._path = ctypes.create_string_buffer(argv[0].encode())
        words = [word.encode() for word in argv]
        pairs = [f"{name}={value}".encode() for name, value in environment.items()]
        self._argv = (ctypes.c_char_p * (len(words) + 1))(*words, None)
        self._environment = (ctypes.c_char_p * (len(pairs) + 1))(*pairs, None)

    def pointers(self) -> tuple[int, int, int]:
        """Return the three arguments that the kernel will see."""
        return (
            ctypes.addressof(self._path),
            ctypes.addressof(self._argv),
            ctypes.addressof(self._environment),
        )

    def run(self) -> None:
        """Become the program. Returns only by raising OSError."""
        _checked(_libc.syscall(59, self._path, self._argv, self._environment), "execve")


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("fd", ctypes.c_int32))


class _PortRule(ctypes.Structure):
    _fields_ = (("access", ctypes.c_uint64), ("port", ctypes.c_uint64))


def landlock(
    readable: list[str], writable: list[str], devices: list[str], port: int | None = None
) -> None:
    """Confine this process to these paths, and to TCP connections to `port`: no other network, no signals
    outside, where the kernel can.

    Raises OSError where the kernel has no Landlock of version 3 (the first to cover truncation).
    """
    version = _checked(_libc.syscall(_LANDLOCK_CREATE, None, 0, 1), "landlock")
    if version < 3:
        raise OSError(38, f"landlock version {version} is too old")
    everything = (1 << 16) - 1 if version >= 5 else (1 << 15) - 1
    attributes = _Ruleset(everything, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _checked(_libc.syscall(_LANDLOCK_CREATE, ctypes.byref(attributes), size, 0), "landlock")
    execute_and_read = 1 | 4 | 8
    # write, read, list, remove, make directories, files and symlinks, truncate; no devices, no execute
    no_devices = 2 | 4 | 8 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 14
    for paths, access in ((readable, execute_and_read), (writable, no_devices), (devices, 2 | 4)):
        for path in paths:
            if not os.path.exists(path):
                continue
            granted = access if os.path.isdir(path) else access & (1 | 2 | 4 | 1 << 14)
            _grant(rules, path, granted & everything)
    if port is not None and version >= 4:
        connect = _PortRule(2, port)
        added = _libc.syscall(_LANDLOCK_ADD, rules, 2, ctypes.byref(connect), 0)
        _checked(added, f"rule for port {port}")
    _checked(_libc.syscall(_LANDLOCK_RESTRICT, rules, 0), "landlock")
    os.close(rules)


def has_landlock() -> bool:
    """Whether the kernel has Landlock, and it is switched on."""
    version: int = _libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    return version > 0


def only_start(files: list[str]) -> None:
    """Let this process, and all that come from it, start these files only.

    Needs no_new_privs. Raises OSError where the kernel has no Landlock, or one of the files is not there.
    """
    attributes = _Ruleset(_EXECUTE, 0, 0)
    rules = _checked(_libc.syscall(_LANDLOCK_CREATE, ctypes.byref(attributes), 8, 0), "landlock")
    for path in files:
        _grant(rules, path, _EXECUTE)
    _checked(_libc.syscall(_LANDLOCK_RESTRICT, rules, 0), "landlock")
    os.close(rules)


def _grant(rules: int, path: str, access: int) -> None:
    """Add a path to a Landlock rule set."""
    fd = os.open(path, os.O_PATH)
    rule = _PathRule(access, fd)
    _checked(_libc.syscall(_LANDLOCK_ADD, rules, 1, ctypes.byref(rule), 0), f"rule {path}")
    os.close(fd)
