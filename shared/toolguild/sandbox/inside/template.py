"""The fork server: imports once, then makes one confined child per order. It never sees a payload.

The supervisor speaks to it over a packet socket::

    S {order} + descriptors [channel, printed]    make a child that waits on its channel
    L {id, cpu_seconds, memory_mb}                lower a child's limits, whether it waits or runs
    K {id}                                        kill it and all that came from it
    X {id, status, cpu_seconds, peak_kb}          the answer to K

Request and result travel between supervisor and child on their own channel, so that no later child can
find an earlier call in the memory it was forked with.
"""

import gc
import importlib
import json
import os
import random
import resource
import shutil
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import Any, NoReturn

from . import child, harness, kernel, network, seccomp

UNCLEAN = 77  # exit status: what the last call left could not be removed
NO_WALLS = 78  # exit status: this mode does not work here
_HIDDEN = ("/proc", "/sys", "/run", "/dev/shm", "/dev/mqueue", "/var/tmp", "/home", "/root")


class Template:
    """One warm interpreter and the children it made."""

    def __init__(self, config: dict[str, Any], control: socket.socket) -> None:
        self._config, self._control = config, control
        self._mode: str = config["mode"]
        self._network: bool = config["network"]
        self._children: dict[int, int] = {}
        self._pid_namespace = -1
        self._node: kernel.Exec | None = None
        self._proc: int | None = None
        self._used_inodes = 0

    def start(self) -> None:
        """Import, build the template's own walls, and say hello."""
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_DFL)  # process 1 then ignores them
        os.umask(0o077)
        sys.path[:] = [p for p in sys.path if p != "/opt/guild"]
        if self._config["site"]:
            sys.path.append(self._config["site"])
        for name in self._config["preload"]:
            importlib.import_module(name)
        if self._network:
            from . import clients  # with what it imports, which others do not need

            clients.route()
        try:
            self._build_walls()
        except OSError as error:
            self._control.send(json.dumps({"refused": str(error)}).encode())
            os._exit(NO_WALLS)
        self._used_inodes = _inodes()
        gc.collect()
        gc.freeze()
        kernel.hide_memory()
        self._control.send(json.dumps({"mode": self._mode}).encode())

    def serve(self) -> NoReturn:
        """Obey orders until the supervisor goes away."""
        while True:
            try:
                message, fds, _, _ = socket.recv_fds(self._control, 65536, 4)
            except ConnectionError:
                os._exit(0)
            if not message:
                os._exit(0)
            body = json.loads(message[1:])
            if message[:1] == b"S":
                self._make(child.Order(**body), fds[0], fds[1])
            elif message[:1] == b"L":
                self._lower(**body)
            elif message[:1] == b"K":
                self._kill(body["id"])

    def _build_walls(self) -> None:
        space = _address_space()
        if self._mode == "ns":
            self._enter_namespaces()
        if self._mode == "landlock":
            _probe_landlock(self._config["prefix"])
        argv: list[str] | None = self._config["node"]
        self._walls = child.Walls(
            mode=self._mode,
            prefix=self._config["prefix"],
            baseline_bytes=space,
            threads_only=seccomp.Program.of(
                seccomp.child_filter(may_fork=False, network=self._network)
            ),
            forking=seccomp.Program.of(seccomp.child_filter(may_fork=True, network=self._network)),
            watched=seccomp.Program.of(
                seccomp.child_filter(may_fork=True, network=self._network, watched=True)
            ),
            null=os.open("/dev/null", os.O_RDWR),
            proc=self._proc,
            interpreter=argv[0] if argv else "",
            network=self._network,
        )
        self._argv = argv

    def _enter_namespaces(self) -> None:
        """Become process 1 of a process namespace, with capabilities only in a user namespace of our own."""
        uid, gid = os.getuid(), os.getgid()
        kernel.unshare(kernel.NEWUSER | kernel.NEWNS | kernel.NEWPID)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
            os.write(fd, text.encode())
            os.close(fd)
        kernel.mount("none", "/", None, kernel.REC | kernel.PRIVATE)
        pid = os.fork()
        if pid:
            self._keep(pid)
        kernel.die_with_parent()
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        self._pid_namespace = os.open(f"/proc/{os.readlink('/proc/self')}/ns/pid", os.O_RDONLY)
        flags = kernel.RDONLY | kernel.NOSUID | kernel.NODEV | kernel.NOEXEC
        for folder in _HIDDEN:
            inside = self._config["prefix"].startswith(folder + "/")
            if os.path.isdir(folder) and not inside:
                kernel.mount("none", folder, "tmpfs", flags, "size=4k,nr_inodes=2,mode=0555")
        self._try_child()

    def _keep(self, pid: int) -> NoReturn:
        """Stay behind as process 1 of the outer sandbox, and end as the template ends."""
        self._control.close()
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)

    def _try_child(self) -> None:
        """Fail now, not at the first call, where a child cannot have its own mounts."""
        pid = self._fork_namespaced()
        if pid == 0:
            try:
                kernel.unshare(kernel.NEWNS)
                child._own_scratch(1)
                if self._network:
                    kernel.unshare(kernel.NEWNET)
                    network.loopback_up()
            except OSError:
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if status:
            raise OSError("a child cannot have its own mounts or network")

    def _fork_namespaced(self) -> int:
        kernel.unshare(kernel.NEWPID)
        pid = os.fork()
        if pid:
            kernel.setns(self._pid_namespace, kernel.NEWPID)
        return pid

    def _make(self, order: child.Order, channel: int, printed: int) -> None:
        pid = self._fork_namespaced() if self._mode == "ns" else os.fork()
        if pid == 0:
            try:
                self._live(order, channel, printed)
            except BaseException:
                traceback.print_exc()
            os._exit(70)
        os.close(channel)
        os.close(printed)
        self._children[order.id] = pid

    def _live(self, order: child.Order, channel: int, printed: int) -> NoReturn:
        limit_memory = self._argv is None
        child.confine(self._walls, order, channel, printed, limit_memory=limit_memory)
        if self._argv is not None:
            self._become_node(order)
        if "numpy" in sys.modules:
            sys.modules[
                "numpy"
            ].random.seed()  # fork copies its state; the standard one reseeds itself
        random.seed()
        if "matplotlib" in sys.modules:
            os.makedirs(os.environ["MPLCONFIGDIR"], exist_ok=True)
        child.lock(self._walls, order)
        harness.serve()

    def _become_node(self, order: child.Order) -> NoReturn:
        """Start Node under its filter. V8 reserves address space freely, so its heap flag bounds memory."""
        assert self._argv is not None
        heap = max(16, order.memory_mb * 3 // 4)
        argv = [self._argv[0], f"--max-old-space-size={heap}", *self._argv[1:]]
        program = kernel.Exec(argv, dict(os.environ))
        if order.processes > 1:
            child.lock(self._walls, order)
        else:
            bpf = seccomp.child_filter(
                may_fork=False, exec_at=program.pointers(), network=self._network
            )
            kernel.install(seccomp.Program.of(bpf))
        program.run()
        raise AssertionError("execve returned")

    def _lower(self, id: int, cpu_seconds: float, memory_mb: int) -> None:
        memory = memory_mb if self._argv is None else None
        with suppress(ProcessLookupError):  # it may have ended by itself
            child.lower(
                self._children[id],
                self._walls.baseline_bytes,
                cpu_seconds=cpu_seconds,
                memory_mb=memory,
            )

    def _kill(self, id: int) -> None:
        pid = self._children.pop(id)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # the init of its process namespace: the whole tree goes
        _, status, used = os.wait4(pid, 0)
        if self._mode == "landlock":
            _kill_everything_else()
        cpu = used.ru_utime + used.ru_stime
        report = {"id": id, "status": status, "cpu_seconds": cpu, "peak_kb": used.ru_maxrss}
        self._control.send(b"X" + json.dumps(report).encode())
        if self._mode == "landlock":
            self._wipe()  # when this fails, the supervisor finds us gone and starts another

    def _wipe(self) -> None:
        for root in self._walls.writable:
            for name in os.listdir(root):
                path = f"{root}/{name}"
                shutil.rmtree(path, ignore_errors=True)
                if os.path.lexists(path):
                    try:
                        os.unlink(path)
                    except OSError:
                        os._exit(UNCLEAN)
        # Landlock rule sets pin inodes and are freed by a work queue: hence the slack.
        if (
            any(os.listdir(root) for root in self._walls.writable)
            or _inodes() > self._used_inodes + 64
        ):
            os._exit(UNCLEAN)


def _kill_everything_else() -> None:
    """As process 1 of the sandbox: end whatever the call left behind, and reap it."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _probe_landlock(prefix: str) -> None:
    if os.getpid() != 1:
        raise OSError("the fork server is not process 1, so the code could kill it")
    pid = os.fork()
    if pid == 0:
        try:
            kernel.no_new_privileges()
            kernel.landlock([prefix], [child.SCRATCH], [])
        except OSError:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        raise OSError("Landlock does not work")


def _inodes() -> int:
    seen = os.statvfs(child.SCRATCH)
    return seen.f_files - seen.f_ffree


def _address_space() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def main() -> NoReturn:
    """Read the configuration from the command line and serve."""
    config = json.loads(sys.argv[1])
    template = Template(config, _connect(config))
    template.start()
    template.serve()


def _connect(config: dict[str, Any]) -> socket.socket:
    where = config["control"]
    if isinstance(where, int):
        return socket.socket(fileno=where)
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.connect(where)
    return control
