"""More than a call may have: processes, memory, processor time, files, words."""

from toolguild.sandbox.checks import QUICK, Check, ends_as, holds, javascript
from toolguild.sandbox.escapes.attack import (
    BOMB,
    BRIEF,
    FORKING,
    Case,
    attack,
    family,
    filtered,
    forking,
    refused,
)

_BOMBS = "memory", "timeout", "exited"
_SPIN = QUICK.model_copy(update={"cpu_seconds": 1.0, "wall_seconds": 20, "processes": 8})


def checks() -> list[Check]:
    """Return every attack of this kind."""
    return family("exhaustion", [*_processes(), *_memory(), *_time(), *_disk(), *_words()])


def _processes() -> list[Case]:
    return [
        ("a fork bomb", ("number of processes", "clock", "kill"), forking("def run():\n    while True:\n        attempt(os.fork)", BOMB), ends_as(*_BOMBS)),
        ("a fork bomb of shells", ("number of processes", "clock", "kill"), forking("def run():\n    return os.system(':(){ :|:& };:; sleep 100')", BOMB),
         ends_as(*_BOMBS, "printed", "ok")),
        ("a thread bomb", ("number of processes", "memory"), attack("""
import threading
def run():
    count = 0
    try:
        while True:
            threading.Thread(target=time.sleep, args=(50,), daemon=True).start(); count += 1
    except RuntimeError:
        return count
"""), holds(lambda value: isinstance(value, int) and value < 300)),
        ("a fork without a grant", ("filter",), attack("""
import subprocess
def run():
    return {"fork": attempt(os.fork), "vfork": syscall(58), "exec": attempt(lambda: os.execv("/usr/bin/env", ["env"])),
        "spawn": attempt(lambda: os.posix_spawn("/bin/true", ["true"], {})), "run": attempt(lambda: subprocess.run(["true"])),
        "clone": syscall(56, 17, 0, 0, 0, 0), "clone thread of another's memory": syscall(56, 0x100 | 17, 0, 0, 0, 0), "clone3": syscall(435, 0, 0),
        "execveat": syscall(322, -100, 0, 0, 0, 0), "pool": attempt(lambda: __import__("multiprocessing").Process(target=print).start())}
"""), refused),
        ("more open files than allowed", ("files open",), attack("""
import resource
def run():
    held, why = [], ""
    try:
        while True: held.append(os.open("/dev/null", 0))
    except OSError as error:
        why = errno.errorcode[error.errno]
    raised = attempt(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)))
    for fd in held: os.close(fd)
    return [len(held) < 64, why, isinstance(raised, str)]
"""), holds(lambda value: value == [True, "EMFILE", True])),
    ]  # fmt: skip


def _memory() -> list[Case]:
    return [
        ("a memory bomb on the heap", ("memory",), attack("def run():\n    kept = []\n    while True: kept.append(bytearray(1 << 22))"), ends_as("memory")),
        ("a memory bomb of one request", ("memory",), attack("def run():\n    return len(bytearray(1 << 36))"), ends_as("memory")),
        ("a memory bomb of mappings", ("memory",), attack("""
import mmap
def run():
    kept, last = [], ""
    try:
        while True:
            kept.append(mmap.mmap(-1, 1 << 22, flags=(mmap.MAP_SHARED, mmap.MAP_PRIVATE)[len(kept) % 2])); kept[-1][::4096] = b"x" * 1024
    except OSError as error:
        return [len(kept) * 4 < 300, errno.errorcode[error.errno]]
"""), holds(lambda value: value == [True, "ENOMEM"])),
        ("a memory bomb on the stacks of threads", ("memory", "number of processes"), attack("""
import threading
def run():
    threading.stack_size(64 << 20); count = 0
    try:
        while True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); count += 1
    except (RuntimeError, MemoryError):
        return count
"""), holds(lambda value: isinstance(value, int) and value < 8)),
        ("memory in forked copies", ("tree watch", "group"), forking("""
def run():
    for _ in range(3): attempt(os.fork)
    kept = []
    while True: kept.append(b"x" * (1 << 20))
""", BOMB), ends_as("memory", "exited", "timeout")),
        ("memory that processes share", ("filter",), attack("""
def run():
    return {"shmget": syscall(29, 1, 1 << 20, 0o1666), "memfd": syscall(319, b"x", 0), "memfd_secret": syscall(447, 0), "msgget": syscall(68, 1, 0o1666),
        "semget": syscall(64, 1, 1, 0o1666), "mq_open": syscall(240, b"x", 66, 0o666, 0), "userfaultfd": syscall(323, 0), "vmsplice": syscall(278, 1, 0, 0, 0)}
"""), filtered),
        ("memory in pipes", ("files open", "filter"), attack("""
import fcntl
def run():
    held, larger = 0, 0
    try:
        while True:
            reader, writer = os.pipe(); os.set_blocking(writer, False)
            larger += not isinstance(attempt(lambda: fcntl.fcntl(writer, 1031, 1 << 20)), str)
            try:
                while True: held += os.write(writer, bytes(65536))
            except BlockingIOError: pass
    except OSError:
        return [held < 4 << 20, larger]
"""), holds(lambda value: value == [True, 0])),
        ("memory in socket buffers", ("files open", "filter"), attack("""
import array, socket
def run():
    held, larger, kept = 0, 0, []
    try:
        while True:
            left, right = pair = socket.socketpair(); kept.append(pair); left.setblocking(False)
            larger += not isinstance(attempt(lambda: left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 28)), str)
            try:
                while True: held += left.send(bytes(16384))
            except BlockingIOError: pass
    except OSError:
        return [held < 16 << 20, larger]
"""), holds(lambda value: value == [True, 0])),
        ("memory in descriptors on their way", ("files open",), attack("""
import array, socket
def run():
    count = 0
    left, right = socket.socketpair()
    left.setblocking(False)
    try:
        while count < 10000:
            one, two = socket.socketpair(); one.setblocking(False)
            try:
                while True: one.send(bytes(16384))
            except BlockingIOError: pass
            left.sendmsg([b"x"], [(1, 1, array.array("i", [one.fileno(), two.fileno()]))]); one.close(); two.close(); count += 1
    except OSError:
        pass
    return count
"""), holds(lambda value: isinstance(value, int) and value < 200)),
        ("limits raised again", ("privileges",), attack("""
import resource
def run():
    more = {name: getattr(resource, name) for name in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE")}
    return {name: attempt(lambda which=which: resource.setrlimit(which, (resource.getrlimit(which)[0] + 1, -1))) for name, which in more.items()}
"""), refused),
    ]  # fmt: skip


