"""A warm sandbox: one outer sandbox with its fork server, serving one call after another."""

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolguild.capability import Limits
from toolguild.sandbox import frames, inputs, tree
from toolguild.sandbox.egress.proxy import way_out
from toolguild.sandbox.failure import End, Stop, classify
from toolguild.sandbox.hold import Hold, Place, narrowed
from toolguild.sandbox.inside.child import Order
from toolguild.sandbox.interface import (
    Call,
    NotStarted,
    OutputFile,
    Ran,
    Reins,
    Request,
    SandboxBroken,
    Seen,
    Usage,
)
from toolguild.sandbox.outer import Mode, Outer, Template
from toolguild.sandbox.server import Child, Reaped, Server
from toolguild.sandbox.sight import Sight

_MOST_CALLS = (
    1000  # children of one template share hash seed and memory layout: begin anew now and then
)
_MOST_SECONDS = 600.0
_KILLED = Reaped(signal.SIGKILL, 0.0, 0.0)


@dataclass
class _Past:
    """How a call went, as it was measured."""

    stopped: Stop | None
    reaped: Reaped
    watched: tree.Use
    wall: float
    seen: Seen
    requests: tuple[Request, ...]


class Warm:
    """Serves one call at a time, so that the limits on the outer sandbox are the call's limits."""

    def __init__(self, outer: Outer, template: Template, mode: Mode) -> None:
        """Order the first spare child. Raises SandboxBroken."""
        self.template, self.mode = template, mode
        self.clearing: asyncio.Task[Reaped] | None = (
            None  # of the last call; until then it is not idle
        )
        self._outer = outer
        self._server = Server(outer.control, own_start=template.language == "javascript")
        self._sight = Sight(outer)
        self._born = time.monotonic()
        self._calls = 0
        self._broken = False
        self._closing = False
        self._killed_for_memory = False
        self._current: Child | None = None
        self._spare: Child | None = self._server.make(order_for(Limits(), ()))

    @property
    def spent(self) -> bool:
        """Whether it should not serve another call."""
        old = time.monotonic() - self._born > _MOST_SECONDS
        used = self.mode == "single" and self._calls > 0
        return self._broken or used or old or self._calls >= _MOST_CALLS

    async def call(self, call: Call, reins: Reins | None = None, place: Place | None = None) -> Ran:
        """Run one call. Raises SandboxBroken; cancelling kills the call's tree first.

        While the reins let it stand still it gives its place back.

        An answer is returned as soon as it is there. The tree is killed and the next child made
        meanwhile: wait for `clearing` before the next call.
        """
        self._calls += 1
        started = time.monotonic()
        call = replace(call, limits=narrowed(call.limits, reins))
        hold = Hold(call, reins, place)
        try:
            child = self._child_for(call)
        except SandboxBroken as error:
            self._broken = True
            raise NotStarted(str(error), after=0.1) from error
        self._current = child
        answer = frames.Answer(
            secrets.token_bytes(16), call.limits.result_kb << 10, call.limits.disk_mb << 20
        )
        used: tree.Use | None = None
        try:
            await self._place(call)
            async with way_out(call, child.exchange.door) as requests:
                if call.begin is not None:
                    await call.begin()
                stopped = await self._carry(child, call, answer, hold)
            wall = time.monotonic() - started - child.exchange.clock.stood
            seen = self._sight.seen(call, child, requests)
            if stopped is None and answer.ended and child.order.processes == 1:
                used = tree.used_by(child.exchange.pid)
        except OSError as error:
            self._broken = True
            raise SandboxBroken(f"the {self.template} sandbox failed: {error}") from error
        finally:
            self._current = None
            clear = self._clear(child, call, paused=hold.paused)
            clearing = asyncio.get_running_loop().create_task(clear)
            self.clearing = clearing
            if used is None:
                reaped = await self._cleared(clearing, answer)
        if used is not None:
            reaped = Reaped(0, used.cpu_seconds, used.memory_mb)
        elif stopped is None and not answer.started:
            self._broken = True
            said = child.exchange.printed.decode(errors="replace")[-500:]
            raise NotStarted(f"a child of the {self.template} sandbox failed: {said}", after=0.1)
        call = replace(call, limits=hold.limits)
        past = _Past(stopped, reaped, hold.most, wall, seen, tuple(requests))
        return self._ran(call, child, answer, past)

    async def close(self) -> None:
        """End everything in it. A call under way ends as "killed". Idempotent."""
        self._broken = self._closing = True
        if self._current is not None:
            self._current.exchange.stop("closed")
        elif self.clearing is not None:
            await asyncio.wait([self.clearing], timeout=1.0)
        if self._spare is not None:
            self._spare.exchange.close()
            self._spare = None
        self._sight.close()
        await self._outer.end()

    def _ran(self, call: Call, child: Child, answer: frames.Answer, past: _Past) -> Ran:
        cpu = max(past.reaped.cpu_seconds, past.watched.cpu_seconds)
        peak = max(past.reaped.peak_mb, past.watched.memory_mb)
        calm = answer.ended and child.order.processes == 1
        code = os.waitstatus_to_exitcode(past.reaped.status)
        end = End(
            limits=call.limits,
            stopped=past.stopped,
            answer=answer,
            signal=max(-code, 0),
            status=max(code, 0),
            cpu_seconds=cpu,
            peak_memory_mb=peak,
            out_of_memory_kills=0 if calm else self._memory_kills(),
        )
        outcome, value, fault = classify(end, call.code)
        files = answer.files if outcome == "ok" else {}
        return Ran(
            outcome=outcome,
            value=value,
            files=tuple(OutputFile(name, content) for name, content in files.items()),
            printed=child.exchange.printed.decode(errors="replace"),
            usage=Usage(past.wall, cpu, peak),
            fault=fault,
            requests=past.requests,
            seen=past.seen,
        )

    def _child_for(self, call: Call) -> Child:
        """Take the spare child if it was made for such a call, else have one made."""
        wanted = order_for(call.limits, call.programs)
        spare, self._spare = self._spare, None
        if spare is not None and not self._fits(spare.order, wanted):
            self._server.discard(spare)
            spare = None
        if spare is None:
            spare = self._server.make(wanted)
        try:
            had = spare.order
            if (had.memory_mb, had.cpu_seconds) != (wanted.memory_mb, wanted.cpu_seconds):
                self._server.lower(spare, wanted)
        except SandboxBroken:
            spare.exchange.close()
            raise
        if self._outer.group is not None:
            memory = call.limits.memory_mb + call.limits.disk_mb
            self._outer.group.allow(memory_mb=memory, processes=wanted.processes)
        return spare

    def _fits(self, had: Order, wanted: Order) -> bool:
        """Limits of a waiting child can only be lowered; V8 read its own when it started."""
        made = ("disk_mb", "processes", "programs")
        if any(getattr(had, one) != getattr(wanted, one) for one in made):
            return False
        if self.template.language == "javascript" and had.memory_mb != wanted.memory_mb:
            return False
        return had.memory_mb >= wanted.memory_mb and had.cpu_seconds >= wanted.cpu_seconds

    async def _place(self, call: Call) -> None:
        if not call.inputs:
            return
        if inputs.small(call.inputs):
            inputs.place(call.inputs, self._outer.data)
        else:
            try:
                await asyncio.to_thread(inputs.place, call.inputs, self._outer.data)
            except asyncio.CancelledError:
                self._broken = True  # the thread copies on: nobody may see that folder again
                raise
        self._sight.begin()

    async def _carry(
        self, child: Child, call: Call, answer: frames.Answer, hold: Hold
    ) -> Stop | None:
        request = frames.request(call, answer.nonce)
        root = self._outer.root_pid
        # V8 and process trees are not bounded by RLIMIT_AS, and at its group's limit a process can
        # thrash for long before the kernel gives up: look from outside.
        unbounded = child.order.processes > 1 or self.template.language == "javascript"
        if root is not None and unbounded:
            hold.watch(root, child.exchange)

        def lower(limits: Limits) -> None:
            self._server.lower(child, order_for(limits, child.order.programs))

        async with hold.held(child.exchange, root, self._outer.still, lower):
            return await child.exchange.carry(request, answer, call.limits)

    async def _cleared(self, clearing: asyncio.Task[Reaped], answer: frames.Answer) -> Reaped:
        try:
            return await asyncio.shield(clearing)
        except asyncio.CancelledError:
            with contextlib.suppress(SandboxBroken):
                await clearing
            raise
        except SandboxBroken as error:
            if answer.started:
                raise
            raise NotStarted(str(error), after=0.1) from error

    async def _clear(self, child: Child, call: Call, *, paused: bool) -> Reaped:
        """Kill the call's tree, take its files away, and have the next child made."""
        child.exchange.close()
        if self._closing:
            return _KILLED  # closed meanwhile: everything is dead already
        if paused:  # its fork server obeys nobody
            self._broken = True
            await self._outer.end()
            return _KILLED
        try:
            if self.mode == "ns" and not self.spent:
                self._spare = self._server.make(
                    child.order
                )  # gets ready while this one is torn down
            reaped = await self._server.reap(child)
        except SandboxBroken:
            self._broken = True
            group = self._outer.group
            self._killed_for_memory = group is not None and group.kills() > 0
            await self._outer.end()
            if self._killed_for_memory or self._closing:
                return _KILLED
            raise
        if call.inputs:
            inputs.empty(self._outer.data)
        if self._spare is None and not self.spent:
            try:
                self._spare = self._server.make(child.order)
            except SandboxBroken:
                self._broken = True  # this call came out well; the next goes elsewhere
        return reaped

    def _memory_kills(self) -> int:
        if self._killed_for_memory:
            return 1
        return (
            self._outer.group.kills() if self._outer.group is not None and not self._broken else 0
        )


def order_for(limits: Limits, programs: Sequence[str]) -> Order:
    """Return what a child for such a call is made with: without programs it may start no process."""
    return Order(
        id=0,
        disk_mb=limits.disk_mb,
        memory_mb=limits.memory_mb,
        cpu_seconds=limits.cpu_seconds,
        processes=limits.processes if programs else 1,
        programs=tuple(programs),
    )
