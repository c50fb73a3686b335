"""Holds a call's whole process tree to its limits where nothing in the kernel does."""

import asyncio
from collections.abc import Callable

from toolguild.capability import Limits
from toolguild.sandbox import tree
from toolguild.sandbox.failure import Stop

_EVERY = 0.01  # seconds between two looks
_SLACK_MB = 64  # an idle Node, or copies of a template's pages, that show as resident


class Watch:
    """Looks at everything below one process, and says when the growth since the start is too much."""

    def __init__(
        self,
        root: int,
        limits: Limits,
        stop: Callable[[Stop], None],
        idle: tree.Use,
        looked: Callable[[], None] = lambda: None,
    ) -> None:
        """Look at the tree below `root` from now on; `idle` is what it uses without the call."""
        self._root, self._limits, self._stop, self._idle = root, limits, stop, idle
        self._looked = looked  # called at every look
        self._scratch_of: int | None = None
        self._loop = asyncio.get_running_loop()
        self._peak = tree.Use(0.0, 0.0)
        self._timer = self._loop.call_later(_EVERY, self._look)

    def narrow(self, limits: Limits, pid: int | None) -> None:
        """Go on with narrower limits. The scratch of `pid` was made larger, so it is looked at, too."""
        self._limits, self._scratch_of = limits, pid

    def end(self) -> tree.Use:
        """Stop looking, and return the most that was seen."""
        self._timer.cancel()
        return self._peak

    def _look(self) -> None:
        self._looked()
        now = tree.use(tree.descendants(self._root))
        memory = max(0.0, now.memory_mb - self._idle.memory_mb)
        cpu = max(0.0, now.cpu_seconds - self._idle.cpu_seconds)
        self._peak = tree.Use(max(self._peak.memory_mb, memory), max(self._peak.cpu_seconds, cpu))
        if memory > self._limits.memory_mb + _SLACK_MB:
            self._stop("memory")
        elif cpu > self._limits.cpu_seconds:
            self._stop("cpu")
        elif self._scratch_of and tree.scratch_used_mb(self._scratch_of) > self._limits.disk_mb:
            self._stop("disk")
        else:
            self._timer = self._loop.call_later(_EVERY, self._look)
