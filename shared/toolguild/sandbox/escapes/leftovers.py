"""What one call leaves for the next in the same warm sandbox, and attacks on the fork server between them."""

import os

from toolguild.sandbox.checks import Check, code, javascript, returns
from toolguild.sandbox.escapes.attack import (
    BOMB,
    FORKING,
    Case,
    attack,
    family,
    forking,
    refused,
    survived,
    unchanged,
)
from toolguild.sandbox.interface import Call

_LOOK = """
import builtins, decimal, gc, json, locale, math, mmap, resource, signal, threading, warnings
def run():
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
    del limits["RLIMIT_AS"], limits["RLIMIT_CPU"]  # lowered for a single call, after its child was made
    mask = os.umask(0); os.umask(mask)
    return {"umask": mask, "cwd": os.getcwd(), "environment": dict(os.environ), "limits": limits, "priority": os.getpriority(0, 0), "processors": sorted(os.sched_getaffinity(0)),
        "path": sys.path, "modules": sorted(set(sys.modules) - {"tool"}), "builtins": sorted(vars(builtins)), "json": sorted(vars(json)), "recursion": sys.getrecursionlimit(),
        "switch": sys.getswitchinterval(), "collector": gc.get_threshold(), "locale": locale.setlocale(locale.LC_ALL), "decimal": decimal.getcontext().prec, "threads": threading.active_count(),
        "handlers": [str(signal.getsignal(n)) for n in range(1, 32)], "blocked": len(signal.pthread_sigmask(0, [])), "timer": signal.getitimer(0), "hooks": len(sys.meta_path), "tracer": str(sys.gettrace()),
        "filters": len(warnings.filters), "sum": 41 + 1, "pi": math.pi, "zone": time.tzname, "descriptors": [fd for fd in range(64) if not isinstance(attempt(lambda: os.fstat(fd)), str)],
        "argv": sys.argv, "cached": len(sys.path_importer_cache), "excepthook": sys.excepthook.__name__, "length": len("abc"), "where": {p: listing(p) for p in
        ("/tmp", "/output", "/data", "/dev", "/dev/shm", "/var/tmp", "/dev/mqueue", "/run", "/home", "/proc")}}
"""
_PLANT = r"""
import atexit, builtins, decimal, fcntl, gc, json, locale, math, mmap, random, resource, signal, socket, threading, warnings
kept = []
def run():
    tries = [lambda: os.umask(0o777), lambda: os.chdir("/usr"), lambda: os.environ.update(PATH="/tmp", LEFT="1"), lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9)),
        lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)), lambda: os.nice(19), lambda: os.sched_setaffinity(0, [0]), lambda: sys.path.insert(0, "/tmp"), lambda: sys.setrecursionlimit(77),
        lambda: sys.setswitchinterval(9), lambda: gc.set_threshold(1), lambda: locale.setlocale(locale.LC_ALL, "POSIX"), lambda: setattr(decimal.getcontext(), "prec", 3),
        lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN), lambda: signal.pthread_sigmask(0, range(1, 65)), lambda: signal.setitimer(0, 50), lambda: sys.meta_path.append(print),
        lambda: setattr(builtins, "len", lambda x: 7), lambda: setattr(json, "dumps", print), lambda: setattr(math, "pi", 3), lambda: sys.modules.update(left=sys), lambda: sys.settrace(print),
        lambda: warnings.simplefilter("error"), lambda: setattr(sys, "excepthook", print), lambda: os.environ.update(TZ="Asia/Tokyo") or time.tzset(), lambda: random.seed(1), lambda: atexit.register(os._exit, 3),
        lambda: kept.append(socket.socketpair()), lambda: os.dup2(1, 50), lambda: setattr(sys, "argv", ["left"]), lambda: threading.Thread(target=time.sleep, args=(99,), daemon=True).start(),
        lambda: ctypes.memmove(id(42) + 24, (41).to_bytes(4, "little"), 4), lambda: ctypes.memset(id(json.loads), 0, 0), lambda: kept.append(mmap.mmap(-1, 1 << 20))]
    tries += [lambda p=p: open(p, "w").write("x") for p in ("/tmp/left", "/output/left", "/dev/shm/left", "/var/tmp/left", "/dev/mqueue/left", "/dev/left", "/run/left", "/data/left", "/home/left")]
    for one in tries:
        try: one()
        except Exception: pass
    os._exit(0)
"""


def checks() -> list[Check]:
    """Return every attack of this kind."""
    return [*family("the next call", _next()), *family("the fork server", _server())]


