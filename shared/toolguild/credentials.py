"""Secrets that the proxy adds to requests: a policy names them, the executor's environment holds their values.

A value comes from the variable TOOLGUILD_CREDENTIAL_<NAME>, or else from the file <name> in the folder
TOOLGUILD_CREDENTIALS_DIR, which nobody but its owner may read. No text that is made here, errors included, has any
part of one.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from toolguild.errors import Misconfigured
from toolguild.host import parse
from toolguild.sandbox.egress.bearer import Bearer
from toolguild.sandbox.egress.host import Grant
from toolguild.sandbox.egress.terms import EgressLimits, Terms

if TYPE_CHECKING:
    from toolguild.policy import Policy

PREFIX = "TOOLGUILD_CREDENTIAL_"
FOLDER = "TOOLGUILD_CREDENTIALS_DIR"
LEAST, MOST = 8, 8192  # characters: a shorter one would be masked wherever its few letters stand
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


def variable(name: str) -> str:
    """Return the environment variable for a credential."""
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", name.upper())


def value(name: str, environment: Mapping[str, str]) -> str:
    """Return the value of a credential, read anew each time. Raises Misconfigured with what to do."""
    found, where = environment.get(variable(name)), variable(name)
    if found is None:
        folder = environment.get(FOLDER)
        if not folder:
            raise Misconfigured(
                f"the credential {name} has no value: set {variable(name)}, or write it to the file {name} in "
                f"the folder that {FOLDER} names, where the executor runs"
            )
        path = Path(folder) / name
        found, where = _read(path), str(path)
    found = found.removesuffix("\n").removesuffix("\r")
    if not LEAST <= len(found) <= MOST:
        raise Misconfigured(f"{where}: a credential has {LEAST} to {MOST} characters")
    if not _VALUE.fullmatch(found):
        raise Misconfigured(
            f"{where}: a credential is one line of printable ASCII, no blanks around it"
        )
    return found


def source(name: str, environment: Mapping[str, str]) -> str:
    """Say where the value of a credential comes from. Raises Misconfigured when there is no usable one."""
    value(name, environment)
    if variable(name) in environment:
        return variable(name)
    return str(Path(environment[FOLDER]) / name)


def terms(
    policy: "Policy",
    names: Iterable[str],
    hosts: Iterable[str],
    environment: Mapping[str, str] | None,
) -> Terms:
    """Return the terms of a call that may reach these hosts with these credentials.

    One whose host is not among them is left out. Without an environment, in an exam, no value is read. Raises
    Misconfigured where one is not known or has no value.
    """
    limits, granted = EgressLimits(**policy.egress.model_dump()), Grant(hosts)
    bearers, tls_hosts = [], set()
    for name in sorted(set(names)):
        known = policy.credentials.get(name)
        if known is None:
            raise Misconfigured(f"the policy has no credential {name}")
        host = parse(known.host)
        if not granted.covers(host):
            continue
        if known.tls:
            tls_hosts.add(host)
        if environment is not None:
            secret = value(name, environment)
            bearers.append(Bearer(name, host, known.header, known.prefix, secret, known.tls))
    return Terms(limits, tuple(bearers), frozenset(tls_hosts))


def without_values(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a process that adds no credentials: all but the executor."""
    return {
        name: one
        for name, one in environment.items()
        if not name.startswith(PREFIX) and name != FOLDER
    }


def _read(path: Path) -> str:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Misconfigured(
            f"{path}: the credential cannot be read: {error.strerror}; write it there, readable for the "
            "executor alone"
        ) from error
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Misconfigured(f"{path}: a credential is a regular file")
        if status.st_mode & 0o077:
            raise Misconfigured(
                f"{path}: others may read or write it (mode {stat.S_IMODE(status.st_mode):04o}); "
                f"chmod 600 {path}"
            )
        return file.read(MOST + 3).decode("latin-1")
