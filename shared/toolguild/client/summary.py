"""A task's result as one JSON object: the same keys for every end."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolguild.client.progress import View
from toolguild.messages import Artifact, Result, ToolUse
from toolguild.report.labels import source_of
from toolguild.sandbox.interface import Fault, Usage


def summary(result: Result, *, paths: Sequence[Path] | None, report: Path | None) -> dict[str, Any]:
    """Return what `toolguild run --json` prints.

    `paths` says where each of the result's files was put, in their order; None: nowhere.
    """
    usage = result.usage
    places = [None] * len(result.files) if paths is None else paths
    return {
        "task": result.task,
        "status": result.status,
        "answer": result.answer,
        "files": [file_shape(file, path) for file, path in zip(result.files, places, strict=True)],
        "criteria": [one.model_dump(mode="json") for one in result.criteria],
        "tools": {
            "made": [_tool(use) for use in result.made],
            "reused": [_tool(use) for use in result.reused],
        },
        "model": {
            "source": source_of(usage),
            "calls": sum(one.calls for one in usage),
            "input_tokens": sum(one.input_tokens for one in usage),
            "output_tokens": sum(one.output_tokens for one in usage),
            "usd": sum(one.usd for one in usage),
        },
        "seconds": round(result.seconds, 3),
        "trace_id": result.trace_id,
        "report": str(report) if report else None,
        "reason": result.reason,
        "human": list(result.human),
        "best": best_shape(result),
        "layers": list(result.layers),
        "redacted": dict(result.redacted),
        "sealed": result.sealed is not None,
        "notes": list(result.events),
    }


def _tool(use: ToolUse) -> dict[str, Any]:
    return {"name": use.name, "version": use.version, "digest": use.digest}


def file_shape(file: Artifact, path: Path | None) -> dict[str, Any]:
    """Return a file and where it is on this machine, if it is."""
    return {
        "name": file.name,
        "path": str(path) if path else None,
        "bytes": file.bytes,
        "sha256": file.sha256,
    }


def best_shape(result: Result) -> dict[str, Any] | None:
    """Return the best attempt at a tool that was not made, or None."""
    draft = result.best
    if draft is None:
        return None
    return {"name": draft.name, "language": draft.language, "source": draft.source}


def usage_shape(used: Usage) -> dict[str, Any]:
    """Return what a call used."""
    return {
        "wall_seconds": used.wall_seconds,
        "cpu_seconds": used.cpu_seconds,
        "peak_memory_mb": used.peak_memory_mb,
    }


def fault_shape(fault: Fault | None) -> dict[str, Any] | None:
    """Return what went wrong in a call, or None."""
    if fault is None:
        return None
    return {
        "kind": fault.kind,
        "type": fault.type,
        "message": fault.message,
        "line": fault.line,
    }


def progress(task: str, view: View) -> dict[str, Any]:
    """Return how far a task is that has no result yet: the same keys as far as they are known."""
    usage = view.spent
    return {
        "task": task,
        "status": "waiting" if view.waits else "paused" if view.paused else "running",
        "goal": view.goal,
        "steps": [
            {"step": step.id, "state": step.state, "purpose": step.purpose, "tool": step.title}
            for step in view.steps
        ],
        "work": [{"agent": one.agent, "doing": one.said} for one in view.work.values()],
        "model": {
            "source": source_of(usage),
            "calls": sum(one.calls for one in usage),
            "usd": sum(one.usd for one in usage),
        },
        "reason": view.waits or view.paused,
    }
