"""What a call left below /output: found, and handed over while nothing is trusted to hold still."""

import os
import stat
from collections.abc import Iterator

CHUNK = 1 << 18


class TooMuch(Exception):
    """More below /output than the disk limit: sparse files count by their length."""


def collect(root: str, limit: int) -> Iterator[tuple[str, bytes]]:
    """Yield the path below `root` and the content of every regular file that is there once.

    Symbolic links, pipes, devices and hard-linked files are left out. Raises TooMuch.
    """
    left = limit
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = f"{folder}/{name}"
            content = _read(path, left)
            if content is not None:
                left -= len(content)
                yield path[len(root) + 1 :], content


def _read(path: str, left: int) -> bytes | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        seen = os.fstat(fd)
        if not stat.S_ISREG(seen.st_mode) or seen.st_nlink != 1:
            return None
        if seen.st_size > left:
            raise TooMuch
        content = bytearray()
        while chunk := os.read(fd, CHUNK):
            content += chunk
            if len(content) > left:
                raise TooMuch
        return bytes(content)
    finally:
        os.close(fd)
