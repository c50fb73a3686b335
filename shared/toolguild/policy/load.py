"""Reading `policy.yaml`. A policy file states what differs; the rest is the shipped default."""

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
from toolguild.policy.model import Policy

_ACTIONS = {"allow", "ask", "deny"}  # lists of names, which a file adds to


def load_policy(path: Path) -> Policy:
    """Read a policy file over the shipped default.

    Keys that the file leaves out keep the default. Names under allow, ask and deny add to the default's
    and win over them; any other list replaces the default's.
    Raises UsageError naming file, line, field and what is allowed.
    """
    return _policy(read_document(path))


def parse_policy(text: str, name: str = "policy.yaml") -> Policy:
    """Read policy text over the shipped default; raises as `load_policy` does."""
    return _policy(parse_document(text, name))


def read_policy(path: Path | None) -> Policy:
    """Read the file that the operator names, or the shipped one where none is named; raises as `load_policy`."""
    return load_policy(path) if path is not None else default_policy()


def default_text() -> str:
    """Return the shipped policy file, comments included, for a person to copy and change."""
    return resources.files("toolguild.policy").joinpath("default.yaml").read_text(encoding="utf-8")


@cache
def default_policy() -> Policy:
    """Return the shipped policy."""
    return validate(Policy, _shipped())


@cache
def _shipped() -> Document:
    return parse_shipped(default_text(), "default.yaml")


def _policy(document: Document) -> Policy:
    return validate(Policy, document, _over(_shipped().value, document.value))


def _over(base: object, above: object) -> object:
    if not isinstance(base, dict) or not isinstance(above, dict):
        return above
    if _ACTIONS & base.keys() and all(isinstance(above.get(key, []), list) for key in _ACTIONS):
        base = _without(base, above)
        lists = {
            key: [*_names(base.get(key)), *_names(above[key])] for key in _ACTIONS & above.keys()
        }
        return base | above | lists
    return base | {key: _over(base.get(key), value) for key, value in above.items()}


def _without(base: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    """Return the name rules of `base` less the names that `above` decides itself."""
    decided = {str(name) for key in _ACTIONS for name in _names(above.get(key))}
    kept = {
        key: [one for one in _names(base.get(key)) if str(one) not in decided] for key in _ACTIONS
    }
    return base | kept


def _names(value: object) -> list[object]:
    return value if isinstance(value, list) else []
