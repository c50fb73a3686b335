"""One call's traffic with its child: request in, answer and printed text out, all of it capped and timed."""

import asyncio
import contextlib
import os
import socket
import struct

from toolguild.capability import Limits
from toolguild.sandbox import frames, tree
from toolguild.sandbox.failure import Stop
from toolguild.sandbox.inside.child import STARTS
from toolguild.sandbox.inside.network import DOOR
from toolguild.sandbox.starts import Starts
from toolguild.sandbox.stopwatch import Stopwatch
from toolguild.sandbox.written import Written

_READ = 1 << 18
_LOOKS_APART = 0.001  # seconds
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid
_DESCRIPTOR = struct.Struct("i")


class Exchange:
    """The supervisor's ends of a child's channel and of the pipe behind its standard output."""

    def __init__(self, channel: socket.socket, printed: int, *, own_start: bool = False) -> None:
        """Listen from now on, so that nothing of it has to be set up once a call is there.

        With `own_start` the child becomes another program, the interpreter, before any code of the tool.
        """
        channel.setblocking(False)
        os.set_blocking(printed, False)
        self.printed = bytearray()
        self.pid: int | None = (
            None  # the child's, once it said it is ready; 0: it cannot be seen from here
        )
        self.ready = asyncio.Event()  # once the pid is known
        self.most_processes = 1  # that were there at once, as far as looked
        self._looked = 0.0
        self.starts: Starts | None = None  # of programs, where the call may and the kernel tells
        self.written: Written | None = None  # once the harness said its first word
        self._own_start = own_start
        self._begun = False  # the harness said its first word: from there on nothing is believed
        self._channel, self._pipe = channel, printed
        self._loop = asyncio.get_running_loop()
        # Where its proxy accepts. It comes before the child can hear of any tool; None: it ended first.
        self.door: asyncio.Future[socket.socket | None] = self._loop.create_future()
        self._over: asyncio.Future[Stop | None] = self._loop.create_future()
        self._answer: frames.Answer | None = None
        self._early = b""
        self._unsent = memoryview(b"")
        self._most_printed = _READ
        self.clock = Stopwatch(0.0, lambda: None)  # of the call, once it is carried
        self.clock.end()
        self._loop.add_reader(self._channel, self._take)
        self._loop.add_reader(self._pipe, self._take_printed)

    async def carry(self, request: bytes, answer: frames.Answer, limits: Limits) -> Stop | None:
        """Send the request and take the answer, until it ended, the child is gone, or a limit is passed.

        Nothing is sent before the child has said that it is ready: until then nobody looks at what it does.
        """
        self._most_printed = limits.printed_kb << 10
        self._answer = answer
        self._unsent = memoryview(request)
        if self._begun:
            self._push()
        self.clock = Stopwatch(limits.wall_seconds, lambda: self.stop("wall"))
        self._feed(self._early)
        try:
            return await self._over
        finally:
            self.clock.end()
            with contextlib.suppress(BlockingIOError, ValueError):
                self._drain()

    def narrow(self, limits: Limits) -> None:
        """Hold what is still to come to narrower limits."""
        assert self._answer is not None, "it is carried"
        self.clock.narrow(limits.wall_seconds)
        self._answer.result_bytes = limits.result_kb << 10
        self._answer.disk_bytes = limits.disk_mb << 20
        self._most_printed = limits.printed_kb << 10
        if len(self.printed) > self._most_printed:
            self._end("printed")

    def look(self) -> None:
        """Count the call's processes, but not so often that a storm of starts keeps the supervisor busy."""
        now = self._loop.time()
        if self.pid and now - self._looked >= _LOOKS_APART:
            self._looked = now
            self.most_processes = max(self.most_processes, len(tree.of_call(self.pid)))

    def stop(self, why: Stop) -> None:
        """End the exchange from outside."""
        self._end(why)

    def close(self) -> None:
        """Give both descriptors back. Idempotent."""
        if self._pipe >= 0:
            self._deaf()
            self._shut_door()
            for seen in (self.starts, self.written):
                if seen is not None:
                    seen.close()
            self._channel.close()
            os.close(self._pipe)
            self._pipe = -1

    def _shut_door(self) -> None:
        if not self.door.done():
            self.door.set_result(None)
        door = self.door.result()
        if door is not None:
            door.close()

    def _deaf(self) -> None:
        self._loop.remove_reader(self._channel)
        self._loop.remove_writer(self._channel)
        self._loop.remove_reader(self._pipe)

    def _end(self, why: Stop | None) -> None:
        if not self.door.done():
            self.door.set_result(None)
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
            data: bytes | None = self._channel.recv(_READ) if self._begun else self._first()
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data is None:
            return
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

    def _first(self) -> bytes | None:
        """Read the child's first words, with which the kernel tells who sent them.

        A child with a network sends the door to its proxy before, one that may start programs what tells of
        them: then there is nothing else yet.
        """
        room = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(_DESCRIPTOR.size)
        data, told, _, _ = self._channel.recvmsg(_READ, room)
        self.pid = self.pid or 0
        for level, kind, content in told:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                self.pid = _CREDENTIALS.unpack(content)[0]
            elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self._keep(data, _DESCRIPTOR.unpack(content)[0])
        self.ready.set()
        self._begun = data not in (DOOR, STARTS)
        if not self._begun:
            return None
        if self.pid and data:
            self.written = Written(self.pid)
        if self._unsent:
            self._push()
        return data

    def _keep(self, what: bytes, fd: int) -> None:
        """Keep what a child sends before anything of a tool is there, once each, and nothing else."""
        if what == DOOR and not self.door.done():
            self.door.set_result(socket.socket(fileno=fd))
        elif what == STARTS and self.starts is None:
            self.starts = Starts(fd, self.look)
            if self._own_start:
                self.starts.expect_ours()
        else:
            os.close(fd)

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
