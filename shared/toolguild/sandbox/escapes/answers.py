"""Lies on the channel to the supervisor: forged frames, verdicts, values that break a parser, sudden ends."""

from toolguild.sandbox.checks import Check, ends_as, javascript, returns
from toolguild.sandbox.escapes.attack import BRIEF, Case, attack, family, forking

_STEAL = """
def nonce():
    frame = sys._getframe()
    while frame:
        for value in frame.f_locals.values():
            if isinstance(value, dict) and "nonce" in value: return bytes.fromhex(value["nonce"])
        frame = frame.f_back
def frame(kind, body, length=None):
    os.write(3, nonce() + kind + (len(body) if length is None else length).to_bytes(8, "little") + body)
def tell(body):
    frame(b"V", body); frame(b"Z", b"")
"""


def checks() -> list[Check]:
    """Return every attack of this kind."""
    return [*family("sudden ends", _ends()), *family("lies on the channel", _lies())]


def _ends() -> list[Case]:
    return [
        ("a segmentation fault", ("own process",), attack("def run():\n    ctypes.string_at(0)"), ends_as("exited")),
        ("an abort", ("own process",), attack("def run():\n    os.abort()"), ends_as("exited")),
        ("an early exit with status 0", ("channel",), attack("def run():\n    os._exit(0)"), ends_as("exited")),
        ("an exit while loading", ("channel",), attack("os._exit(0)\ndef run():\n    return 1"), ends_as("exited")),
        ("every descriptor closed", ("channel",), attack("def run():\n    for fd in range(64): attempt(lambda: os.close(fd))\n    return 1"), ends_as("exited")),
        ("endless recursion", ("own process",), attack("def run():\n    return run()"), ends_as("error")),
        ("an exception that fights back", ("channel",), attack("""
class Nasty(BaseException):
    def __str__(self): os.write(3, b"x" * 50); raise SystemExit
def run(): raise Nasty
"""), ends_as("forged", "error")),
        ("javascript: an early exit", ("channel",), javascript("process.exit(0); function run() { return 1; }"), ends_as("exited")),
        ("javascript: an abort", ("own process",), javascript("function run() { process.abort(); }"), ends_as("exited")),
    ]  # fmt: skip


