"""Which files a call has to be able to start so that the programs it was granted run."""

import os
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

ANY = "*"
_HEAD = 4096  # bytes; a script's first line, and an ELF file's program headers
_LONGEST = 4096  # bytes of a path
_DEPTH = 4  # interpreters of interpreters, as the kernel has it
_PT_INTERP = 3


def files(names: Iterable[str], path: str) -> list[str]:
    """Return the files that these names stand for, in the folders of `path`, with what the kernel starts them by.

    That is the interpreter after "#!" and the dynamic loader. A name with a slash is a file itself; names of
    nothing stand for nothing.
    """
    found: dict[str, None] = {}
    for name in names:
        places = [name] if "/" in name else [f"{folder}/{name}" for folder in path.split(":")]
        for place in places:
            found.update(dict.fromkeys(_with_interpreters(place)))
    return list(found)


def _with_interpreters(place: str) -> Iterator[str]:
    for _ in range(_DEPTH + 1):
        try:
            with open(place, "rb") as file:
                after = _interpreter(file)
        except (OSError, ValueError, OverflowError, struct.error):
            return
        yield place
        if not after:
            return
        place = after


def _interpreter(file: BinaryIO) -> str:
    """Return what the kernel starts a script or 64-bit ELF file by, or "". Raises struct.error, OSError."""
    head = file.read(_HEAD)
    if head.startswith(b"#!"):
        words = head[2:].split(b"\n", 1)[0].split()
        return os.fsdecode(words[0]) if words else ""
    if not head.startswith(b"\x7fELF\x02"):
        return ""
    (table,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    for number in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", head, table + number * size)
        if kind == _PT_INTERP and length <= _LONGEST:
            file.seek(offset)
            return os.fsdecode(file.read(length).rstrip(b"\0"))
    return ""
