"""Tricks with what is left below /output and shown below /data."""

from collections.abc import Sequence

from toolguild.sandbox.checks import Check, Expect, code, ends_as, javascript, returns
from toolguild.sandbox.escapes.attack import Case, attack, family
from toolguild.sandbox.interface import Call, Ran


def checks() -> list[Check]:
    """Return every attack of this kind."""
    return family("files left behind", _cases())


def _only(*names: str) -> Expect:
    def expect(ran: Sequence[Ran]) -> str | None:
        found = [file.name for file in ran[-1].files]
        good = ran[-1].outcome == "ok" and found == list(names)
        return None if good else f"{ran[-1].outcome} with {found}: {ran[-1].fault}"

    return expect


def _bad_name(ran: Sequence[Ran]) -> str | None:
    fault = ran[-1].fault
    good = ran[-1].outcome == "error" and fault is not None and fault.type == "FileName"
    return None if good and not ran[-1].files else f"it ended as {ran[-1].outcome}: {fault}"


def _cases() -> list[Case]:
    peek = Call(code("python", "import os\ndef run():\n    return os.listdir('/data')"))
    return [
        ("links in /output", ("listing",), attack("""
def run():
    os.symlink("/etc/passwd", "/output/link"); os.symlink("/", "/output/root"); os.symlink("loop", "/output/loop"); os.symlink("real", "/output/near")
    os.mkdir("/output/d"); os.symlink("..", "/output/d/up"); open("/output/real", "w").write("x")
"""), _only("real")),
        ("hard links in /output", ("listing",), attack("""
def run():
    open("/output/a", "w").write("x"); os.link("/output/a", "/output/b"); open("/output/c", "w").write("x")
    attempt(lambda: os.link("/data/mine", "/output/d")); attempt(lambda: os.link("/usr/bin/env", "/output/e"))
""", inputs={"mine": b"x"}), _only("c")),
        ("pipes, sockets and devices in /output", ("filter", "listing"), attack("""
import socket
def run():
    attempt(lambda: os.mkfifo("/output/fifo")); attempt(lambda: os.mknod("/output/dev", 0o20666, os.makedev(1, 5)))
    attempt(lambda: socket.socket(socket.AF_UNIX).bind("/output/socket"))
    open("/output/real", "w").write("x")
"""), _only("real")),
        ("a file that changes while it is collected", ("listing", "scratch"), attack("""
import threading
def run():
    open("/output/a", "wb").write(bytes(1 << 20))
    def on():
        while True:
            for turn in (lambda: os.truncate("/output/a", 0), lambda: os.truncate("/output/a", 1 << 22), lambda: os.rename("/output/a", "/output/b"),
                         lambda: os.symlink("/etc/passwd", "/output/a"), lambda: os.replace("/output/b", "/output/a")): attempt(turn)
    threading.Thread(target=on, daemon=True).start()
    return 1
"""), ends_as("ok", "disk")),
        ("a sparse file of many gigabytes", ("listing", "scratch"), attack("def run():\n    attempt(lambda: os.truncate(os.open('/output/x', 65), 1 << 40))\n"
            "    os.truncate(os.open('/output/y', 65), 15 << 20); os.truncate(os.open('/output/z', 65), 15 << 20)"), ends_as("disk")),
        ("a file name with a line break", ("names",), attack("def run():\n    open('/output/a\\nb', 'w').write('x')"), _bad_name),
        ("a file name of control characters", ("names",), attack("def run():\n    open('/output/\\x1b[2J\\x07', 'w').write('x')"), _bad_name),
        ("a file name that is no text", ("names",), attack("def run():\n    open(b'/output/\\xff\\xfe', 'w').write('x')"), _bad_name),
        ("a file name that reads backwards", ("names",), attack("def run():\n    open('/output/\\u202egpj.exe', 'w').write('x')"), _bad_name),
        ("file names of 255 bytes, in folders", ("names",), attack("""
def run():
    folder = "/output"
    for _ in range(3): folder += "/" + "d" * 255; os.mkdir(folder)
    open(folder + "/" + "f" * 255, "w").write("x")
"""), _only("/".join(["d" * 255] * 3 + ["f" * 255]))),
        ("folders deeper than a path can be", ("listing",), attack("""
def run():
    os.chdir("/output")
    for _ in range(40): os.mkdir("d" * 200); os.chdir("d" * 200)
    open("deep", "w").write("x"); open("/output/real", "w").write("x")
"""), _only("real")),
        ("file names with dots and dashes", ("names",), attack("def run():\n    for name in ('...', '-rf', '.hidden', ' ', '~', '$(id)', 'C:x'): open('/output/' + name, 'w').write('x')"),
         _only(" ", "$(id)", "-rf", "...", ".hidden", "C:x", "~")),
        ("a folder that nobody may read", ("listing",), attack("def run():\n    os.mkdir('/output/d'); open('/output/d/a', 'w').write('x'); os.chmod('/output/d', 0)"), _only()),
        ("the input of another call", ("copy", "view"), (Call(code("python", "def run():\n    return open('/data/mine').read()"), inputs={"mine": b"x"}), peek), returns([])),
        ("javascript: links in /output", ("listing",), javascript("""
const fs = require("fs");
function run() { fs.symlinkSync("/etc/passwd", "/output/link"); fs.symlinkSync("/", "/output/root"); fs.writeFileSync("/output/real", "x"); return 1; }
"""), _only("real")),
    ]  # fmt: skip
