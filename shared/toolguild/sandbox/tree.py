"""A process tree as /proc shows it from outside: who is in it, and what it uses."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Use:
    """What a tree uses now."""

    memory_mb: float
    cpu_seconds: float


def descendants(pid: int) -> list[int]:
    """Return every living process below `pid`, without itself."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def use(pids: list[int]) -> Use:
    """Sum resident memory and processor time, of children already waited for as well."""
    memory, ticks = 0, 0
    for pid in pids:
        with contextlib.suppress(OSError):
            memory += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    return Use(memory / (1 << 20), ticks / _TICKS)


def of_call(pid: int) -> list[int]:
    """Return every living process of the call whose first one is `pid`: all that its fork server has below it.

    A process whose parent ended belongs to the fork server where the call has no process namespace.
    """
    server = _parent(pid)
    return descendants(server) if server else []


def idle(root: int, pid: int) -> Use:
    """Return what the sandbox below `root` uses besides the call of `pid`, and for a call that does nothing.

    Memory that a child shares with its fork server shows in both.
    """
    call = set(of_call(pid))
    rest = use([one for one in descendants(root) if one not in call])
    server = _parent(pid)
    shared = use([server]).memory_mb if server else 0.0
    return Use(rest.memory_mb + shared, rest.cpu_seconds)


def stands_still(pid: int) -> bool:
    """Whether a process that was sent a stop signal runs none of its own code any more.

    One that waits in the kernel stops before it is back: a parent that lent its memory to a child (vfork)
    waits there for as long as that child stands still.
    """
    return _stat(pid)[:1] in ([], ["T"], ["t"], ["Z"], ["X"], ["D"])


def scratch_used_mb(pid: int) -> float:
    """Return what a call holds in its scratch folder; 0 where it cannot be seen from here."""
    try:
        seen = os.statvfs(f"/proc/{pid}/root/tmp")
    except OSError:
        return 0.0
    return (seen.f_blocks - seen.f_bfree) * seen.f_frsize / (1 << 20)


def used_by(pid: int | None) -> Use | None:
    """Return what one living process has used and its peak memory, or None where it cannot be seen."""
    if not pid:
        return None
    try:
        status = _read(f"/proc/{pid}/status")
        nanoseconds = int(_read(f"/proc/{pid}/schedstat").split()[0])  # of its first thread
        peak_kb = int(status.partition(b"VmHWM:")[2].split(maxsplit=1)[0])
        ticks = 0 if b"\nThreads:\t1\n" in status else _ticks(pid)
    except (OSError, IndexError):
        return None
    return Use(peak_kb / 1024, max(ticks / _TICKS, nanoseconds / 1e9))


def _parent(pid: int) -> int | None:
    after_name = _stat(pid)
    return int(after_name[1]) if after_name else None


def _stat(pid: int) -> list[str]:
    """Return a process's fields from its state on; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _ticks(pid: int) -> int:
    after_name = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def _read(path: str) -> bytes:
    """Read a small file of /proc; this is on the way of every call's answer."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 8192)
    finally:
        os.close(fd)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found
