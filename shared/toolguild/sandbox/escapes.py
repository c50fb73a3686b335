"""What hostile code tries, from our own attacks on earlier versions and from what broke in other projects.

After every one of these an innocent call has to come out well.
"""

import os
from collections.abc import Sequence

from toolguild.sandbox import escapes_network
from toolguild.sandbox.checks import (
    QUICK,
    Check,
    Expect,
    code,
    ends_as,
    holds,
    javascript,
    python,
    returns,
)
from toolguild.sandbox.interface import Call, Ran

_BRIEF = QUICK.model_copy(update={"wall_seconds": 0.7})
_FORKING = QUICK.model_copy(update={"processes": 8, "wall_seconds": 1.5})

_TOOLS = """
import os, sys, time, ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def syscall(*numbers):
    result = libc.syscall(*numbers)
    number = ctypes.get_errno()
    return result if result >= 0 else errno.errorcode.get(number, str(number))
def attempt(what):
    try:
        return what()
    except BaseException as error:
        return type(error).__name__ + ": " + str(error)[:90]
"""


def checks() -> list[Check]:
    """Return every attack."""
    ours = (*_endless(), *_walls(), *_leftovers(), *_answers(), *_outputs(), *_javascript())
    cases = (*ours, *escapes_network.cases())
    return [
        Check(name, "escape", calls if isinstance(calls, tuple) else (calls,), expect)
        for name, calls, expect in cases
    ]


_Case = tuple[str, Call | tuple[Call, ...], Expect]


def _attack(source: str, **options: object) -> Call:
    call = python(_TOOLS + source)
    return Call(**{**call.__dict__, **options})


def _forking(source: str) -> Call:
    return _attack(source, limits=_FORKING, programs=("sh", "true", "sleep", "yes"))


def _refused(ran: Sequence[Ran]) -> str | None:
    """Every attempt was answered with an error."""
    value = ran[-1].value
    attempts = value.items() if isinstance(value, dict) else ()
    through = [
        f"{name}={result!r}"
        for name, result in attempts
        if not isinstance(result, str) and result != -1
    ]
    if ran[-1].outcome != "ok" or not attempts:
        return f"it ended as {ran[-1].outcome}: {ran[-1].fault} {ran[-1].printed[:300]}"
    return f"this was possible: {', '.join(through)}" if through else None


def _endless() -> list[_Case]:
    bombs = "memory", "timeout", "exited"
    return [
        ("a loop in C with every signal blocked",
         _attack("import signal\ndef run():\n    signal.pthread_sigmask(0, range(1, 65)); sum(range(10**13))", limits=_BRIEF), ends_as("timeout")),
        ("a fork bomb", _forking("def run():\n    while True:\n        attempt(os.fork)"), ends_as(*bombs)),
        ("a fork bomb of shells", _forking("def run():\n    return os.system(':(){ :|:& };:; sleep 100')"), ends_as(*bombs, "printed", "ok")),
        ("daemons that left their session", _forking("""
def run():
    for _ in range(4):
        if attempt(os.fork) == 0:
            os.setsid()
            attempt(os.fork)
            for fd in range(3): os.close(fd)
            time.sleep(500)
    return "done"
"""), ends_as("ok", "error")),
        ("a thread bomb", _attack("""
import threading
def run():
    count = 0
    try:
        while True:
            threading.Thread(target=time.sleep, args=(50,), daemon=True).start(); count += 1
    except RuntimeError:
        return count
"""), holds(lambda value: isinstance(value, int) and value < 300)),
        ("memory in forked copies", _forking("""
def run():
    for _ in range(3): attempt(os.fork)
    kept = []
    while True: kept.append(b"x" * (1 << 20))
"""), ends_as("memory", "exited", "timeout")),
        ("a fork without a grant", _attack("""
import subprocess
def run():
    return {"fork": attempt(os.fork), "vfork": syscall(58), "exec": attempt(lambda: os.execv("/usr/bin/env", ["env"])),
        "spawn": attempt(lambda: os.posix_spawn("/bin/true", ["true"], {})), "run": attempt(lambda: subprocess.run(["true"]))}
"""), _refused),
        ("every inode", _attack("""
def run():
    count = 0
    try:
        while True: os.close(os.open(f"/tmp/i{count}", os.O_CREAT | os.O_WRONLY)); count += 1
    except OSError:
        return count
"""), holds(lambda value: isinstance(value, int) and value < 20000)),
        ("a deep nest of closed folders", _attack("""
def run():
    os.chdir("/tmp")
    try:
        for count in range(2000): os.mkdir("d"); os.chdir("d")
    except OSError: pass
    os.chmod(".", 0)
"""), ends_as("ok")),
        ("an endless flood of output", _attack("def run():\n    block = b'x' * (1 << 20)\n    while True: os.write(1, block)"), ends_as("printed")),
        ("a flood of errors from a program", _forking("def run():\n    return os.system('yes 1>&2')"), ends_as("printed")),
        ("a flood of results", _attack("def run():\n    return 'x' * (64 << 20)"), ends_as("result")),
    ]  # fmt: skip