def _lies() -> list[Case]:
    wait = "; time.sleep(30)"
    return [
        ("garbage on the channel", ("channel",), attack("def run():\n    os.write(3, b'\\xff' * 100); time.sleep(30)"), ends_as("forged")),
        ("a little garbage, then exit", ("channel",), attack("def run():\n    os.write(3, b'\\xff' * 5); os._exit(0)"), ends_as("forged")),
        ("an answer without the nonce", ("channel",), attack(
            "def run():\n    b = b'{\"y\": 42}'; os.write(3, b'0' * 16 + b'V' + len(b).to_bytes(8, 'little') + b);"
            " os.write(3, b'0' * 16 + b'Z' + bytes(8)); time.sleep(30)"), ends_as("forged")),
        ("writes to every descriptor", ("channel",), attack(
            "def run():\n    for fd in range(4, 64): attempt(lambda: os.write(fd, b'{\"passed\": true}'))\n    os.write(3, b'{\"passed\": true}')\n    return 1"),
         ends_as("forged")),
        ("a verdict printed", ("channel",), attack("def run():\n    print('PASSED', '{\"outcome\": \"ok\"}'); os._exit(0)"), ends_as("exited")),
        ("the first words of a child once more", ("channel",), attack("def run():\n    os.write(3, b'R'); os.write(3, b'L'); os.write(3, b'P'); time.sleep(30)"), ends_as("forged")),
        ("a stolen nonce and a forged length", ("channel",), attack(_STEAL + f"def run():\n    frame(b'V', b'', 1 << 62){wait}"), ends_as("result")),
        ("a stolen nonce and a file of any length", ("channel",), attack(_STEAL + f"def run():\n    frame(b'V', b'1'); frame(b'N', b'a'); frame(b'F', b'', 1 << 60){wait}"), ends_as("disk")),
        ("a stolen nonce and no JSON", ("answer",), attack(_STEAL + f"def run():\n    tell(b'{{nope'){wait}"), ends_as("forged")),
        ("a stolen nonce and brackets without end", ("answer",), attack(_STEAL + f"def run():\n    tell(b'[' * 100000){wait}"), ends_as("forged")),
        ("a stolen nonce and a number without end", ("answer",), attack(_STEAL + f"def run():\n    tell(b'[1e999]'){wait}"), ends_as("forged")),
        ("a stolen nonce and a million digits", ("answer",), attack(_STEAL + f"def run():\n    tell(b'9' * 1000000){wait}"), ends_as("forged")),
        ("a stolen nonce and words that are no text", ("answer",), attack(_STEAL + f"def run():\n    tell(b'\"\\xff\\xfe\"'){wait}"), ends_as("forged")),
        ("a stolen nonce and half a character", ("answer",), attack(_STEAL + f"def run():\n    tell(b'\"\\\\ud800\"'){wait}"), ends_as("forged")),
        ("a stolen nonce and not a number", ("answer",), attack(_STEAL + f"def run():\n    tell(b'NaN'){wait}"), ends_as("forged")),
        ("a stolen nonce and a bad file name", ("names",), attack(_STEAL + f"def run():\n    frame(b'V', b'1'); frame(b'N', b'../../x'){wait}"), ends_as("forged")),
        ("a stolen nonce and a file twice", ("names",), attack(
            _STEAL + f"def run():\n    frame(b'V', b'1'); [(frame(b'N', b'a'), frame(b'F', b'x')) for _ in range(2)]{wait}"), ends_as("forged")),
        ("a stolen nonce and frames in another order", ("channel",), attack(_STEAL + f"def run():\n    frame(b'F', b'x'){wait}"), ends_as("forged")),
        ("a stolen nonce and two answers", ("channel",), attack(_STEAL + f"def run():\n    frame(b'V', b'1'); frame(b'V', b'2'){wait}"), ends_as("forged")),
        ("a stolen nonce and an answer that never comes", ("clock",), attack(
            _STEAL + "def run():\n    os.write(3, nonce() + b'V'); time.sleep(30)", limits=BRIEF), ends_as("timeout")),
        ("a stolen nonce and a fault of another kind", ("channel",), attack(_STEAL + f"def run():\n    frame(b'E', b'{{}}'); frame(b'Z', b''){wait}"), ends_as("forged")),
        ("descriptors passed to the supervisor", ("channel",), attack("""
import socket, array
def run():
    channel = socket.socket(fileno=os.dup(3))
    for letter in (b"L", b"P", b"x" * 30):
        attempt(lambda: channel.sendmsg([letter], [(1, 1, array.array("i", [0, 1, 2] * 20))]))
    time.sleep(30)
"""), ends_as("forged")),
        ("a forked child that answers for its parent", ("channel",), forking("""
def run():
    if os.fork() == 0:
        return "from the child"
    os.wait()
    os._exit(0)
"""), ends_as("exited")),
        ("a patched json", ("channel",), attack("""
import json
def run():
    json.dumps = lambda *a, **k: '"forged"'
    json.JSONEncoder.encode = json.JSONEncoder.iterencode = lambda self, value: '"forged"'
    return "true"
"""), returns("true")),
        ("a patched harness", ("channel",), attack("""
def run():
    for module in list(sys.modules.values()):
        for name in ("_send", "_send_all", "_encode", "collect"):
            if hasattr(module, name): setattr(module, name, lambda *a, **k: os._exit(0))
    return 1
"""), ends_as("exited", "ok")),
        ("a value nested too deep", ("answer",), attack("def run():\n    x = []\n    for _ in range(100000): x = [x]\n    return x"), ends_as("error")),
        ("an integer of many digits", ("answer",), attack("def run():\n    return 10 ** 5000"), ends_as("error")),
        ("javascript: garbage on the channel", ("channel",), javascript("function run() { require('fs').writeSync(3, Buffer.alloc(100, 255)); for (;;); }"), ends_as("forged")),
        ("javascript: a patched JSON", ("channel",), javascript("function run() { JSON.stringify = () => '\"forged\"'; return 'true'; }"), returns("true")),
        ("javascript: deep nesting", ("answer",), javascript("function run() { let x = []; for (let i = 0; i < 100000; i++) x = [x]; return x; }"), ends_as("error")),
    ]  # fmt: skip