def _time() -> list[Case]:
    return [
        ("a loop in C with every signal blocked", ("clock", "kill"), attack(
            "import signal\ndef run():\n    signal.pthread_sigmask(0, range(1, 65)); sum(range(10**13))", limits=BRIEF), ends_as("timeout")),
        ("a burn on many threads", ("cpu",), attack("""
import hashlib, threading
def run():
    def burn():
        while True: hashlib.sha256(bytes(1 << 22)).digest()
    for _ in range(8): threading.Thread(target=burn, daemon=True).start()
    burn()
""", limits=_SPIN), ends_as("timeout")),
        ("a burn in many processes", ("tree watch", "kill"), attack("""
def run():
    for _ in range(6):
        if attempt(os.fork) == 0: break
    while True: pass
""", limits=_SPIN, programs=("sh",)), ends_as("timeout")),
        ("a processor limit that is ignored", ("cpu",), attack("""
import resource, signal
def run():
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    attempt(lambda: resource.setrlimit(resource.RLIMIT_CPU, (-1, -1)))
    while True: pass
""", limits=_SPIN), ends_as("timeout")),
    ]  # fmt: skip


def _disk() -> list[Case]:
    return [
        ("a full scratch", ("scratch",), attack("""
def run():
    for n in range(10**6):
        with open(f"/tmp/{n}", "wb") as file: file.write(bytes(1 << 20))
"""), ends_as("disk")),
        ("files that are deleted and held open", ("scratch", "files open"), attack("""
def run():
    kept = []
    while True:
        fd = os.open("/tmp/x", 66); os.unlink("/tmp/x"); kept.append(fd); os.write(fd, bytes(2 << 20))
"""), ends_as("disk")),
        ("space that is asked for in advance", ("scratch",), attack(
            "def run():\n    os.posix_fallocate(os.open('/output/x', 66), 0, 15 << 20); os.posix_fallocate(os.open('/output/y', 66), 0, 15 << 20)"), ends_as("disk")),
        ("every inode", ("scratch",), attack("""
def run():
    count = 0
    try:
        while True: os.close(os.open(f"/tmp/i{count}", os.O_CREAT | os.O_WRONLY)); count += 1
    except OSError:
        return count
"""), holds(lambda value: isinstance(value, int) and value < 20000)),
        ("a deep nest of closed folders", ("scratch",), attack("""
def run():
    os.chdir("/tmp")
    try:
        for count in range(2000): os.mkdir("d"); os.chdir("d")
    except OSError: pass
    os.chmod(".", 0)
"""), ends_as("ok")),
    ]  # fmt: skip


def _words() -> list[Case]:
    return [
        ("ten gigabytes of output", ("printed",), attack("def run():\n    block = b'x' * (1 << 20)\n    for _ in range(10240): os.write(1, block)"), ends_as("printed")),
        ("a flood of errors from a program", ("printed",), forking("def run():\n    return os.system('yes 1>&2')"), ends_as("printed")),
        ("a flood of results", ("channel",), attack("def run():\n    return 'x' * (64 << 20)"), ends_as("result")),
        ("a huge value of many parts", ("memory", "channel"), attack("def run():\n    return {str(n): [n] * 9 for n in range(200000)}"), ends_as("result", "memory")),
        ("a traceback of many megabytes", ("channel",), attack("def run():\n    raise ValueError('x' * (32 << 20))"), ends_as("error")),
        ("javascript: a flood of promises", ("tree watch", "clock"), javascript(
            "async function run() { const all = []; for (;;) all.push(new Promise(() => {})); }", limits=FORKING.model_copy(update={"memory_mb": 64, "wall_seconds": 8})),
         ends_as("memory", "timeout")),
    ]  # fmt: skip
