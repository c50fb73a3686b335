"""The supervisor's side of a fork server: children made, limited and reaped over its control socket."""

import asyncio
import json
import os
import socket
from dataclasses import dataclass, replace

from toolguild.sandbox.exchange import Exchange
from toolguild.sandbox.inside.child import Order
from toolguild.sandbox.interface import SandboxBroken

_SILENCE = 15.0  # seconds without an answer after which a fork server counts as broken


@dataclass(frozen=True)
class Child:
    """A child that was ordered, and our ends of its channel and output."""

    order: Order
    exchange: Exchange


@dataclass(frozen=True)
class Reaped:
    """How a child ended, as its parent the fork server saw it."""

    status: int
    cpu_seconds: float
    peak_mb: float


class Server:
    """One fork server. Every method raises SandboxBroken once it is gone."""

    def __init__(self, control: socket.socket, *, own_start: bool = False) -> None:
        """Speak to it over `control`; see Exchange for `own_start`."""
        self._control, self._own_start = control, own_start
        self._made = 0

    def make(self, order: Order) -> Child:
        """Order a child. It gets ready while nobody waits for it."""
        self._made += 1
        numbered = replace(order, id=self._made)
        ours, theirs = socket.socketpair()
        printed, printed_end = os.pipe()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # its first words bring its pid
        try:
            message = b"S" + json.dumps(vars(numbered)).encode()
            socket.send_fds(self._control, [message], [theirs.fileno(), printed_end])
        except OSError as error:
            ours.close()
            os.close(printed)
            raise _gone(error) from error
        finally:
            theirs.close()
            os.close(printed_end)
        return Child(numbered, Exchange(ours, printed, own_start=self._own_start))

    def lower(self, child: Child, wanted: Order) -> None:
        """Lower the limits of a child that waits for its request."""
        limits = {"cpu_seconds": wanted.cpu_seconds, "memory_mb": wanted.memory_mb}
        self._send(b"L", {"id": child.order.id, **limits})

    def discard(self, child: Child) -> None:
        """Kill a child that got no request; its report is skipped when it comes."""
        child.exchange.close()
        self._send(b"K", {"id": child.order.id})

    async def reap(self, child: Child) -> Reaped:
        """Kill a child with all that came from it, and return what it used."""
        loop = asyncio.get_running_loop()
        self._send(b"K", {"id": child.order.id})
        try:
            async with asyncio.timeout(_SILENCE):
                while True:
                    message = await loop.sock_recv(self._control, 4096)
                    if not message:
                        raise ConnectionError("it ended")
                    report = json.loads(message[1:])
                    if report["id"] == child.order.id:
                        used = report["cpu_seconds"], report["peak_kb"] / 1024
                        return Reaped(report["status"], *used)
        except (OSError, TimeoutError) as error:
            raise _gone(error) from error

    def _send(self, letter: bytes, body: dict[str, object]) -> None:
        try:
            self._control.send(letter + json.dumps(body).encode())
        except OSError as error:
            raise _gone(error) from error


def _gone(error: Exception) -> SandboxBroken:
    return SandboxBroken(f"the fork server is gone: {error or type(error).__name__}", after=0.1)
