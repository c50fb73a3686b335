"""One call's traffic with its child: request in, answer and printed text out, all of it capped and timed."""

import asyncio
import contextlib
import os
import socket
import struct

from toolguild.capability import Limits
from toolguild.sandbox import frames
from toolguild.sandbox.failure import Stop

_READ = 1 << 18
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


class Exchange:
    """The supervisor's ends of a child's channel and of the pipe behind its standard output."""

    def __init__(self, channel: socket.socket, printed: int) -> None:
        """Listen from now on, so that nothing of it has to be set up once a call is there."""
        channel.setblocking(False)
        os.set_blocking(printed, False)
        self.printed = bytearray()
        self.pid: int | None = (
            None  # the child's, once it said it is ready; 0: it cannot be seen from here
        )
        self._channel, self._pipe = channel, printed
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[Stop | None] = self._loop.create_future()
        self._answer: frames.Answer | None = None
        self._early = b""
        self._unsent = memoryview(b"")
        self._most_printed = _READ
        self._loop.add_reader(self._channel, self._take)
        self._loop.add_reader(self._pipe, self._take_printed)

    async def carry(self, request: bytes, answer: frames.Answer, limits: Limits) -> Stop | None:
        """Send the request and take the answer, until it ended, the child is gone, or a limit is passed."""
        self._most_printed = limits.printed_kb << 10
        self._answer = answer
        self._unsent = memoryview(request)
        self._push()
        timer = self._loop.call_later(limits.wall_seconds, self.stop, "wall")
        self._feed(self._early)
        try:
            return await self._over
        finally:
            timer.cancel()
            with contextlib.suppress(BlockingIOError, ValueError):
                self._drain()

    def stop(self, why: Stop) -> None:
        """End the exchange from outside."""
        self._end(why)

    def close(self) -> None:
        """Give both descriptors back. Idempotent."""
        if self._pipe >= 0:
            self._deaf()
            self._channel.close()
            os.close(self._pipe)
            self._pipe = -1

    def _deaf(self) -> None:
        self._loop.remove_reader(self._channel)
        self._loop.remove_writer(self._channel)
        self._loop.remove_reader(self._pipe)

    def _end(self, why: Stop | None) -> None:
        if not self._over.done():
            self._over.set_result(why)

    def _push(self) -> None:
        try:
            sent = self._channel.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._loop.remove_writer(self._channel)
            return  # the child is gone: its end of file follows
        self._unsent = self._unsent[sent:]
        if self._unsent:
            self._loop.add_writer(self._channel, self._push)
        else:
            self._loop.remove_writer(self._channel)

    def _take(self) -> None:
        try:
            data = self._first() if self.pid is None else self._channel.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._channel)
            self._end(None)
        elif self._answer is None:
            self._early += data
        else:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        assert self._answer is not None
        try:
            self._answer.feed(data)
        except frames.Forged:
            self._end("forged")
        except frames.TooLong as error:
            self._end(error.what)
        if self._answer.ended:
            self._end(None)

    def _first(self) -> bytes:
        """Read the harness's first word, with which the kernel tells who sent it."""
        data, told, _, _ = self._channel.recvmsg(_READ, socket.CMSG_SPACE(_CREDENTIALS.size))
        self.pid = 0
        for level, kind, content in told:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                self.pid = _CREDENTIALS.unpack(content)[0]
        return data

    def _take_printed(self) -> None:
        try:
            self._drain()
        except BlockingIOError:
            return
        except ValueError:
            self._end("printed")
            return
        self._loop.remove_reader(self._pipe)

    def _drain(self) -> None:
        """Read what is in the pipe until it blocks or ends. Raises ValueError past the limit."""
        while True:
            data = os.read(self._pipe, _READ)
            if not data:
                return
            room = max(0, self._most_printed - len(self.printed))
            self.printed += data[:room]
            if len(data) > room:
                raise ValueError("printed too much")
