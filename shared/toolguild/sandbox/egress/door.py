"""One call's door to the hosts of its grant: what it may still use, and a record of every request."""

import asyncio
import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from toolguild.errors import ToolguildError
from toolguild.sandbox.egress.host import Address, Grant, Host
from toolguild.sandbox.egress.responses import Response
from toolguild.sandbox.egress.terms import Terms
from toolguild.sandbox.interface import Ask, Request, Verdict

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Resolve = Callable[[Host], Awaitable[Sequence[Address]]]
Dial = Callable[[Address, int], Awaitable[Streams]]
Asked = Callable[[Ask], Awaitable[None]]

_TRIED = 4  # addresses of one name


class Denied(Exception):
    """The request is refused. The text says why, in one line."""


class Unreachable(Exception):
    """The host is granted, and could not be reached or did not answer as HTTP."""


@dataclass
class Note:
    """A request that is under way."""

    host: str = ""
    port: int = 0
    method: str = ""
    verdict: Verdict = "denied"  # until it is known better
    why: str = ""
    sent: int = 0
    received: int = 0
    credential: str = ""
    began: float = field(default_factory=time.monotonic)

    def over(self) -> Request:
        """Return the record of it."""
        seconds = round(time.monotonic() - self.began, 6)
        return Request(
            self.host,
            self.port,
            self.method,
            self.verdict,
            self.sent,
            self.received,
            seconds,
            self.why,
            self.credential,
        )


class Door:
    """What the connections of one call share."""

    def __init__(
        self,
        grant: Grant,
        terms: Terms,
        *,
        responses: tuple[Response, ...] | None = None,
        resolve: Resolve | None = None,
        dial: Dial | None = None,
        asked: Asked | None = None,
    ) -> None:
        """With `responses` nothing is reached: they answer instead. `asked` hears of all other requests."""
        self.grant, self.terms, self.responses = grant, terms, responses
        self.limits = terms.limits
        self.requests: list[Request] = []
        self._resolve, self._dial = resolve or _resolve, dial or _dial
        self._asked = asked if responses is None else None
        self._count = 0
        self._sent_left = terms.limits.sent_mb << 20
        self._received_left = terms.limits.received_mb << 20

    async def enter(self, note: Note, host: Host, method: str) -> None:
        """Let a request in, or raise Denied. Either is told first: what cannot be told does not go out.

        Of those past the limit only the first is told, so that a tool that goes on asking fills no log.
        """
        note.host, note.port, note.method = host.name, host.port, method
        self._count += 1
        tell = self._count <= self.limits.requests + 1
        bearer = None if method == "CONNECT" else self.terms.bearer(host)
        ask = Ask(host.name, host.port, method, True, credential=bearer.name if bearer else "")
        try:
            self._check(host)
        except Denied as error:
            if tell:
                await self._tell(replace(ask, granted=False, why=str(error), credential=""))
            raise
        await self._tell(ask)

    async def _tell(self, ask: Ask) -> None:
        if self._asked is None:
            return
        try:
            await self._asked(ask)
        except ToolguildError as error:
            raise Denied(f"no record of the request could be made: {error}") from error

    def _check(self, host: Host) -> None:
        """Raise Denied for what is past the limit or not granted."""
        if self._count > self.limits.requests:
            raise Denied(f"more than {self.limits.requests} requests in one call")
        if not self.grant.covers(host):
            raise Denied(f"{host} is not among the granted hosts")

    async def reach(self, note: Note, host: Host, *, tls: bool = False) -> Streams:
        """Connect to a host at an address that the grant admits. Raises Denied or Unreachable.

        With `tls` its certificate is checked, by the authorities that this machine trusts.
        """
        try:
            async with asyncio.timeout(self.limits.connect_seconds):
                addresses = await self._resolve(host)
                admitted = [one for one in addresses if self.grant.admits(host, one)]
                if addresses and not admitted:
                    raise Denied(
                        f"{host.name} is at {addresses[0]}, which is not public and not granted"
                    )
                note.verdict = "failed"
                reader, writer = await self._connect(host, admitted[:_TRIED])
                if tls:
                    await _secure(host, writer)
                return reader, writer
        except TimeoutError as error:
            note.verdict = "failed"
            raise Unreachable(f"{host} does not answer") from error

    def sent(self, note: Note, count: int) -> None:
        """Count bytes from the tool. Raises Denied past the limit."""
        note.sent += count
        self._sent_left -= count
        if self._sent_left < 0:
            raise Denied(f"more than {self.limits.sent_mb} MB sent by one call")

    def received(self, note: Note, count: int) -> None:
        """Count bytes for the tool. Raises Denied past the limit."""
        note.received += count
        self._received_left -= count
        if self._received_left < 0:
            raise Denied(f"more than {self.limits.received_mb} MB received by one call")

    def leave(self, note: Note) -> None:
        """Record a request that is over."""
        if len(self.requests) < 2 * self.limits.requests:
            self.requests.append(note.over())

    async def _connect(self, host: Host, addresses: Sequence[Address]) -> Streams:
        failure: OSError | None = None
        for address in addresses:
            try:
                return await self._dial(address, host.port)
            except OSError as error:
                failure = error
        raise Unreachable(f"{host} cannot be reached: {failure or 'no address'}")


async def _secure(host: Host, writer: asyncio.StreamWriter) -> None:
    context = _context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    try:
        await writer.start_tls(context, server_hostname=host.name)
    except OSError as error:
        writer.close()
        raise Unreachable(f"{host} speaks no TLS that can be trusted: {error}") from error
    except BaseException:
        writer.close()
        raise


@lru_cache(maxsize=4)
def _context(file: str | None, folder: str | None) -> ssl.SSLContext:
    """Return the context for clients of this machine. OpenSSL reads both variables; reading them takes long."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _resolve(host: Host) -> Sequence[Address]:
    """Ask the resolver of this machine; loopback names and addresses need none."""
    if host.address is not None:
        return [host.address]
    if host.is_loopback_name:
        return [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(f"{host.name}.", host.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"{host.name} has no address: {error}") from error
    return list(dict.fromkeys(ipaddress.ip_address(one[4][0]) for one in found))


async def _dial(address: Address, port: int) -> Streams:
    return await asyncio.open_connection(str(address), port)
