"""Each rule has code that breaks it and code that looks alike and does not."""

from typing import NamedTuple

import pytest

from toolguild.capability import Capabilities, Language
from toolguild.policy import Policy, parse_policy
from toolguild.static import RULES, review

POLICY = Policy.default()


class Pair(NamedTuple):
    rule: str
    breaks: str
    keeps: str
    language: Language = "python"


PAIRS = [
    Pair(
        "reflection", "import os\ndef f():\n    yield os", "import os\ndef f():\n    yield os.sep"
    ),
    Pair("reflection", "exports.run = () => [process]", "exports.run = () => [1]", "javascript"),
    Pair(
        "call-denied",
        "import os, operator\noperator.methodcaller('system')(os)",
        "import os, operator\noperator.methodcaller('getcwd')(os.path)",
    ),
    Pair("syntax", "def f(:", "def f(): pass"),
    Pair("syntax", "function (", "function f() {}", "javascript"),
    Pair("too-long", "\n" * 5000, "\n" * 50),
    Pair("too-deep", "x = " + "+".join(["a"] * 3000), "x = " + "+".join(["a"] * 50)),
    Pair("import-denied", "import subprocess", "import statistics"),
    Pair("import-denied", "require('child_process')", "require('path')", "javascript"),
    Pair("import-ask", "import some_unknown_library", "import json"),
    Pair("import-ask", "from . import other", "from json import loads"),
    Pair("import-ask", "import x from 'left-pad'", "import x from 'node:fs'", "javascript"),
    Pair("import-star", "from math import *", "from math import sqrt"),
    Pair("call-denied", "import os\nos.system('x')", "import os\nos.getcwd()"),
    Pair("call-denied", "process.env.HOME", "process.argv[2]", "javascript"),
    Pair("call-ask", "import os\nos.remove(p)", "import os\nos.listdir(p)"),
    Pair("library-member", "import codecs\ncodecs.register", "import codecs\ncodecs.lookup"),
    Pair("library-member", "import numpy\nnumpy.DataSource", "import numpy\nnumpy.dtype"),
    Pair("library-member", "from torch import jit", "from torch import nn"),
    Pair("library-member", "frame.to_clipboard()", "frame.to_csv('/output/a.csv')"),
    Pair("library-member", "document.write(1)", "console.log(1)", "javascript"),
    Pair("library-member", "Object.frob({})", "Object.keys({})", "javascript"),
    Pair("special-attribute", "x.__frob__", "x.__iter__"),
    Pair("special-attribute", "type.mro(x)", "class A:\n    mro = 1\nA.mro"),
    Pair("unknown-origin", "t[a](b)(c)", "t[a](b)", "javascript"),
    Pair("unknown-origin", "t[a][b](c)", "t[0][b](c)", "javascript"),
    Pair("private-attribute", "x._secret", "x._asdict()"),
    Pair("dynamic-code", "exec(s)", "model.exec"),
    Pair("dynamic-code", "def compile(x): pass\ng = eval", "def eval(x): pass\ng = eval"),
    Pair("dynamic-code", "new Function(s)", "x instanceof Function", "javascript"),
    Pair("dynamic-code", "setTimeout('f()', 1)", "setTimeout(f, 1)", "javascript"),
    Pair("dynamic-import", "__import__(n)", "import_module = 1"),
    Pair("dynamic-import", "require(name)", "require('fs')", "javascript"),
    Pair("dynamic-attribute", "getattr(x, n)", "getattr(x, 'name', None)"),
    Pair("dynamic-attribute", "process[k]", "rows[k]", "javascript"),
    Pair("expression-text", "df.eval(s)", "model.eval()"),
    Pair("unsafe-load", "import pickle\npickle.loads(b)", "import json\njson.loads(b)"),
    Pair("unsafe-load", "import yaml\nyaml.load(s)", "import yaml\nyaml.safe_load(s)"),
    Pair(
        "hidden-payload",
        "import base64\nbase64.b64decode('aW1wb3J0IG9z')",
        "import base64\nbase64.b64decode('aGVsbG8gd29ybGQ=')",
    ),
    Pair("dunder-access", "x.__subclasses__()", "x.__len__()"),
    Pair("class-access", "y = x.__class__", "y = x.__class__.__name__"),
    Pair("frame-access", "g.gi_frame", "g.frame"),
    Pair("frame-access", "arguments.callee", "args.callee2", "javascript"),
    Pair("builtins-access", "b = __builtins__", "b = 'builtins'"),
    Pair("namespace-access", "import json\njson.__dict__", "x.__dict__"),
    Pair("namespace-access", "this.process", "this.processed", "javascript"),
    Pair("format-walk", "'{0.__class__}'.format(x)", "'{0.name}'.format(x)"),
    Pair("private-attribute", "import random\nrandom._os", "import random\nrandom.seed"),
    Pair("private-attribute", "import re\nre.sys", "import re\nre.sub"),
    Pair(
        "reduce-method",
        "class A:\n    def __reduce__(self): return 1",
        "class A:\n    def __repr__(self): return 'A'",
    ),
    Pair("reflection", "list(map(getattr, a, b))", "list(map(len, a))"),
    Pair("monkeypatch", "import json\njson.dumps = f", "x.dumps = f"),
    Pair("monkeypatch", "JSON.parse = f", "const o = {}; o.parse = f", "javascript"),
    Pair("prototype-change", "Array.prototype.x = 1", "a.prototypes = 1", "javascript"),
    Pair("prototype-change", "x.__proto__", "x.proto", "javascript"),
    Pair("native-load", "c.load_extension('x')", "c.load('x')"),
    Pair("with-statement", "with (o) { x }", "o.x", "javascript"),
    Pair("path-read", "open('/etc/passwd')", "open('/data/in.csv')"),
    Pair(
        "path-read",
        "require('fs').readFileSync('/etc/passwd')",
        "require('fs').readFileSync('/data/x')",
        "javascript",
    ),
    Pair("path-write", "open('/data/in.csv', 'w')", "open('/output/out.csv', 'w')"),
    Pair("path-mention", "import foo\nfoo.go('/etc/passwd')", "import foo\nfoo.go('/admin/x')"),
    Pair(
        "network-url",
        "import pandas\npandas.read_csv('https://x/y')",
        "import pandas\npandas.read_csv('y.csv')",
    ),
    Pair("secret", "k = 'AKIA" + "QWERTYUIOPASDFGH'", "k = 'AKIAXXXXXXXXXXXXXXXX'"),
    Pair("endless-loop", "while True: pass", "while True:\n    if x: break"),
    Pair("endless-loop", "for (;;) {}", "for (;;) { if (x) break }", "javascript"),
    Pair(
        "slow-pattern", r"import re; re.match(r'(a+)+$', s)", r"import re; re.match(r'(a+b)+$', s)"
    ),
    Pair("slow-pattern", r"/(\w+\s?)*$/.test(s)", r"/(\w+,)*$/.test(s)", "javascript"),
]
ELSEWHERE = {"not-text", "language-denied", "import-undeclared", "granted"}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.rule}-{pair.breaks[:20]}")
def test_a_rule_is_broken_by_the_one_and_not_by_the_other(pair: Pair) -> None:
    broken = {one.rule for one in review(pair.breaks, pair.language, POLICY).findings}
    kept = {one.rule for one in review(pair.keeps, pair.language, POLICY).findings}

    assert pair.rule in broken
    assert pair.rule not in kept


