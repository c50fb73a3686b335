"""Logs with the task and the trace they belong to: JSON for machines, plain lines for people."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

from toolguild.telemetry.trace import trace_id

_about: ContextVar[str] = ContextVar("toolguild_about", default="")  # id of the task or build
_service: ContextVar[str] = ContextVar("toolguild_service", default="")


@contextmanager
def bound(*, about: str | None = None, service: str | None = None) -> Iterator[None]:
    """Label every record that is logged inside with a task or build, or with a service."""
    tokens = [
        (variable, variable.set(value))
        for variable, value in ((_about, about), (_service, service))
        if value is not None
    ]
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in (
            ("service", _service.get()),
            ("task", _about.get()),
            ("trace_id", trace_id()),
        ):
            if value:
                line[name] = value
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """A line for a person: level, service, task, text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, with a traceback below it where there is one."""
        who = " ".join(word for word in (_service.get() or record.name, _about.get()) if word)
        text = f"{record.levelname.lower():7} {who}: {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def configure_logs(level: str = "info", style: Literal["json", "text"] = "json") -> None:
    """Log to stderr from here on, in one style, from `level` up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # The client logs every lost connection as an error with a traceback; the runtime says it once.
    logging.getLogger("nats").setLevel(logging.CRITICAL)
    # Every request to NATS that is repeated; what finally fails is said by whoever asked.
    logging.getLogger("stamina").setLevel(logging.ERROR)
