"""Which paths a tool may touch: inputs below /data, results below /output, scratch below /tmp."""

import fnmatch
import posixpath
import re
from collections.abc import Sequence

from toolguild.capability import Capabilities

_ANYWHERE = ("/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr")
_READABLE = ("/usr/share/zoneinfo", "/usr/share/fonts")
_SYSTEM = re.compile(
    r"(?:file://)?(?:/(?:etc|proc|sys|root|home|boot|dev/(?!null|std)\w+|var/(?:log|lib|run|mail|spool))"
    r"(?:/|$)|~/\.|(?:\.\./){2})"
)
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\[\w.]+\\")


def outside(text: str, mode: str, grant: Capabilities) -> str | None:
    """Say why a tool may not use a path, naming the policy entry; None when it may.

    A relative path is one below the working directory, which is scratch.
    """
    if not text or len(text) > 4096 or "\n" in text or "\x00" in text.rstrip("\x00"):
        return None
    text = text.rstrip("\x00")
    if text.startswith("~"):
        return "capabilities.read" if mode == "read" else "capabilities.write"
    if text.startswith("file:"):
        text = text[5:].partition("?")[0]
        text = text[2:] if text.startswith("//") else text
    if _WINDOWS.match(text):
        return "capabilities.read" if mode == "read" else "capabilities.write"
    path = posixpath.normpath(text)
    if path.startswith("//"):
        path = path[1:]
    if not path.startswith("/"):
        up = path.startswith("../") or path == ".."
        return f"capabilities.{'read' if mode == 'read' else 'write'}" if up else None
    return _absolute(path, mode, grant)


def is_system(text: str) -> bool:
    """Say whether a text is plainly a path into the system or a home, whatever it is used for."""
    return bool(_SYSTEM.match(text)) and "\n" not in text and len(text) < 4096


def _absolute(path: str, mode: str, grant: Capabilities) -> str | None:
    if path in _ANYWHERE or _below(path, ("/tmp", "/var/tmp")):
        return None
    if _below(path, ("/output",)):
        return None if _granted(path, "/output", grant.write) else "capabilities.write"
    if mode == "read" and _below(path, ("/data",)):
        return None if _granted(path, "/data", grant.read) else "capabilities.read"
    if mode == "read" and _below(path, _READABLE):
        return None
    return "capabilities.read" if mode == "read" else "capabilities.write"


def _below(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)


def _granted(path: str, root: str, globs: tuple[str, ...]) -> bool:
    name = path[len(root) :].lstrip("/")
    return not name or any(fnmatch.fnmatchcase(name, glob.lstrip("/")) for glob in globs)
