"""The network: none without a grant, and with one everything but the granted host.

The granted host does not exist; nothing of this machine or its network may answer in its place.
"""

from collections.abc import Sequence

from toolguild.sandbox.checks import QUICK, Check, code, javascript
from toolguild.sandbox.escapes.attack import Case, attack, family, filtered
from toolguild.sandbox.interface import Call, Ran

_GRANTED = ("granted.invalid:80",)


def checks() -> list[Check]:
    """Return every attack of this kind."""
    return [*family("no network", _without()), *family("a granted host", _with())]


def _without() -> list[Case]:
    return [
        ("sockets of every family", ("filter", "network"), attack("""
def run():
    return {f"{family} {kind}": syscall(41, family, kind, 0) for family in range(47) for kind in (1, 2, 3, 5)}
"""), filtered),
        ("pairs of sockets of other families", ("filter",), attack("""
def run():
    room = ctypes.create_string_buffer(8)
    return {str(family): syscall(53, family, kind, 0, room) for family in range(47) for kind in (1, 5) if family != 1}
"""), filtered),
        ("services on the machine's loopback, names, unix sockets", ("filter", "network"), attack("""
import socket
def run():
    reach = {f"{host} {port}": attempt(lambda a=(host, port): socket.create_connection(a, 1)) for host in ("127.0.0.1", "::1", "172.17.0.1", "1.1.1.1") for port in (4222, 22, 53, 80)}
    return {**reach, "unix": attempt(lambda: socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock")), "abstract": attempt(lambda: socket.socket(socket.AF_UNIX).bind("\\0guild")),
        "names": attempt(lambda: socket.getaddrinfo("example.com", 80)), "netlink": attempt(lambda: socket.socket(16, 3, 0).fileno()), "udp": attempt(lambda: socket.socket(2, 2).fileno()),
        "raw": attempt(lambda: socket.socket(2, 3, 1).fileno()), "packet": attempt(lambda: socket.socket(17, 3, 768).fileno()), "vsock": attempt(lambda: socket.socket(40, 1).fileno())}
"""), _refused),
        ("the words of a socket on other descriptors", ("filter",), attack("""
def run():
    table = dict(connect=42, bind=49, listen=50, accept=43, accept4=288, setsockopt=54, sendmmsg=307, recvmmsg=299)
    return {name: syscall(number, 3, 0, 0, 0, 0) for name, number in table.items()}
"""), filtered),
        ("javascript: the network", ("filter", "network"), javascript("""
const net = require("net");
function run() { return new Promise((done) => { const s = net.connect(4222, "127.0.0.1"); s.on("connect", () => done({ net: 1 }));
  s.on("error", (error) => done({ net: error.code })); }); }
"""), _refused),
    ]  # fmt: skip


def _with() -> list[Case]:
    return [
        ("network: sockets of other kinds", ("filter",), _call(_KINDS), _refused),
        ("network: hosts around the proxy", ("network",), _call(_AROUND), _refused),
        ("network: names", ("filter", "network"), _call(_NAMES), _refused),
        ("network: doors of its own", ("filter",), _call(_LISTEN), _refused),
        ("network: memory in socket buffers", ("filter",), _call(_BUFFERS), _refused),
        ("network: requests that are not granted", ("proxy",), _call(_REQUESTS), _denied),
        ("network: words that are no request", ("proxy",), _call(_GARBAGE), _denied),
        ("network: the door of the call before", ("network",), (_call(_TELL), _call(_KNOCK)), _refused),
        ("network: none in the call after", ("filter", "network"), (_call(_TELL), Call(code("python", _KINDS))), _refused),
        ("network: javascript", ("filter", "network", "proxy"), Call(code("javascript", _NODE), hosts=_GRANTED, limits=QUICK), _refused),
    ]  # fmt: skip


def _call(source: str) -> Call:
    return Call(code("python", source), hosts=_GRANTED, limits=QUICK)


def _refused(ran: Sequence[Ran]) -> str | None:
    """Expect that every attempt of the last call is told as an error."""
    last = ran[-1]
    if last.outcome != "ok" or not isinstance(last.value, dict) or not last.value:
        return f"it ended as {last.outcome}: {last.fault}"
    through = {what: got for what, got in last.value.items() if not isinstance(got, str)}
    return f"it got through: {through}" if through else None


def _denied(ran: Sequence[Ran]) -> str | None:
    """Expect that every attempt is told as an error, and that none of them left."""
    left = [one for one in ran[-1].requests if one.verdict not in ("denied", "failed")]
    if left or not ran[-1].requests:
        return f"requests that left: {left}; recorded: {len(ran[-1].requests)}"
    return _refused(ran)


