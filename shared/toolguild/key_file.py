"""Files that hold keys: there whole or not at all, and readable by their owner only."""

import os
from pathlib import Path

PRIVATE = 0o600


def create(place: Path, content: bytes) -> None:
    """Write a private file, unless another process has just written it: the first one stays. Raises OSError."""
    part = _part(place, content, PRIVATE)
    try:
        os.link(part, place)  # fails when the name is there
    except FileExistsError:
        pass
    finally:
        part.unlink()


def replace(place: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Write a file over what is there. Raises OSError."""
    _part(place, content, mode).replace(place)


def _part(place: Path, content: bytes, mode: int) -> Path:
    part = place.with_name(f".{place.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return part
