"""Confinement of one forked child: from a copy of the template to a locked cell with its own scratch."""

import errno
import os
import resource
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import kernel, network, programs, seccomp

CHANNEL = 3  # the descriptor on which the child takes its request and answers
STARTS = (
    b"P"  # comes with what the supervisor sees starts of programs on, before any code of the tool
)
SCRATCH, OUTPUT, DATA = "/tmp", "/output", "/data"  # each call has its own
_STAGE = "/run"  # where the call's tmpfs is mounted before its parts are bound into place
_INODES = 4096
_OPEN_FILES = 64
_READABLE = ["/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", DATA]


@dataclass(frozen=True)
class Order:
    """What the supervisor fixes about a child before it exists. It says nothing about the payload."""

    id: int
    disk_mb: int
    memory_mb: int
    cpu_seconds: float
    processes: int  # 1: none but itself
    programs: Sequence[str] = ()  # that it may start, by name; ("*",): every one


@dataclass
class Walls:
    """What the template prepared once for all of its children."""

    mode: str  # "ns", "landlock", "single"
    prefix: str  # where the interpreter lives
    baseline_bytes: int  # address space of the template itself
    threads_only: seccomp.Program
    forking: seccomp.Program
    watched: seccomp.Program  # the same, but that the supervisor sees every start of a program
    null: int
    proc: int | None  # descriptor of the outer /proc, to raise oom_score_adj
    interpreter: str = ""  # that each call has to start itself, or ""
    network: bool = False  # each call gets a door to a proxy outside
    writable: list[str] = field(default_factory=lambda: [SCRATCH, OUTPUT])


def confine(walls: Walls, order: Order, channel: int, printed: int, *, limit_memory: bool) -> None:
    """Turn this freshly forked process into the cell of one call. Everything but the filter."""
    _descriptors(walls, channel, printed)
    kernel.die_with_parent()
    os.setsid()
    if walls.mode == "ns":
        kernel.unshare(kernel.NEWNS)
        _own_scratch(order.disk_mb)
    port = None
    if walls.network:
        port = network.open_door(CHANNEL, own_namespace=walls.mode == "ns")
        os.environ.update(network.environment(port))
    if walls.mode == "ns":
        kernel.drop_capabilities()
    os.chdir(SCRATCH)
    kernel.no_new_privileges()
    if walls.mode == "landlock":
        devices = ["/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"]
        kernel.landlock([*_READABLE, walls.prefix], walls.writable, devices, port)
    if order.processes > 1 and programs.ANY not in order.programs:
        _only_granted(walls, order)
    kernel.hide_memory()
    _limit(walls, order, limit_memory=limit_memory)


def lock(walls: Walls, order: Order) -> None:
    """Put the filter on: from here on this process is as confined as the tool will be."""
    if order.processes == 1:
        kernel.install(walls.threads_only)
        return
    try:
        listener = kernel.install_watched(walls.watched)
    except OSError:
        kernel.install(walls.forking)  # nobody can look here
        return
    with socket.socket(fileno=os.dup(CHANNEL)) as supervisor:
        socket.send_fds(supervisor, [STARTS], [listener])
    os.close(listener)


def lower(pid: int, baseline_bytes: int, *, cpu_seconds: float, memory_mb: int | None) -> None:
    """Lower the limits of a child that waits for its request. Called by the template."""
    cpu = max(1, -int(-cpu_seconds // 1))
    resource.prlimit(pid, resource.RLIMIT_CPU, (cpu, cpu))
    if memory_mb is not None:
        space = baseline_bytes + (memory_mb << 20)
        resource.prlimit(pid, resource.RLIMIT_AS, (space, space))


def _only_granted(walls: Walls, order: Order) -> None:
    """Let the call start the programs of its grant and no other."""
    if not kernel.has_landlock():
        return  # the supervisor sees starts, and judges them when the call is over
    own = [walls.interpreter] if walls.interpreter else []
    kernel.only_start(programs.files([*own, *order.programs], os.environ["PATH"]))


def _descriptors(walls: Walls, channel: int, printed: int) -> None:
    """Keep standard streams and the channel, and no other descriptor of the template."""
    if walls.proc is not None:
        _prefer_for_oom(walls.proc)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.dup2(walls.null, 0)
    os.dup2(channel, CHANNEL)
    kernel.close_from(CHANNEL + 1)


def _prefer_for_oom(proc: int) -> None:
    try:
        fd = os.open("self/oom_score_adj", os.O_WRONLY, dir_fd=proc)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EACCES, errno.EROFS):
            return  # no such /proc in this container: its cgroup then kills the largest
        raise
    os.write(fd, b"1000")
    os.close(fd)


def _own_scratch(disk_mb: int) -> None:
    """Mount one tmpfs, seen as scratch and as /output; both count against the same limit."""
    options = f"size={disk_mb}m,nr_inodes={_INODES},mode=0700"
    flags = kernel.NOSUID | kernel.NODEV | kernel.NOEXEC
    kernel.mount("tmpfs", _STAGE, "tmpfs", flags, options)
    for target in (SCRATCH, OUTPUT):
        part = _STAGE + target
        os.mkdir(part, 0o700)
        kernel.mount(part, target, None, kernel.BIND)
    kernel.detach(_STAGE)


def _limit(walls: Walls, order: Order, *, limit_memory: bool) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: max(1, -int(-order.cpu_seconds // 1)),
        resource.RLIMIT_FSIZE: order.disk_mb << 20,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    if limit_memory:
        limits[resource.RLIMIT_AS] = walls.baseline_bytes + (order.memory_mb << 20)
    if walls.mode == "ns":  # elsewhere the uid is counted across every container of the host
        limits[resource.RLIMIT_NPROC] = 1 + (order.processes if order.processes > 1 else 64)
    for which, value in limits.items():
        try:
            resource.setrlimit(which, (value, value))
        except (ValueError, OSError):
            if resource.getrlimit(which)[1] > value:
                raise  # otherwise the template was asked to lower it meanwhile
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write past the limit is then an OSError
