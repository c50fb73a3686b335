"""A task's result as one JSON object: the same keys for every end."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from toolguild.messages import Result, ToolUse
from toolguild.report.labels import source_of


def summary(result: Result, *, paths: Sequence[Path], report: Path | None) -> dict[str, JsonValue]:
    """Return what `toolguild run --json` prints. `paths` says where each file was put."""
    usage = result.usage
    return {
        "task": result.task,
        "status": result.status,
        "answer": result.answer,
        "files": [
            {
                "name": file.name,
                "path": str(path),
                "bytes": file.bytes,
                "sha256": file.sha256,
            }
            for file, path in zip(result.files, paths, strict=True)
        ],
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
    }


def _tool(use: ToolUse) -> JsonValue:
    return {"name": use.name, "version": use.version, "digest": use.digest}