def test_every_rule_has_its_pair() -> None:
    assert {pair.rule for pair in PAIRS} | ELSEWHERE == set(RULES)


def test_the_severity_decides_the_verdict() -> None:
    assert review("x = 1", "python", POLICY).verdict == "allow"
    assert review("import unheard_of", "python", POLICY).verdict == "ask"
    assert review("import subprocess", "python", POLICY).verdict == "block"


def test_a_language_that_the_policy_does_not_allow_is_blocked() -> None:
    policy = parse_policy("languages: [python]")

    found = review("1", "javascript", policy)

    assert [one.rule for one in found.findings] == ["language-denied"]
    assert found.verdict == "block"


def test_a_library_that_the_manifest_does_not_declare_is_blocked() -> None:
    source = "import json, numpy"

    none = review(source, "python", POLICY, Capabilities())
    both = review(source, "python", POLICY, Capabilities(imports=("numpy",)))

    assert [one.rule for one in none.findings] == ["import-undeclared"]
    assert both.verdict == "allow"


def test_the_network_is_open_to_a_tool_whose_declared_hosts_the_policy_grants() -> None:
    policy = parse_policy("capabilities: {hosts: ['api.example.com:443']}")
    declared = Capabilities(hosts=("api.example.com:443",), imports=("requests",))

    assert review("import requests", "python", policy, declared).verdict == "allow"
    assert review("import requests", "python", policy, Capabilities()).verdict == "block"
    assert review("import requests", "python", POLICY, declared).verdict == "block"
    assert review("import socket, subprocess", "python", policy, declared).verdict == "block"


