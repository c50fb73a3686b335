"""Say of each text that reads like an order what became of it, once for each task and place."""

from uuid import UUID, uuid5

from toolguild.canonical import digest
from toolguild.messages import Envelope
from toolguild.messages.events import InputFlagged
from toolguild.runtime import clock
from toolguild.runtime.bus import Bus
from toolguild.runtime.underway import under_way

_NAMESPACE = UUID("7d3a2f0e-52c1-5b1e-8a5e-0c7a9a4f6e21")


class FlagTeller:
    """Publishes InputFlagged. Its id follows from what it says: the log keeps one of many that come soon after."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def __call__(self, flagged: InputFlagged) -> None:
        """Return once the log has it. Raises Unavailable when NATS stays away."""
        cause, source = under_way()
        said = digest(flagged.model_dump(mode="json"))
        await self._bus.publish(
            Envelope(
                id=uuid5(_NAMESPACE, said),
                body=flagged,
                cause=cause,
                source=source or "client",
                at=clock.now(),
            )
        )
