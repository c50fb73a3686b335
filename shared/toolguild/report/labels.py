"""Words for people: where model answers came from, and how a task ended."""

from collections.abc import Sequence

from toolguild.messages import ModelUsage, Result, TaskStatus
from toolguild.policy.model import Layers

SOURCES = {
    "recorded": "RECORDED answers, replayed; no model was asked",
    "local": "answers of a local model server",
    "live": "live answers of a model provider",
    "scripted": "answers of a script, for tests",
}

STATUSES: dict[TaskStatus, str] = {
    "succeeded": "Succeeded",
    "partial": "Partly done",
    "failed": "Failed",
    "refused": "Refused by policy or review",
    "cancelled": "Cancelled",
    "out_of_budget": "Out of budget",
    "stuck": "Stuck: no further progress",
    "waiting": "Waiting for a person",
}


def source_of(usage: Sequence[ModelUsage]) -> str:
    """Name where the answers came from: one word, several joined by "+", or "none"."""
    return "+".join(sorted({one.source for one in usage if one.calls})) or "none"


def label_of(source: str) -> str:
    """Say a source from `source_of` in words."""
    if source == "none":
        return "no model was asked"
    return "; ".join(SOURCES.get(one, one) for one in source.split("+"))


def layers_text(result: Result) -> str:
    """Say which layers of safety were on, and which were off; "" where a result does not say."""
    if not result.layers:
        return ""
    off = [name for name in Layers.model_fields if name not in result.layers]
    said = ", ".join(result.layers)
    return f"{said}; OFF: {', '.join(off)}" if off else said


def redacted_text(result: Result) -> str:
    """Say what was taken out before the result left, and how those who may see it do; "" for nothing."""
    if not result.redacted and result.sealed is None:
        return ""
    kinds = ", ".join(
        f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(result.redacted.items())
    )
    how = (
        f"to see it: toolguild reveal {result.task} --reason WHY" if result.sealed else "it is gone"
    )
    return f"{kinds or 'withheld'} ({how})"


def seconds_text(seconds: float) -> str:
    """A duration as people write it."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def bytes_text(count: int) -> str:
    """A size as people write it."""
    size = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{count} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("the loop returns")
