"""Say of each request of a running tool that it is about to go out, or was refused."""

from uuid import uuid4

from toolguild.messages import Envelope
from toolguild.messages.events import HostAsked
from toolguild.runtime import clock
from toolguild.runtime.bus import Bus
from toolguild.runtime.underway import under_way


class AskTeller:
    """Publishes HostAsked. Two requests that look the same are two, so each has an id of its own."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def __call__(self, asked: HostAsked) -> None:
        """Return once the log has it. Raises Unavailable when NATS stays away."""
        cause, source = under_way()
        envelope = Envelope(
            id=uuid4(), body=asked, cause=cause, source=source or "client", at=clock.now()
        )
        await self._bus.publish(envelope)