_FETCHING: dict[str, tuple[Language, str]] = {
    "urllib": ("python", "import urllib.request\nurllib.request.urlopen('http://a.example')"),
    "from urllib": ("python", "from urllib import request\nrequest.urlopen('http://a.example')"),
    "urlopen": ("python", "from urllib.request import urlopen\nurlopen('http://a.example')"),
    "http.client": ("python", "from http import client\nclient.HTTPConnection('a.example')"),
    "ssl": ("python", "import ssl\nssl.create_default_context()"),
    "pandas": ("python", "import pandas\npandas.read_csv('http://a.example/a.csv')"),
    "http": ("javascript", "require('http').get('http://a.example')"),
    "https": ("javascript", "const { get } = require('node:https'); get('https://a.example')"),
    "fetch": ("javascript", "fetch('http://a.example')"),
    "global fetch": ("javascript", "globalThis.fetch('http://a.example')"),
}


@pytest.mark.parametrize("name", _FETCHING)
def test_http_clients_are_open_exactly_when_hosts_are_declared_and_granted(name: str) -> None:
    language, source = _FETCHING[name]
    granting = parse_policy("capabilities: {hosts: ['a.example:80']}")
    declared = Capabilities(hosts=("a.example:80",), imports=("pandas",))
    other = Capabilities(hosts=("b.example:80",), imports=("pandas",))

    opened = review(source, language, granting, declared)
    assert opened.verdict == "allow"
    assert {one.rule for one in opened.findings} == {"granted"}
    for policy, asked in (
        (granting, Capabilities(imports=("pandas",))),
        (granting, other),
        (granting, None),
        (POLICY, declared),
    ):
        assert review(source, language, policy, asked).verdict == "block"


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "import socket\nsocket.socket()"),
        ("python", "from socket import create_connection"),
        ("python", "import http.server"),
        ("python", "from http import server"),
        ("python", "import smtplib"),
        ("python", "import asyncio\nasyncio.open_connection('a.example', 80)"),
        ("python", "import urllib.request\nurllib.request.socket.socket()"),
        ("python", "import urllib.request\nurllib.request.os.system('id')"),
        ("javascript", "require('net').connect(80)"),
        ("javascript", "require('tls')"),
        ("javascript", "require('dgram')"),
        ("javascript", "new WebSocket('ws://a.example')"),
        ("javascript", "require('http').globalAgent.constructor.constructor('return process')()"),
    ],
)
def test_hosts_open_the_way_to_no_sockets_and_to_nothing_else(
    language: Language, source: str
) -> None:
    granting = parse_policy("capabilities: {hosts: ['a.example:80']}")
    declared = Capabilities(hosts=("a.example:80",))

    assert review(source, language, granting, declared).verdict == "block"


def test_a_program_opens_the_way_to_start_it_only() -> None:
    policy = parse_policy("capabilities: {programs: [sqlite3]}")
    declared = Capabilities(programs=("sqlite3",))

    assert review("import subprocess", "python", policy, declared).verdict == "allow"
    assert review("import signal", "python", policy, declared).verdict == "block"


def test_the_operator_can_allow_what_the_default_denies() -> None:
    policy = parse_policy("imports: {python: {allow: [subprocess]}}")

    assert review("import subprocess", "python", policy).verdict == "allow"


def test_the_grant_narrows_the_paths() -> None:
    declared = Capabilities(read=("*.csv",))

    assert review("open('/data/a.csv')", "python", POLICY, declared).verdict == "allow"
    assert review("open('/data/a.json')", "python", POLICY, declared).verdict == "block"


def test_a_finding_names_its_line_and_its_policy_entry() -> None:
    (one,) = review("import json\nimport subprocess\n", "python", POLICY).findings

    assert (one.line, one.column) == (2, 1)
    assert one.policy == "imports.python.deny: subprocess"


def test_the_record_of_a_tool_keeps_the_findings() -> None:
    (one,) = review("import subprocess", "python", POLICY).recorded()

    assert (one.rule, one.line, one.severity, one.by) == ("import-denied", 1, "high", "static")
