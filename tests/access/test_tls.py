"""TLS with certificates of the guild's own: who is not trusted is told so, and gets no further."""

import asyncio
import contextlib
import json
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from toolguild.errors import Misconfigured
from toolguild.runtime.access.login import Login
from toolguild.runtime.access.tls import Certificates, certificates
from toolguild.runtime.bus import connect
from toolguild.runtime.server import nats_server
from toolguild.runtime.topology import ensure_streams
from toolguild.settings import load_settings


async def test_all_is_encrypted_and_the_server_is_known_by_its_authority(tmp_path: Path) -> None:
    own = certificates(tmp_path / "tls")
    async with (
        nats_server(tmp_path / "nats", tls=own) as server,
        connect(server.url, login=Login(ca=own.ca)) as bus,
    ):
        await ensure_streams(bus.js)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.split(":")[-1]))
        told = json.loads((await reader.readline()).removeprefix(b"INFO "))
        assert told["tls_required"]
        writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')  # in clear
        assert b"PONG" not in await reader.read()
        writer.close()


async def test_whoever_does_not_trust_the_server_says_why(tmp_path: Path) -> None:
    own, other = certificates(tmp_path / "tls"), certificates(tmp_path / "other")
    async with nats_server(tmp_path / "nats", tls=own) as server:
        with pytest.raises(Misconfigured, match=r"its certificate is not good.*TOOLGUILD_NATS_CA"):
            async with connect(server.url, login=Login(ca=other.ca), within=60):
                pass


async def shown(own: Certificates, ca: Path) -> None:
    """Connect to a server that shows this certificate; the server says INFO as nats-server does, and no more."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b'INFO {"server_id":"x","version":"2.15.1","tls_required":true,"max_payload":1}\r\n'
        )
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.start_tls(context)
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, connect(f"nats://127.0.0.1:{port}", login=Login(ca=ca), within=60):
        pass


async def test_a_server_of_another_name_is_not_the_right_one(tmp_path: Path) -> None:
    elsewhere = certificates(tmp_path / "tls", ["nats.example"])
    with pytest.raises(Misconfigured, match="IP address mismatch"):
        await shown(elsewhere, elsewhere.ca)


async def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    old = certificates(tmp_path / "tls", days=100, now=datetime.now(UTC) - timedelta(days=200))
    with pytest.raises(Misconfigured, match="certificate has expired"):
        await shown(old, old.ca)


def test_a_certificate_is_renewed_before_it_expires_by_the_same_authority(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=390)
    old = certificates(tmp_path / "tls", now=long_ago)
    ca, before = old.ca.read_bytes(), old.certificate.read_bytes()
    new = certificates(tmp_path / "tls")
    assert new.ca.read_bytes() == ca
    assert new.certificate.read_bytes() != before
    again = certificates(tmp_path / "tls").certificate.read_bytes()
    assert again == new.certificate.read_bytes()


def test_private_keys_are_their_owners_only(tmp_path: Path) -> None:
    certificates(tmp_path / "tls")
    for name in ("ca.key", "server.key"):
        assert stat.S_IMODE((tmp_path / "tls" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("setting", ["nats_ca", "nats_certificate"])
def test_a_file_that_is_no_certificate_is_named(tmp_path: Path, setting: str) -> None:
    (tmp_path / "x.pem").write_text("nothing of the kind")
    login = Login.of(load_settings(data_dir=tmp_path, **{setting: tmp_path / "x.pem"}))
    with pytest.raises(Misconfigured, match=r"x\.pem.*TOOLGUILD_NATS_CA"):
        login.options("tls://127.0.0.1:4222")
