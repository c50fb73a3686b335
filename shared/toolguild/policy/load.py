"""Reading `policy.yaml`. A policy file states what differs; the rest is the shipped default."""

from functools import cache
from importlib import resources
from pathlib import Path

from toolguild.policy.document import Document, parse_document, read_document, validate
from toolguild.policy.model import Policy


def load_policy(path: Path) -> Policy:
    """Read a policy file over the shipped default.

    Keys that the file leaves out keep the default; a list in the file replaces the default's list.
    Raises UsageError naming file, line, field and what is allowed.
    """
    return _policy(read_document(path))


def parse_policy(text: str, name: str = "policy.yaml") -> Policy:
    """Read policy text over the shipped default; raises as `load_policy` does."""
    return _policy(parse_document(text, name))


def default_text() -> str:
    """Return the shipped policy file, comments included, for a person to copy and change."""
    return resources.files("toolguild.policy").joinpath("default.yaml").read_text(encoding="utf-8")


@cache
def default_policy() -> Policy:
    """Return the shipped policy."""
    return validate(Policy, parse_document(default_text(), "default.yaml"))


@cache
def _default_value() -> object:
    return parse_document(default_text(), "default.yaml").value


def _policy(document: Document) -> Policy:
    return validate(Policy, document, _over(_default_value(), document.value))


def _over(base: object, above: object) -> object:
    if isinstance(base, dict) and isinstance(above, dict):
        return {**base, **{key: _over(base.get(key), value) for key, value in above.items()}}
    return above
