"""Artifacts on their way into a call: each becomes a file below /data, and its path an argument."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue, ValidationError

from toolguild.errors import PermanentError
from toolguild.guild import Artifacts
from toolguild.messages import Artifact

MARK = "$artifact"
MAX_SMALL_FILE = 16 * 1024  # bytes of a text that becomes part of a regression case
MAX_SMALL_FILES = 64 * 1024  # bytes of all of them


def placed(files: Sequence[Artifact], arguments: Mapping[str, JsonValue]) -> dict[str, Artifact]:
    """Map a plain file name to each artifact, those in the arguments included.

    Two different files of one name get different ones: the later is called by its digest, too.
    """
    names: dict[str, Artifact] = {}
    for artifact in (*files, *_within(dict(arguments))):
        name = _plain(artifact.name)
        if name in names and names[name].sha256 != artifact.sha256:
            name = f"{artifact.sha256[:12]}-{name}"
        names.setdefault(name, artifact)
    return names


def with_paths(value: JsonValue, names: Mapping[str, Artifact]) -> JsonValue:
    """Return a value with each `{"$artifact": {...}}` replaced by its path below /data."""
    match value:
        case dict() if (artifact := _artifact(value)) is not None:
            name = next(n for n, one in names.items() if one.sha256 == artifact.sha256)
            return f"/data/{name}"
        case dict():
            return {key: with_paths(inner, names) for key, inner in value.items()}
        case list():
            return [with_paths(inner, names) for inner in value]
        case _:
            return value


async def local(names: Mapping[str, Artifact], artifacts: Artifacts) -> dict[str, Path | bytes]:
    """Fetch every file. Raises PermanentError when one is gone."""
    return {name: await artifacts.path(one) for name, one in names.items()}


def small_texts(files: Mapping[str, Path | bytes]) -> dict[str, str] | None:
    """Return the files as texts, or None when one is too large, or no text, for a regression case."""
    texts: dict[str, str] = {}
    for name, content in files.items():
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        if size > MAX_SMALL_FILE:
            return None
        data = content if isinstance(content, bytes) else content.read_bytes()
        try:
            texts[name] = data.decode()
        except UnicodeDecodeError:
            return None
    return texts if sum(map(len, texts.values())) <= MAX_SMALL_FILES else None


def _within(value: JsonValue) -> list[Artifact]:
    match value:
        case dict() if (artifact := _artifact(value)) is not None:
            return [artifact]
        case dict():
            return [found for inner in value.values() for found in _within(inner)]
        case list():
            return [found for inner in value for found in _within(inner)]
        case _:
            return []


def _artifact(value: dict[str, JsonValue]) -> Artifact | None:
    if set(value) != {MARK}:
        return None
    try:
        return Artifact.model_validate(value[MARK])
    except ValidationError as error:
        raise PermanentError(f"an argument is marked as a file but names none: {error}") from error


def _plain(name: str) -> str:
    """Return the last part of a name, fit for a file below /data."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")
    return last if last.strip(". ") else "file"
