"""Exports of the audit chain as files, packed by gzip when the name ends with .gz; and files of public keys."""

import gzip
import json
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from toolguild.chain.checkpoint import Keys, keys_of
from toolguild.chain.export import Reading
from toolguild.errors import UsageError

LONGEST_LINE = (
    8 * 1024 * 1024
)  # bytes; a page is one message of NATS, and no line is longer than that
_UNPACKING = (gzip.BadGzipFile, EOFError, zlib.error)


def read_export(place: Path, keys: Keys, progress: Callable[[int], None]) -> Reading:
    """Take in a whole export and say what is wrong with it. Raises UsageError when the file cannot be read."""
    reading, count = Reading(keys), 0
    try:
        with _opened(place) as file:
            while line := file.readline(LONGEST_LINE):
                count += 1
                reading.line(line)
                progress(count)
    except _UNPACKING as error:
        reading.walk.fault(
            f"line {count + 1}", f"the file cannot be unpacked from here on: {error}"
        )
    except OSError as error:
        raise UsageError(f"{place}: {error.strerror or error}") from error
    reading.end()
    return reading


@contextmanager
def writing_export(place: Path) -> Iterator[BinaryIO]:
    """Write a file that is there whole, or not at all. Raises UsageError when it cannot be written."""
    part = place.with_name(f".{place.name}.part")
    try:
        with part.open("wb") as raw:
            if place.suffix == ".gz":
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    yield cast("BinaryIO", packed)
            else:
                yield raw
        part.replace(place)
    except OSError as error:
        raise UsageError(f"{place}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def read_keys(given: str) -> Keys:
    """Return public keys: of a file as `toolguild audit keys` writes it, of a directory, or of standard input (-).

    Raises UsageError when there are none.
    """
    place = Path(given)
    if given != "-" and place.is_dir():
        return directory_keys(place)
    try:
        text = sys.stdin.read() if given == "-" else place.read_text()
        return keys_of(json.loads(text))
    except OSError as error:
        raise UsageError(f"--keys {given}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--keys {given}: {error}; `toolguild audit keys` writes such a file"
        ) from error


def directory_keys(place: Path) -> Keys:
    """Return the public keys in a guild's directory of keys, revoked ones left out. Raises UsageError."""
    from toolguild.identity import KeyDirectory

    directory = KeyDirectory(place)
    found = {name: tuple(sorted(directory.good(name))) for name in directory.names()}
    if not found.get("auditor"):
        raise UsageError(f"{place} holds no public key of an auditor; name another with --keys")
    return found


def _opened(place: Path) -> BinaryIO:
    if place.suffix == ".gz":
        return cast("BinaryIO", gzip.open(place, "rb"))
    return place.open("rb")
