"""Other processes, their memory, privileges, clocks and signals, and what is to outlive the call."""

from toolguild.sandbox.checks import Check, ends_as, javascript, returns
from toolguild.sandbox.escapes.attack import (
    BRIEF,
    FORKING,
    Case,
    attack,
    family,
    filtered,
    forking,
    refused,
)
from toolguild.sandbox.inside import kernel


def checks() -> list[Check]:
    """Return every attack of this kind."""
    return [
        *family("other processes", _others()),
        *family("privileges", _privileges()),
        *family("clocks and signals", _signals()),
        *family("daemons", _daemons()),
    ]


def _others() -> list[Case]:
    return [
        ("other processes' memory", ("filter", "processes"), attack("""
def run():
    return {"attach": syscall(101, 16, 1, 0, 0), "seize": syscall(101, 0x4206, 1, 0, 0), "attach parent": syscall(101, 16, os.getppid(), 0, 0),
        "traceme": syscall(101, 0, 0, 0, 0), "vm_readv": syscall(310, 1, 0, 0, 0, 0, 0), "vm_writev": syscall(311, 1, 0, 0, 0, 0, 0), "kcmp": syscall(312, 1, 1, 0, 0, 0),
        "pidfd_open": syscall(434, 1, 0), "pidfd_getfd": syscall(438, 3, 0, 0), "pidfd_send_signal": syscall(424, 3, 9, 0, 0), "process_madvise": syscall(440, 3, 0, 0, 0, 0),
        "process_mrelease": syscall(448, 3, 0), "move_pages": syscall(279, 1, 0, 0, 0, 0, 0), "migrate_pages": syscall(256, 1, 0, 0, 0)}
"""), filtered),
        ("signals to everybody", ("processes", "own process"), attack("""
import signal
def run():
    for pid in (os.getppid(), 1, 2, 7, -1):
        if pid not in (os.getpid(), 0):
            for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                if pid != -1 or number == signal.SIGKILL: attempt(lambda: os.kill(pid, number))
    return 1
"""), ends_as("ok", "exited")),
        ("signals that carry a lie about their sender", ("filter",), attack(
            "def run():\n    return {'queue': syscall(129, 1, 10, 0), 'thread': syscall(297, 1, 1, 10, 0), 'owner': syscall(72, 1, 8, 1), 'notify': syscall(72, 1, 1026, 1)}"), filtered),
        ("limits and priorities of other processes", ("filter",), attack("""
def run():
    others = {"parent": os.getppid() or 1, "first": 1}
    tries = {}
    for name, pid in others.items():
        if pid == os.getpid(): pid = 2
        tries |= {f"limit of {name}": syscall(302, pid, 7, 0, 0), f"processors of {name}": syscall(203, pid, 8, 0), f"priority of {name}": syscall(141, 0, pid, 19),
            f"scheduler of {name}": syscall(144, pid, 0, 0), f"attributes of {name}": syscall(314, pid, 0, 0)}
    return {**tries, "all of the user": syscall(141, 2, 0, 19), "all of the group": syscall(141, 1, 0, 19)}
"""), filtered),
        ("descriptors of others", ("blind server",), attack("""
import fcntl
def run():
    return [fd for fd in range(300) if not isinstance(attempt(lambda: fcntl.fcntl(fd, 1)), str)]
"""), returns([0, 1, 2, 3])),
    ]  # fmt: skip


