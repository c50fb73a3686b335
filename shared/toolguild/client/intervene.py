"""Stepping into a task: a person's signed word, and what the guild says became of it."""

import asyncio
from typing import Literal
from uuid import uuid4

from toolguild.client import log
from toolguild.identity import Ed25519Signer
from toolguild.messages import Envelope, TaskId, events
from toolguild.messages.override import Bounds, Override
from toolguild.runtime.bus import Bus
from toolguild.runtime.clock import now

SOURCE = "client"
Action = Literal["cancel", "pause", "resume", "override", "constrain", "guide"]


def intervention(
    task: TaskId,
    action: Action,
    *,
    by: str,
    signer: Ed25519Signer,
    reason: str = "",
    freeze: bool = False,
    bounds: Bounds | None = None,
    override: Override | None = None,
    hint: str = "",
) -> events.Intervened:
    """Return a person's word about a task, with an id of its own, signed with the person's key."""
    said = events.Intervened(
        task=task,
        action=action,
        by=by,
        reason=reason,
        id=uuid4().hex,
        at=now(),
        freeze=freeze,
        bounds=bounds,
        override=override,
        hint=hint,
    )
    return said.model_copy(update={"signature": signer.sign("intervention", said.signed)})


def enveloped(body: events.Intervened) -> Envelope:
    """Return the message as it is published. Published twice, it is one message."""
    return Envelope(id=uuid4(), body=body, source=SOURCE, at=body.at or now())


async def intervene(
    bus: Bus, said: events.Intervened, *, within: float
) -> events.InterventionTaken | None:
    """Publish an intervention and return what became of it; None when nobody answers in so many seconds.

    It is stored either way, and counts as soon as the guild gets to it. Raises TemporaryError when it could
    not be stored.
    """
    await bus.publish(enveloped(said))
    subject = f"toolguild.fact.{events.InterventionTaken.kind_name()}.{said.task}"
    try:
        async with asyncio.timeout(within):
            async for entry in log.entries(bus, [subject], live=True):
                noted = await log.envelope(bus, entry)
                match noted.body if noted else None:
                    case events.InterventionTaken(id=said.id) as taken:
                        return taken
                    case _:
                        continue
    except TimeoutError:
        return None
    return None
