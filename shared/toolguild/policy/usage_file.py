"""Reading `usage.yaml`. A file states what differs; the rest is the shipped usage policy."""

from functools import cache
from importlib import resources
from pathlib import Path

from toolguild.policy.document import (
    Document,
    parse_document,
    parse_shipped,
    read_document,
    validate,
)
from toolguild.policy.usage import Usage

_NAME = "usage.yaml"


def load_usage(path: Path) -> Usage:
    """Read a usage policy over the shipped one.

    Raises UsageError naming file, line, field and what is allowed.
    """
    return _usage(read_document(path))


def read_usage(path: Path | None) -> Usage:
    """Read the file that the operator names, or the shipped one where none is named; raises as `load_usage`."""
    return load_usage(path) if path is not None else default_usage()


def parse_usage(text: str, name: str = _NAME) -> Usage:
    """Read the text of a usage policy over the shipped one; raises as `load_usage` does."""
    return _usage(parse_document(text, name))


def usage_text() -> str:
    """Return the shipped file, comments included, for a person to copy and change."""
    return resources.files("toolguild.policy").joinpath(_NAME).read_text(encoding="utf-8")


@cache
def default_usage() -> Usage:
    """Return the shipped usage policy."""
    return validate(Usage, _shipped())


@cache
def _shipped() -> Document:
    return parse_shipped(usage_text(), _NAME)


def _usage(document: Document) -> Usage:
    return validate(Usage, document, _over(_shipped().value, document.value))


def _over(base: object, above: object) -> object:
    if not isinstance(base, dict) or not isinstance(above, dict):
        return above
    return base | {key: _over(base.get(key), value) for key, value in above.items()}