_TOOLS = """
import os, socket, struct
def attempt(what):
    try:
        got = what()
        return 1 if got is None else got
    except BaseException as error:
        return type(error).__name__ + ": " + str(error)[:90]
def proxy():
    return ("127.0.0.1", int(os.environ["http_proxy"].rpartition(":")[2]))
"""
_KINDS = (
    _TOOLS
    + """
def run():
    kinds = {"udp": (2, 2, 0), "raw": (2, 3, 1), "icmp": (2, 2, 1), "unix": (1, 1, 0), "unix packets": (1, 2, 0),
        "netlink": (16, 3, 0), "packet": (17, 3, 0), "vsock": (40, 1, 0), "ipv6": (10, 1, 0), "sctp": (2, 1, 132),
        "mptcp": (2, 1, 262), "alg": (38, 5, 0), "bluetooth": (31, 3, 1), "xdp": (44, 3, 0)}
    return {name: attempt(lambda kind=kind: socket.socket(*kind).fileno()) for name, kind in kinds.items()}
"""
)
_AROUND = (
    _TOOLS
    + """
def run():
    where = [("1.1.1.1", 53), ("169.254.169.254", 80), ("10.0.0.1", 80), ("172.17.0.1", 80), ("127.0.0.1", 4222),
        ("127.0.0.1", 22), ("127.0.0.53", 53), ("0.0.0.0", 80)]
    def connect(at):
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.settimeout(2)
        one.connect(at)
    return {f"{host}:{port}": attempt(lambda at=(host, port): connect(at)) for host, port in where}
"""
)
_NAMES = (
    _TOOLS
    + """
def run():
    names = ("example.com", "granted.invalid", "metadata.google.internal")
    return {name: attempt(lambda name=name: len(socket.getaddrinfo(name, 80))) for name in names}
"""
)
_LISTEN = (
    _TOOLS
    + """
def run():
    return {"bind": attempt(lambda: socket.socket(2, 1).bind(("127.0.0.1", 0))),
        "listen": attempt(lambda: socket.socket(2, 1).listen(1)),
        "accept": attempt(lambda: socket.socket(2, 1).accept() and 1)}
"""
)
_BUFFERS = (
    _TOOLS
    + """
def run():
    one, (left, right) = socket.socket(2, 1), socket.socketpair()
    options = {"SNDBUF": 7, "RCVBUF": 8, "SNDBUFFORCE": 32, "RCVBUFFORCE": 33, "BINDTODEVICE": 25, "MARK": 36}
    seen = {name: attempt(lambda o=o: one.setsockopt(1, o, 1 << 28)) for name, o in options.items()}
    seen["pair"] = attempt(lambda: left.setsockopt(1, 7, 1 << 28))
    seen["ulp"] = attempt(lambda: one.setsockopt(6, 31, b"tls"))
    return seen
"""
)
_REQUESTS = (
    _TOOLS
    + """
import urllib.request
def run():
    hosts = ("127.0.0.1:4222", "localhost", "169.254.169.254", "[::1]", "[::ffff:7f00:1]", "2130706433", "0x7f.1",
        "example.com", "granted.invalid:81", "granted.invalid.example.com", "granted.invalid@127.0.0.1")
    return {host: attempt(lambda host=host: urllib.request.urlopen(f"http://{host}/", timeout=5).status) for host in hosts}
"""
)
_GARBAGE = (
    _TOOLS
    + r"""
def say(words):
    with socket.create_connection(proxy(), 5) as one:
        one.sendall(words)
        one.shutdown(socket.SHUT_WR)
        got = b""
        while more := one.recv(4096):
            got += more
    first = got.partition(b"\r\n")[0].decode()
    return first if first[9:10] in ("4", "5", "") else 1
def run():
    host = b"Host: granted.invalid\r\n"
    words = {"nothing": b"\r\n\r\n", "binary": bytes(range(256)) * 8, "long": b"GET /" + b"x" * (1 << 20),
        "two lengths": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "both framings": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "two hosts": b"GET / HTTP/1.1\r\n" + host + b"Host: 127.0.0.1\r\n\r\n",
        "other host": b"GET http://granted.invalid/ HTTP/1.1\r\nHost: 127.0.0.1:4222\r\n\r\n",
        "a tunnel inside": b"CONNECT 127.0.0.1:4222 HTTP/1.1\r\n\r\n", "file": b"GET file:///etc/passwd HTTP/1.1\r\n" + host + b"\r\n"}
    return {name: attempt(lambda w=w: say(w)) for name, w in words.items()}
"""
)
_TELL = (
    _TOOLS
    + """
def run():
    return {"port": str(proxy()[1])}
"""
)
_KNOCK = (
    _TOOLS
    + """
def run():
    mine, seen = proxy()[1], {}
    for port in range(32768, 61000):
        if port == mine:
            continue
        with socket.socket(2, 1) as one:
            if one.connect_ex(("127.0.0.1", port)) == 0 and one.getsockname() != one.getpeername():
                seen[str(port)] = 1
    return seen or {"others": "none"}
"""
)
_NODE = """
const net = require("net"), dgram = require("dgram"), dns = require("dns");
const told = (start) => new Promise((done) => { try { start(done); } catch (error) { done(String(error.code || error)); } });
async function run() {
  const reach = (options) => told((done) => { const s = net.connect(options); s.on("connect", () => done(1)); s.on("error", (e) => done(e.code)); });
  return {
    nats: await reach({ host: "127.0.0.1", port: 4222 }), meta: await reach({ host: "169.254.169.254", port: 80 }),
    unix: await reach({ path: "/var/run/docker.sock" }),
    listen: await told((done) => { const s = net.createServer().listen(0, () => done(1)); s.on("error", (e) => done(e.code)); }),
    udp: await told((done) => { const s = dgram.createSocket("udp4"); s.on("error", (e) => done(e.code)); s.bind(0, () => done(1)); }),
    names: await told((done) => dns.lookup("example.com", (error) => done(error ? error.code : 1))),
    fetch: await fetch("http://127.0.0.1:4222/").then((r) => (r.status === 403 ? "403" : 1), (e) => String(e)),
  };
}
"""
