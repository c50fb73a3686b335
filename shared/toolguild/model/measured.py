"""Tells the traces and metrics about each call of a model."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from toolguild import telemetry
from toolguild.model.observe import ChatDone, ChatStart
from toolguild.telemetry.trace import count_tokens


@contextmanager
def measured(start: ChatStart) -> Iterator[ChatDone]:
    """Surround a call with a span and count it: a ChatObserver."""
    done, began = ChatDone(), time.perf_counter()
    provider = start.model.split("/", 1)[0] if start.source in ("live", "local") else start.source
    with telemetry.chat(start.model, provider=provider, agent=start.role) as span:
        try:
            yield done
        finally:
            _count(start, done, time.perf_counter() - began)
        if done.completion is not None:
            made = done.completion
            count_tokens(span, input_tokens=made.input_tokens, output_tokens=made.output_tokens)


def _count(start: ChatStart, done: ChatDone, seconds: float) -> None:
    made = done.completion
    if made is None:
        telemetry.model_called(
            start.role, start.model, source=start.source, outcome="failed", seconds=seconds
        )
        return
    telemetry.model_called(
        start.role,
        start.model,
        source=made.source,
        outcome="ok" if done.usable else "malformed",
        seconds=seconds,
        input_tokens=made.input_tokens,
        output_tokens=made.output_tokens,
        usd=made.usd,
    )