def _next() -> list[Case]:
    secret = "S3CR" + "ET-" + os.urandom(8).hex()
    scan = attack(r"""
def run():
    reader, writer = os.pipe()
    needle, pages, hits = ("S3CR" + "ET-").encode(), 0, 0
    marks = (id(object()), id(None), id(bytearray(1 << 20)), ctypes.addressof(ctypes.create_string_buffer(1 << 18)))
    for base in sorted({mark & ~0xfff for mark in marks}):
        for offset in range(-(4 << 20), 4 << 20, 4096):
            if base + offset > 0 and libc.write(writer, ctypes.c_void_p(base + offset), ctypes.c_size_t(4096)) == 4096:
                pages += 1
                page = os.read(reader, 4096)
                at = page.find(needle)
                hits += at >= 0 and page[at + 7:at + 8] in b"0123456789abcdef"
    return [pages > 100, hits]
""")  # fmt: skip
    holder = Call(code("python", "def run(s):\n    return open('/data/secret').read() == s"), {"s": secret * 200}, inputs={"secret": b"other"})  # fmt: skip
    look, plant = attack(_LOOK), attack(_PLANT)
    return [
        ("files, settings, modules and memory of the call before", ("copy", "scratch", "kill"), (look, plant, look), unchanged),
        ("what a call with programs leaves", ("copy", "scratch", "kill"), (look, attack(_PLANT, limits=FORKING, programs=("sh",)), look), unchanged),
        ("the heap of the call before", ("blind server", "copy"), (holder, scan), returns([True, 0])),
        ("chance that repeats", ("copy",), (attack("import random\ndef run():\n    random.seed(1); return 1"), attack("import random\ndef run():\n    return random.random() != random.Random(1).random()")), returns(True)),
        ("locks on a file that calls share", ("kill", "view"), (
            attack("import fcntl, threading\ndef run():\n    fcntl.flock(os.open('/data/a', 0), fcntl.LOCK_EX); threading.Thread(target=time.sleep, args=(9,)).start(); return 1", inputs={"a": b"x"}),
            attack("import fcntl\ndef run():\n    return fcntl.flock(os.open('/data/a', 0), fcntl.LOCK_EX | fcntl.LOCK_NB) is None", inputs={"a": b"x"})), returns(True)),
        ("javascript: files and globals of the call before", ("copy", "scratch"), (
            javascript("function run() { require('fs').writeFileSync('/tmp/left', 'x'); globalThis.left = 1; process.env.LEFT = '1'; process.umask(0); Array.prototype.left = 1; return 1; }"),
            javascript("function run() { return [require('fs').readdirSync('/tmp'), typeof globalThis.left, typeof process.env.LEFT, typeof [].left]; }")),
         returns([[], "undefined", "undefined", "undefined"])),
    ]  # fmt: skip


def _server() -> list[Case]:
    return [
        ("signals to the fork server", ("processes",), survived(attack("""
def run():
    for pid in (1, os.getppid()):
        if pid not in (0, os.getpid()):
            for number in range(65): attempt(lambda: os.kill(pid, number))
    return 1
""")), unchanged),
        ("signals to all, from a family", ("processes",), survived(forking("""
import signal
def run():
    if os.fork() == 0:
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL): attempt(lambda: os.kill(-1, number))
    time.sleep(0.05)
    return 1
""", BOMB)), unchanged),
        ("processes until there are no more, twice", ("number of processes", "kill"), survived(*[attack("""
def run():
    while True: attempt(os.fork)
""", limits=FORKING.model_copy(update={"wall_seconds": 0.4}), programs=("sh",))] * 2), unchanged),
        ("its memory through its pid", ("view", "filter"), survived(attack("""
def run():
    return {f"{pid} {what}": attempt(lambda: open(f"/proc/{pid}/{what}", "rb+").write(b"x")) for pid in (1, 2, os.getppid(), "self") for what in ("mem", "fd/3", "fd/4", "cwd", "oom_score_adj")}
""")), unchanged),
        ("its channel filled and left", ("channel", "kill"), survived(attack("""
def run():
    os.set_blocking(3, False); os.set_blocking(1, False)
    for fd in (1, 3):
        try:
            while True: os.write(fd, b"x" * 4096)
        except BlockingIOError: pass
    time.sleep(30)
""")), unchanged),
        ("a race with the child that waits", ("processes", "scratch", "kill"), survived(*[forking("""
def run():
    for _ in range(5):
        if os.fork() == 0:
            while True:
                attempt(lambda: os.kill(-1, 19)); attempt(lambda: open("/tmp/left", "a").write("x")); attempt(lambda: os.write(3, b"R"))
    return 1
""", BOMB)] * 2), unchanged),
        ("a storm of starts", ("clock", "kill"), survived(attack("""
import threading
def run():
    def on():
        while True: libc.syscall(59, b"/nowhere/x", None, None)
    for _ in range(8): threading.Thread(target=on, daemon=True).start()
    on()
""", limits=FORKING.model_copy(update={"wall_seconds": 0.7}), programs=("sh",))), unchanged),
        ("a listener of its own for system calls", ("filter",), forking(
            "def run():\n    return {'listen': syscall(317, 1, 8, 0), 'filter': syscall(317, 1, 0, 0), 'prctl': syscall(157, 22, 2, 0), 'strict': syscall(317, 0, 0, 0)}"), refused),
    ]  # fmt: skip
