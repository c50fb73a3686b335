"""The proxy of one call: accepts at the one door that the call's sandbox has, until the call is over."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from toolguild.sandbox.egress.connection import Connection
from toolguild.sandbox.egress.door import Door
from toolguild.sandbox.egress.host import Grant
from toolguild.sandbox.interface import Call, NotStarted, Request

_MORE = 64  # connections that come to nothing, besides
_SILENCE = 15.0  # seconds for a child to send its door


@contextlib.asynccontextmanager
async def way_out(
    call: Call, listening: asyncio.Future[socket.socket | None]
) -> AsyncIterator[list[Request]]:
    """Serve a call's requests while it runs; give a list that holds them afterwards.

    Without hosts there is nothing to serve. Raises NotStarted when the call's child sends no door.
    """
    requests: list[Request] = []
    if not call.hosts:
        yield requests
        return
    try:
        async with asyncio.timeout(_SILENCE):
            listener = await asyncio.shield(listening)
    except TimeoutError as error:
        raise NotStarted("a child with a network sent no door to it", after=0.1) from error
    if listener is None:  # it died: its channel tells
        yield requests
        return
    proxy = Proxy(
        listener,
        Door(Grant(call.hosts), call.terms, responses=call.responses, asked=call.asked),
    )
    try:
        yield requests
    finally:
        requests += await proxy.close()


class Proxy:
    """Serves the connections to a listening socket that lives in the call's own network namespace.

    Whoever can connect to it is the call, so nobody has to say who they are.
    """

    def __init__(self, listener: socket.socket, door: Door) -> None:
        """Begin to accept."""
        listener.setblocking(False)
        self._listener, self._door = listener, door
        self._slots = asyncio.Semaphore(door.limits.at_once)
        self._serving: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    async def close(self) -> tuple[Request, ...]:
        """End every connection, and return what was asked for. Idempotent."""
        tasks = [self._accepting, *self._serving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()
        return tuple(self._door.requests)

    async def _accept(self) -> None:
        """Accept until it is far past the limit: who goes on knocking then only keeps this machine busy."""
        loop = asyncio.get_running_loop()
        for _ in range(2 * self._door.limits.requests + _MORE):
            await self._slots.acquire()
            connection, _ = await loop.sock_accept(self._listener)
            task = loop.create_task(self._serve(connection))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        self._listener.close()

    async def _serve(self, connection: socket.socket) -> None:
        try:
            limit = self._door.limits.head_kb << 10
            reader, writer = await asyncio.open_connection(sock=connection, limit=limit)
            await Connection(self._door, reader, writer).serve()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        finally:
            connection.close()
            self._slots.release()
