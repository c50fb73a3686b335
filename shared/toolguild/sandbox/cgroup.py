"""Control groups of our own, where this process may make them: exact limits on a whole tree."""

import contextlib
import itertools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PREFIX = "toolguild"
_SLACK_MB = 96  # the watch from outside is to be first, see watch.py
_count = itertools.count()


@dataclass
class Group:
    """One warm sandbox's group. Version 1 has a folder per controller, version 2 has one."""

    folders: tuple[Path, ...]
    unified: bool
    _limit: int = 0
    _base: int = 0
    _killed: int = 0
    _tasks: int = field(default=0)

    @classmethod
    def create(
        cls,
        root: Path = _ROOT,
        own: Path = Path("/proc/self/cgroup"),
        make: Callable[[Path], None] = Path.mkdir,
    ) -> "Group | None":
        """Make a group, or return None where that is not allowed here.

        With version 2 below the root, or else beside this process's own group: that is where a service manager
        lets a user make some. `own` says which that is, and `make` makes a folder.
        """
        unified = (root / "cgroup.controllers").exists()
        if not unified:
            return cls._below([root / "memory", root / "pids"], unified=False, make=make)
        for parent in (root, *_beside(root, own)):
            if _controls(parent):
                group = cls._below([parent], unified=True, make=make)
                if group is not None:
                    return group
        return None

    @classmethod
    def _below(
        cls, parents: list[Path], *, unified: bool, make: Callable[[Path], None]
    ) -> "Group | None":
        name = f"{_PREFIX}-{os.getpid()}-{next(_count)}"
        made: list[Path] = []
        try:
            for parent in parents:
                make(parent / name)
                made.append(parent / name)
            group = cls(tuple(made), unified)
            group._path("pids.max").write_text("256")
            group._path("memory.max" if unified else "memory.limit_in_bytes").read_text()
        except OSError:
            for folder in made:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            return None
        return group

    def join(self, pids: list[int]) -> None:
        """Move processes into the group; what they fork later is born in it."""
        for folder in self.folders:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    (folder / "cgroup.procs").write_text(str(pid))
        self._base = self._used()

    def allow(self, *, memory_mb: int, processes: int) -> None:
        """Limit what comes on top of the idle sandbox."""
        limit = self._base + ((memory_mb + _SLACK_MB) << 20)
        if limit != self._limit:
            self._set_memory(limit)
            self._limit = limit
        tasks = processes + 128  # threads of ours and of the call's
        if tasks != self._tasks:
            self._path("pids.max").write_text(str(tasks))
            self._tasks = tasks

    def kills(self) -> int:
        """Return how many processes the kernel killed for memory since the last look."""
        name = "memory.events" if self.unified else "memory.oom_control"
        total = 0
        for line in self._path(name).read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == "oom_kill":
                total = int(value)
        new, self._killed = total - self._killed, total
        return new

    def remove(self) -> None:
        """Remove the group once its processes are gone; waits for them at most two seconds."""
        until = time.monotonic() + 2
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > until:
                        break  # swept by the next start
                    time.sleep(0.01)

    def _path(self, name: str) -> Path:
        folder = self.folders[-1] if name.startswith("pids") else self.folders[0]
        return folder / name

    def _used(self) -> int:
        name = "memory.current" if self.unified else "memory.usage_in_bytes"
        return int(self._path(name).read_text())

    def _set_memory(self, limit: int) -> None:
        if self.unified:
            self._path("memory.max").write_text(str(limit))
            with contextlib.suppress(OSError):  # no swap accounting: then there is no swap limit
                self._path("memory.swap.max").write_text("0")
            return
        # Version 1 demands memory <= memory and swap at every moment: raise one first, lower the other.
        names = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]
        for name in reversed(names) if limit > self._limit > 0 else names:
            with contextlib.suppress(FileNotFoundError):  # no swap accounting
                self._path(name).write_text(str(limit))


def _beside(root: Path, own: Path) -> list[Path]:
    """Return the group that ours lies in, version 2, where it is not the root itself."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    paths = [line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
    return [(root / path).parent for path in paths if path]


def _controls(parent: Path) -> bool:
    """Whether groups below this one can have limits of memory and processes. Asks for it where it is allowed."""
    control = parent / "cgroup.subtree_control"
    wanted = {"memory", "pids"}
    try:
        if not wanted <= set(control.read_text().split()):
            control.write_text("+memory +pids")
        return wanted <= set(control.read_text().split())
    except OSError:
        return False


def sweep() -> None:
    """Remove groups left by processes of ours that are gone."""
    beside = _beside(_ROOT, Path("/proc/self/cgroup"))
    for parent in (_ROOT, _ROOT / "memory", _ROOT / "pids", *beside):
        for folder in parent.glob(f"{_PREFIX}-*-*"):
            owner = folder.name.split("-")[1]
            if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()