def _walls() -> list[_Case]:
    places = ("/x", "/usr/x", "/opt/guild/inside/harness.py", "/opt/x", "/etc/x", "/dev/shm/x", "/dev/mqueue/x", "/run/x", "/var/tmp/x",
              "/dev/x", "/proc/sys/kernel/core_pattern", "/sys/x", "/home/x", "/data/x")  # fmt: skip
    files = ("/etc/shadow", "/root/.bashrc", "/var/run/docker.sock", "/run/docker.sock", "/run/tg/control", "/proc/1/environ",
             "/proc/self/environ", "/proc/1/mem", "/proc/self/mem", "/dev/vda", "/dev/sda", "/dev/mem", "/dev/kmsg", "/etc/machine-id")  # fmt: skip
    return [
        ("writing outside scratch", _attack(
            f"def run():\n    return {{p: attempt(lambda: open(p, 'a').write('#')) for p in {places!r}}}"), _refused),
        ("reading files of the machine", _attack(
            f"def run():\n    return {{p: attempt(lambda: open(p, 'rb').read(40).decode('latin1') and 1) for p in {files!r}}}"), _refused),
        ("the supervisor's process and its neighbours", _attack("""
def run():
    return [name for name in attempt(lambda: os.listdir("/proc")) if name.isdigit()] if os.path.isdir("/proc") else []
"""), holds(lambda value: isinstance(value, list) and len(value) <= 6)),
        ("the environment of the supervisor", _attack("def run():\n    return dict(os.environ)"), _no_secrets),
        ("the network", _attack("""
import socket
def run():
    return {"loopback": attempt(lambda: socket.create_connection(("127.0.0.1", 4222), 1)),
        "internet": attempt(lambda: socket.create_connection(("1.1.1.1", 53), 1)), "unix": attempt(lambda: socket.socket(socket.AF_UNIX).fileno()),
        "netlink": attempt(lambda: socket.socket(16, 3, 0).fileno()), "names": attempt(lambda: socket.getaddrinfo("example.com", 80)),
        "udp": attempt(lambda: socket.socket(2, 2).fileno())}
"""), _refused),
        ("other processes' memory", _attack("""
def run():
    return {"attach": syscall(101, 16, 1, 0, 0), "attach parent": syscall(101, 16, os.getppid(), 0, 0), "traceme": syscall(101, 0, 0, 0, 0),
        "vm_readv": syscall(310, 1, 0, 0, 0, 0, 0), "pidfd_open": syscall(434, 1, 0), "pidfd_getfd": syscall(438, 3, 0, 0)}
"""), _refused),
        ("mounts, namespaces and capabilities", _attack("""
def run():
    return {"mount": libc.mount(b"x", b"/tmp", b"tmpfs", 0, None), "umount": libc.umount2(b"/proc", 2), "userns": syscall(272, 0x10000000),
        "mntns": syscall(272, 0x20000), "clone": syscall(56, 0x10000000 | 17, 0, 0, 0, 0), "setns": syscall(308, 0, 0), "clone3": syscall(435, 0, 0),
        "chroot": syscall(161, b"/tmp"), "mknod": attempt(lambda: os.mknod("/tmp/n", 0o60600, os.makedev(254, 0))), "capset": syscall(126, 0, 0),
        "setuid": attempt(lambda: os.setuid(0)), "fsopen": syscall(430, b"tmpfs", 0), "hostname": syscall(170, b"pwn", 3), "seccomp": syscall(317, 0, 0, 0)}
"""), _refused),
        ("kernel interfaces that need no privilege", _attack("""
def run():
    table = dict(io_uring=(425, 1, 0), bpf=(321, 0, 0, 0), userfaultfd=(323, 0), keyctl=(250, 0, -3, 0), perf=(298, 0, 0, 0, 0, 0),
        shmget=(29, 1, 4096, 0o1666), msgget=(68, 1, 0o1666), semget=(64, 1, 1, 0o1666), mq=(240, b"x", 66, 0o666, 0),
        personality=(135, 0x0040000), modify_ldt=(154, 0, 0, 0), add_key=(248, 0, 0, 0, 0, 0), memfd=(319, b"x", 0), execveat=(322, 0, 0, 0, 0, 0))
    return {name: syscall(*numbers) for name, numbers in table.items()}
"""), _refused),
        ("the x32 calling convention", _attack("def run():\n    return syscall(0x40000000 | 39)"), ends_as("exited")),
        ("memory in socket buffers", _attack("""
import socket
def run():
    left, right = socket.socketpair()
    return {"sndbuf": attempt(lambda: left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 28))}
"""), _refused),
        ("killing everything", _attack("""
import signal
def run():
    for pid in (os.getppid(), 1, 2, 7, -1):
        if pid not in (os.getpid(), 0):
            for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                if pid != -1 or number == signal.SIGKILL: attempt(lambda: os.kill(pid, number))
    return 1
"""), ends_as("ok", "exited")),
        ("a better place in the scheduler", _attack("""
def run():
    return {"fifo": attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))), "nice": attempt(lambda: os.nice(-5))}
"""), _refused),
        ("descriptors of others", _attack("""
import fcntl
def run():
    return [fd for fd in range(300) if not isinstance(attempt(lambda: fcntl.fcntl(fd, 1)), str)]
"""), returns([0, 1, 2, 3])),
        ("set-uid programs", _attack("""
import subprocess
def run():
    tries = {"su": ["su", "-c", "id"], "mount": ["mount", "-t", "tmpfs", "x", "/tmp"], "unshare": ["unshare", "-Ur", "id"]}
    return {name: "refused" if attempt(lambda: subprocess.run(words, capture_output=True, input=b"").returncode) != 0 else 1
        for name, words in tries.items()}
""", limits=_FORKING, programs=("su", "mount", "unshare")), _refused),
        ("modules of the supervisor", _attack("""
def run():
    import importlib
    return {name: attempt(lambda: importlib.import_module(name).__name__ and 1) for name in ("toolguild", "nats", "litellm", "pydantic", "pip")}
"""), _refused),
    ]  # fmt: skip


