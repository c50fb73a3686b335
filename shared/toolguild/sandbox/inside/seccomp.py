"""Our seccomp filters, assembled to BPF without libseccomp.

Two filters stack. The *outer* one is an allow-list around the whole warm sandbox and still lets the
fork server build namespaces. The *child* one is put on every forked child and takes that away again,
and with it sockets, other processes' memory, and every kind of memory that RLIMIT_AS does not count.
"""

import ctypes
import platform
import struct
from collections.abc import Callable
from typing import Any

from . import syscalls

EPERM, EACCES, ENOSYS, ENOPROTOOPT = 1, 13, 38, 92
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _BITS, _JUMP, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x05, 0x06
_NEW_NAMESPACE = 0x7E020080  # every CLONE_NEW* flag, CLONE_NEWTIME included
_CLONE_THREAD = 0x00010000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # both type into a terminal
_ANSWERS = {  # ENOSYS where libraries fall back silently; the rest is EPERM
    **dict.fromkeys(("socket", "connect", "bind", "listen", "accept", "accept4"), EACCES),
    **dict.fromkeys(
        ("memfd_create", "clone3", "pidfd_open", "io_uring_setup", "memfd_secret", "shmget"), ENOSYS
    ),
    **dict.fromkeys(("shmat", "semget", "msgget", "mq_open", "modify_ldt"), ENOSYS),
}
# setsockopt: SO_SNDBUF on socket pairs pinned 235 MB that no process limit counts.
_CHILD_LOSES = (
    *syscalls.TEMPLATE_ONLY, *syscalls.NEVER, "setsockopt", "setgroups", "sched_setscheduler",
    "sethostname",
)  # fmt: skip

_LISTENING = ("bind", "listen")  # of the child, before its own filter: it makes its proxy's door
_INTERNET, _STREAM, _TCP = 2, 1, 6
_FLAGS = (0, 0x800, 0x80000, 0x80800)  # SOCK_NONBLOCK, SOCK_CLOEXEC
_SOCKET_LEVEL = 1
# What HTTP clients set: TCP_NODELAY and keep-alive with its times. Nothing that makes buffers larger.
_OPTIONS = ((_TCP, 1), (_TCP, 4), (_TCP, 5), (_TCP, 6), (_SOCKET_LEVEL, 9))

Instructions = list[bytes]


def supported() -> bool:
    """Say whether the filters are right for this processor. Elsewhere nothing may run."""
    return platform.machine() == "x86_64"


def outer_filter(*, network: bool = False) -> bytes:
    """Return the BPF of the allow-list around a whole warm sandbox."""
    allow, deny = [_op(_RETURN, _ALLOW)], [_op(_RETURN, _ERRNO | ENOSYS)]
    table = dict.fromkeys((syscalls.NUMBER[name] for name in _outer_names(network)), allow)
    table[syscalls.NUMBER["ioctl"]] = [
        _op(_LOAD, 16 + 8),
        _op(_EQUAL, _TIOCSTI, 2, 0),
        _op(_EQUAL, _TIOCLINUX, 1, 0),
        _op(_RETURN, _ALLOW),
        _op(_RETURN, _ERRNO | EPERM),
    ]
    return b"".join(_prologue() + _search(sorted(table), table.__getitem__, deny))


def outer_profile(*, network: bool = False) -> dict[str, object]:
    """Return the same allow-list as a Docker seccomp profile."""
    names = sorted(_outer_names(network))
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": ENOSYS,
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []}],
        "syscalls": [
            {"names": names, "action": "SCMP_ACT_ALLOW"},
            # Docker 20.10 ignores defaultErrnoRet, and EPERM on clone3 breaks glibc's threads.
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS},
        ],
    }


def child_filter(
    *, may_fork: bool, exec_at: tuple[int, int, int] | None = None, network: bool = False
) -> bytes:
    """Return the BPF of what a call loses on top of the outer filter.

    With `network` it can make TCP sockets over IPv4 and connect them: no other kind, and none that listens.
    Without `may_fork` only threads can be made and nothing can be executed, except by the one
    execve whose three pointers are exactly `exec_at`: that is how Node is started under its filter.
    """
    table = {syscalls.NUMBER[n]: [_deny(_ANSWERS.get(n, EPERM))] for n in _CHILD_LOSES}
    table[syscalls.NUMBER["clone"]] = _clone_rule(may_fork=may_fork)
    if network:
        table[syscalls.NUMBER["socket"]] = _socket_rule()
        table[syscalls.NUMBER["connect"]] = [_op(_RETURN, _ALLOW)]
        table[syscalls.NUMBER["setsockopt"]] = _option_rule()
    if not may_fork:
        for name in ("fork", "vfork"):
            table[syscalls.NUMBER[name]] = [_deny(EPERM)]
        table[syscalls.NUMBER["execve"]] = _exec_rule(exec_at)
    allow = [_op(_RETURN, _ALLOW)]
    return b"".join(_prologue() + _search(sorted(table), table.__getitem__, allow))


