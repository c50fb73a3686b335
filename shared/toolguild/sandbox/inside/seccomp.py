"""Our seccomp filters, assembled to BPF without libseccomp. Both are allow-lists.

Two filters stack. The *outer* one is around the whole warm sandbox and still lets the fork server build
namespaces. The *child* one is put on every forked child: it takes that away again, and with it sockets, other
processes' memory, every kind of memory that RLIMIT_AS does not count, and of the calls that take a command
every command that it does not name.
"""

import ctypes
import platform
from typing import Any

from . import syscalls
from .bpf import ANY_BIT, EQUAL, Instructions, allow, among, argument, deny, notify, op, program

EPERM, EACCES, ENOTTY, ENOSYS, ENOPROTOOPT, ENOTSUP = 1, 13, 25, 38, 92, 95
# New namespaces of every kind, CLONE_NEWTIME included; CLONE_PTRACE, CLONE_PARENT and CLONE_UNTRACED: a process
# that is not below its maker, or traced by somebody.
_NO_CLONE = 0x7E020080 | 0x2000 | 0x8000 | 0x800000
_CLONE_THREAD = 0x00010000
_TYPING = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX type into a terminal
# Answered with EPERM: what is asked for on purpose. All else is ENOSYS, where libraries fall back silently.
_REFUSED = (
    "ptrace", "add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd",
    "process_vm_readv", "process_vm_writev", "kcmp", "personality", "pidfd_getfd", "pidfd_send_signal",
    "chroot", "pivot_root", "mount", "umount2", "open_tree", "move_mount", "fsopen", "fsmount", "fsconfig",
    "fspick", "mount_setattr", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "mknod",
    "mknodat", "capset", "setuid", "setgid", "setresuid", "setresgid", "setreuid", "setregid", "setfsuid",
    "setfsgid", "setgroups", "sethostname", "setdomainname", "sched_setscheduler", "sched_setparam",
    "sched_setattr", "seccomp", "setsockopt", "execveat", "kexec_load", "kexec_file_load", "init_module",
    "finit_module", "delete_module", "acct", "syslog", "settimeofday", "clock_settime", "adjtimex",
    "clock_adjtime", "swapon", "swapoff", "quotactl", "quotactl_fd", "reboot", "iopl", "ioperm",
    "fanotify_init", "fanotify_mark", "mbind", "migrate_pages", "move_pages", "vhangup", "vmsplice",
    "rt_sigqueueinfo", "rt_tgsigqueueinfo",
)  # fmt: skip
_NO_ATTRIBUTES = (
    "setxattr",
    "lsetxattr",
    "fsetxattr",
)  # copying passes over what a file system lacks
_NO_SOCKETS = ("socket", "connect", "bind", "listen", "accept", "accept4")

# What isatty, pipes and libuv ask of a descriptor, and shells of a terminal. Copying by reference is left out.
_IOCTLS = (0x5401, 0x802C542A, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# Duplicates, flags and record locks. Left out: F_SETPIPE_SZ, which pins a megabyte a pipe that no limit counts;
# leases, which hold up others at a shared file; signals on behalf of a descriptor.
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032)
# Names of threads and of mappings, and reading what one is. Left out: being traced, being dumped, surviving a
# parent, filters, securebits, changing the layout of its memory.
_PRCTLS = (2, 3, 15, 16, 21, 23, 27, 30, 38, 39, 0x53564D41)
_UNIX, _INTERNET, _STREAM, _TCP = 1, 2, 1, 6

_LISTENING = ("bind", "listen")  # of the child, before its own filter: it makes its proxy's door
_FLAGS = (0, 0x800, 0x80000, 0x80800)  # SOCK_NONBLOCK, SOCK_CLOEXEC
_SOCKET_LEVEL = 1
# What HTTP clients set: TCP_NODELAY and keep-alive with its times. Nothing that makes buffers larger: SO_SNDBUF
# on socket pairs pinned 235 MB that no process limit counts.
_OPTIONS = ((_TCP, 1), (_TCP, 4), (_TCP, 5), (_TCP, 6), (_SOCKET_LEVEL, 9))

Rules = dict[str, Instructions]


def supported() -> bool:
    """Say whether the filters are right for this processor. Elsewhere nothing may run."""
    return platform.machine() == "x86_64"


