"""What a backend gives: one started outer sandbox with a fork server in it."""

import contextlib
import json
import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from toolguild.capability import Language
from toolguild.sandbox.cgroup import Group

Mode = Literal["ns", "landlock", "single"]
MODES: tuple[Mode, ...] = ("ns", "landlock", "single")

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/tmp",  # each call has its own
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "MALLOC_ARENA_MAX": "2",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp/.matplotlib",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
BOOTSTRAP = (
    "import sys; sys.path.insert(0, '/opt/guild'); from inside import template; template.main()"
)
NODE_ARGUMENTS = (
    "--v8-pool-size=1",
    "--single-threaded-gc",
    "--no-warnings",
    "/opt/guild/inside/harness.js",
)
INSIDE = Path(__file__).parent / "inside"
CERTIFICATES_INSIDE = "/opt/guild/certificates.pem"


def _certificates() -> Path | None:
    """Return the file of certificate authorities that this machine trusts: SSL_CERT_FILE, or its system's."""
    found = ssl.get_default_verify_paths()
    for path in (found.cafile, *_BUNDLES):
        if path is not None and Path(path).is_file():
            return Path(path).resolve()
    return None


_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
CERTIFICATES = _certificates()


@dataclass(frozen=True)
class Template:
    """Which fork server a call needs."""

    language: Language
    preload: tuple[str, ...] = ()
    memory_mb: int = 1024  # what the outer sandbox has to have room for
    network: bool = False  # its calls have a way out to a proxy; others cannot make a socket

    def __str__(self) -> str:
        return "+".join((self.language, *self.preload, *(("network",) if self.network else ())))


def environment(template: Template) -> dict[str, str]:
    """Return the environment of a sandbox: none of ours, and what TLS clients need with a network."""
    if not template.network or CERTIFICATES is None:
        return ENVIRONMENT
    names = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
    return ENVIRONMENT | dict.fromkeys(names, CERTIFICATES_INSIDE)


class ModeRefused(Exception):
    """The machine does not let this backend keep calls apart in this way. The text says what failed."""


@dataclass
class Outer:
    """A started outer sandbox. Its fork server has said hello."""

    control: socket.socket
    data: Path  # on this machine; shown read-only at /data inside
    end: Callable[[], Awaitable[None]]  # kills everything in it and removes what belongs to it
    root_pid: int | None = None  # as this process sees it, where it can
    group: Group | None = None
    still: Callable[[bool], Awaitable[None]] | None = None  # lets all in it stand still, or go on
    sighted: bool = True  # its files and processes are those of this kernel: they can be looked at


class Backend(Protocol):
    """A way to start outer sandboxes."""

    name: str
    libraries: tuple[str, ...]  # what templates can preload

    async def boot(self, template: Template, mode: Mode) -> Outer:
        """Start one.

        Raises ModeRefused when another mode may do, SandboxUnavailable when none can, and
        SandboxBroken when it was only too slow.
        """
        ...

    async def close(self) -> None:
        """Remove what all of its sandboxes share."""
        ...


def check_hello(message: bytes) -> None:
    """Take the first words of a fork server.

    Raises ModeRefused only when it says so itself: that it was slow or ended is no reason to take
    weaker walls. Raises ConnectionError when it ended.
    """
    if not message:
        raise ConnectionError("the fork server ended")
    refusal = json.loads(message).get("refused")
    if refusal:
        raise ModeRefused(refusal)


def sweep_folders(prefix: str) -> None:
    """Remove folders named PREFIX-PID-... whose process is gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}-*-*"):
        owner = folder.name.removeprefix(f"{prefix}-").partition("-")[0]
        with contextlib.suppress(OSError):
            gone = owner.isdecimal() and not Path(f"/proc/{owner}").exists()
            if gone and folder.stat().st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)
