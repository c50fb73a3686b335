"""Answers that are paths: the file that the answer names has to be there, and may be compared."""

from collections.abc import Collection, Mapping

ANSWERED = "*"  # in a case's expected files: the file that the answer names, whatever its name
_OUTPUT = "/output/"


def is_path(schema: Mapping[str, object]) -> bool:
    """Whether an output schema says that the answer is the path of a file."""
    return schema.get("type") == "string" and schema.get("format") == "path"


def missing(value: object, files: Collection[str], schema: Mapping[str, object]) -> str:
    """Say that the answer names no file that the call left below /output; "" when it does, or need not."""
    if not is_path(schema) or named(value, files) is not None:
        return ""
    there = ", ".join(sorted(files)[:5]) or "none"
    return f"the answer must be the path of a file that is left below /output; files there: {there}"


def named(value: object, files: Collection[str]) -> str | None:
    """Return the name of the file that the answer names, or None when there is no such file."""
    if not isinstance(value, str) or not value.startswith(_OUTPUT):
        return None
    name = value.removeprefix(_OUTPUT)
    return name if name in files else None
