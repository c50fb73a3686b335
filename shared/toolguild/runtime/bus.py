"""The connection to NATS: publish an envelope, read a message."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import AuthorizationError
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from pydantic import ValidationError

from toolguild import telemetry
from toolguild.errors import Misconfigured
from toolguild.messages import Artifact, Envelope, Message, Result
from toolguild.messages.events import TimeCame
from toolguild.runtime import claim, websocket
from toolguild.runtime.access.buckets import SealedBuckets
from toolguild.runtime.access.headers import PlainClient
from toolguild.runtime.access.login import Login
from toolguild.runtime.objects import Objects
from toolguild.runtime.retry import retried

if TYPE_CHECKING:
    from toolguild.runtime.access.recorded import RecordSeals
    from toolguild.runtime.access.seal import Seals

log = logging.getLogger(__name__)
CONNECT_WITHIN = 10.0  # seconds for the first connection; later ones are tried for ever
RECONNECT_EVERY = 0.25  # seconds
NOBODY = Login()
ANSWER_WITHIN = 3.0  # seconds; what was not answered is asked again


class Unreadable(Exception):
    """The bytes of a message are no envelope that this service knows."""


@dataclass
class Line:
    """What is known of the connection. `closed` is set when it is gone for good."""

    closing: bool = False  # by ourselves
    connected: bool = False  # it has been, at least once
    denied: asyncio.Event = field(default_factory=asyncio.Event)  # we or the server are not trusted
    untrusted: str = ""  # why the server's certificate is not taken, or it does not take ours
    refused: str = ""  # the last permission that the server refused
    trouble: str = ""  # why agents wait now: the server is away, or has no room
    closed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Bus:
    """One connection with what hangs on it."""

    client: Client
    js: JetStreamContext
    objects: Objects
    line: Line
    binds: bool = False  # somebody else makes streams and consumers
    seals: "Seals | None" = None  # of the services that use it

    def sealed(self, records: "RecordSeals") -> "Bus":
        """Return this bus with every record in a bucket signed when it is written, and checked when it is read."""
        return replace(self, js=SealedBuckets(self.client, records, timeout=ANSWER_WITHIN))

    async def publish(self, envelope: Envelope) -> None:
        """Return once the stream has the message; it keeps one for each id, however often it is sent.

        Raises Unavailable when NATS stays away or has no room.
        """
        files = files_of(envelope.body)
        if files:
            await self.objects.holders.hold((file.sha256 for file in files), envelope.key)
        content = envelope.model_dump_json().encode()
        body = await claim.pack(self.objects, content, envelope.key)
        with telemetry.publishing(envelope.subject, str(envelope.id), envelope.key) as trace:
            sealed = self.seals.stamp(envelope, body) if self.seals else {}
            headers = _headers(envelope) | trace | dict(sealed)
            if isinstance(envelope.body, TimeCame) and envelope.body.after > 0:
                await self.send(*_later(envelope, headers, body))
            else:
                await self.send(envelope.subject, body, headers)

    async def post(self, envelope: Envelope) -> None:
        """Publish without a word of whether it arrives: for what may as well get lost."""
        body = envelope.model_dump_json().encode()
        sealed = self.seals.stamp(envelope, body) if self.seals else {}
        with suppress(NatsError, OSError):
            headers = _headers(envelope) | dict(sealed)
            await self.client.publish(envelope.subject, body, headers=headers)

    async def send(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Publish bytes as they are. `headers` must hold a Nats-Msg-Id: a time-out is repeated."""
        await retried(
            lambda: self.js.publish(subject, body, headers=dict(headers)), f"publish {subject}"
        )

    async def taken(self, msg: Msg) -> Envelope:
        """Return the envelope in a message, once it is known to be from one who may send it.

        Raises Forged, and as `read` does.
        """
        envelope = await self.read(msg.data)
        if self.seals is not None:
            self.seals.check(envelope, msg)
        return envelope

    async def read(self, data: bytes) -> Envelope:
        """Return the envelope in a message's bytes. Raises Unreadable, PermanentError, TemporaryError."""
        try:
            return Envelope.model_validate_json(await claim.unpack(self.objects, data))
        except (ValidationError, ValueError) as error:
            raise Unreadable(str(error)) from error


def files_of(body: Message) -> tuple[Artifact, ...]:
    """Return the files that a message names: its own and those of a result."""
    result = getattr(body, "result", None)
    of_result = result.files if isinstance(result, Result) else ()
    return (*getattr(body, "files", ()), *of_result)


def _later(
    envelope: Envelope, headers: dict[str, str], body: bytes
) -> tuple[str, bytes, dict[str, str]]:
    """Return what the server keeps and brings into the log when the time has come (ADR-51)."""
    assert isinstance(envelope.body, TimeCame)
    due = datetime.now(UTC) + timedelta(seconds=envelope.body.after)
    schedule = {
        "Nats-Schedule": f"@at {due.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}",
        "Nats-Schedule-Target": envelope.subject,
    }
    # One subject for each: a later message on the same subject would replace the schedule.
    subject = f"toolguild.later.{envelope.body.note}.{envelope.key}.{envelope.id}"
    return subject, body, headers | schedule


