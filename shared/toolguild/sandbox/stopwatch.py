"""The wall clock of one call: it stands still while the call does."""

import asyncio
from collections.abc import Callable


class Stopwatch:
    """Counts the seconds that a call runs, and rings once when so many are over."""

    def __init__(self, seconds: float, ring: Callable[[], None]) -> None:
        """Start counting."""
        self._loop = asyncio.get_running_loop()
        self._seconds, self._ring = seconds, ring
        self._counted = 0.0
        self._since: float | None = self._loop.time()  # None: it stands still
        self._stood = 0.0
        self._stopped = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._set()

    @property
    def stood(self) -> float:
        """Seconds that it stood still so far."""
        now = 0.0 if self._since is not None else self._loop.time() - self._stopped
        return self._stood + now

    def stop(self) -> None:
        """Stand still. Idempotent."""
        if self._since is not None:
            self._stopped = self._loop.time()
            self._counted += self._stopped - self._since
            self._since = None
            self.end()

    def go_on(self) -> None:
        """Count on. Idempotent."""
        if self._since is None:
            self._since = self._loop.time()
            self._stood += self._since - self._stopped
            self._set()

    def narrow(self, seconds: float) -> None:
        """Ring after so many seconds in all; at once when they are over."""
        self._seconds = min(self._seconds, seconds)
        if self._since is not None:
            self._set()

    def end(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        self.end()
        assert self._since is not None
        left = self._seconds - self._counted - (self._loop.time() - self._since)
        self._timer = self._loop.call_later(max(0.0, left), self._ring)
