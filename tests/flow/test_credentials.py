"""A goal whose tool needs a credential: the host gets it, and nothing that the guild keeps or says has it."""

import ssl
from pathlib import Path

import pytest
from hall import open_hall
from tests.sandbox.hosts import server
from tests.sandbox.test_network import certificate

from toolguild.messages import events

MODEL = "scripted:key_script:answer"
SECRET = "tgsecret0123456789ABCDEFabcdef"


def policy_file(folder: Path, host: str) -> Path:
    """A policy with a credential for one host."""
    path = folder / "policy.yaml"
    path.write_text(
        f"capabilities:\n  hosts: ['{host}']\n"
        f"credentials:\n  api_key: {{ host: '{host}', header: X-Api-Key, prefix: '' }}\n"
        "review: { on_ask: allow }\n"  # of the tool's look at its environment
    )
    return path


@pytest.mark.parametrize("status", [200, 403])
async def test_a_credential_reaches_its_host_by_tls_and_nothing_else_has_it(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    trusted = certificate(tmp_path / "ours")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, trusted.with_suffix(".key"))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setenv("TOOLGUILD_CREDENTIAL_API_KEY", SECRET)
    data = tmp_path / "guild"
    data.mkdir()

    def respond(head: str) -> bytes:
        key = head.partition("X-Api-Key: ")[2].partition("\r\n")[0]
        body = "107" if status == 200 else f"no: {key}"
        top = f"HTTP/1.1 {status} Said {key}\r\nX-Echo: {key}\r\n"
        return f"{top}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    async with server(context) as host:
        host.respond = respond
        here = f"localhost:{host.port}"
        policy = policy_file(tmp_path, here)
        async with open_hall(data, model=MODEL, policy=policy) as hall:
            result, seen = await hall.run(f"Post 7 to http://{here}/count")

    ran = [one.envelope.body for one in seen if isinstance(one.envelope.body, events.ToolRan)]
    assert (result.status, result.answer) == ("succeeded", 107 if status == 200 else 403)
    assert "*" * len(SECRET) in ran[0].printed, "the host's echo came back masked"
    assert [one.credential for one in ran[0].requests] == ["api_key"]
    assert len(host.heads) == 1, "neither exam nor trial reached the host"
    assert f"X-Api-Key: {SECRET}" in host.heads[0]
    assert f"Host: localhost:{host.port}" in host.heads[0]
    told = "".join(one.envelope.model_dump_json() for one in seen) + result.model_dump_json()
    assert SECRET not in told
    assert SECRET not in "".join(capfd.readouterr())
    kept = [path for path in data.rglob("*") if path.is_file()]
    assert len(kept) > 20, "streams, records, journal, objects"
    leaky = [path for path in kept if SECRET.encode() in path.read_bytes()]
    assert leaky == []
    assert any(b"post_number" in path.read_bytes() for path in kept), "what is kept can be searched"


async def test_without_a_value_the_task_ends_with_what_the_operator_has_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOOLGUILD_CREDENTIAL_API_KEY", raising=False)
    data = tmp_path / "guild"
    data.mkdir()
    async with server() as host:
        here = f"localhost:{host.port}"
        policy = policy_file(tmp_path, here)
        async with open_hall(data, model=MODEL, policy=policy) as hall:
            result, _ = await hall.run(f"Post 7 to http://{here}/count")
    assert result.status != "succeeded"
    assert "TOOLGUILD_CREDENTIAL_API_KEY" in result.reason
    assert host.reached == 0
