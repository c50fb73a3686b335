"""A call with hosts reaches exactly these, and a call without has no network at all."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.sandbox.hosts import Asked, server

from toolguild.errors import UsageError
from toolguild.sandbox import outer
from toolguild.sandbox.checks import QUICK
from toolguild.sandbox.container import Docker
from toolguild.sandbox.egress.responses import Response
from toolguild.sandbox.interface import Call, Code, Ran, Sandbox, SandboxUnavailable
from toolguild.sandbox.opening import open_sandbox
from toolguild.sandbox.outer import Template

pytestmark = pytest.mark.asyncio(loop_scope="module")

PYTHON, JAVASCRIPT = ("urllib", "http.client"), ("fetch", "http")
FETCH = {
    "urllib": """
import urllib.request
def run(url, data=None):
    body = data.encode() if data is not None else None
    with urllib.request.urlopen(url, data=body, timeout=10) as answer:
        return answer.read().decode()
""",
    "http.client": """
import http.client, urllib.parse
def run(url, data=None):
    at = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=10)
    connection.request("GET" if data is None else "POST", at.path, data)
    return connection.getresponse().read().decode()
""",
    "fetch": """
async function run({ url, data }) {
  const answer = await fetch(url, data === undefined ? {} : { method: "POST", body: data });
  if (!answer.ok) throw new Error(answer.status + " " + answer.statusText);
  return await answer.text();
}
""",
    "http": """
