"""Tells the metrics about each call of a sandbox."""

from toolguild import telemetry
from toolguild.sandbox.interface import Call, Ran, Reins, Sandbox


class CountedSandbox:
    """The sandbox within, with every call that ended counted by its outcome."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner
        self.name = inner.name
        self.isolation = inner.isolation

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        """Run one call. Raises what the sandbox within raises; such a call is not counted."""
        ran = await self._inner.run(call, reins)
        telemetry.sandbox_ran(self.name, ran.outcome, ran.usage.wall_seconds)
        return ran

    async def close(self) -> None:
        """End the sandbox within."""
        await self._inner.close()
