"""Arguments of a tool as a person types them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.capability import Language

_LANGUAGES: "dict[str, Language]" = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
}
MAX_SOURCE = 1024 * 1024  # bytes


def read_arguments(text: str) -> "dict[str, Any]":
    """Return the JSON object that `--args` holds. Raises UsageError pointing at the mistake."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise UsageError("--args: is nested too deeply") from None
    except ValueError as error:
        hint = '; quote it for the shell: --args \'{"name": "value"}\''
        raise UsageError(f"--args: is not valid JSON: {error}{hint}") from None
    if not isinstance(value, dict):
        kind = type(value).__name__
        raise UsageError(
            f'--args: must be a JSON object, such as {{"name": "value"}}, not a {kind}'
        )
    return cast("dict[str, Any]", value)


def language_of(path: Path) -> "Language":
    """Return the language of a file by its ending. Raises UsageError for any other file."""
    language = _LANGUAGES.get(path.suffix.lower())
    if language is None:
        raise UsageError(f"{path}: is neither Python (.py) nor JavaScript (.js, .mjs, .cjs)")
    return language


def read_source(path: Path) -> str:
    """Return the text of a source file. Raises UsageError when it cannot be read or is no text."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_SOURCE else None
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if data is None:
        raise UsageError(f"{path}: is over {MAX_SOURCE // 1024} KB, too large for a tool")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}, line {line}: is not UTF-8 text") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