function run({ url, data }) {
  const client = require(new URL(url).protocol === "https:" ? "https" : "http");
  return new Promise((resolve, reject) => {
    const request = client.request(url, { method: data === undefined ? "GET" : "POST" }, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () => (answer.statusCode < 400 ? resolve(text) : reject(new Error(text))));
    });
    request.on("error", reject);
    request.end(data);
  });
}
""",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host() -> AsyncIterator[Asked]:
    async with server() as asked:
        yield asked


async def fetch(sandbox: Sandbox, client: str, url: str, *hosts: str, **more: object) -> Ran:
    code = Code("javascript" if client in JAVASCRIPT else "python", FETCH[client], "run")
    return await sandbox.run(Call(code, {"url": url, **more}, hosts=hosts, limits=QUICK))


@pytest.mark.parametrize("client", FETCH)
async def test_a_granted_host_is_reached_and_every_request_is_recorded(
    client: str, bubblewrap: Sandbox, host: Asked
) -> None:
    ran = await fetch(
        bubblewrap, client, f"http://127.0.0.1:{host.port}/a", f"127.0.0.1:{host.port}", data="5"
    )
    assert (ran.outcome, ran.value) == ("ok", "POST /a 5"), ran.fault
    (request,) = ran.requests
    assert (request.host, request.port) == ("127.0.0.1", host.port)
    assert (request.method, request.verdict, request.why) == ("POST", "allowed", "")
    assert request.sent_bytes > 50
    assert request.received_bytes > 20
    assert 0 < request.seconds < 10


async def test_without_a_grant_no_socket_can_be_made_even_in_the_next_call(
    bubblewrap: Sandbox, host: Asked
) -> None:
    url = f"http://127.0.0.1:{host.port}/"
    before = host.reached
    ran = await fetch(bubblewrap, "urllib", url)
    assert ran.fault is not None
    assert "Permission denied" in ran.fault.message
    assert (ran.requests, host.reached) == ((), before)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",  # another port
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:{port}/",  # another name of the same place
        "http://2130706433:{port}/",  # and another
        "http://example.com/",
    ],
)
async def test_whatever_is_not_granted_is_denied_and_recorded(
    url: str, bubblewrap: Sandbox, host: Asked
) -> None:
    before = host.reached
    ran = await fetch(bubblewrap, "urllib", url.format(port=host.port), f"127.0.0.1:{host.port}")
    assert ran.fault is not None
    assert ran.fault.type == "HTTPError"
    assert [one.verdict for one in ran.requests] == ["denied"]
    assert host.reached == before


async def test_a_redirect_to_a_denied_host_is_denied(bubblewrap: Sandbox) -> None:
    async with server() as first, server() as second:
        first.answer = (
            f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{second.port}/\r\n"
            "Content-Length: 0\r\n\r\n"
        ).encode()
        url = f"http://127.0.0.1:{first.port}/"
        ran = await fetch(bubblewrap, "urllib", url, f"127.0.0.1:{first.port}")
    assert [one.verdict for one in ran.requests] == ["allowed", "denied"]
    assert second.reached == 0


async def test_in_an_exam_the_declared_responses_answer_and_nothing_is_reached(
    bubblewrap: Sandbox, host: Asked
) -> None:
    before = host.reached
    here = f"http://127.0.0.1:{host.port}"
    source = FETCH["urllib"].replace("def run", "def get") + (
        "def run(here):\n    found = [get(here + '/n', '5'), get('https://api.example.com/v1')]\n"
        "    try:\n        get(here + '/other')\n"
        "    except OSError as error:\n        found.append(str(error))\n    return found\n"
    )
    call = Call(
        Code("python", source, "run"),
        {"here": here},
        hosts=(f"127.0.0.1:{host.port}", "api.example.com:443"),
        responses=(
            Response(method="POST", url=f"{here}/n", request="5", body="seen 5"),
            Response(url="https://api.example.com/v1", body="secure"),
        ),
    )
    ran = await bubblewrap.run(call)
    assert ran.outcome == "ok", ran.fault
    assert isinstance(ran.value, list)
    assert ran.value[:2] == ["seen 5", "secure"]
    assert "declares no response to GET" in ran.value[2]
    assert [one.verdict for one in ran.requests] == ["declared", "declared", "unanswered"]
    assert host.reached == before


async def test_a_host_without_a_port_is_refused_before_anything_runs(bubblewrap: Sandbox) -> None:
    with pytest.raises(UsageError, match="name:port"):
        await fetch(bubblewrap, "urllib", "http://x/", "example.com")


@pytest.mark.parametrize("client", ["urllib", *JAVASCRIPT])
async def test_every_client_is_told_why_a_host_is_denied(
    client: str, bubblewrap: Sandbox, host: Asked
) -> None:
    before = host.reached
    ran = await fetch(
        bubblewrap, client, f"http://localhost:{host.port}/", f"127.0.0.1:{host.port}"
    )
    assert ran.fault is not None
    assert "is not among the granted hosts" in ran.fault.message
    assert host.reached == before


@pytest.mark.parametrize("client", ["urllib", *JAVASCRIPT])
async def test_https_goes_through_a_tunnel_and_certificates_are_checked(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, strange = certificate(tmp_path / "ours"), certificate(tmp_path / "strange")
    monkeypatch.setattr(outer, "CERTIFICATES", trusted)
    contexts = []
    for path in (trusted, strange):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, path.with_suffix(".key"))
        contexts.append(context)
    async with server(contexts[0]) as good, server(contexts[1]) as bad:
        sandbox = await open_sandbox("bubblewrap")
        hosts = tuple(f"localhost:{one.port}" for one in (good, bad))
        try:
            ran = await fetch(sandbox, client, f"https://localhost:{good.port}/a", *hosts, data="5")
            refused = await fetch(sandbox, client, f"https://localhost:{bad.port}/a", *hosts)
        finally:
            await sandbox.close()
    assert (ran.outcome, ran.value) == ("ok", "POST /a 5"), ran.fault
    assert [(one.method, one.verdict) for one in ran.requests] == [("CONNECT", "allowed")]
    assert refused.outcome == "error"
    assert bad.requests == []


def certificate(path: Path) -> Path:
    """Make a certificate of its own authority for localhost; its key lies beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.with_suffix(".pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    path.with_suffix(".key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path.with_suffix(".pem")


@pytest.mark.parametrize("mode", ["landlock", "single"])
async def test_a_granted_host_is_reached_in_a_weaker_mode(mode: str, host: Asked) -> None:
    sandbox = await open_sandbox("bubblewrap", modes=(mode,))  # type: ignore[arg-type]  # a literal above
    try:
        for _ in range(2):
            url = f"http://127.0.0.1:{host.port}/a"
            ran = await fetch(sandbox, "urllib", url, f"127.0.0.1:{host.port}")
            assert ran.value == "GET /a ", ran.fault
    finally:
        await sandbox.close()


@pytest.mark.docker
async def test_a_granted_host_is_reached_from_docker(docker_image: str, host: Asked) -> None:
    sandbox = await open_sandbox("docker", image=docker_image)
    url = f"http://127.0.0.1:{host.port}/a"
    try:
        for client in FETCH:
            ran = await fetch(sandbox, client, url, f"127.0.0.1:{host.port}", data="5")
            assert (ran.outcome, ran.value) == ("ok", "POST /a 5"), (client, ran.fault)
            denied = await fetch(sandbox, client, url, "127.0.0.1:1")
            assert [one.verdict for one in denied.requests] == ["denied"]
        before = host.reached
        without = await fetch(sandbox, "urllib", url)
        assert without.outcome == "error"
        assert host.reached == before
    finally:
        await sandbox.close()


@pytest.mark.docker
async def test_docker_with_gvisor_refuses_hosts_with_the_reason(
    docker_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = Docker(image=docker_image)
    monkeypatch.setattr(backend, "_runtime", "runsc")
    try:
        with pytest.raises(SandboxUnavailable, match="gVisor"):
            await backend.boot(Template("python", network=True), "ns")
    finally:
        await backend.close()
