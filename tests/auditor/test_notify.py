"""The webhook: a real server that takes, refuses, breaks, hangs and redirects."""

import asyncio
import hashlib
import json
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID
from tests.auditor.people import ITEM, approval

from toolguild.canonical import Digest
from toolguild.errors import Misconfigured
from toolguild.messages import Item, TaskId, commands, events
from toolguild.messages.asked import asked
from toolguild.policy import Webhook
from toolguild.testing.keys import SampleKeys
from toolguild_auditor.notify import check_url, notice, notify

SIGNER = SampleKeys().signer("auditor")
SECRET = "hooks/s3cr3t"
NO_WAITS = (0.0, 0.0, 0.0)
ASK = Item(
    purpose="exception",
    tasks=(TaskId("t-1"),),
    title="slow",
    why="it takes long",
    rule="escalation.time",
)
ORDER = commands.Notify(item=ITEM, ask=ASK)
Answer = Callable[[web.Request], Awaitable[web.Response]]


@dataclass
class Receiver:
    """A server that keeps what it got and answers as told, the last answer for ever."""

    statuses: list[int] = field(default_factory=lambda: [204])
    hangs: bool = False
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        if self.hangs:
            await asyncio.Event().wait()
        status = self.statuses[min(len(self.got), len(self.statuses)) - 1]
        elsewhere = {"Location": f"{self.url}-elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=elsewhere)


@asynccontextmanager
async def receiving(
    receiver: Receiver, secured: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    app = web.Application()
    app.router.add_post("/{rest:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=secured)
        await site.start()
        port = runner.addresses[0][1]
        receiver.url = f"{'https' if secured else 'http'}://127.0.0.1:{port}/{SECRET}"
        yield receiver
    finally:
        await runner.cleanup()


async def sent(
    receiver: Receiver, order: commands.Notify = ORDER, timeout: float = 30
) -> events.Notified:
    webhook = Webhook(url=receiver.url, timeout_seconds=timeout)
    async with asyncio.timeout(100):
        return await notify(webhook, SIGNER, order, NO_WAITS)


async def test_a_notice_says_what_is_asked_and_how_to_answer() -> None:
    async with receiving(Receiver()) as receiver:
        told = await sent(receiver)

    assert told == events.Notified(item=ITEM, channel="webhook", delivered=True)
    ((headers, body),) = receiver.got
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "item": "i-1",
        "purpose": "exception",
        "title": "slow",
        "why": "it takes long",
        "risk": "medium",
        "tasks": ["t-1"],
        "rule": "escalation.time",
        "waits": True,
        "reminder": 0,
        "answer": "toolguild inbox show i-1",
    }


async def test_a_receiver_can_verify_a_notice_with_the_auditors_public_key_alone() -> None:
    async with receiving(Receiver()) as receiver:
        await sent(receiver)

    ((headers, body),) = receiver.got
    public = SIGNER.sign("notice", Digest("00" * 32)).key
    assert headers["Toolguild-Key"] == public
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    over = hashlib.sha256(headers["Toolguild-Timestamp"].encode() + b"." + body).hexdigest()
    message = f'{{"by":"auditor","over":"{over}","purpose":"notice","v":1}}'
    key.verify(bytes.fromhex(headers["Toolguild-Signature"]), message.encode())
    age = datetime.now(UTC) - datetime.fromisoformat(headers["Toolguild-Timestamp"])
    assert abs(age.total_seconds()) < 60


def test_a_notice_holds_no_code_and_no_credentials() -> None:
    question = approval()
    item = asked(question.model_copy(update={"why": "uses AKIA" + "IOSFODNN7EXAMPLE " + "x" * 999}))
    assert item is not None
    said = json.dumps(notice(commands.Notify(item=item.item, ask=item.ask)))
    assert "def f" not in said
    assert "AKIA" not in said
    assert len(said) < 2000


async def test_a_receiver_that_fails_twice_gets_it_the_third_time_under_the_same_id() -> None:
    async with receiving(Receiver(statuses=[500, 429, 200])) as receiver:
        told = await sent(receiver)

    assert told.delivered
    assert [headers["Toolguild-Delivery"] for headers, _ in receiver.got] == ["i-1.0"] * 3


async def test_each_reminder_has_an_id_of_its_own() -> None:
    async with receiving(Receiver()) as receiver:
        for number in (1, 2):
            await sent(receiver, ORDER.model_copy(update={"reminder": True, "number": number}))

    assert [headers["Toolguild-Delivery"] for headers, _ in receiver.got] == ["i-1.1", "i-1.2"]
    assert [json.loads(body)["reminder"] for _, body in receiver.got] == [1, 2]


async def test_a_receiver_that_stays_broken_is_told_of_as_not_delivered() -> None:
    async with receiving(Receiver(statuses=[503])) as receiver:
        told = await sent(receiver)

    assert len(receiver.got) == len(NO_WAITS) + 1
    assert (told.delivered, told.detail) == (False, "127.0.0.1 answered 503; tried 4 times")


async def test_a_receiver_that_hangs_is_left_after_the_time_of_the_policy() -> None:
    async with receiving(Receiver(hangs=True)) as receiver:
        told = await sent(receiver, timeout=0.1)

    assert not told.delivered
    assert "did not answer within 0.1 s" in told.detail


async def test_nobody_there_is_told_of_as_not_delivered() -> None:
    async with receiving(Receiver()) as receiver:
        pass
    told = await sent(receiver)
    assert "127.0.0.1 cannot be reached" in told.detail


@pytest.mark.parametrize(
    ("status", "why"), [(302, "redirects are not followed"), (404, "answered 404")]
)
async def test_a_redirect_or_a_refusal_ends_it_at_once(status: int, why: str) -> None:
    async with receiving(Receiver(statuses=[status])) as receiver:
        told = await sent(receiver)

    assert len(receiver.got) == 1
    assert not told.delivered
    assert why in told.detail


async def test_a_certificate_that_nobody_vouches_for_gets_no_notice(tmp_path: Path) -> None:
    async with receiving(Receiver(), self_signed(tmp_path)) as receiver:
        told = await sent(receiver)

    assert receiver.got == []
    assert "certificate cannot be verified" in told.detail


async def test_the_address_beyond_its_host_is_told_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for receiver in (Receiver(statuses=[500]), Receiver(hangs=True), Receiver(statuses=[302])):
        async with receiving(receiver):
            told = await sent(receiver, timeout=0.1)
        assert "s3cr3t" not in told.detail
    lines = [one for one in caplog.messages if "POST" not in one]  # those of the receiver itself
    assert "s3cr3t" not in "\n".join(lines)


@pytest.mark.parametrize("url", ["ftp://x/y", "https://", "x", "http:///path", "http://[::1"])
def test_an_address_that_is_none_is_refused_before_anything_runs(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"webhook\.url"):
        check_url(url)
    check_url(None)
    check_url("https://example.com/x")


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that only it vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
