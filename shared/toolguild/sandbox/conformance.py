"""What every sandbox does for well-meant code: values, files, faults and limits."""

from collections.abc import Sequence

from toolguild.sandbox.checks import (
    QUICK,
    Check,
    Expect,
    code,
    ends_as,
    javascript,
    python,
    returns,
)
from toolguild.sandbox.interface import Call, Ran

_SHORT = QUICK.model_copy(update={"wall_seconds": 0.5})


def checks() -> list[Check]:
    """Return every case, in both languages."""
    return [
        Check(name, "conformance", calls if isinstance(calls, tuple) else (calls,), expect)
        for name, calls, expect in (*_python(), *_javascript())
    ]


_Case = tuple[str, Call | tuple[Call, ...], Expect]


def _python() -> list[_Case]:
    helper = code("python", "def double(x):\n    return 2 * x", "double")
    used = "from guild import twice\ndef run(x):\n    return twice(x=x) + 1"
    nested = "from guild import twice\ndef twice_twice(x):\n    return twice(x=twice(x=x))"
    chain = "from guild import four\ndef run(x):\n    return four(x=x)"
    reader = "def run():\n    return open('/data/a.txt').read()"
    writer = (
        "import os\ndef run():\n    os.makedirs('/output/d')\n"
        "    open('/output/d/b.txt', 'wb').write(b'\\x00b')\n    open('/output/a', 'w').write('a')"
    )
    return [
        ("python: arguments and value", python("def run(a, b):\n    return {'y': [a, b, None, 1.5, 'ä']}", a=1, b="x"),
         returns({"y": [1, "x", None, 1.5, "ä"]})),
        ("python: an input file is readable", Call(code("python", reader), inputs={"a.txt": b"hello"}), returns("hello")),
        ("python: inputs belong to one call only",
         (Call(code("python", reader), inputs={"a.txt": b"hello"}), python("import os\ndef run():\n    return os.listdir('/data')")),
         returns([])),
        ("python: files below /output come back", python(writer), _files({"a": b"a", "d/b.txt": b"\x00b"})),
        ("python: an exception names its line", python("def run():\n    x = 1\n    return x / 0"),
         _fault("ZeroDivisionError", 3, "return x / 0")),
        ("python: a syntax error names its line", python("def run():\n    return (\n"), _fault("SyntaxError", 2, "return (")),
        ("python: a missing entry is told", python("def other():\n    pass"), _fault("NameError", None, None)),
        ("python: printing is kept", python("import sys\ndef run():\n    print('a')\n    print('b', file=sys.stderr)"), _printed("a\nb\n")),
        ("python: a tool calls another", Call(code("python", used), {"x": 4}, uses={"twice": helper}), returns(9)),
        ("python: used tools use tools", Call(code("python", chain), {"x": 1}, uses={"twice": helper, "four": code("python", nested, "twice_twice")}), returns(4)),
        ("python: a dataclass in a tool", python(
            "from __future__ import annotations\nfrom dataclasses import dataclass, asdict\n"
            "@dataclass\nclass A:\n    x: int\ndef run():\n    return asdict(A(1))"), returns({"x": 1})),
        ("python: threads are free", python(
            "import threading\ndef run():\n    out = []\n    ts = [threading.Thread(target=out.append, args=(i,)) for i in range(8)]\n"
            "    [t.start() for t in ts]\n    [t.join() for t in ts]\n    return sorted(out)"), returns(list(range(8)))),
        ("python: random differs from call to call",
         (python("import random\ndef run():\n    return random.random()"),) * 2, _differ),
        ("python: wall clock", python("import time\ndef run():\n    time.sleep(60)", limits=_SHORT), _slow("timeout")),
        ("python: processor time", python("def run():\n    while True: pass", limits=QUICK.model_copy(update={"cpu_seconds": 1.0})), ends_as("timeout")),
        ("python: memory", python("def run():\n    x = []\n    while True: x.append(bytearray(1 << 20))"), ends_as("memory")),
        ("python: most of the memory is usable", python("def run():\n    return len(bytearray(180 << 20))"), returns(180 << 20)),
        ("python: disk", python("def run():\n    open('/tmp/x', 'wb').write(b'x' * (64 << 20))"), ends_as("disk")),
        ("python: printing too much", python("def run():\n    while True: print('x' * 1000)"), ends_as("printed")),
        ("python: returning too much", python("def run():\n    return 'x' * (2 << 20)"), ends_as("result")),
        ("python: a long value within the limit", python("def run():\n    return 'x' * (1 << 19)"), returns("x" * (1 << 19))),
        ("python: NaN is no value", python("def run():\n    return float('nan')"), ends_as("error")),
        ("python: an object is no value", python("def run():\n    return object()"), _fault("TypeError", None, None)),
        ("python: exit is no answer", python("import sys\ndef run():\n    sys.exit(0)"), ends_as("exited")),
        ("python: usage is measured", python("def run():\n    x = bytearray(100 << 20)\n    return sum(range(2000000))"), _used),
        ("python: a large argument and a large file", Call(code("python", "def run(s):\n    return [len(s), len(open('/data/big','rb').read())]"),
         {"s": "x" * (1 << 20)}, inputs={"big": bytes(2 << 20)}), returns([1 << 20, 2 << 20])),
        ("python: granted programs run", Call(code("python",
            "import subprocess\ndef run():\n    return subprocess.run(['echo', 'hi'], capture_output=True, text=True).stdout"),
            limits=QUICK.model_copy(update={"processes": 4}), programs=("echo",)), returns("hi\n")),
    ]  # fmt: skip