def outer_filter(*, network: bool = False) -> bytes:
    """Return the BPF of the allow-list around a whole warm sandbox."""
    rules = dict.fromkeys(_outer_names(network), allow())
    typing = [op(EQUAL, _TYPING[0], 2, 0), op(EQUAL, _TYPING[1], 1, 0)]
    rules["ioctl"] = (argument(1), *typing, *allow(), *deny(EPERM))
    return _assemble(rules)


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
    *,
    may_fork: bool,
    exec_at: tuple[int, int, int] | None = None,
    network: bool = False,
    watched: bool = False,
) -> bytes:
    """Return the BPF of the allow-list for one call.

    With `network` it can make TCP sockets over IPv4 and connect them: no other kind, and none that listens.
    Without `may_fork` only threads can be made and nothing can be executed, except by the one
    execve whose three pointers are exactly `exec_at`: that is how Node is started under its filter.
    With `watched` each execve waits until the supervisor has seen it.
    """
    rules: Rules = dict.fromkeys(syscalls.ALLOWED, allow())
    rules |= dict.fromkeys(_REFUSED, deny(EPERM)) | dict.fromkeys(_NO_SOCKETS, deny(EACCES))
    rules |= dict.fromkeys(_NO_ATTRIBUTES, deny(ENOTSUP))
    rules |= {
        "clone": _clone_rule(may_fork=may_fork),
        "ioctl": among(1, _IOCTLS, ENOTTY),
        "fcntl": among(1, _FCNTLS, EPERM),
        "prctl": among(0, _PRCTLS, EPERM),
        "socketpair": among(0, (_UNIX,), EACCES),
        # Of a process of the same user these three change another one, the fork server too where it is visible.
        "prlimit64": among(0, (0,), EPERM),
        "sched_setaffinity": among(0, (0,), EPERM),
        "setpriority": (argument(0), op(EQUAL, 0, 1, 0), *deny(EPERM), *among(1, (0,), EPERM)),
    }
    if network:
        rules["socket"] = _socket_rule()
        rules["connect"] = allow()
        rules["setsockopt"] = _option_rule()
    if not may_fork:
        rules |= dict.fromkeys(("fork", "vfork"), deny(EPERM))
        rules["execve"] = _exec_rule(exec_at)
    elif watched:
        rules["execve"] = notify()
    return _assemble(rules)


class Program(ctypes.Structure):
    """The kernel's `struct sock_fprog`. Keeps its instructions alive."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    @classmethod
    def of(cls, bpf: bytes) -> "Program":
        """Return a program that prctl(PR_SET_SECCOMP) accepts."""
        buffer: Any = ctypes.create_string_buffer(bpf, len(bpf))
        made = cls(len(bpf) // 8, ctypes.addressof(buffer))
        made.buffer = buffer
        return made


def _assemble(rules: Rules) -> bytes:
    numbered = {syscalls.NUMBER[name]: rule for name, rule in rules.items()}
    return program(numbered, deny(ENOSYS), architecture=syscalls.ARCHITECTURE, x32=syscalls.X32_BIT)


def _outer_names(network: bool) -> set[str]:
    return {*syscalls.ALLOWED, *syscalls.TEMPLATE_ONLY, *(_LISTENING if network else ())}


def _clone_rule(*, may_fork: bool) -> Instructions:
    rule = (argument(0), op(ANY_BIT, _NO_CLONE, 0, 1), *deny(EPERM))
    if not may_fork:
        rule += (op(ANY_BIT, _CLONE_THREAD, 1, 0), *deny(EPERM))
    return rule + allow()


def _socket_rule() -> Instructions:
    rule = [argument(0), op(EQUAL, _INTERNET, 1, 0), *deny(EACCES), argument(1)]
    for left, flags in zip(range(len(_FLAGS), 0, -1), _FLAGS, strict=True):
        rule.append(op(EQUAL, _STREAM | flags, left, 0))  # over the rest and the refusal
    rule += [*deny(EACCES), argument(2), op(EQUAL, 0, 2, 0), op(EQUAL, _TCP, 1, 0)]
    return (*rule, *deny(EACCES), *allow())


def _option_rule() -> Instructions:
    rule: Instructions = ()
    for level, name in _OPTIONS:
        rule += (argument(1), op(EQUAL, level, 0, 3), argument(2), op(EQUAL, name, 0, 1), *allow())
    return rule + deny(ENOPROTOOPT)  # libraries pass over an option that there is not


def _exec_rule(exec_at: tuple[int, int, int] | None) -> Instructions:
    if exec_at is None:
        return deny(EPERM)
    rule: Instructions = ()
    for index, pointer in enumerate(exec_at):
        for half in (0, 1):
            value = (pointer >> (32 * half)) & 0xFFFFFFFF
            rule += (argument(index, half), op(EQUAL, value, 1, 0), *deny(EPERM))
    return rule + allow()
