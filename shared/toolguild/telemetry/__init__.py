"""Spans, metrics and logs: the only place that names one. Everybody else calls a function here."""

from toolguild.telemetry.log import bound, configure_logs
from toolguild.telemetry.metrics import (
    dead_letter_written,
    message_handled,
    message_redelivered,
    model_called,
    permission_refused,
    queue_seen,
    review_given,
    sandbox_ran,
    sandbox_started,
    tool_made,
    tool_refused,
    tool_reused,
)
from toolguild.telemetry.trace import (
    chat,
    configure_traces,
    consuming,
    execute_tool,
    flush_traces,
    publishing,
    tool_ended,
    trace_id,
    workflow,
)

__all__ = [
    "bound",
    "chat",
    "configure_logs",
    "configure_traces",
    "consuming",
    "dead_letter_written",
    "execute_tool",
    "flush_traces",
    "message_handled",
    "message_redelivered",
    "model_called",
    "permission_refused",
    "publishing",
    "queue_seen",
    "review_given",
    "sandbox_ran",
    "sandbox_started",
    "tool_ended",
    "tool_made",
    "tool_refused",
    "tool_reused",
    "trace_id",
    "workflow",
]
