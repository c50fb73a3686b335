"""Say of each call of a model that it took place, once."""

from uuid import UUID, uuid5

from toolguild.messages import Envelope
from toolguild.messages.events import ModelCalled
from toolguild.runtime import clock
from toolguild.runtime.bus import Bus
from toolguild.runtime.underway import under_way

_NAMESPACE = UUID("5b0c8f3d-7f0e-5c3b-9a51-3e1f3a0d6c94")


class ModelCallTeller:
    """Publishes ModelCalled. Its id follows from the question, so the log keeps one however often it is said."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def __call__(self, called: ModelCalled) -> None:
        """Return once the log has it. Raises Unavailable when NATS stays away."""
        cause, source = under_way()
        await self._bus.publish(
            Envelope(
                id=uuid5(_NAMESPACE, called.question),
                body=called,
                cause=cause,
                source=source or "client",
                at=clock.now(),
            )
        )
