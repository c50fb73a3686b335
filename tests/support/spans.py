"""The spans that this process ends, for tests that look at them."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from toolguild import telemetry


class _Relay(SpanProcessor):
    """Hands every ended span to those who collect just now.

    A provider cannot be replaced and keeps its processors for the life of the process: so there is one, once.
    """

    def __init__(self) -> None:
        self.known = False
        self.collecting: list[InMemorySpanExporter] = []

    def on_end(self, span: ReadableSpan) -> None:
        for one in self.collecting:
            one.export((span,))


_relay = _Relay()


@contextmanager
def collected() -> Iterator[InMemorySpanExporter]:
    """Collect the spans that end within the block."""
    if not _relay.known:
        telemetry.configure_traces("test", processor=_relay)
        _relay.known = True
    exporter = InMemorySpanExporter()
    _relay.collecting.append(exporter)
    try:
        yield exporter
    finally:
        _relay.collecting.remove(exporter)
