"""A warm sandbox: one outer sandbox with its fork server, serving one call after another."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import time
from dataclasses import asdict, dataclass

from toolguild.capability import Limits
from toolguild.sandbox import frames, inputs, tree
from toolguild.sandbox.exchange import Exchange
from toolguild.sandbox.failure import End, Stop, classify
from toolguild.sandbox.inside.child import Order
from toolguild.sandbox.interface import Call, OutputFile, Ran, SandboxBroken, Usage
from toolguild.sandbox.outer import Mode, Outer, Template
from toolguild.sandbox.watch import Watch

_MOST_CALLS = (
    1000  # children of one template share hash seed and memory layout: begin anew now and then
)
_MOST_SECONDS = 600.0
_SILENCE = 15.0  # seconds without an answer after which a fork server counts as broken


@dataclass
class _Child:
    order: Order
    exchange: Exchange


@dataclass(frozen=True)
class _Reaped:
    status: int
    cpu_seconds: float
    peak_mb: float


class NotStarted(SandboxBroken):
    """The sandbox failed before any of the tool's code ran: another may take the call at once."""


class Warm:
    """Serves one call at a time, so that the limits on the outer sandbox are the call's limits."""

    def __init__(self, outer: Outer, template: Template, mode: Mode) -> None:
        self.template, self.mode = template, mode
        self._outer = outer
        self._born = time.monotonic()
        self._calls = 0
        self._ids = 0
        self._spare: _Child | None = None
        self._broken = False
        self._closing = False
        self._killed_for_memory = False
        self._current: _Child | None = None
        self._prepare(order_for(Limits(), programs=False, id=0))

    @property
    def spent(self) -> bool:
        """Whether it should not serve another call."""
        old = time.monotonic() - self._born > _MOST_SECONDS
        used = self.mode == "single" and self._calls > 0
        return self._broken or used or old or self._calls >= _MOST_CALLS

    async def call(self, call: Call) -> Ran:
        """Run one call. Raises SandboxBroken; cancelling kills the call's tree first."""
        self._calls += 1
        started = time.monotonic()
        try:
            child = self._child_for(call)
        except SandboxBroken as error:
            raise NotStarted(str(error), after=0.1) from error
        self._current = child
        answer = frames.Answer(
            secrets.token_bytes(16), call.limits.result_kb << 10, call.limits.disk_mb << 20
        )
        try:
            await self._place(call)
            stopped, watched = await self._carry(child, call, answer)
            wall = time.monotonic() - started
        except OSError as error:
            self._broken = True
            raise SandboxBroken(
                f"the {self.template} sandbox failed: {error}", after=0.1
            ) from error
        finally:
            self._current = None
            try:
                reaped = await self._finish(child, call)
            except SandboxBroken as error:
                if answer.started:
                    raise
                raise NotStarted(str(error), after=0.1) from error
        if stopped is None and not answer.started:
            self._broken = True
            said = child.exchange.printed.decode(errors="replace")[-500:]
            raise NotStarted(f"a child of the {self.template} sandbox failed: {said}", after=0.1)
        cpu = max(reaped.cpu_seconds, watched.cpu_seconds)
        peak = max(reaped.peak_mb, watched.memory_mb)
        calm = answer.ended and child.order.processes == 1
        kills = 0 if calm else self._memory_kills()
        ended_by = os.waitstatus_to_exitcode(reaped.status)
        end = End(
            limits=call.limits,
            stopped=stopped,
            answer=answer,
            signal=-ended_by if ended_by < 0 else 0,
            status=max(ended_by, 0),
            cpu_seconds=cpu,
            peak_memory_mb=peak,
            out_of_memory_kills=kills,
        )
        outcome, value, fault = classify(end, call.code)
        files = answer.files if outcome == "ok" else {}
        return Ran(
            outcome=outcome,
            value=value,
            files=tuple(OutputFile(name, content) for name, content in files.items()),
            printed=child.exchange.printed.decode(errors="replace"),
            usage=Usage(wall, cpu, peak),
            fault=fault,
        )

    async def close(self) -> None:
        """End everything in it. A call under way ends as "killed"."""
        self._broken = self._closing = True
        if self._current is not None:
            self._current.exchange.stop("closed")
        if self._spare is not None:
            self._spare.exchange.close()
            self._spare = None
        await self._outer.end()

    def _child_for(self, call: Call) -> _Child:
        """Take the spare child if it was made for such a call, else have one made."""
        order = order_for(call.limits, programs=bool(call.programs), id=0)
        spare = self._spare
        if spare is None or not self._fits(spare.order, order):
            if spare is not None:
                self._discard(spare)
            self._prepare(order)
            spare = self._spare
        assert spare is not None
        self._spare = None
        had, wants = spare.order, order
        if (had.memory_mb, had.cpu_seconds) != (wants.memory_mb, wants.cpu_seconds):
            lowered = {"cpu_seconds": wants.cpu_seconds, "memory_mb": wants.memory_mb}
            try:
                self._send(b"L", {"id": had.id, **lowered})
            except SandboxBroken:
                spare.exchange.close()
                raise
        if self._outer.group is not None:
            memory = call.limits.memory_mb + call.limits.disk_mb
            self._outer.group.allow(memory_mb=memory, processes=order.processes)
        return spare

    def _fits(self, had: Order, wants: Order) -> bool:
        """Limits that are lowered later may only be lowered; V8 reads its own at start."""
        fixed = had.disk_mb == wants.disk_mb and had.processes == wants.processes
        if self.template.language == "javascript":
            return (
                fixed and had.memory_mb == wants.memory_mb and had.cpu_seconds >= wants.cpu_seconds
            )
        return fixed and had.memory_mb >= wants.memory_mb and had.cpu_seconds >= wants.cpu_seconds

    def _prepare(self, order: Order) -> None:
        """Have the next child made; it gets ready while nobody waits for it."""
        self._ids += 1
        ours, theirs = socket.socketpair()
        printed, printed_end = os.pipe()
        numbered = Order(**{**asdict(order), "id": self._ids})
        try:
            message = b"S" + json.dumps(asdict(numbered)).encode()
            socket.send_fds(self._outer.control, [message], [theirs.fileno(), printed_end])
        except OSError as error:
            ours.close()
            os.close(printed)
            self._broken = True
            raise SandboxBroken(f"the fork server is gone: {error}", after=0.1) from error
        finally:
            theirs.close()
            os.close(printed_end)
        self._spare = _Child(numbered, Exchange(ours, printed))

    def _discard(self, child: _Child) -> None:
        child.exchange.close()
        self._send(b"K", {"id": child.order.id})  # its report is skipped by number

    def _send(self, letter: bytes, body: dict[str, object]) -> None:
        try:
            self._outer.control.send(letter + json.dumps(body).encode())
        except OSError as error:
            self._broken = True
            raise SandboxBroken(f"the fork server is gone: {error}", after=0.1) from error

    async def _place(self, call: Call) -> None:
        if not call.inputs:
            return
        if inputs.small(call.inputs):
            inputs.place(call.inputs, self._outer.data)
        else:
            await asyncio.to_thread(inputs.place, call.inputs, self._outer.data)

    async def _carry(
        self, child: _Child, call: Call, answer: frames.Answer
    ) -> tuple[Stop | None, tree.Use]:
        request = frames.request(call, answer.nonce)
        root = self._outer.root_pid
        # V8 and process trees are not bounded by RLIMIT_AS, and at its group's limit a process can
        # thrash for long before the kernel gives up: look from outside.
        unbounded = child.order.processes > 1 or self.template.language == "javascript"
        if root is None or not unbounded:
            return await child.exchange.carry(request, answer, call.limits), tree.Use(0, 0)
        watch = Watch(root, call.limits, child.exchange.stop)
        try:
            stopped = await child.exchange.carry(request, answer, call.limits)
        finally:
            most = watch.end()
        return stopped, most

    async def _finish(self, child: _Child, call: Call) -> _Reaped:
        """Kill the call's tree, take its files away, and have the next child made."""
        child.exchange.close()
        if self._closing:
            return _Reaped(signal.SIGKILL, 0.0, 0.0)  # closed meanwhile: everything is dead already
        reaping = asyncio.ensure_future(self._reap(child))
        try:
            reaped = await asyncio.shield(reaping)
        except asyncio.CancelledError:
            with contextlib.suppress(SandboxBroken):
                await reaping
            raise
        finally:
            if call.inputs:
                inputs.empty(self._outer.data)
        if not self.spent:
            with contextlib.suppress(
                SandboxBroken
            ):  # it is marked as broken; this call came out well
                self._prepare(child.order)
        return reaped

    async def _reap(self, child: _Child) -> _Reaped:
        loop = asyncio.get_running_loop()
        try:
            self._send(b"K", {"id": child.order.id})
            async with asyncio.timeout(_SILENCE):
                while True:
                    message = await loop.sock_recv(self._outer.control, 4096)
                    if not message:
                        raise ConnectionError("it ended")
                    report = json.loads(message[1:])
                    if report["id"] == child.order.id:
                        break
        except (OSError, TimeoutError, SandboxBroken) as error:
            self._broken = True
            group = self._outer.group
            self._killed_for_memory = group is not None and group.kills() > 0
            await self._outer.end()
            if self._killed_for_memory or self._closing:
                return _Reaped(signal.SIGKILL, 0.0, 0.0)
            raise SandboxBroken(f"the fork server failed: {error}", after=0.1) from error
        return _Reaped(report["status"], report["cpu_seconds"], report["peak_kb"] / 1024)

    def _memory_kills(self) -> int:
        group = self._outer.group
        if self._killed_for_memory:
            return 1
        return group.kills() if group is not None and not self._broken else 0


def order_for(limits: Limits, *, programs: bool, id: int) -> Order:
    """Return what a child for such a call is made with: without programs it may start no process."""
    return Order(
        id=id,
        disk_mb=limits.disk_mb,
        memory_mb=limits.memory_mb,
        cpu_seconds=limits.cpu_seconds,
        processes=limits.processes if programs else 1,
    )