def _headers(envelope: Envelope) -> dict[str, str]:
    headers = {
        "Nats-Msg-Id": str(envelope.id),
        "ce-specversion": "1.0",
        "ce-id": str(envelope.id),
        "ce-type": f"toolguild.{envelope.body.kind}",
        "ce-source": f"/toolguild/{envelope.source}",
        "ce-subject": envelope.key,
        "ce-time": envelope.at,
        "ce-datacontenttype": "application/json",
        "toolguild-cause": str(envelope.cause or ""),
    }
    return {name: value for name, value in headers.items() if value}


@asynccontextmanager
async def connect(
    url: str,
    *,
    name: str = "toolguild",
    within: float = CONNECT_WITHIN,
    login: Login = NOBODY,
) -> AsyncIterator[Bus]:
    """Connect, and stay connected until the block ends.

    The URL may carry user and password, or a seed as its user. Raises Misconfigured when nobody answers
    within so many seconds, access is refused, or one of both ends is not whom the other one trusts.
    """
    line = Line()
    websocket.prepare(url)
    options = login.options(url)

    async def on_error(error: Exception) -> None:
        if isinstance(error, AuthorizationError) or "authorization" in str(error).lower():
            line.denied.set()
        if isinstance(error, ssl.SSLError):
            line.untrusted = _why(error)
            if not line.connected:
                line.denied.set()
        if "permissions violation" in str(error).lower():
            line.refused = str(error)
            telemetry.permission_refused()
            log.error("NATS refuses: %s", error)
        else:
            log.debug("NATS: %r", error)

    async def on_closed() -> None:
        line.closed.set()

    async def on_reconnected() -> None:
        log.info("connected to NATS again")

    async def on_disconnected() -> None:
        if not line.closing:
            log.warning("the connection to NATS is lost; trying again")

    client = PlainClient()
    connecting = asyncio.create_task(
        client.connect(
            **options,
            name=name,
            connect_timeout=2,
            ping_interval=5,  # a cut network is noticed in seconds, not minutes
            max_outstanding_pings=2,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_EVERY,  # type: ignore[arg-type]  # any number of seconds
            error_cb=on_error,
            closed_cb=on_closed,
            reconnected_cb=on_reconnected,
            disconnected_cb=on_disconnected,
        )
    )
    denied = asyncio.create_task(line.denied.wait())
    try:
        first = (connecting, denied)
        await asyncio.wait(first, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        if line.denied.is_set():
            raise Misconfigured(_refused(url, line, login))
        if not connecting.done():
            raise Misconfigured(_nobody(url, f"nothing heard in {within:g} s"))
        try:
            connecting.result()
        except (TimeoutError, OSError, NatsError) as error:
            raise Misconfigured(_nobody(url, str(error) or type(error).__name__)) from error
    except BaseException:
        line.closing = True
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await _close(client)
        raise
    finally:
        denied.cancel()
    line.connected = True
    js = client.jetstream(timeout=ANSWER_WITHIN)
    try:
        yield Bus(client, js, Objects(js, purges=not login.binds), line, binds=login.binds)
    finally:
        line.closing = True
        await _close(client)


async def _close(client: Client) -> None:
    """Close the connection; a server that died in the middle of it has closed it for us."""
    with suppress(OSError, NatsError):
        await client.close()


def _refused(url: str, line: Line, login: Login) -> str:
    where = redacted(url)
    if line.untrusted:
        return (
            f"no trusted connection to the NATS server at {where}: {line.untrusted}; TOOLGUILD_NATS_CA names "
            "the authority that vouches for it, TOOLGUILD_NATS_CERTIFICATE our own certificate"
        )
    if login.seed or login.credentials:
        return (
            f"the NATS server at {where} does not know this process's key; set TOOLGUILD_NATS_SEED_FILE or "
            "TOOLGUILD_NATS_CREDS_FILE to credentials that it has in its configuration"
        )
    return (
        f"the NATS server at {where} refuses this user and password; "
        "set TOOLGUILD_NATS_URL to nats://USER:PASSWORD@HOST:PORT, or TOOLGUILD_NATS_SEED_FILE"
    )


def _why(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message}"
    return error.reason or str(error)


def _nobody(url: str, why: str) -> str:
    return (
        f"no NATS server answers at {redacted(url)} ({why}); "
        "start one with `toolguild up`, or set TOOLGUILD_NATS_URL"
    )


def redacted(url: str) -> str:
    """Return a NATS URL without its password, for logs and messages."""
    scheme, _, rest = url.rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if scheme else rest.rpartition("@")[2]