def _privileges() -> list[Case]:
    return [
        ("mounts and namespaces", ("filter", "privileges"), attack("""
def run():
    new = {f"unshare {flag:x}": syscall(272, flag) for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x4000000, 0x8000000, 0x2000000, 0x80)}
    new |= {f"clone {flag:x}": syscall(56, flag | 17, 0, 0, 0, 0) for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000)}
    return {**new, "mount": syscall(165, b"x", b"/tmp", b"tmpfs", 0, 0), "umount": syscall(166, b"/proc", 2), "setns": syscall(308, 0, 0), "clone3": syscall(435, 0, 0),
        "chroot": syscall(161, b"/tmp"), "pivot": syscall(155, b"/tmp", b"/tmp"), "fsopen": syscall(430, b"tmpfs", 0), "fsmount": syscall(432, 3, 0, 0), "fsconfig": syscall(431, 3, 0, 0, 0, 0),
        "open_tree": syscall(428, -100, b"/", 1), "move_mount": syscall(429, 0, 0, 0, 0, 0), "mount_setattr": syscall(442, 0, 0, 0, 0, 0), "fspick": syscall(433, 0, 0, 0)}
"""), filtered),
        ("users, groups and capabilities", ("filter", "privileges"), attack("""
def run():
    return {"setuid": syscall(105, 0), "setgid": syscall(106, 0), "setresuid": syscall(117, 0, 0, 0), "setresgid": syscall(119, 0, 0, 0), "setgroups": syscall(116, 0, 0),
        "setfsuid": syscall(122, 0), "setreuid": syscall(113, 0, 0), "capset": syscall(126, 0, 0), "hostname": syscall(170, b"pwn", 3), "domain": syscall(171, b"pwn", 3)}
"""), filtered),
        ("set-uid programs", ("privileges",), attack("""
import subprocess
def run():
    tries = {"su": ["su", "-c", "id"], "mount": ["mount", "-t", "tmpfs", "x", "/tmp"], "unshare": ["unshare", "-Ur", "id"], "newgrp": ["newgrp", "root"], "passwd": ["passwd", "-d", "root"]}
    return {name: "refused" if attempt(lambda: subprocess.run(words, capture_output=True, input=b"").returncode) != 0 else 1
        for name, words in tries.items()}
""", limits=FORKING, programs=("su", "mount", "unshare")), refused),
        *_ungranted(),
        ("a better place in the scheduler", ("filter", "privileges"), attack("""
def run():
    return {"fifo": attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))), "nice": attempt(lambda: os.nice(-5)),
        "param": syscall(142, 0, 0), "attr": syscall(314, 0, 0, 0), "io": syscall(251, 1, 0, 0x2000)}
"""), refused),
    ]  # fmt: skip


def _ungranted() -> list[Case]:
    """Starts of programs that were not granted, where the kernel keeps to the grant."""
    if not kernel.has_landlock():
        return []
    return [
        ("programs that were not granted", ("programs",), attack("""
import subprocess
def run():
    shell = "env true && exit 0; ls / && exit 0; /bin/bash -c true && exit 0; exec python3 -c pass"
    tries = {"env": ["env"], "by path": ["/usr/bin/env"], "another shell": ["bash", "-c", "true"], "interpreter": [sys.executable, "-c", "pass"],
        "from a granted one": ["sh", "-c", shell]}
    return {name: "refused" if attempt(lambda: subprocess.run(words, capture_output=True).returncode) != 0 else 1 for name, words in tries.items()}
""", limits=FORKING, programs=("sh",)), refused),
    ]  # fmt: skip


