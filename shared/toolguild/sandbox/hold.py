"""One call under way, held by reins: it stands still, goes on, and keeps to narrower limits while it runs."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

from toolguild.capability import Limits
from toolguild.sandbox import tree
from toolguild.sandbox.exchange import Exchange
from toolguild.sandbox.interface import Call, Reins, SandboxBroken
from toolguild.sandbox.watch import Watch

_SETTLE = 0.002  # seconds for stop signals to arrive at processes on other processors
_PATIENCE = 5.0  # seconds in which a tree has to stand still

Still = Callable[[bool], Awaitable[None]]  # makes all of a sandbox stand still, or go on


class Place:
    """A place among the calls that run at once. A call that stands still gives it to another one."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._taken = False

    async def take(self) -> None:
        """Wait for a place. Idempotent."""
        if not self._taken:
            await self._places.acquire()
            self._taken = True

    def give(self) -> None:
        """Give it back. Idempotent."""
        if self._taken:
            self._taken = False
            self._places.release()


class Hold:
    """Follows the reins of one call for as long as its exchange lasts."""

    def __init__(self, call: Call, reins: Reins | None, place: Place | None) -> None:
        self.limits = call.limits  # what holds for the call now
        self.most = tree.Use(0.0, 0.0)  # that was seen of its tree from outside
        self.paused = False  # all of its sandbox stands still, the fork server too
        self._whole, self._reins, self._place = call.limits, reins, place
        self._hosts = frozenset(call.hosts)
        self._watch: Watch | None = None

    def watch(self, root: int, exchange: Exchange) -> None:
        """Hold the tree below `root` to its limits from outside, from before the call begins."""
        idle = tree.use(tree.descendants(root))
        self._watch = Watch(root, self.limits, exchange.stop, idle, exchange.look)

    @contextlib.asynccontextmanager
    async def held(
        self,
        exchange: Exchange,
        root: int | None,
        still: Still | None,
        lower: Callable[[Limits], None],
    ) -> AsyncIterator[None]:
        """Follow the reins for as long as the block lasts.

        `root` is the sandbox's first process as it is seen from here, `still` another way to make it stand
        still, `lower` has the kernel's limits of the call lowered from inside. Raises SandboxBroken when the
        call could not be held.
        """
        following = None
        if self._reins is not None:
            follow = self._follow(self._reins, exchange, root, still, lower)
            following = asyncio.get_running_loop().create_task(follow)
        failed: tuple[BaseException | None, ...] = ()
        try:
            yield
        finally:
            if following is not None:
                following.cancel()
                failed = tuple(await asyncio.gather(following, return_exceptions=True))
            if self._watch is not None:
                self.most = self._watch.end()
        for error in failed:
            if isinstance(error, Exception):
                raise SandboxBroken(f"a call could not be held: {error}") from error

    async def _follow(
        self,
        reins: Reins,
        exchange: Exchange,
        root: int | None,
        still: Still | None,
        lower: Callable[[Limits], None],
    ) -> None:
        frozen = False
        try:
            while True:
                wanted = narrowed(self._whole, reins)
                if wanted != self.limits:
                    self._narrow(wanted, exchange, root, lower)
                if reins.hosts is not None and not self._hosts <= set(reins.hosts):
                    exchange.stop("closed")  # it may be talking to one that it must not reach
                    return
                if reins.frozen == frozen:
                    await reins.changed()
                elif reins.frozen:
                    frozen = True
                    await self._freeze(exchange, still)
                else:
                    frozen = await self._thaw(reins, exchange, still)
        except Exception:
            exchange.stop("closed")  # rather no call than one that nobody can hold
            raise

    async def _freeze(self, exchange: Exchange, still: Still | None) -> None:
        exchange.clock.stop()
        await exchange.ready.wait()
        try:
            if not exchange.pid:
                raise PermissionError
            await _stand_still(exchange.pid)
        except PermissionError:
            if still is None:
                raise SandboxBroken("its processes cannot be stopped from here") from None
            self.paused = True
            await still(True)
        if self._place is not None:
            self._place.give()

    async def _thaw(self, reins: Reins, exchange: Exchange, still: Still | None) -> bool:
        """Let the call go on once it has a place again; return whether it has to stand still after all."""
        if self._place is not None:
            await self._place.take()
        if reins.frozen:
            if self._place is not None:
                self._place.give()
            return True
        exchange.clock.go_on()
        if self.paused and still is not None:
            await still(False)
            self.paused = False
        elif exchange.pid:
            _signal(tree.of_call(exchange.pid), signal.SIGCONT)
        return False

    def _narrow(
        self,
        wanted: Limits,
        exchange: Exchange,
        root: int | None,
        lower: Callable[[Limits], None],
    ) -> None:
        self.limits = wanted
        exchange.narrow(wanted)
        lower(wanted)
        if self._watch is not None:
            self._watch.narrow(wanted, exchange.pid)
        elif root is not None and exchange.pid:
            idle = tree.idle(root, exchange.pid)
            self._watch = Watch(root, wanted, exchange.stop, idle)
            self._watch.narrow(wanted, exchange.pid)


def narrowed(limits: Limits, reins: Reins | None) -> Limits:
    """Return the limits of a call as its reins have them now."""
    if reins is None or reins.limits is None:
        return limits
    return limits.meet(reins.limits)


async def begin(reins: Reins | None, place: Place) -> None:
    """Return once a call has a place and may begin: while its reins let it stand still, it does not."""
    while True:
        while reins is not None and reins.frozen:
            place.give()
            await reins.changed()
        await place.take()
        if reins is None or not reins.frozen:
            return


async def _stand_still(pid: int) -> None:
    """Stop a call's processes, and what they start meanwhile. Raises PermissionError, SandboxBroken.

    A stopped process starts no other and wakes nobody: once all of them stand still they stay so.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE
    while True:
        known = tree.of_call(pid)
        _signal(known, signal.SIGSTOP)
        await asyncio.sleep(_SETTLE)
        now = tree.of_call(pid)
        if set(now) <= set(known) and all(tree.stands_still(one) for one in now):
            return
        if loop.time() > until:
            raise SandboxBroken(f"some of its processes did not stop in {_PATIENCE:g} seconds")


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
