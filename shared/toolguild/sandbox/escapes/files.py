"""The machine's files, the supervisor's environment, devices."""

import os
from collections.abc import Sequence

from toolguild.sandbox.checks import Check, holds, javascript, returns
from toolguild.sandbox.escapes.attack import FORKING, Case, attack, family, refused
from toolguild.sandbox.interface import Ran

_PLACES = ("/x", "/usr/x", "/opt/guild/inside/harness.py", "/opt/x", "/etc/x", "/etc/ld.so.cache", "/dev/shm/x", "/dev/mqueue/x", "/run/x", "/var/tmp/x",
           "/dev/x", "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj", "/sys/x", "/sys/fs/cgroup/x", "/home/x", "/root/x", "/data/x", "/data/../x")  # fmt: skip
_FILES = ("/etc/shadow", "/root/.bashrc", "/root/.ssh/id_ed25519", "/var/run/docker.sock", "/run/docker.sock", "/run/tg/control",
          "/proc/1/environ", "/proc/self/environ", "/proc/1/mem", "/proc/self/mem", "/proc/1/root/etc/shadow", "/proc/self/root/etc/shadow", "/proc/kcore",
          "/proc/keys", "/proc/sysrq-trigger", "/sys/kernel/security/lsm", "/sys/fs/cgroup/cgroup.procs", "/dev/vda", "/dev/sda", "/dev/mem", "/dev/kmsg",
          "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/dev/userfaultfd", "/etc/machine-id", "/tmp/../../../etc/shadow")  # fmt: skip
_DEVICES = "null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr core console".split()  # noqa: SIM905 - reads better
_OURS = {
    "LANG",
    "TZ",
    "PATH",
    "HOME",
    "TMPDIR",
    "LC_CTYPE",
    "MPLBACKEND",
    "PYTHONDONTWRITEBYTECODE",
}


def checks() -> list[Check]:
    """Return every attack of this kind."""
    return family("files and devices", _cases())


def _no_secrets(ran: Sequence[Ran]) -> str | None:
    value = ran[-1].value
    if not isinstance(value, dict):
        return f"it ended as {ran[-1].outcome}"
    leaked = {name for name, text in os.environ.items() if value.get(name) == text} - _OURS
    return f"it saw {sorted(leaked)}" if leaked else None


def _cases() -> list[Case]:
    return [
        ("writing outside scratch", ("read-only", "view"), attack(
            f"def run():\n    return {{p: attempt(lambda: open(p, 'a').write('#')) for p in {_PLACES!r}}}"), refused),
        ("reading files of the machine", ("view",), attack(
            f"def run():\n    return {{p: attempt(lambda: open(p, 'rb').read(40).decode('latin1') and 1) for p in {_FILES!r}}}"), refused),
        ("links and folders that lead outside", ("view",), attack("""
def run():
    os.symlink("/proc/1/root/etc/shadow", "/tmp/l"); os.symlink("../../../../../../etc/shadow", "/output/m")
    fd = os.open("/tmp", os.O_RDONLY)
    up = "/".join([".."] * 40)
    return {"link": attempt(lambda: open("/tmp/l").read(1)), "up": attempt(lambda: open("/output/m").read(1)),
        "folder": attempt(lambda: os.open(up + "/etc/shadow", 0, dir_fd=fd)), "hard": attempt(lambda: os.link("/usr/bin/env", "/tmp/env")),
        "rename": attempt(lambda: os.rename("/tmp", "/x")), "root": attempt(lambda: os.chroot("/tmp"))}
"""), refused),
        ("inputs changed, deleted or given away", ("read-only",), attack("""
def run():
    path, fd = "/data/mine", os.open("/data/mine", os.O_RDONLY)
    return {"write": attempt(lambda: open(path, "r+")), "append": attempt(lambda: open(path, "a")), "delete": attempt(lambda: os.unlink(path)),
        "chmod": attempt(lambda: os.chmod(path, 0o777)), "truncate": attempt(lambda: os.truncate(path, 0)), "lease": syscall(72, fd, 1024, 0),
        "times": attempt(lambda: os.utime(path, (1, 1))), "attribute": attempt(lambda: os.setxattr(path, "user.x", b"1")), "link": attempt(lambda: os.link(path, "/data/other"))}
""", inputs={"mine": b"x"}), refused),
        ("the environment of the supervisor", ("view",), attack("def run():\n    return dict(os.environ)"), _no_secrets),
        ("devices", ("view",), attack(
            f"def run():\n    return sorted({{*listing('/dev')}} - {{*{_DEVICES!r}}})"), returns([])),
        ("device files of its own", ("filter", "scratch"), attack("""
import stat
def run():
    return {name: attempt(lambda n=name, m=mode, d=device: os.mknod(f"/tmp/{n}", m | 0o666, os.makedev(*d)))
        for name, mode, device in (("disk", stat.S_IFBLK, (254, 0)), ("mem", stat.S_IFCHR, (1, 1)), ("fifo", stat.S_IFIFO, (0, 0)), ("whiteout", stat.S_IFCHR, (0, 0)))}
"""), refused),
        ("modules of the supervisor", ("view",), attack("""
def run():
    import importlib
    return {name: attempt(lambda: importlib.import_module(name).__name__ and 1) for name in ("toolguild", "nats", "litellm", "pydantic", "pip")}
"""), refused),
        ("programs of its own making", ("scratch", "privileges"), attack("""
def run():
    with open("/tmp/x", "wb") as file: file.write(b"\\x7fELF" + bytes(4092))
    os.chmod("/tmp/x", 0o4755)
    return {"run": attempt(lambda: os.execv("/tmp/x", ["x"])), "spawn": attempt(lambda: os.posix_spawn("/tmp/x", ["x"], {}))}
""", limits=FORKING, programs=("sh",)), refused),
        ("javascript: files of the machine", ("view", "read-only"), javascript("""
const fs = require("fs");
const attempt = (what) => { try { const got = what(); return got === undefined ? 1 : got; } catch (error) { return String(error.code || error); } };
function run() { const seen = {}; for (const p of ["/etc/shadow", "/proc/1/environ", "/dev/vda", "/run/tg/control"])
  seen[p] = attempt(() => fs.readFileSync(p).length);
  for (const p of ["/usr/x", "/opt/x", "/dev/x", "/data/x", "/dev/shm/x", "/run/x"]) seen["w " + p] = attempt(() => fs.writeFileSync(p, "x")); return seen; }
"""), refused),
        ("javascript: the environment", ("view",), javascript("function run() { return { ...process.env }; }"), _no_secrets),
        ("javascript: a native module of its own", ("scratch",), javascript("""
const attempt = (what) => { try { const got = what(); return got === undefined ? 1 : got; } catch (error) { return String(error.code || error); } };
function run() { require("fs").writeFileSync("/tmp/x.node", "\\x7fELF"); return { dlopen: attempt(() => process.dlopen({ exports: {} }, "/tmp/x.node")) }; }
"""), refused),
        ("the processes of the machine", ("processes", "view"), attack("""
def run():
    return [name for name in listing("/proc") if name.isdigit()]
"""), holds(lambda value: isinstance(value, list) and len(value) <= 6)),
    ]  # fmt: skip