def _no_secrets(ran: Sequence[Ran]) -> str | None:
    value = ran[-1].value
    ours = {
        name
        for name, text in os.environ.items()
        if isinstance(value, dict) and value.get(name) == text
    }
    leaked = ours - {
        "LANG",
        "TZ",
        "PATH",
        "HOME",
        "TMPDIR",
        "LC_CTYPE",
        "MPLBACKEND",
        "PYTHONDONTWRITEBYTECODE",
    }
    return f"it saw {sorted(leaked)}" if leaked or not isinstance(value, dict) else None


def _leftovers() -> list[_Case]:
    plant = _attack("""
def run():
    for path in ("/tmp/left", "/output/left", "/dev/shm/left", "/var/tmp/left", "/dev/mqueue/left", "/dev/left", "/run/left"):
        attempt(lambda: open(path, "w").write("x"))
    __import__("json").poison = 1
""")  # fmt: skip
    find = _attack("""
def run():
    seen = {}
    for path in ("/tmp", "/output", "/dev/shm", "/var/tmp", "/dev/mqueue", "/run", "/data"):
        names = attempt(lambda: os.listdir(path))
        if names and not isinstance(names, str): seen[path] = names
    if os.path.exists("/dev/left"): seen["/dev"] = ["left"]
    return [seen, hasattr(__import__("json"), "poison")]
""")  # fmt: skip
    secret = "S3CR" + "ET-" + os.urandom(8).hex()
    scan = _attack(r"""
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
    return [
        ("files and state of the call before", (plant, find), returns([{}, False])),
        ("the heap of the call before", (holder, scan), returns([True, 0])),
    ]


def _answers() -> list[_Case]:
    return [
        ("a segmentation fault", _attack("def run():\n    ctypes.string_at(0)"), ends_as("exited")),
        ("an abort", _attack("def run():\n    os.abort()"), ends_as("exited")),
        ("an early exit with status 0", _attack("def run():\n    os._exit(0)"), ends_as("exited")),
        ("an exit while loading", _attack("os._exit(0)\ndef run():\n    return 1"), ends_as("exited")),
        ("every descriptor closed", _attack("def run():\n    for fd in range(64): attempt(lambda: os.close(fd))\n    return 1"), ends_as("exited")),
        ("garbage on the channel", _attack("def run():\n    os.write(3, b'\\xff' * 100); time.sleep(30)"), ends_as("forged")),
        ("a little garbage, then exit", _attack("def run():\n    os.write(3, b'\\xff' * 5); os._exit(0)"), ends_as("forged")),
        ("an answer without the nonce", _attack(
            "def run():\n    b = b'{\"y\": 42}'; os.write(3, b'0' * 16 + b'V' + len(b).to_bytes(8, 'little') + b);"
            " os.write(3, b'0' * 16 + b'Z' + bytes(8)); time.sleep(30)"), ends_as("forged")),
        ("writes to every descriptor", _attack(
            "def run():\n    for fd in range(4, 64): attempt(lambda: os.write(fd, b'{\"passed\": true}'))\n    os.write(3, b'{\"passed\": true}')\n    return 1"),
         ends_as("forged")),
        ("a verdict printed", _attack("def run():\n    print('PASSED', '{\"outcome\": \"ok\"}'); os._exit(0)"), ends_as("exited")),
        ("a stolen nonce and a forged length", _attack(_STEAL + "def run():\n    os.write(3, nonce() + b'V' + (1 << 62).to_bytes(8, 'little')); time.sleep(30)"),
         ends_as("result")),
        ("a stolen nonce and no JSON", _attack(_STEAL + "def run():\n    tell(b'{nope'); time.sleep(30)"), ends_as("forged")),
        ("a stolen nonce and brackets without end", _attack(_STEAL + "def run():\n    tell(b'[' * 100000); time.sleep(30)"), ends_as("forged")),
        ("a stolen nonce and a bad file name", _attack(
            _STEAL + "def run():\n    b = b'../../x'; os.write(3, nonce() + b'V' + (1).to_bytes(8, 'little') + b'1');"
            " os.write(3, nonce() + b'N' + len(b).to_bytes(8, 'little') + b); time.sleep(30)"), ends_as("forged")),
        ("descriptors passed to the supervisor", _attack("""
import socket, array
def run():
    channel = socket.socket(fileno=os.dup(3))
    return attempt(lambda: channel.sendmsg([b"x" * 30], [(1, 1, array.array("i", [0, 1, 2]))]))
"""), ends_as("forged")),
        ("a forked child that answers for its parent", _forking("""
def run():
    if os.fork() == 0:
        return "from the child"
    os.wait()
    os._exit(0)
"""), ends_as("exited")),
        ("a patched json", _attack("""
import json
def run():
    json.dumps = lambda *a, **k: '"forged"'
    json.JSONEncoder.encode = json.JSONEncoder.iterencode = lambda self, value: '"forged"'
    return "true"
"""), returns("true")),
        ("a patched harness", _attack("""
def run():
    for module in list(sys.modules.values()):
        for name in ("_send", "_send_all", "_encode", "collect"):
            if hasattr(module, name): setattr(module, name, lambda *a, **k: os._exit(0))
    return 1
"""), ends_as("exited", "ok")),
        ("endless recursion", _attack("def run():\n    return run()"), ends_as("error")),
        ("a value nested too deep", _attack("def run():\n    x = []\n    for _ in range(100000): x = [x]\n    return x"), ends_as("error")),
        ("an exception that fights back", _attack("""
class Nasty(BaseException):
    def __str__(self): os.write(3, b"x" * 50); raise SystemExit
def run(): raise Nasty
"""), ends_as("forged", "error")),
    ]  # fmt: skip


_STEAL = """
def nonce():
    frame = sys._getframe()
    while frame:
        for value in frame.f_locals.values():
            if isinstance(value, dict) and "nonce" in value: return bytes.fromhex(value["nonce"])
        frame = frame.f_back
def tell(body):
    os.write(3, nonce() + b"V" + len(body).to_bytes(8, "little") + body)
    os.write(3, nonce() + b"Z" + bytes(8))
"""


def _only(*names: str) -> Expect:
    def expect(ran: Sequence[Ran]) -> str | None:
        found = [file.name for file in ran[-1].files]
        return None if ran[-1].outcome == "ok" and found == list(names) else f"{ran[-1].outcome} with {found}: {ran[-1].fault}"  # fmt: skip

    return expect


def _outputs() -> list[_Case]:
    peek = Call(code("python", "import os\ndef run():\n    return os.listdir('/data')"))
    return [
        ("links, pipes and sockets in /output", _attack("""
import socket
def run():
    os.symlink("/etc/passwd", "/output/link"); os.symlink("/", "/output/root")
    attempt(lambda: os.mkfifo("/output/fifo")); open("/output/real", "w").write("x")
    open("/tmp/a", "w").write("x"); attempt(lambda: os.link("/output/real2", "/output/hard"))
"""), _only("real")),
        ("hard links in /output", _attack("""
def run():
    open("/output/a", "w").write("x"); os.link("/output/a", "/output/b"); open("/output/c", "w").write("x")
"""), _only("c")),
        ("a sparse file of many gigabytes", _attack("def run():\n    attempt(lambda: os.truncate(os.open('/output/x', 65), 1 << 40))\n"
            "    os.truncate(os.open('/output/y', 65), 15 << 20); os.truncate(os.open('/output/z', 65), 15 << 20)"), ends_as("disk")),
        ("file names that are no names", _attack("def run():\n    open('/output/a\\nb', 'w').write('x')"), ends_as("forged")),
        ("the input of another call", (Call(code("python", "def run():\n    return open('/data/mine').read()"), inputs={"mine": b"x"}), peek), returns([])),
    ]  # fmt: skip


def _javascript() -> list[_Case]:
    refused = """
function attempt(what) { try { const got = what(); return got === undefined ? 1 : got; } catch (error) { return String(error.code || error); } }
"""
    return [
        ("javascript: programs", javascript(refused + """
const { spawnSync, execFileSync } = require("child_process");
function run() { return { spawn: attempt(() => { const r = spawnSync("true"); if (r.error) throw r.error; return 1; }),
  exec: attempt(() => execFileSync("true") && 1), env: attempt(() => process.execve("/usr/bin/env", ["env"], {})) }; }
"""), _refused),
        ("javascript: files of the machine", javascript(refused + """
const fs = require("fs");
function run() { const seen = {}; for (const p of ["/etc/shadow", "/proc/1/environ", "/dev/vda", "/run/tg/control"])
  seen[p] = attempt(() => fs.readFileSync(p).length);
  for (const p of ["/usr/x", "/opt/x", "/dev/x", "/data/x", "/dev/shm/x", "/run/x"]) seen["w " + p] = attempt(() => fs.writeFileSync(p, "x")); return seen; }
"""), _refused),
        ("javascript: the network", javascript("""
const net = require("net");
function run() { return new Promise((done) => { const s = net.connect(4222, "127.0.0.1"); s.on("connect", () => done({ net: 1 }));
  s.on("error", (error) => done({ net: error.code })); }); }
"""), _refused),
        ("javascript: the environment", javascript("function run() { return { ...process.env }; }"), _no_secrets),
        ("javascript: garbage on the channel", javascript("function run() { require('fs').writeSync(3, Buffer.alloc(100, 255)); for (;;); }"), ends_as("forged")),
        ("javascript: an early exit", javascript("process.exit(0); function run() { return 1; }"), ends_as("exited")),
        ("javascript: a patched JSON", javascript("function run() { JSON.stringify = () => '\"forged\"'; return 'true'; }"), returns("true")),
        ("javascript: an abort", javascript("function run() { process.abort(); }"), ends_as("exited")),
        ("javascript: links in /output", javascript("""
const fs = require("fs");
function run() { fs.symlinkSync("/etc/passwd", "/output/link"); fs.writeFileSync("/output/real", "x"); return 1; }
"""), _only("real")),
        ("javascript: a native module of its own", javascript(refused + """
function run() { require("fs").writeFileSync("/tmp/x.node", "\\x7fELF"); return { dlopen: attempt(() => process.dlopen({ exports: {} }, "/tmp/x.node")) }; }
"""), _refused),
        ("javascript: files of the call before", (
            javascript("function run() { require('fs').writeFileSync('/tmp/left', 'x'); globalThis.left = 1; return 1; }"),
            javascript("function run() { return [require('fs').readdirSync('/tmp'), typeof globalThis.left]; }")), returns([[], "undefined"])),
        ("javascript: deep nesting", javascript("function run() { let x = []; for (let i = 0; i < 100000; i++) x = [x]; return x; }"), ends_as("error")),
        ("javascript: a thread of its own outlives nothing", javascript("""
const { Worker } = require("worker_threads");
function run() { new Worker("for (;;);", { eval: true }); return 1; }
"""), ends_as("ok", "error")),
    ]  # fmt: skip