class Program(ctypes.Structure):
    """The kernel's `struct sock_fprog`. Keeps its instructions alive."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    @classmethod
    def of(cls, bpf: bytes) -> "Program":
        """Return a program that prctl(PR_SET_SECCOMP) accepts."""
        buffer: Any = ctypes.create_string_buffer(bpf, len(bpf))
        program = cls(len(bpf) // 8, ctypes.addressof(buffer))
        program.buffer = buffer
        return program


def _outer_names(network: bool) -> set[str]:
    return {*syscalls.ALLOWED, *syscalls.TEMPLATE_ONLY, *(_LISTENING if network else ())}


def _op(code: int, k: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, k & 0xFFFFFFFF)


def _deny(errno: int) -> bytes:
    return _op(_RETURN, _ERRNO | errno)


def _prologue() -> Instructions:
    """Kill on another architecture's or the x32 calling convention; then load the number."""
    return [
        _op(_LOAD, 4), _op(_EQUAL, syscalls.ARCHITECTURE, 1, 0), _op(_RETURN, _KILL),
        _op(_LOAD, 0), _op(_AT_LEAST, syscalls.X32_BIT, 0, 1), _op(_RETURN, _KILL),
    ]  # fmt: skip


def _clone_rule(*, may_fork: bool) -> Instructions:
    rule = [_op(_LOAD, 16), _op(_BITS, _NEW_NAMESPACE, 0, 1), _deny(EPERM)]
    if not may_fork:
        rule += [_op(_BITS, _CLONE_THREAD, 1, 0), _deny(EPERM)]
    return [*rule, _op(_RETURN, _ALLOW)]


def _socket_rule() -> Instructions:
    kinds = [_STREAM | flags for flags in _FLAGS]
    rule = [_op(_LOAD, 16), _op(_EQUAL, _INTERNET, 1, 0), _deny(EACCES), _op(_LOAD, 24)]
    for left, kind in zip(range(len(kinds), 0, -1), kinds, strict=True):
        rule.append(_op(_EQUAL, kind, left, 0))  # over the rest and the refusal
    rule += [_deny(EACCES), _op(_LOAD, 32), _op(_EQUAL, 0, 2, 0), _op(_EQUAL, _TCP, 1, 0)]
    return [*rule, _deny(EACCES), _op(_RETURN, _ALLOW)]


def _option_rule() -> Instructions:
    rule: Instructions = []
    for level, name in _OPTIONS:
        rule += [_op(_LOAD, 24), _op(_EQUAL, level, 0, 3), _op(_LOAD, 32)]
        rule += [_op(_EQUAL, name, 0, 1), _op(_RETURN, _ALLOW)]
    return [*rule, _deny(ENOPROTOOPT)]  # libraries pass over an option that there is not


def _exec_rule(exec_at: tuple[int, int, int] | None) -> Instructions:
    if exec_at is None:
        return [_deny(EPERM)]
    rule: Instructions = []
    for index, pointer in enumerate(exec_at):
        for half in (0, 4):
            value = (pointer >> (8 * half)) & 0xFFFFFFFF
            rule += [_op(_LOAD, 16 + 8 * index + half), _op(_EQUAL, value, 1, 0), _deny(EPERM)]
    return [*rule, _op(_RETURN, _ALLOW)]


def _search(
    numbers: list[int], rule: Callable[[int], Instructions], miss: Instructions
) -> Instructions:
    """Lay out a binary search; a leaf stands right behind its compare, since jumps are 8 bits."""
    if len(numbers) <= 4:
        out: Instructions = []
        for number in numbers:
            body = rule(number)
            out += [_op(_EQUAL, number, 0, len(body)), *body]
        return out + miss
    middle = len(numbers) // 2
    low = _search(numbers[:middle], rule, miss)
    high = _search(numbers[middle:], rule, miss)
    # The lower half may be longer than 255 instructions: skip it by a long jump.
    return [_op(_AT_LEAST, numbers[middle], 0, 1), _op(_JUMP, len(low)), *low, *high]