def _signals() -> list[Case]:
    return [
        ("the machine's clock", ("filter",), attack("""
def run():
    return {"settimeofday": syscall(164, 0, 0), "clock_settime": syscall(227, 0, 0), "adjtimex": syscall(159, 0), "clock_adjtime": syscall(305, 0, 0)}
"""), filtered),
        ("a process that stops itself", ("clock", "kill"), attack("import signal\ndef run():\n    os.kill(os.getpid(), signal.SIGSTOP); time.sleep(60)", limits=BRIEF), ends_as("timeout", "ok")),
        ("a family that stops itself", ("clock", "kill"), attack("""
import signal
def run():
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    os.waitpid(-1, 0)
""", limits=FORKING.model_copy(update={"wall_seconds": 0.7}), programs=("sh",)), ends_as("timeout")),
        ("every signal ignored", ("clock", "kill"), attack("""
import signal
def run():
    for number in range(1, 65): attempt(lambda: signal.signal(number, signal.SIG_IGN))
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True: time.sleep(9)
""", limits=BRIEF), ends_as("timeout")),
        ("timers that ring without end", ("own process", "clock"), attack("""
import signal
def run():
    signal.signal(signal.SIGALRM, lambda *_: signal.setitimer(signal.ITIMER_REAL, 1e-6))
    signal.setitimer(signal.ITIMER_REAL, 1e-6)
    while True: pass
""", limits=BRIEF), ends_as("timeout", "error")),
        ("a timer that kills", ("own process",), attack("import signal\ndef run():\n    signal.alarm(0); signal.setitimer(signal.ITIMER_REAL, 0.01); time.sleep(9)", limits=BRIEF), ends_as("exited", "timeout")),
        ("a parent that is outlived", ("filter",), attack("""
def run():
    table = {"PDEATHSIG": (1, 0), "DUMPABLE": (4, 1), "KEEPCAPS": (8, 1), "SECCOMP": (22, 2), "SECUREBITS": (28, 1), "MM": (35, 1), "SUBREAPER": (36, 1), "AMBIENT": (47, 2),
        "SPECULATION": (53, 0), "IO_FLUSHER": (57, 1), "DISPATCH": (59, 1), "SCHED_CORE": (62, 1), "MDWE": (65, 1), "PTRACER": (0x59616D61, -1), "TSC": (26, 2), "TIMERSLACK": (29, 1)}
    return {name: syscall(157, *words, 0, 0, 0) for name, words in table.items()}
"""), filtered),
        ("its own death by SIGKILL", ("own process",), attack("import signal\ndef run():\n    os.kill(os.getpid(), signal.SIGKILL); libc.abort()"), ends_as("exited")),
    ]  # fmt: skip


def _daemons() -> list[Case]:
    return [
        ("daemons that left their session", ("kill", "processes"), forking("""
def run():
    for _ in range(4):
        if attempt(os.fork) == 0:
            os.setsid()
            attempt(os.fork)
            for fd in range(3): os.close(fd)
            time.sleep(31337)
    return "done"
"""), ends_as("ok", "error")),
        ("daemons that ignore their end", ("kill", "processes"), forking("""
import subprocess
def run():
    subprocess.Popen(["sh", "-c", "trap '' TERM HUP INT; (setsid sleep 31337 &) ; sleep 31337"], start_new_session=True)
    subprocess.Popen(["sh", "-c", "nohup sleep 31337 >/dev/null 2>&1 </dev/null &"]).wait()
    return "done"
"""), returns("done")),
        ("a sibling instead of a child", ("filter",), forking("def run():\n    return {'parent': syscall(56, 0x8000 | 17, 0, 0, 0, 0), 'untraced': syscall(56, 0x800000 | 17, 0, 0, 0, 0)}"), filtered),
        ("threads that go on after the answer", ("kill",), attack("""
import threading
def run():
    def on():
        while True:
            for fd in (1, 3): attempt(lambda: os.write(fd, b"late"))
            time.sleep(0.001)
    threading.Timer(0.005, on).start()
    return 1
"""), ends_as("ok", "forged")),
        ("javascript: a thread of its own outlives nothing", ("kill",), javascript("""
const { Worker } = require("worker_threads");
function run() { new Worker("for (;;);", { eval: true }); return 1; }
"""), ends_as("ok", "error")),
        ("javascript: programs", ("filter",), javascript("""
const attempt = (what) => { try { const got = what(); return got === undefined ? 1 : got; } catch (error) { return String(error.code || error); } };
const { spawnSync, execFileSync } = require("child_process");
function run() { return { spawn: attempt(() => { const r = spawnSync("true"); if (r.error) throw r.error; return 1; }),
  exec: attempt(() => execFileSync("true") && 1), env: attempt(() => process.execve("/usr/bin/env", ["env"], {})) }; }
"""), refused),
    ]  # fmt: skip