def _javascript() -> list[_Case]:
    helper = code("javascript", "function double({x}) { return 2 * x; }", "double")
    used = "const guild = require('guild');\nfunction run({x}) { return guild.twice({x}) + 1; }"
    later = (
        "async function run({x}) {\n  await new Promise((r) => setTimeout(r, 5));\n  return x;\n}"
    )
    return [
        ("javascript: arguments and value", javascript("function run({a, b}) { return {y: [a, b, null, 1.5, 'ä']}; }", a=1, b="x"),
         returns({"y": [1, "x", None, 1.5, "ä"]})),
        ("javascript: module.exports", javascript("module.exports.run = ({a}) => a + 1;", a=1), returns(2)),
        ("javascript: a promise is awaited", javascript(later, x=7), returns(7)),
        ("javascript: a promise that never settles", javascript("function run() { return new Promise(() => {}); }"), ends_as("exited")),
        ("javascript: an input file is readable", Call(code("javascript", "const fs = require('fs');\nfunction run() { return fs.readFileSync('/data/a.txt', 'utf8'); }"),
         inputs={"a.txt": b"hello"}), returns("hello")),
        ("javascript: files below /output come back", javascript(
            "const fs = require('fs');\nfunction run() { fs.mkdirSync('/output/d'); fs.writeFileSync('/output/d/b', 'b'); return 1; }"), _files({"d/b": b"b"})),
        ("javascript: an exception names its line", javascript("function run() {\n  const x = null;\n  return x.y;\n}"), _fault("TypeError", 3, "return x.y;")),
        ("javascript: a syntax error names its line", javascript("function run() {\n  return ((;\n}"), _fault("SyntaxError", 2, "return ((;")),
        ("javascript: printing is kept", javascript("function run() { console.log('a'); console.error('b'); return 1; }"), _printed("a\nb\n")),
        ("javascript: a tool calls another", Call(code("javascript", used), {"x": 4}, uses={"twice": helper}), returns(9)),
        ("javascript: wall clock", javascript("function run() { for (;;); }", limits=_SHORT), _slow("timeout")),
        ("javascript: processor time", javascript("function run() { for (;;); }", limits=QUICK.model_copy(update={"cpu_seconds": 1.0})), ends_as("timeout")),
        ("javascript: memory on the heap", javascript("function run() { const x = []; for (;;) x.push(new Array(1000).fill(1.5)); }",
         limits=QUICK.model_copy(update={"memory_mb": 128})), ends_as("memory")),
        ("javascript: memory off the heap", javascript("function run() { const x = []; for (;;) x.push(Buffer.alloc(1 << 20, 1)); }"), ends_as("memory")),
        ("javascript: disk", javascript("function run() { require('fs').writeFileSync('/tmp/x', Buffer.alloc(64 << 20)); }"), ends_as("disk")),
        ("javascript: printing too much", javascript("function run() { for (;;) console.log('x'.repeat(1000)); }"), ends_as("printed")),
        ("javascript: returning too much", javascript("function run() { return 'x'.repeat(2 << 20); }"), ends_as("result")),
        ("javascript: NaN is no value", javascript("function run() { return {x: NaN}; }"), ends_as("error")),
        ("javascript: exit is no answer", javascript("function run() { process.exit(0); }"), ends_as("exited")),
    ]  # fmt: skip


def _files(wanted: dict[str, bytes]) -> Expect:
    def expect(ran: Sequence[Ran]) -> str | None:
        found = {file.name: file.content for file in ran[-1].files}
        return None if found == wanted else f"it gave {found}: {ran[-1].outcome} {ran[-1].fault}"

    return expect


def _fault(type: str, line: int | None, source_line: str | None) -> Expect:
    def expect(ran: Sequence[Ran]) -> str | None:
        fault = ran[-1].fault
        good = fault is not None and (fault.type, fault.line, fault.source_line) == (
            type,
            line,
            source_line,
        )
        return None if good and ran[-1].outcome == "error" else f"the fault was {fault}"

    return expect


def _printed(text: str) -> Expect:
    def expect(ran: Sequence[Ran]) -> str | None:
        return None if ran[-1].printed == text else f"it printed {ran[-1].printed!r}"

    return expect


def _slow(outcome: str) -> Expect:
    def expect(ran: Sequence[Ran]) -> str | None:
        took = ran[-1].usage.wall_seconds
        return (
            None
            if ran[-1].outcome == outcome and took < 10  # a busy machine rings late
            else f"{ran[-1].outcome} after {took:.1f} s"
        )

    return expect


def _differ(ran: Sequence[Ran]) -> str | None:
    return None if ran[0].value != ran[1].value else "two calls drew the same number"


def _used(ran: Sequence[Ran]) -> str | None:
    used = ran[-1].usage
    good = used.peak_memory_mb > 80 and 0 < used.cpu_seconds < 5 and used.wall_seconds > 0
    return None if good else f"it measured {used}"
