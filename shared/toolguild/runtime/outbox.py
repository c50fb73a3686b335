"""Sending what a step has decided: in its order, and not one answer of the server after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence

from toolguild.messages import Command, Envelope

Send = Callable[[Envelope], Awaitable[None]]
AT_ONCE = 32  # messages whose acknowledgements are awaited together


async def send_all(outbox: Sequence[Envelope], send: Send) -> None:
    """Return once everything is in the stream; messages that have just been said are begun in their order.

    Raises what sending one of them raised, when no other is under way any more.
    """
    for group in groups(outbox):
        if len(group) == 1:
            await send(group[0])
            continue
        ended = await asyncio.gather(*(send(one) for one in group), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one


def groups(outbox: Sequence[Envelope]) -> Iterator[Sequence[Envelope]]:
    """Yield what may be sent together: neighbours for one stream, no two events of them on one subject.

    A connection keeps the order of what is written to it, and a stream that in which it comes. What has to be sent
    again comes later, though: so of events there is one at a time on each subject, and what a worker hears before
    it gets a command (Steered) is in the log before that command is sent. Commands have no order among themselves:
    workers take several at a time.
    """
    group: list[Envelope] = []
    for envelope in outbox:
        orders = isinstance(envelope.body, Command)
        apart = group and (
            len(group) == AT_ONCE
            or isinstance(group[0].body, Command) != orders
            or (not orders and envelope.subject in {one.subject for one in group})
        )
        if apart:
            yield group
            group = []
        group.append(envelope)
    if group:
        yield group
