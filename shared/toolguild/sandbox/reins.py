"""What steers a call that is under way."""

import asyncio

from toolguild.capability import Limits


class HeldReins:
    """Implements `Reins`. Held by whoever may freeze a call, let it go on, or narrow its limits while it runs.

    The sandbox reads `frozen` and `limits`, and waits for `changed`. Killing needs no reins: cancel the task
    that waits for the call.
    """

    def __init__(self, *, frozen: bool = False, limits: Limits | None = None) -> None:
        self.frozen = frozen
        self.hosts: tuple[str, ...] | None = None
        self.limits = limits  # narrower than the call's own; None: as the call says
        self._changed = asyncio.Event()

    def steer(
        self, *, frozen: bool, limits: Limits | None, hosts: tuple[str, ...] | None = None
    ) -> None:
        """Set how the call goes on, and wake those who wait for a change."""
        if (frozen, limits, hosts) == (self.frozen, self.limits, self.hosts):
            return
        self.frozen, self.limits, self.hosts = frozen, limits, hosts
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def changed(self) -> None:
        """Return at the next change."""
        await self._changed.wait()
