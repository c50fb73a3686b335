"""Small program between a supervisor that is root and bwrap: arranges the mounts, drops root, becomes bwrap.

Started by root, bwrap's process limits are not enforced; started by nobody, it cannot reach what lies
below a private home. So root binds everything into one folder that nobody can pass, in a mount
namespace of its own that ends with the sandbox. Only the standard library and `inside` are imported.
"""

import json
import os
import sys
from typing import NoReturn

from toolguild.sandbox.inside import kernel


def main() -> NoReturn:
    """Read {stage, binds, uid} and the command from the command line, and become the command."""
    plan, command = json.loads(sys.argv[1]), sys.argv[2:]
    try:
        _arrange(plan["stage"], plan["binds"])
    except OSError as error:
        sys.exit(f"as root, the sandbox needs to mount: {error}; run as an ordinary user instead")
    os.setgroups([])
    os.setresgid(plan["uid"], plan["uid"], plan["uid"])
    os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    os.execve(command[0], command, {})


def _arrange(stage: str, binds: dict[str, str]) -> None:
    kernel.unshare(kernel.NEWNS)
    kernel.mount("none", "/", None, kernel.REC | kernel.PRIVATE)
    kernel.mount("tmpfs", stage, "tmpfs", kernel.NOSUID | kernel.NODEV, "size=1m,mode=0755")
    for name, source in binds.items():
        _bind(source, f"{stage}/{name}")


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, mode=0o755)
    else:
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    kernel.mount(source, target, None, kernel.BIND)
